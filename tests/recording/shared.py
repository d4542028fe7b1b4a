"""A survey in channels shared with customers: who decides, who may answer, and what they read."""

from __future__ import annotations

from tests.recording.desk import Desk


async def first_wave(desk: Desk) -> None:
    """Ask those who look after the accounts; post one, and answer it in every way."""
    await desk.nps("priya", "send partners")
    await desk.press("priya", "nps-summary", "send_cancel")
    await desk.nps("priya", "send partners")
    await desk.press("priya", "nps-summary", "send_confirm")
    await desk.press("tom", "dm", "post_post")
    await desk.press("mei", "dm", "post_not_this_time")
    await desk.press("priya", "dm", "post_not_this_one")
    await desk.press("priya", "dm", "post_ask_again")
    await desk.nps("priya", "status partners")
    await _answer(desk)


async def _answer(desk: Desk) -> None:
    coast = "ext-coast"
    for who in ("tom", "anja"):  # one of ours, and one of a third company
        await desk.press(who, coast, "channel_score_3")
    await desk.press("helena", coast, "channel_score_2")
    await desk.submit("helena", reason="The machine leaks")
    await desk.press("helena", coast, "channel_wish_no_contact")
    await desk.press("helena", coast, "channel_change")
    await desk.press("helena", coast, "channel_keep")
    await desk.press("helena", coast, "channel_change")
    await desk.press("helena", coast, "channel_score_9")
    await desk.press("ivo", coast, "channel_score_10")
    await desk.close("ivo")
    await desk.press("ivo", coast, "channel_stop")
    await desk.press("ivo", coast, "channel_keep")
    await desk.press("ivo", coast, "channel_stop")
    await desk.press("ivo", coast, "channel_wish_stop_this")
    await desk.press("ivo", coast, "channel_wish_resume")
    await desk.press("ivo", coast, "add_details")
    await desk.submit("ivo", reason="The tastings")
    await desk.press("ivo", coast, "channel_wish_delete")
    await desk.move(seconds=10)


async def second_wave(desk: Desk) -> None:
    """Post it in two channels, from the terminal's wave; let it close."""
    await desk.bot("send", "partners", "--dry-run")
    await desk.bot("send", "partners", "--yes")
    await desk.press("tom", "dm", "post_post")
    await desk.press("mei", "dm", "post_post")
    await desk.move(hours=24)
    await desk.press("ivo", "ext-coast", "channel_score_7")
    await desk.close("ivo")
    await desk.press("helena", "ext-harbor", "channel_score_5")
    await desk.submit("helena", reason="Twice the same question")
    await desk.move(days=5, stride=12)
    await look_at_the_figures(desk)
    await desk.bot("report", "partners", "--json")


async def look_at_the_figures(desk: Desk) -> None:
    """Ask for what is known."""
    await desk.nps("priya", "report partners")
    await desk.nps("priya", "report partners all")
    await desk.bot("report", "partners")
