"""An anonymous survey: who answers, and what is shown of it when it closes."""

from __future__ import annotations

from tests.recording.desk import Desk

FIRST = {
    "priya": 9,
    "tom": 10,
    "mei": 8,
    "sam": 3,
    "noor": 9,
    "lucia": 7,
    "ines": 10,
    "tariq": 2,
    "freya": 9,
    "hugo": 6,
    "nell": 8,
}
SECOND = {name: min(10, score + 1) for name, score in FIRST.items() if name != "sam"}


async def first_wave(desk: Desk) -> None:
    """Start it, vote, and let nobody see anything before it closes."""
    await desk.nps("priya", "send voices")
    await desk.press("priya", "nps-summary", "send_confirm")
    await desk.move(days=1)
    await _vote(desk, FIRST)
    await desk.press("amara", "dm", "snooze")
    await desk.press("bea", "dm", "stop")
    await desk.submit("bea", which="this")
    await desk.home("tom")
    await desk.nps("priya", "report voices")
    await desk.nps("priya", "why @tom voices")
    await desk.nps("priya", "why @priya voices")
    await desk.bot("send", "voices", "--to", "@tom", "--yes")


async def second_wave(desk: Desk) -> None:
    """Start it from the terminal; what is shown at its end is compared with the first."""
    await desk.bot("send", "voices", "--dry-run")
    await desk.bot("send", "voices", "--yes")
    await desk.move(days=1)
    await _vote(desk, SECOND)
    await desk.move(days=5, stride=12)
    await look_at_the_figures(desk)
    await desk.bot("report", "voices", "--json")


async def look_at_the_figures(desk: Desk) -> None:
    """Ask for what is shown."""
    await desk.nps("priya", "report voices")
    await desk.press("priya", "nps-summary", "share_report")
    await desk.nps("priya", "report voices all")
    await desk.nps("priya", "status voices")
    await desk.bot("report", "voices")


async def _vote(desk: Desk, scores: dict[str, int]) -> None:
    for number, (who, score) in enumerate(scores.items()):
        await desk.press(who, "dm", f"ballot_{score}")
        if number == 0:
            await desk.close(who)
        else:
            await desk.submit(who, reason=f"Said in confidence {number}")
