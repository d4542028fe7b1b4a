"""Where a campaign takes place: five hundred people, and a Slack that is not at its best."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from nps_bot.demo.people import lumen_coffee
from slack_sandbox import Limits, Sandbox, User, Workspace, parse_chance
from slack_sandbox.api import NAMES
from tests.helpers.lumen import start_lumen

SURVEY = """\
key: everybody
title: Everybody
brand: Lumen Coffee
kind: employee
audience: {everyone: true, guests: false}
cadence: {every: 6 months, on: wednesday, at: "10:00", start: 2026-02-01}
channels: {summary: "#nps-summary", alerts: "#nps-alerts"}
owners: [priya@lumen.example]
budget: {every: 0 days, after_answer: 0 days, after_silence: 0 days, newcomers: 0 days}
reminder: off
chaser: off
"""
KEY = "everybody"
CALLED = (
    "chat.postMessage",
    "chat.update",
    "conversations.open",
    "conversations.history",
    "conversations.info",
    "users.list",
    "response_url",
)
"""The methods that go wrong: all that a wave needs."""
TROUBLE = ("429:5%", "500:3%", "lost:2%")
"""How, and how often."""
LIMITS = replace(Limits().scaled(30), posts_per_minute=1200)
"""Slack's, but for our patience; one wave of five hundred takes half a minute without trouble."""


def crowded(people: int) -> Workspace:
    """Return Lumen Coffee with so many employees."""
    workspace = lumen_coffee()
    known = len(employees(workspace))
    for number in range(people - known):
        user_id = f"U0EXTRA{number:04}"
        user = User(user_id, f"extra{number}", f"Extra {number}", workspace.team.id)
        workspace.put_user(user)
    return workspace


def employees(workspace: Workspace) -> list[str]:
    """Return the ids of all whom the survey asks."""
    return [
        user.id
        for user in workspace.users.values()
        if user.team_id == workspace.team.id
        and not (user.is_bot or user.is_restricted or user.is_invited_user or user.deleted)
        and user.name != "slackbot"
    ]


@asynccontextmanager
async def slack(people: int, seed: int, limits: Limits = LIMITS) -> AsyncIterator[Sandbox]:
    """Serve a sandbox with so many employees, in which calls go wrong."""
    sandbox = await start_lumen(workspace=crowded(people), limits=limits)
    try:
        sandbox.faults.sow(seed)
        sandbox.faults.share(
            [parse_chance(f"{method}={one}", NAMES) for method in CALLED for one in TROUBLE]
        )
        yield sandbox
    finally:
        await sandbox.stop()


def write_survey(folder: Path) -> Path:
    """Write the survey file; return its folder."""
    surveys = folder / "surveys"
    surveys.mkdir(parents=True)
    (surveys / f"{KEY}.yaml").write_text(SURVEY, encoding="utf-8")
    return surveys
