"""What can go wrong, as switches on the page."""

from __future__ import annotations

import pytest

from slack_sandbox.errors import NotThereError
from slack_sandbox.example import example_workspace
from slack_sandbox.faults import Fault, Faults
from slack_sandbox.switches import SWITCHES, Switches

POST = "chat.postMessage"


def test_a_switch_breaks_calls_until_it_is_turned_off() -> None:
    faults = Faults()
    switches = Switches(faults, example_workspace())
    switches.turn("trouble", on=True)
    assert [faults.take(POST) for _ in range(2)] == [Fault(status=500)] * 2
    assert [one["key"] for one in switches.as_document() if one["on"]] == ["trouble"]
    switches.turn("trouble", on=False)
    assert faults.take(POST) is None


def test_charts_are_refused_by_the_workspace_itself() -> None:
    workspace = example_workspace()
    switches = Switches(Faults(), workspace)
    switches.turn("charts", on=True)
    assert not workspace.has_charts
    switches.turn("slow", on=True)
    assert not workspace.has_charts
    switches.turn("charts", on=False)
    assert workspace.has_charts


def test_every_switch_says_what_it_breaks_in_words() -> None:
    switches = Switches(Faults(), example_workspace())
    assert [one["key"] for one in switches.as_document()] == list(SWITCHES)
    assert all(" " in one["title"] for one in switches.as_document())


def test_there_is_no_other_switch() -> None:
    with pytest.raises(NotThereError, match="There is no switch 'rain'"):
        Switches(Faults(), example_workspace()).turn("rain", on=True)
