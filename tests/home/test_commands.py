"""What owners do with ``/nps``, and what everybody else reads there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from nps_bot.storage.tables import Outbox, Wave
from tests.helpers.attack_helpers import BOTH, logged, quiet
from tests.helpers.messages import (
    ON_POSTGRES,
    ON_SQLITE,
    at,
    later,
    modal,
    nps,
    outage,
    settled,
    whispered,
    words,
)
from tests.helpers.world import World


async def answered(world: World, action: str = "score_3", reply: str = "Cold coffee") -> None:
    """Ask everybody at once; Ada answers and says why."""
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, action)
    await modal(world, ada, "followup")
    await ada.submit(None, {"reason": reply})
    await settled(world)


async def number_of(world: World, kind: str) -> int:
    """Return how many messages of a kind were ever owed."""
    statement = select(func.count()).where(Outbox.kind == kind)
    return await world.bot.context.database.read(lambda c: c.scalar(statement) or 0)


async def waves_of(world: World, key: str) -> int:
    """Return how many waves a survey has had."""
    statement = select(func.count()).where(Wave.survey_key == key)
    return await world.bot.context.database.read(lambda c: c.scalar(statement) or 0)


# --- report, and sharing it -------------------------------------------------------------------


@BOTH
async def test_a_report_is_shared_once_and_without_what_people_wrote(world: World) -> None:
    await answered(world)
    priya = world.sandbox.person("priya")
    report = await nps(world, "priya", "report CUSTOMER")
    assert "*NPS −100*" in words(report)
    assert "1 of 4 people answered (25%)" in words(report)
    assert "> Cold coffee" in words(report)
    assert [block["type"] for block in report.blocks].count("data_visualization") == 1
    assert not world.messages("customers")

    for _ in range(3):
        await priya.click(report, "share_report")
    shared = await world.until_in("customers", "NPS −100")
    assert f"Shared by <@{priya.id}>. Comments stay with the survey's owners." in words(shared)
    assert "Cold coffee" not in words(shared)
    await settled(world)
    assert [message.ts for message in world.messages("customers")] == [shared.ts]


@ON_POSTGRES
async def test_nothing_is_shared_where_outsiders_read(world: World) -> None:
    await answered(world)
    priya = world.sandbox.person("priya")
    report = await nps(world, "priya", "report customer", channel="ext-harbor")
    await priya.click(report, "share_report")
    await whispered(
        world,
        priya,
        "ext-harbor",
        "Not shared: people outside your organisation can read this channel.",
    )
    assert await number_of(world, "shared_report") == 0
    assert not world.messages("ext-harbor")


@ON_SQLITE
@pytest.mark.parametrize("channel", ["leadership", "general"])
async def test_who_shares_where_the_bot_is_not_is_told_to_add_it(
    world: World, channel: str
) -> None:
    workspace = world.sandbox.workspace
    there = workspace.channel(channel)
    there.members = [member for member in there.members if member != workspace.bot.id]
    priya = world.sandbox.person("priya")
    report = await nps(world, "priya", "report customer", channel=channel)
    assert "No wave has asked anybody yet." in words(report)

    await priya.click(report, "share_report")
    await whispered(world, priya, channel, "Not shared: this app is not in this channel.")
    assert await number_of(world, "shared_report") == 0

    there.members.append(workspace.bot.id)
    await priya.click(report, "share_report")
    await world.until_in(channel, "Shared by")


@ON_POSTGRES
async def test_a_workspace_without_charts_gets_bars_and_is_not_asked_again(
    quiet_world: World,
) -> None:
    world = quiet_world
    world.sandbox.workspace.has_charts = False
    async with world.running():
        await answered(world)
        report = await nps(world, "priya", "report customer")
        assert " 3 █" in words(report)
        await settled(world)
        await world.sandbox.person("priya").click(report, "share_report")
        assert " 3 █" in words(await world.until_in("customers", "Shared by"))
    async with world.running():
        assert " 3 █" in words(await nps(world, "priya", "report customer"))
    refused = [call for call in world.sandbox.ledger if "invalid_blocks" in str(call.answer)]
    assert len(refused) == 1


@ON_SQLITE
async def test_sharing_alone_learns_that_there_are_no_charts(world: World) -> None:
    await answered(world)
    report = await nps(world, "priya", "report customer")
    world.sandbox.workspace.has_charts = False
    await world.sandbox.person("priya").click(report, "share_report")
    assert " 3 █" in words(await world.until_in("customers", "Shared by"))


# --- words ------------------------------------------------------------------------------------

WHICH = "Which survey? Yours: customer and employee."
HELP = "/nps knows report, status, send, stop, why, preview, pause, resume, help."


@ON_POSTGRES
async def test_every_way_to_type_it_gets_one_clear_answer(world: World) -> None:
    await world.ask()
    await settled(world)
    for typed, answer in {
        "": HELP,
        "help": HELP,
        "HELP me": HELP,
        "reprot customer": "/nps knows no 'reprot'. Did you mean 'report'?",
        "chart": "It knows report, status, send, stop, why, preview, pause, resume and help",
        "report": WHICH,
        "report 90d": WHICH,
        "send": WHICH,
        "pause": WHICH,
        "report custommer": "There is no survey 'custommer' of yours. Did you mean 'customer'?",
        "report Customer": "Customer survey, wave of",
        "report customer 90d": "Customer survey, the last 90 days:",
        "report 90D customer": "Customer survey, the last 90 days:",
        "Report ALL CUSTOMER": "Customer survey, all time:",
        "report customer soon": "'soon' is no period: use 30d, 90d, 2026-Q3, 2026-08, 2026 or all",
        "report q3 customer": "'q3' is no period",
        "report customer 90d 30d": "'30d' is one word too many.",
        "preview customer please": "'please' is one word too many.",
        "status everything": "There is no survey 'everything' of yours. Yours: customer and emp",
        "resume customer": "“Customer survey” is not paused.",
    }.items():
        assert answer in words(await nps(world, "priya", typed)), typed


@ON_SQLITE
async def test_the_only_survey_of_an_owner_need_not_be_named(quiet_world: World) -> None:
    del quiet_world.surveys["customer"]
    async with quiet_world.running():
        assert "Employee survey, no wave" in words(await nps(quiet_world, "priya", "report"))
        assert "the last 30 days" in words(await nps(quiet_world, "priya", "report 30d"))
        said = words(await nps(quiet_world, "priya", "report q3"))
        assert "'q3' is no period" in said
        assert "-Q3'?" in said


# --- who may ----------------------------------------------------------------------------------

NO = "/nps is for the owners of a survey, and you don't own one here. Your own answers are in this"


@ON_SQLITE
async def test_owners_may_and_admins_only_where_the_survey_says_so(quiet_world: World) -> None:
    world = quiet_world
    tom = ("tom@lumen.example",)
    world.surveys["customer"] = replace(world.surveys["customer"], owners=tom)
    employee = replace(world.surveys["employee"], owners=tom, admins_manage=True)
    world.surveys["employee"] = employee
    async with world.running():
        both = words(await nps(world, "tom", "status"))
        assert "Customer survey" in both
        assert "Employee survey" in both

        hers = words(await nps(world, "priya", "status"))  # an admin of the workspace
        assert "Employee survey" in hers
        assert "Customer survey" not in hers
        refused = words(await nps(world, "priya", "report customer"))
        assert "There is no survey 'customer' of yours. Yours: employee." in refused

        for handle in ("mei", "ada"):  # a colleague, a guest
            for typed in ("status", "report customer", "send customer", "pause employee"):
                assert NO in words(await nps(world, handle, typed))
            assert HELP in words(await nps(world, handle, "help"))


@ON_SQLITE
async def test_a_button_asks_once_more_whether_one_may(quiet_world: World) -> None:
    async with quiet_world.running():
        at(quiet_world, 12)
        plan = await nps(quiet_world, "priya", "send customer")
        report = await nps(quiet_world, "priya", "report customer")
    survey = quiet_world.surveys["customer"]
    quiet_world.surveys["customer"] = replace(survey, owners=("tom@lumen.example",))
    async with quiet_world.running():
        priya = quiet_world.sandbox.person("priya")
        for message, button in ((plan, "send_confirm"), (report, "share_report")):
            before = len(priya.ephemerals("customers"))
            await priya.click(message, button)
            await quiet_world.sandbox.until(lambda: len(priya.ephemerals("customers")) > before)  # noqa: B023
            assert NO in words(priya.ephemerals("customers")[-1])
        assert await waves_of(quiet_world, "customer") == 0


# --- status -----------------------------------------------------------------------------------


@ON_POSTGRES
async def test_status_says_what_runs_what_comes_and_who_waits(world: World) -> None:
    assert "No open wave" in words(await nps(world, "priya", "status customer"))
    await answered(world)
    alert = await world.alert()
    said = words(await nps(world, "priya", "status"))
    assert "4 asked, 1 answered, nobody left to ask; closes <!date^" in said
    assert "Next wave: " in said
    assert "*1 unclaimed alert*" in said
    assert f"<@{world.sandbox.person('ada').id}> answered 3" in said
    link = f"archives/{alert.channel}/p{alert.ts.replace('.', '')}|open the alert>"
    assert link in said
    assert "Employee survey" not in words(await nps(world, "priya", "status customer"))


# --- send, preview, pause ---------------------------------------------------------------------


GUESTS = ("ada", "grace", "kenji", "oscar")


def sent_to(world: World) -> list[str]:
    """Return who has a prompt."""
    return [guest for guest in GUESTS if world.sandbox.person(guest).inbox]


@BOTH
async def test_a_wave_by_hand_is_shown_and_goes_once_when_confirmed(quiet_world: World) -> None:
    world = quiet_world
    noon = at(world, 12)
    async with world.running():
        plan = await nps(world, "priya", "send customer")
        said = words(plan)
        assert "would ask 4 people, from " in said
        assert f"<!date^{int(noon.timestamp())}^" in said  # Ada, in London, at once
        for name in ("Ada Marsh", "Grace Lee", "Kenji Mori", "Oscar Nunn"):
            assert name in said
        assert "Not asked: 1 bot and 3 members of this workspace" in said
        assert await waves_of(world, "customer") == 0

        priya = world.sandbox.person("priya")
        again = await nps(world, "priya", "send customer")  # in the same minute
        for message in (plan, plan, again):
            await priya.click(message, "send_confirm")
        await whispered(world, priya, "customers", "“Customer survey” is on its way to 4 people.")
        await world.prompt_of("ada")
        assert await waves_of(world, "customer") == 1
        assert sent_to(world) == ["ada"]

        await later(world, hours=12)  # morning in Tokyo and Sydney
        await world.sandbox.until(lambda: len(sent_to(world)) == 3)
        assert "grace" not in sent_to(world)
        await later(world, hours=14)  # morning in New York
        await world.sandbox.until(lambda: len(sent_to(world)) == 4)
        await settled(world)
        assert {len(world.sandbox.person(guest).inbox) for guest in GUESTS} == {1}


@ON_SQLITE
async def test_a_cancelled_wave_asks_nobody(world: World) -> None:
    plan = await nps(world, "priya", "send customer")
    priya = world.sandbox.person("priya")
    await priya.click(plan, "send_cancel")
    cancelled = "Cancelled: “Customer survey” asks nobody now."
    await whispered(world, priya, "customers", cancelled)
    await world.tick()
    await settled(world)
    assert await waves_of(world, "customer") == 0
    assert sent_to(world) == []


@ON_SQLITE
async def test_cancelling_what_was_confirmed_a_moment_ago_does_not_lie(world: World) -> None:
    priya = world.sandbox.person("priya")
    plan = await nps(world, "priya", "send customer")
    confirm, cancel = (priya.action(plan, action) for action in ("send_confirm", "send_cancel"))
    await world.sandbox.deliver("interactive", confirm)
    await whispered(world, priya, "customers", "on its way to 4 people")
    await world.sandbox.deliver("interactive", cancel)
    await settled(world)
    assert "on its way to 4 people" in words(priya.ephemerals("customers")[-1])


@ON_POSTGRES
async def test_a_wave_by_hand_does_not_get_lost_behind_one_of_the_same_minute(
    world: World,
) -> None:
    assert "still open" not in words(await nps(world, "priya", "send customer"))
    await world.ask()
    plan = await nps(world, "priya", "send customer")
    assert " is still open, until <!date^" in words(plan)
    assert "whoever it asked would be asked a second time." in words(plan)
    await world.sandbox.person("priya").click(plan, "send_confirm")
    await settled(world)
    assert await waves_of(world, "customer") == 2
    assert "2 waves are still open" in words(await nps(world, "priya", "send customer"))


@BOTH
async def test_a_paused_survey_asks_nobody_and_keeps_taking_answers(world: World) -> None:
    priya = world.sandbox.person("priya")
    plan = await nps(world, "priya", "send customer")
    said = words(await nps(world, "priya", "pause customer"))
    assert "is paused: nobody is asked until /nps resume customer. Answers still count." in said
    paused = "“Customer survey” is paused. /nps resume customer goes on with it."
    assert paused in words(await nps(world, "priya", "pause customer"))
    assert paused in words(await nps(world, "priya", "send customer"))
    await priya.click(plan, "send_confirm")
    await world.sandbox.until(lambda: paused in words(priya.ephemerals("customers")[-1]))
    assert await waves_of(world, "customer") == 0

    await world.ask()
    status = words(await nps(world, "priya", "status customer"))
    assert f"Paused by <@{priya.id}>" in status
    assert sent_to(world) == []

    assert "goes on" in words(await nps(world, "priya", "resume customer"))
    await world.sandbox.until(lambda: len(sent_to(world)) == 4)
    await settled(world)  # Slack has them; the bot has noted it, too
    assert "is not paused" in words(await nps(world, "priya", "resume customer"))
    assert "Paused" not in words(await nps(world, "priya", "status customer"))

    await nps(world, "priya", "pause customer")
    ada = world.sandbox.person("ada")
    await ada.click(await world.prompt_of("ada"), "score_9")
    assert "4 asked, 1 answered" in words(await nps(world, "priya", "status customer"))


@ON_SQLITE
async def test_a_preview_is_the_prompt_but_counts_nothing(world: World) -> None:
    priya = world.sandbox.person("priya")
    preview = await nps(world, "priya", "preview customer")
    said = words(preview)
    assert "Preview: not counted." in said
    assert "How likely are you to recommend Lumen Coffee to a friend or colleague?" in said
    assert "[0]\n[1]" in said
    assert f"Set up by <@{priya.id}>. Asked every 3 months on the first Tuesday" in said

    before = await quiet(world)
    for button in ("score_0", "score_10", "snooze", "stop"):
        await priya.click(preview, f"preview_{button}")
    assert await quiet(world) == before
    assert priya.modal is None
    assert priya.ephemerals("customers") == [preview]


# --- what nobody foresaw, an outage -------------------------------------------------------------


@ON_SQLITE
async def test_what_nobody_foresaw_is_told_and_logged(world: World) -> None:
    """Somebody has meddled with the database."""
    sorry = "Sorry, something went wrong on our side."
    priya, context = world.sandbox.person("priya"), world.bot.context
    await world.ask()
    await settled(world)
    plan = await nps(world, "priya", "stop customer")
    rename = "ALTER TABLE {} RENAME TO {}"
    with logged(world.sandbox) as log:
        meddle = text(rename.format("responses", "elsewhere"))
        await context.database.write(lambda connection: connection.execute(meddle).close())
        assert sorry in words(await nps(world, "priya", "status"))
        await priya.click(plan, "wave_keep")
        await world.sandbox.until(lambda: len(priya.ephemerals("customers")) == 3)
        assert sorry in words(priya.ephemerals("customers")[-1])
        await settled(world)
    assert [f"person={priya.id} | " in line for line in log.problems] == [True, True]
    assert all("no such table: responses" in line for line in log.problems)
    mend = text(rename.format("elsewhere", "responses"))
    await context.database.write(lambda connection: connection.execute(mend).close())
    await priya.click(plan, "wave_keep")
    await whispered(world, priya, "customers", "Nothing was stopped: “Customer survey” goes on.")


@ON_POSTGRES
async def test_without_its_database_the_bot_says_so(
    world: World, request: pytest.FixtureRequest
) -> None:
    priya = world.sandbox.person("priya")
    plan = await nps(world, "priya", "send customer")
    away = "Sorry, our database isn't answering. Please try again in a moment."
    with outage(world, request):
        assert away in words(await nps(world, "priya", "pause customer"))
        await priya.click(plan, "send_confirm")
        await world.sandbox.until(lambda: len(priya.ephemerals("customers")) == 3)
        assert away in words(priya.ephemerals("customers")[-1])
    assert "is paused: nobody" in words(await nps(world, "priya", "pause customer"))
