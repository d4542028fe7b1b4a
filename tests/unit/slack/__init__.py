"""Tests of the edge to Slack, against servers that answer as Slack does and does not."""
