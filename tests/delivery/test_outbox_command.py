"""What nobody knows: shown, proven by a click, settled by an operator, never sent blindly."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from nps_bot.storage.tables import Invitation, Outbox
from slack_sandbox import Fault, Person
from tests.delivery.test_dispatcher import LOST, invited, later, posts, statuses, until
from tests.helpers.attack_helpers import BOTH, eventually, read
from tests.helpers.messages import ON_SQLITE, nps, settled, words
from tests.helpers.terminal import Terminal
from tests.helpers.world import World

NEVER_POSTED = Fault(drop=True)
PARKED = select(Outbox.id).where(Outbox.status == "unknown", Outbox.lease_until.is_(None))
PROMPT = select(Outbox.status, Outbox.channel, Outbox.ts).where(Outbox.kind == "prompt")


@pytest.fixture(autouse=True)
def some_time_ago(quiet_world: World) -> None:
    """Let the bot live ten minutes ago: what an operator types comes long after its calls."""
    quiet_world.clock.ahead -= timedelta(minutes=10)


@pytest.fixture
def terminal(world: World, tmp_path: Path) -> Terminal:
    """Return an operator's terminal beside the running bot."""
    folder = tmp_path / "terminal"
    folder.mkdir()
    return Terminal(folder, DATABASE_URL=world.settings.database_url)


async def typed(terminal: Terminal, *words: str, keys: str = "") -> str:
    """Run a command that must go well, beside the bot; return what it prints."""
    return await asyncio.to_thread(terminal.prints, *words, typed=keys)


async def refused(terminal: Terminal, *words: str, keys: str = "") -> str:
    """Run a command that must be refused; return the sentence."""
    return await asyncio.to_thread(terminal.refuses, *words, typed=keys)


async def parked(world: World, handle: str, fault: Fault) -> tuple[Person, str]:
    """Ask one person while Slack fails and its history cannot be read; return the message's id."""
    world.sandbox.faults.add("conversations.history", Fault(error="missing_scope"), times=None)
    world.sandbox.faults.add("chat.postMessage", fault)
    person = await invited(world, handle)
    await until(world, "prompt", "unknown")
    later(world, 11)
    ((found,),) = await eventually(world.sandbox, lambda: read(world.bot.context.database, PARKED))
    return person, str(found)


# --- a click proves it ------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("action", ["score_3", "snooze", "stop"])
async def test_a_click_proves_that_a_prompt_arrived(world: World, action: str) -> None:
    kenji, message = await parked(world, "kenji", LOST)
    short = f"python bot.py outbox sent {message[:8]}"
    assert short in words(await nps(world, "priya", "status"))
    (prompt,) = kenji.inbox
    await kenji.click(prompt, action)
    await until(world, "prompt", "sent")
    assert await read(world.bot.context.database, PROMPT) == [("sent", prompt.channel, prompt.ts)]
    ((asked_at,),) = await read(world.bot.context.database, select(Invitation.asked_at))
    assert asked_at is not None
    assert short not in words(await nps(world, "priya", "status"))
    if action == "score_3":
        await world.alert()
        assert kenji.inbox[0].text.startswith("You answered 3.")
    assert len(kenji.inbox) == 1


@ON_SQLITE
async def test_a_click_after_the_wave_closed_proves_it_too(world: World) -> None:
    kenji, _ = await parked(world, "kenji", LOST)
    later(world, 60 * 86_400)
    await kenji.click(kenji.inbox[0], "score_3")
    await eventually(world.sandbox, lambda: _stands(world))


async def _stands(world: World) -> bool:
    ((_, channel, ts),) = await read(world.bot.context.database, PROMPT)
    return channel is not None and ts is not None


# --- by hand ----------------------------------------------------------------------------------


@BOTH
async def test_an_operator_says_that_it_is_there(world: World, terminal: Terminal) -> None:
    kenji, message = await parked(world, "kenji", LOST)
    listed = await typed(terminal, "outbox")
    assert listed.startswith("1 parked: nobody knows whether it arrived")
    row = rf"  {message[:8]}  20\d\d-.* \d\d:\d\d  customer  prompt  Kenji Mori \(U0KENJI00\)  it"
    assert re.search(row, listed)

    declined = await typed(terminal, "outbox", "sent", message[:4], keys="n\n")
    assert "never rewrites it: what changes later does not show there, until its person" in declined
    assert declined.endswith("Have you seen it there? [y/N]: Nothing was changed.\n")
    assert await read(world.bot.context.database, PARKED) == [(message,)]

    done = await typed(terminal, "outbox", "sent", message[:4], keys="y\n")
    assert done.endswith("[y/N]: It counts as sent.\n")
    assert await statuses(world, "prompt") == ["sent"]
    assert "0 undelivered messages" in words(await nps(world, "priya", "status"))
    refusal = await refused(terminal, "outbox", "again", message, "--yes")
    assert (
        refusal == f"Error: {message} was not touched. It was sent: there is nothing to settle.\n"
    )

    # It counts, but nothing is posted once more, whatever becomes of it; until the click that
    # tells where it stands.
    await kenji.click(kenji.inbox[0], "score_3")
    await world.alert()
    await settled(world)
    assert await read(world.bot.context.database, PROMPT) == [
        ("sent", kenji.inbox[0].channel, kenji.inbox[0].ts)
    ]
    assert len(kenji.inbox) == 1


@ON_SQLITE
async def test_what_was_found_by_hand_is_never_posted_once_more(
    world: World, terminal: Terminal
) -> None:
    """An alert has no click that proves it: touched again and again, it stays as it is."""
    world.sandbox.faults.add("conversations.history", Fault(error="missing_scope"), times=None)
    kenji = await invited(world, "kenji")
    await until(world, "prompt", "sent")
    world.sandbox.faults.add("chat.postMessage", LOST)
    await kenji.click(kenji.inbox[0], "score_3")
    await until(world, "alert", "unknown")
    later(world, 11)
    ((alert,),) = await eventually(world.sandbox, lambda: read(world.bot.context.database, PARKED))
    said = await typed(terminal, "outbox", "sent", str(alert), "--yes")
    assert "does not show there.\n" in said
    modal = await world.modal_of(kenji, "followup")
    await kenji.submit(modal, {"reason": "The beans were late."})
    later(world, 60)
    await settled(world)
    assert await statuses(world, "alert") == ["sent"]
    assert len(world.messages("nps-alerts")) == 1


@BOTH
async def test_an_operator_says_that_it_is_not_there(world: World, terminal: Terminal) -> None:
    kenji, message = await parked(world, "kenji", NEVER_POSTED)
    assert (len(posts(world)), kenji.inbox) == (1, [])
    declined = await typed(terminal, "outbox", "again", message[:6], keys="n\n")
    assert declined.endswith("You have looked, and it is not there? [y/N]: Nothing was changed.\n")
    done = await typed(terminal, "outbox", "again", message[:6], "--yes")
    assert done.endswith("It waits again; the running bot sees to it.\n")
    later(world, 700)
    await until(world, "prompt", "sent")
    assert len(kenji.inbox) == 1
    await settled(world)
    assert await typed(terminal, "outbox") == "Nothing waits, nothing is unknown, nothing failed.\n"


@ON_SQLITE
async def test_nobody_sends_again_what_slack_may_still_be_about_to_show(
    world: World, terminal: Terminal
) -> None:
    world.clock.ahead = timedelta()
    _, message = await parked(world, "kenji", LOST)
    refusal = await refused(terminal, "outbox", "again", message, "--yes")
    assert re.search(
        r"was not touched\. Slack may still be about to show it: try again in \d+ s", refusal
    )
    assert await read(world.bot.context.database, PARKED) == [(message,)]


@ON_SQLITE
async def test_what_slack_refused_is_sent_once_that_is_mended(
    world: World, terminal: Terminal
) -> None:
    refusing = Fault(error="restricted_action")
    world.sandbox.faults.add("chat.postMessage", refusing)
    kenji = await invited(world, "kenji")
    await until(world, "prompt", "failed")
    listed = await typed(terminal, "outbox")
    assert listed.startswith("1 failed, for the reason given.")
    assert "a workspace setting forbids the bot to post there" in listed
    told: list[dict[str, Any]] = json.loads(await typed(terminal, "outbox", "--json"))
    (failed,) = told
    assert (failed["state"], failed["kind"], failed["survey"], failed["person"]) == (
        *("failed", "prompt", "customer"),
        kenji.id,
    )
    done = await typed(terminal, "outbox", "again", failed["id"], keys="y\n")
    assert done.endswith(
        "Is what made it fail put right? [y/N]: It waits again; the running bot sees to it.\n"
    )
    later(world, 700)
    await until(world, "prompt", "sent")
    assert len(kenji.inbox) == 1


@ON_SQLITE
async def test_an_id_that_fits_nothing_or_too_much_is_a_sentence(
    world: World, terminal: Terminal
) -> None:
    _, message = await parked(world, "kenji", LOST)
    nothing = "0" * 32 if message[0] != "0" else "1" * 32
    assert f"No message's id begins with '{nothing}'" in await refused(
        terminal, "outbox", "sent", nothing
    )
    assert "'prompt:1' is no id: `python bot.py outbox` lists them." in await refused(
        terminal, "outbox", "again", "prompt:1"
    )
    nobody = await refused(terminal, "outbox", "sent", message)
    assert "Nobody confirmed it, so nothing was done" in nobody
    assert await read(world.bot.context.database, PARKED) == [(message,)]
