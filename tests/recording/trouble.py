"""What goes wrong in Slack, call by call, and what the bot makes of it."""

from __future__ import annotations

import json

from tests.recording.desk import Desk

_LATER = {"seconds": 10}


async def be_in_trouble(desk: Desk) -> None:
    """Let calls go wrong while people answer. Somebody who has answered changes their mind."""
    await _asked_to_wait(desk)
    await _nobody_knows(desk)
    await _windows(desk)
    await _parked(desk)
    await _channels(desk)
    await _no_charts(desk)


async def _broken(desk: Desk, fault: str) -> None:
    desk.step(f"the next call goes wrong: {fault}")
    desk.stage.go_wrong(fault)


async def _change(desk: Desk, who: str, score: int) -> None:
    await desk.press(who, "dm", "change_score")
    await desk.press_in(who, "modal", f"score_{score}")
    await desk.close(who)


async def _asked_to_wait(desk: Desk) -> None:
    """Slack asks to wait before an alert, and before a rewritten summary."""
    await _broken(desk, "chat.postMessage=429")
    await desk.press("ben", "dm", "score_2")
    await desk.submit("ben", reason="Wait for it")
    await desk.move(**_LATER)
    await _broken(desk, "chat.update=429")
    await desk.press("grace", "dm", "score_7")
    await desk.close("grace")
    await desk.move(**_LATER)
    await desk.move(**_LATER)


async def _nobody_knows(desk: Desk) -> None:
    """A post that Slack does not answer is looked for: once it is not there, once it is."""
    await _broken(desk, "chat.postMessage=500")
    await _change(desk, "grace", 1)
    await desk.nps("priya", "status customer")
    await desk.search()
    await _broken(desk, "chat.postMessage=lost")
    await desk.press("mara", "dm", "score_4")
    await desk.close("mara")
    await desk.bot("outbox")
    await desk.search()


async def _windows(desk: Desk) -> None:
    """What is shown at once does not come: a window, a rewritten question, Home, an answer."""
    await _broken(desk, "views.open=500")
    await _broken(desk, "response_url=500")
    await desk.press("hana", "dm", "score_8")
    await desk.move(**_LATER)
    await desk.press("hana", "dm", "add_details")
    await desk.submit("hana", reason="The window came the second time")
    await _change(desk, "hana", 9)
    await _broken(desk, "views.publish=unknown_method")
    await desk.home("hana")
    await desk.home("hana")
    await _broken(desk, "conversations.members=500")
    await desk.nps("priya", "send customer")
    await _broken(desk, "chat.postMessage=invalid_blocks")
    await _change(desk, "oscar", 3)
    await desk.bot("outbox")
    failed = json.loads(await desk.bot("outbox", "--json"))
    await desk.bot("outbox", "again", failed[0]["id"][:8], "--yes")


async def _parked(desk: Desk) -> None:
    """Where the history cannot be read, somebody says what is true."""
    await _broken(desk, "chat.postMessage=lost")
    await _broken(desk, "conversations.history=unknown_method")
    await _change(desk, "theo", 1)
    await desk.search()
    await desk.nps("tom", "status customer")
    await desk.bot("outbox")
    parked = json.loads(await desk.bot("outbox", "--json"))
    await desk.bot("outbox", "sent", parked[0]["id"][:8], typed="n\n")
    await desk.bot("outbox", "sent", parked[0]["id"][:8], "--yes")


async def _channels(desk: Desk) -> None:
    """The channel of the alerts is archived, left, and opened to outsiders."""
    alerts = "nps-alerts"
    for who, change, back in (
        ("rosa", {"is_archived": True}, {"is_archived": False}),
        ("liam", {"is_ext_shared": True}, {"is_ext_shared": False}),
    ):
        desk.step(f"{alerts}: {change}")
        desk.stage.change_channel(alerts, **change)
        await _change(desk, who, 0)
        await desk.nps("tom", "status customer")
        desk.stage.change_channel(alerts, **back)
    desk.step(f"the bot leaves {alerts}")
    desk.stage.leave(alerts, "nps")
    await _change(desk, "sofia", 0)
    await desk.nps("tom", "status customer")
    await desk.bot("outbox")
    desk.stage.enter(alerts, "nps")
    for each in json.loads(await desk.bot("outbox", "--json")):
        await desk.bot("outbox", "again", each["id"], "--yes")


async def _no_charts(desk: Desk) -> None:
    """The workspace does not take charts, so the bot draws with text."""
    desk.step("charts are refused")
    await desk.told(desk.page.put("switch", {"fault": "charts", "on": True}))
    await desk.nps("priya", "report customer")
    await desk.press("priya", "nps-summary", "share_report")
    await desk.told(desk.page.put("switch", {"fault": "charts", "on": False}))
