"""The eleven steps of the sandbox's guide, as a newcomer takes them."""

from __future__ import annotations

from typing import Any

from tests.recording.desk import Desk

ADA, PRIYA, KENJI = "ada", "priya", "kenji"


async def follow_the_guide(desk: Desk) -> None:
    """Take every step, and record after each how far the guide says one has come."""
    page = desk.page
    await _progress(desk)
    await desk.press(ADA, "dm", "score_3")
    await _progress(desk)
    await desk.submit(ADA, reason="The bread was late, twice")
    await _progress(desk)
    await _read(desk, PRIYA, "nps-alerts")
    await desk.press(PRIYA, "nps-alerts", "claim_case", word="Ada Marsh")
    await _progress(desk)
    await desk.press(ADA, "dm", "change_score")
    await desk.press_in(ADA, "modal", "score_9")
    await desk.close(ADA)
    await _progress(desk)
    await desk.nps(PRIYA, "report customer")
    await _progress(desk)
    await _turn(desk, "wait", on=True)
    await desk.press(KENJI, "dm", "score_2")
    await desk.close(KENJI)
    await _progress(desk)
    await _turn(desk, "wait", on=False)
    desk.hand.move(seconds=10)
    await desk.look()
    await _read(desk, PRIYA, "nps-alerts")
    for move in ("day", "close_wave"):
        desk.step(f"the page moves time: {move}")
        await desk.told(page.put("clock", {"move": move}))
        await _read(desk, PRIYA, "nps-summary")
    await desk.home(ADA)
    await _progress(desk)


async def _progress(desk: Desk) -> None:
    """Record which steps are done."""
    control = (await desk.page.seen(ADA))["control"]
    desk.ledger.note(
        "guide ", {step["key"]: step["done"] for step in control["checklist"]["steps"]}
    )


async def _read(desk: Desk, who: str, channel: str) -> None:
    """Look at a channel."""
    desk.step(f"{who} reads {channel}")
    place = await desk.page.channel_id(who, channel)
    await desk.told(desk.page.act(who, "read", channel=place))
    await _progress(desk)


async def _turn(desk: Desk, fault: str, *, on: bool) -> None:
    """Break something in Slack, or mend it."""
    desk.step(f"{fault} is turned {'on' if on else 'off'}")
    said: dict[str, Any] = await desk.page.put("switch", {"fault": fault, "on": on})
    desk.ledger.note("= ", said)
