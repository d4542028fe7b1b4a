"""A named survey by direct message: all that people, their team and the operator do about it."""

from __future__ import annotations

from pathlib import Path

from tests.recording.desk import Desk

WRONG = """slack_id,email,account,account_owner,plan
,ada@marshbakery.example,Marsh Bakery,tom@lumen.example,Roastery
,nobody@nowhere.example,Nowhere,tom@lumen.example,
U0NOBODY1,,Nowhere,,
,kenji@morihotels.example,Mori Hotels,nobody@lumen.example,Grand
"""
RIGHT = """email,account,account_owner,plan
ada@marshbakery.example,Marsh Bakery,tom@lumen.example,Roastery
kenji@morihotels.example,Mori Hotels,mei@lumen.example,Grand
pierre@boulangerieblanc.example,Boulangerie Blanc,tom@lumen.example,Roastery
"""
WORDS = (
    "",
    "help",
    "HELP me",
    "reprot customer",
    "chart",
    "report",
    "report 90d",
    "report custommer",
    "report customer",
    "report customer soon",
    "report q3 customer",
    "report customer 90d 30d",
    "preview",
    "preview customer please",
    "preview customer",
    "preview voices",
    "preview partners",
    "why",
    "why @nobody",
    "why <@U0ADA0000|ada>",
    "why @priya voices",
    "why <@U0POLLY01>",
    "status",
    "status customer",
    "status everything",
    "resume customer",
    "stop customer",
    "pause",
    "pause customer",
    "pause customer",
    "send customer",
    "status customer",
    "resume customer",
    "send",
)
PERIODS = ("", " 30d", " 2031-Q1", " 2031-03", " all")


async def type_every_word(desk: Desk, folder: Path) -> None:
    """Type all that ``/nps`` knows and does not, before anybody was asked; import people."""
    for name, text in (("wrong.csv", WRONG), ("right.csv", RIGHT), ("right.csv", RIGHT)):
        await desk.bot("people", "import", desk.file(folder, name, text))
    await desk.bot("surveys", "check")
    await desk.bot("surveys", "list")
    for words in WORDS:
        await desk.nps("priya", words)
    for who, words in (("sam", "report customer"), ("tom", "status"), ("tom", "preview voices")):
        await desk.nps(who, words)
    for who in ("priya", "ada", "sam"):
        await desk.home(who)


async def start_with_approval(desk: Desk) -> None:
    """Start a wave that needs a second person's word: refused at first, then given."""
    await desk.nps("priya", "send customer")
    await desk.press("priya", "nps-summary", "send_cancel")
    await desk.nps("priya", "send customer")
    await desk.press("priya", "nps-summary", "send_confirm")
    await desk.press("tom", "dm", "approval_decline")
    await desk.move(minutes=5)
    await desk.nps("priya", "send customer")
    await desk.press("priya", "nps-summary", "send_confirm")
    await desk.nps("priya", "send customer")
    await desk.nps("tom", "send customer")
    await desk.press("tom", "dm", "approval_send")


async def answer(desk: Desk) -> None:
    """Answer in every band; explain, change, put off, stop, delete, ask for no contact."""
    await desk.press("ada", "dm", "score_3")
    await desk.submit("ada", reason="Cold coffee & <late> bread", went_wrong="The *van* broke down")
    await desk.press("rosa", "dm", "score_10")
    await desk.close("rosa")
    await desk.press("liam", "dm", "score_7")
    await desk.submit("liam", reason="Fine so far")
    await desk.press("pierre", "dm", "score_0")
    await desk.submit("pierre")
    await desk.press("pierre", "dm", "no_contact")
    await desk.press("sofia", "dm", "snooze")
    await desk.press("jonas", "dm", "stop")
    await desk.submit("jonas", which="this")
    await desk.press("anika", "dm", "score_9")
    await desk.submit("anika", reason="The new lot", makes_happy="The people")
    await desk.press("anika", "dm", "change_score")
    await desk.press_in("anika", "modal", "score_5")
    await desk.submit("anika", reason="The new lot ran out")
    await desk.press("liam", "dm", "add_details")
    await desk.submit("liam", reason="Fine so far, really")
    await _look_after_cases(desk)
    await _look_at_home(desk)


async def _look_after_cases(desk: Desk) -> None:
    await desk.press("tom", "nps-alerts", "claim_case", word="Ada Marsh")
    await desk.press("mei", "nps-alerts", "claim_case", word="Anika Rao")
    await desk.press("ada", "dm", "change_score")
    await desk.press_in("ada", "modal", "score_8")
    await desk.close("ada")
    await desk.press("tom", "nps-alerts", "contacted_case", word="Ada Marsh")
    await desk.move(seconds=10)


async def _look_at_home(desk: Desk) -> None:
    for who in ("ada", "anika", "jonas", "sofia", "tom", "priya"):
        await desk.home(who)
    await desk.press_in("anika", "home", "home_change")
    await desk.press_in("anika", "modal", "score_6")
    await desk.close("anika")
    await desk.press_in("anika", "home", "home_delete")
    await desk.press_in("jonas", "home", "home_resume")
    await desk.press("jonas", "dm", "score_4")
    await desk.close("jonas")
    await desk.press("jonas", "dm", "stop")
    await desk.submit("jonas", which="all")
    await desk.home("jonas")


async def look_at_the_figures(desk: Desk) -> None:
    """Ask for reports of every period, share one, and ask the terminal for the same."""
    for period in PERIODS:
        await desk.nps("priya", f"report customer{period}")
    await desk.press("priya", "nps-summary", "share_report")
    await desk.press("priya", "nps-summary", "share_report")
    for channel in ("ext-coast", "leadership"):
        await desk.nps("priya", "report customer", channel)
        await desk.press("priya", channel, "share_report")
    await desk.nps("tom", "status")
    for who in ("ada", "rosa", "jonas", "anika", "mara"):
        await desk.nps("priya", f"why @{who}")
    for words in ("report customer", "report customer all", "outbox"):
        await desk.bot(*words.split())


async def answer_reminders(desk: Desk) -> None:
    """Answer the days after: reminders, chasers, and the question that was put off."""
    await desk.move(days=1)
    await desk.press("rosa", "dm", "add_details")
    await desk.submit("rosa", reason="The chaser made me write")
    await desk.press("kenji", "dm", "score_6")
    await desk.close("kenji")
    await desk.press("oscar", "dm", "score_10")
    await desk.submit("oscar", reason="Best beans")
    await desk.move(days=2.5)
    await desk.press("theo", "dm", "score_8")
    await desk.submit("theo", reason="Reminded in time")
    await desk.press("sofia", "dm", "score_9")
    await desk.close("sofia")
    await desk.press("liam", "dm", "change_score")
    await desk.press_in("liam", "modal", "score_9")
    await desk.close("liam")


async def close(desk: Desk) -> None:
    """Let the wave close; what comes too late is told so; somebody is forgotten."""
    await desk.move(days=1, stride=12)
    await desk.press("ada", "dm", "change_score")
    await desk.press_in("ada", "modal", "score_2")
    await desk.close("ada")
    await desk.move(days=3, stride=12)
    await desk.press("liam", "dm", "change_score")
    await desk.nps("priya", "report customer")
    await desk.nps("priya", "status")
    await desk.home("liam")
    await desk.bot("forget", "U0PIERRE0", typed="n\n")
    await desk.bot("forget", "Pierre Blanc", "--yes")
    await desk.bot("forget", "oscar@bondibeans.example", typed="y\n")
    await desk.home("oscar")
    await desk.bot("report", "customer", "all")


async def second_wave(desk: Desk) -> None:
    """Let the cadence open the next wave, and stop it in the middle."""
    await desk.bot("send", "customer", "--dry-run")
    await desk.move(days=20, stride=24)
    await desk.move(hours=14, stride=7)
    await desk.press("ada", "dm", "score_9")
    await desk.submit("ada", reason="All is well again")
    await desk.press("kenji", "dm", "score_8")
    await desk.close("kenji")
    await desk.nps("priya", "pause customer")
    await desk.move(hours=6)
    await desk.nps("priya", "resume customer")
    await desk.look()
    await desk.nps("priya", "why @mara customer")
    await desk.nps("priya", "stop customer")
    await desk.press("priya", "nps-summary", "wave_keep")
    await desk.nps("priya", "stop customer")
    await desk.press("priya", "nps-summary", "wave_stop")
    await desk.press("rosa", "dm", "score_9")
    await desk.close("rosa")
    await desk.nps("tom", "status customer")
    await desk.move(days=7, stride=24)
    await desk.nps("priya", "report customer")
    await desk.bot("report", "customer", "all", "--json")
    for words in ("--to @mara --yes", "--to @mara --dry-run", "--to @nobody --yes", "--to @tom"):
        await desk.bot("send", "customer", *words.split())
    await desk.bot("send", "customer", typed="no\n")
    await desk.bot("send", "customer", "--yes")
    await desk.bot("stop", "customer", typed="n\n")
    await desk.bot("stop", "customer", "--yes")
