"""Tests of the rules that need nothing but their arguments."""
