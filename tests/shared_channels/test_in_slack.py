"""Customers in shared channels: who is asked, whose word counts, and who sees what."""

from __future__ import annotations

import asyncio
import copy
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from nps_bot.people import forgetting
from nps_bot.people import store as people
from nps_bot.people.matching import match_channels
from nps_bot.people.people_file import parse_people_file
from nps_bot.storage.tables import Answer, ChannelPost, Outbox, Person
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.local_time import QuietHours
from nps_bot.surveys.rules.survey import AccountChannel, Audience
from slack_sandbox import Fault
from tests.helpers.attack_helpers import BOTH, logged, read
from tests.helpers.channel_helpers import (
    ACCOUNT,
    chosen,
    delivered,
    in_channels,
    invitations,
    posted,
    pressed,
    request,
    scores,
    seen,
    states,
)
from tests.helpers.connect import COAST
from tests.helpers.messages import ON_POSTGRES, ON_SQLITE, later, modal, nps, settled, words
from tests.helpers.world import World

OUTSIDERS = ("helena", "ivo", "anja")


@pytest.fixture
async def coast(quiet_world: World) -> World:
    """Return a world whose customer survey asks Harbor Hotels in #ext-coast."""
    in_channels(quiet_world)
    return quiet_world


# --- who counts, and who sees what --------------------------------------------------------------


async def test_the_right_people_count_once_each_and_nobody_sees_another_answer(
    coast: World,
) -> None:
    """Two companies and our own staff in one channel; it runs with everything it can run with."""
    world = coast
    async with world.running():
        with logged(world.sandbox) as log:
            question = await posted(world)
            before = words(question), question.edited_ts
            assert "everybody at *Harbor Hotels*" in words(question)
            assert "Only you see what you answer here." in words(question)

            mine = await chosen(world, "helena", question, 3)
            assert "You answered 3" in words(mine)
            for button in ("Add details", "Change score", "Stop these surveys"):
                assert f"[{button}]" in words(mine)
            await chosen(world, "ivo", question, 9)
            ours = await chosen(world, "tom", question, 10)
            assert ours.text == "This question is for Harbor Hotels. Nothing was recorded."
            strangers = await chosen(world, "anja", question, 0)
            assert "for the people of Harbor Hotels, so nothing was recorded" in strangers.text
        assert log.problems == []

        assert await scores(world) == [3, 9]
        assert await invitations(world) == 2
        (invitation,) = world.messages(COAST)
        assert (words(invitation), invitation.edited_ts) == before
        await world.until_in("nps-alerts", "U0HELENA1", "Harbor Hotels")
        for handle, theirs, others in (
            ("helena", "You answered 3", ("answered 9", "from 1 account")),
            ("ivo", "You answered 9", ("answered 3", "from 1 account")),
            ("anja", "nothing was recorded", ("You answered", "from 1 account")),
        ):
            sight = await seen(world, handle)
            assert theirs in sight
            assert [one for one in others if one in sight] == []


@BOTH
async def test_a_person_has_one_answer_and_the_last_click_says_it(coast: World) -> None:
    world = coast
    async with world.running():
        question = await posted(world)
        await chosen(world, "helena", question, 3)
        await chosen(world, "helena", question, 3)
        mine = await chosen(world, "helena", question, 8)
        assert "You answered 8" in words(mine)
        assert (await scores(world), await invitations(world)) == ([8], 1)

        again = await pressed(world, "helena", mine, "channel_change")
        assert "You answered 8. A new score replaces it." in words(again)
        assert "You answered 8" in words(await pressed(world, "helena", again, "channel_keep"))
        again = await pressed(world, "helena", mine, "channel_change")
        assert "You answered 10" in words(await pressed(world, "helena", again, "channel_score_10"))
        assert (await scores(world), await invitations(world)) == ([10], 1)


@BOTH
async def test_twenty_first_clicks_at_once_are_one_invitation_and_one_answer(coast: World) -> None:
    world = coast
    async with world.running():
        question = await posted(world)
        helena = world.sandbox.person("helena")
        clicks = [helena.action(question, "channel_score_7") for _ in range(20)]
        replies = await asyncio.gather(
            *(world.sandbox.deliver("interactive", click) for click in clicks)
        )
        assert [reply.body for reply in replies] == [{}] * 20
        await settled(world)
        assert (await scores(world), await invitations(world)) == ([7], 1)
        assert all("You answered 7" in words(one) for one in helena.ephemerals(COAST))


@BOTH
async def test_the_follow_up_belongs_to_the_answer(coast: World) -> None:
    world = coast
    async with world.running():
        question = await posted(world)
        helena = world.sandbox.person("helena")
        mine = await chosen(world, "helena", question, 2)
        await modal(world, helena, "followup")
        await helena.submit(None, {"reason": "The ferry was late."})
        await world.until_in("nps-alerts", "The ferry was late.")
        await helena.click(mine, "add_details")
        again = await modal(world, helena, "followup")
        assert "The ferry was late." in str(again["blocks"])
        assert "The ferry" not in await seen(world, "ivo")
        assert await read(world.bot.context.database, select(Answer.text)) == [
            ("The ferry was late.",)
        ]


@BOTH
async def test_wishes_are_done_where_the_answer_stands(coast: World) -> None:
    world = coast
    async with world.running():
        question = await posted(world)
        mine = await chosen(world, "helena", question, 2)
        mine = await pressed(world, "helena", mine, "channel_wish_no_contact")
        assert "nobody will contact you" in words(mine)
        mine = await pressed(world, "helena", mine, "channel_stop")
        assert "Which surveys should stop?" in words(mine)
        mine = await pressed(world, "helena", mine, "channel_wish_stop_this")
        assert "you won't get" in words(mine)
        assert "[Change score]" not in words(mine)

        refused = await chosen(world, "helena", question, 9)
        assert "You asked not to get this survey, so nothing was recorded." in words(refused)
        assert await scores(world) == [2]
        mine = await pressed(world, "helena", refused, "channel_wish_resume")
        assert "You answered 2" in words(mine)

        mine = await pressed(world, "helena", mine, "channel_wish_delete")
        assert "No answer of yours is kept" in words(mine)
        assert await scores(world) == []
        mine = await chosen(world, "helena", question, 9)
        assert "You answered 9" in words(mine)
        assert (await scores(world), await invitations(world)) == ([9], 1)


@BOTH
async def test_who_opted_out_or_was_forgotten_is_not_recorded(coast: World) -> None:
    world = coast
    async with world.running():
        question = await posted(world)
        helena = world.sandbox.person("helena")
        database, now = world.bot.context.database, world.clock.now()
        await database.write(forgetting.forget, helena.id, now)
        refused = await chosen(world, "helena", question, 9)
        assert "You asked not to get any surveys from us" in words(refused)
        assert await invitations(world) == 0
        assert await read(database, select(Person.id).where(Person.id == helena.id)) == []
        back = await pressed(world, "helena", refused, "channel_wish_resume")
        assert "Choose a score in the question itself" in words(back)
        assert "You answered 9" in words(await chosen(world, "helena", question, 9))


@BOTH
async def test_ids_of_enterprise_grid_and_a_null_team_are_taken(coast: World) -> None:
    """Their organisation is named instead of their workspace, and ours tells no team at all."""
    in_channels(coast, replace(ACCOUNT, teams=("E0HARBOR1",)))
    world = coast
    async with world.running():
        question = await posted(world)
        payload = world.sandbox.person("helena").action(question, "channel_score_6")
        payload |= {"team": None, "enterprise": {"id": "E0LUMEN01", "name": "Lumen"}}
        theirs = {"id": "W0HELENA1", "name": "helena", "team_id": "T0SOMEWHR"}
        await delivered(world, {**payload, "user": theirs | {"enterprise_id": "E0HARBOR1"}})
        assert await scores(world) == [6]
        for homes in ({}, {"team_id": None}, {"team_id": 7}, {"team_id": "E0OTHER01"}):
            user = {"id": "W0OTHER01", "name": None, **homes}
            await delivered(world, {**payload, "user": user})
        assert (await scores(world), await invitations(world)) == ([6], 1)


@BOTH
async def test_forged_values_record_nothing(coast: World) -> None:
    world = coast
    async with world.running():
        question = await posted(world)
        helena = world.sandbox.person("helena")
        world.sandbox.workspace.share("ext-harbor", "ivo")
        true = helena.action(question, "channel_score_6")
        for value in ("", "x", "0" * 32, None, 7, ["a"]):
            forged = copy.deepcopy(true)
            forged["actions"][0]["value"] = value
            await delivered(world, forged)
        elsewhere = copy.deepcopy(true)
        elsewhere["channel"]["id"] = "C0HARBOR1"
        await delivered(world, elsewhere)
        eleven = copy.deepcopy(true)
        eleven["actions"][0]["action_id"] = "channel_score_11"
        await delivered(world, eleven)
        await world.bot.context.database.write(
            lambda connection: connection.execute(update(ChannelPost).values(state="declined"))
        )
        await delivered(world, true)
        assert (await scores(world), await invitations(world)) == ([], 0)
        forged = copy.deepcopy(true)
        forged["actions"][0]["action_id"] = "channel_wish_delete"
        await delivered(world, forged)
        assert await scores(world) == []


# --- whose word it takes ------------------------------------------------------------------------


@BOTH
async def test_nothing_is_posted_before_the_owner_of_the_account_says_so(coast: World) -> None:
    world = coast
    async with world.running():
        await world.ask()
        tom, asking = await request(world)
        assert words(asking).startswith("“Customer survey” would like to ask Harbor Hotels")
        assert world.messages(COAST) == []
        assert world.sandbox.person("priya").inbox == []
        status = words(await nps(world, "priya", "status"))
        assert "posted in 0 of 1 channel, 0 answers" in status
        assert "waits for somebody to decide on Harbor Hotels" in status

        await asyncio.gather(*(tom.click(asking, "post_post") for _ in range(5)))
        await settled(world)
        assert len(world.messages(COAST)) == 1
        (told,) = tom.inbox
        assert f"<@{tom.id}> said yes to" in words(told)
        assert "It was posted" in words(told)
        status = words(await nps(world, "priya", "status"))
        assert "posted in 1 of 1 channel, 0 answers" in status


@BOTH
async def test_not_this_time_asks_again_and_not_this_one_does_not(coast: World) -> None:
    world = coast
    async with world.running():
        await world.ask()
        tom, asking = await request(world)
        await tom.click(asking, "post_not_this_time")
        await later(world, hours=1)
        assert "not this time" in words(tom.inbox[0])

        await world.ask()
        await settled(world)
        assert len(tom.inbox) == 2
        await tom.click(tom.inbox[1], "post_not_this_one")
        await later(world, hours=1)
        assert "does not ask there any more" in words(tom.inbox[1])

        await world.ask()
        await settled(world)
        assert len(tom.inbox) == 2
        assert "was decided" in words(await nps(world, "priya", "status"))

        await tom.click(tom.inbox[1], "post_ask_again")
        await later(world, hours=1)
        await world.ask()
        await settled(world)
        assert len(tom.inbox) == 3
        assert await states(world) == ["declined", "declined", "skipped", "asked"]
        assert world.messages(COAST) == []


@BOTH
async def test_without_an_owner_the_owners_of_the_survey_decide_once(coast: World) -> None:
    world = coast
    for owner in (None, "nobody@lumen.example"):
        in_channels(world, replace(ACCOUNT, owner=owner))
        owners = ("priya@lumen.example", "mei@lumen.example")
        world.surveys["customer"] = replace(world.surveys["customer"], owners=owners)
        async with world.running():
            await world.ask()
            priya, asked = await request(world, "priya")
            mei, too = await request(world, "mei")
            clicks = [priya.action(asked, "post_post"), mei.action(too, "post_not_this_time")]
            await asyncio.gather(*(world.sandbox.deliver("interactive", one) for one in clicks))
            await settled(world)
            first, second = words(priya.inbox[-1]), words(mei.inbox[-1])
            assert first == second
            assert "said" in first
            await later(world, hours=1)


@BOTH
async def test_only_who_looks_after_an_account_or_owns_the_survey_decides(coast: World) -> None:
    world = coast
    async with world.running():
        await world.ask()
        tom, asking = await request(world)
        click = tom.action(asking, "post_post")
        for stranger in ("mei", "helena"):
            me = world.sandbox.person(stranger)
            forged = {**click, "user": {**click["user"], "id": me.id, "team_id": me.user.team_id}}
            await delivered(world, forged)
        assert await states(world) == ["asked"]
        priya = world.sandbox.person("priya")
        await delivered(world, {**click, "user": {**click["user"], "id": priya.id}})
        assert await states(world) == ["approved"]


@BOTH
async def test_it_is_posted_when_the_quiet_hours_are_over(coast: World) -> None:
    world = coast
    quiet = QuietHours(time(18), time(9))
    world.surveys["customer"] = replace(world.surveys["customer"], quiet_hours=quiet)
    night = datetime(2027, 1, 12, 21, tzinfo=UTC)
    world.clock.ahead += night - world.clock.now()
    async with world.running():
        await world.ask()
        tom, asking = await request(world)
        await tom.click(asking, "post_post")
        await settled(world)
        assert "It is posted " in words(tom.inbox[0])
        assert world.messages(COAST) == []
        await later(world, hours=10)
        assert world.messages(COAST) == []
        await later(world, hours=1, days=0)
        await settled(world)
        assert len(world.messages(COAST)) == 1


@BOTH
async def test_a_post_of_unknown_outcome_is_looked_up_and_stands_once(coast: World) -> None:
    world = coast
    async with world.running():
        await world.ask()
        tom, asking = await request(world)
        world.sandbox.faults.add("chat.postMessage", Fault(acted=True, drop=True))
        await tom.click(asking, "post_post")
        await world.sandbox.until(lambda: bool(world.messages(COAST)))
        world.clock.ahead += timedelta(minutes=2)
        await settled(world)
        assert len(world.messages(COAST)) == 1
        (question,) = world.messages(COAST)
        assert "You answered 9" in words(await chosen(world, "helena", question, 9))
        assert "It was posted" in words(tom.inbox[0])


@BOTH
async def test_a_stopped_wave_is_not_posted_any_more(coast: World) -> None:
    world = coast
    async with world.running():
        await world.ask()
        tom, asking = await request(world)
        too_late = tom.action(asking, "post_post")
        priya = world.sandbox.person("priya")
        await priya.click(await nps(world, "priya", "stop customer"), "wave_stop")
        await settled(world)
        assert "so nothing is posted" in words(tom.inbox[0])
        await delivered(world, too_late)
        assert world.messages(COAST) == []


@BOTH
async def test_a_paused_survey_posts_when_it_is_resumed(coast: World) -> None:
    world = coast
    async with world.running():
        await nps(world, "priya", "pause customer")
        await world.ask()
        tom, asking = await request(world)
        await tom.click(asking, "post_post")
        await settled(world)
        assert world.messages(COAST) == []
        await nps(world, "priya", "resume customer")
        await settled(world)
        assert len(world.messages(COAST)) == 1


# --- where it does not ask ----------------------------------------------------------------------


@BOTH
async def test_where_it_cannot_ask_is_said_and_costs_the_others_nothing(coast: World) -> None:
    world = coast
    in_channels(
        world,
        replace(ACCOUNT, teams=()),
        AccountChannel("#ext-nowhere", "Nowhere Inn", None),
        AccountChannel("#customers", "Marsh Bakery", None),
        AccountChannel("#ext-harbor", "Harbor Hotels", "tom@lumen.example"),
    )
    async with world.running():
        await world.ask()
        tom, _ = await request(world)
        assert [words(one).partition("in ")[2][:12] for one in tom.inbox] == ["<#C0HARBOR1>"]
        status = words(await nps(world, "priya", "status"))
        assert "several companies share it" in status
        assert "Slack shows the bot no #ext-nowhere" in status
        assert "it is not shared with another organisation" in status


@BOTH
async def test_a_channel_keeps_the_distance_between_two_questions(coast: World) -> None:
    world = coast
    async with world.running():
        await posted(world)
        limits = Limits(every=timedelta(days=30))
        world.surveys["customer"] = replace(world.surveys["customer"], budget=limits)
        await later(world, days=8)
        preview = words(await nps(world, "priya", "send customer"))
        assert "has no channel to ask in now" in preview
        await world.ask()
        await settled(world)
        assert (await states(world))[-1] == "skipped"
        assert "it was asked there lately" in words(await nps(world, "priya", "status"))
        await later(world, days=23)
        await world.ask()
        assert (await states(world))[-1] == "asked"


@BOTH
async def test_the_people_file_says_which_channels(coast: World, tmp_path: Path) -> None:
    world = coast
    world.surveys["customer"] = replace(world.surveys["customer"], accounts=())
    file = tmp_path / "people.csv"
    file.write_text(
        "slack_id,account,account_owner,teams\n#ext-coast,Harbor Hotels,mei@lumen.example,T0HARBOR1"
    )
    async with world.running():
        context = world.bot.context
        rows = await match_channels(context, file, parse_people_file(file))
        await context.database.write(people.save_channels, rows, world.clock.now())
        question = await posted(world, handle="mei")
        assert "You answered 7" in words(await chosen(world, "ivo", question, 7))
        file.write_text("slack_id,account\n#ext-coast,\n")
        rows = await match_channels(context, file, parse_people_file(file))
        await context.database.write(people.save_channels, rows, world.clock.now())
        await later(world, hours=1)
        await world.ask()
        assert await states(world) == ["approved"]


@BOTH
async def test_a_wave_by_hand_says_where_it_would_ask_before_it_does(coast: World) -> None:
    world = coast
    async with world.running():
        priya = world.sandbox.person("priya")
        shown = await nps(world, "priya", "send customer")
        assert "would ask in 1 channel, each once somebody has said *Post it*" in words(shown)
        assert world.sandbox.person("tom").inbox == []
        await priya.click(shown, "send_confirm")
        await settled(world)
        tom, _ = await request(world)
        assert len(tom.inbox) == 1


# --- figures ------------------------------------------------------------------------------------


@BOTH
async def test_reports_show_answers_and_accounts_and_who_stayed_silent(coast: World) -> None:
    world = coast
    in_channels(world, ACCOUNT, AccountChannel("#ext-harbor", "Cliff <Inn>", "tom@lumen.example"))
    async with world.running():
        await world.ask()
        tom, _ = await request(world)
        for asking in tom.inbox:
            await tom.click(asking, "post_post")
        await settled(world)
        (question,) = world.messages(COAST)
        await chosen(world, "helena", question, 10)
        await chosen(world, "ivo", question, 0)
        summary = await world.until_in("nps-summary", "2 answers from 1 account")
        assert "No answer from Cliff &lt;Inn&gt;" in words(summary)
        report = words(await nps(world, "priya", "report customer"))
        assert "2 answers from 1 account" in report
        assert "No answer from Cliff &lt;Inn&gt;" in report
        for words_ in (words(summary), report):
            assert "answered (" not in words_
            assert "Had everybody asked answered" not in words_
        year = words(await nps(world, "priya", f"report customer {world.clock.now().year}"))
        assert "2 answers from 1 account" in year

        await later(world, days=8)
        await settled(world)
        assert "has closed. Thank you for every answer." in words(world.messages(COAST)[0])
        await world.until_in("nps-summary", "closed", "2 answers from 1 account")
        assert await scores(world) == [0, 10]


@ON_SQLITE
async def test_nobody_decided_in_time(coast: World) -> None:
    world = coast
    async with world.running():
        await world.ask()
        tom, asking = await request(world)
        too_late = tom.action(asking, "post_post")
        await later(world, days=8)
        await settled(world)
        assert "Nobody decided in time" in words(tom.inbox[0])
        await delivered(world, too_late)
        assert world.messages(COAST) == []


# --- outsiders by direct message ----------------------------------------------------------------


@BOTH
async def test_who_cannot_be_written_to_is_counted_and_not_tried_again(coast: World) -> None:
    """One of two outsiders left every shared channel after the audience was read."""
    world = coast
    world.surveys["employee"] = replace(
        world.surveys["employee"],
        audience=Audience(people=("U0HELENA1", "U0IVO0001"), outsiders=True),
        owners=("priya@lumen.example",),
        reminder=None,
    )
    workspace = world.sandbox.workspace
    async with world.running():
        world.sandbox.faults.add("conversations.open", Fault(error="channel_not_found"))
        await world.ask("employee")
        await settled(world)
        inboxes = [len(world.sandbox.person(one).inbox) for one in ("helena", "ivo")]
        assert sorted(inboxes) == [0, 1]
        for _ in range(3):
            await later(world, hours=1)
        status = words(await nps(world, "priya", "status employee"))
        assert "1 person of another workspace whom Slack does not let the bot write to" in status
        assert "0 undelivered messages" in status
        tried = world.sandbox.ledger.of("conversations.open")
        assert len([call for call in tried if call.answer.get("error") == "channel_not_found"]) == 1
        for channel in workspace.channels.values():
            channel.is_ext_shared = False
        world.clock.ahead += timedelta(hours=2)
        await world.ask("employee")
        await settled(world)
        status = words(await nps(world, "priya", "status employee"))
        assert "2 people of other workspaces whom Slack does not let the bot write to" in status


# --- a channel of the team that becomes shared ---------------------------------------------------


async def test_nothing_internal_appears_in_a_channel_that_becomes_shared(coast: World) -> None:
    """The summary stands there, and the wave goes on: answers, alerts, a report, the closing."""
    world = coast
    async with world.running():
        question = await posted(world)
        await chosen(world, "helena", question, 2)
        summary = await world.until_in("nps-summary", "1 answer from 1 account")
        alert = await world.alert()
        before = {one.ts: words(one) for one in (summary, alert)}
        for channel in ("nps-summary", "nps-alerts"):
            world.sandbox.workspace.share(channel, *OUTSIDERS)

        await chosen(world, "ivo", question, 0)
        await chosen(world, "helena", question, 1)
        await world.sandbox.person("helena").submit(None, {"reason": "The ferry was late."})
        helena = world.sandbox.person("helena")
        await helena.click(alert, "claim_case")
        await settled(world)
        report = await nps(world, "priya", "report customer", channel="nps-summary")
        await world.sandbox.person("priya").click(report, "share_report")
        await later(world, hours=1)
        await later(world, days=8)
        await settled(world)

        for channel in ("nps-summary", "nps-alerts"):
            invitation = {one.ts: words(one) for one in world.messages(channel)}
            assert invitation == {ts: text for ts, text in before.items() if ts in invitation}
        told = [words(one) for one in world.sandbox.person("priya").inbox]
        assert sum("Nothing was posted in #nps-summary" in one for one in told) == 1
        assert sum("Nothing was posted in #nps-alerts" in one for one in told) == 1
        assert "for the team that runs the survey" in words(helena.ephemerals("nps-alerts")[-1])
        for handle in ("anja", "ivo"):
            sight = await seen(world, handle)
            assert "2 answers" not in sight
            assert "The ferry was late." not in sight


@ON_POSTGRES
async def test_the_owners_hear_of_it_again_if_it_is_shared_again(coast: World) -> None:
    world = coast
    channel = world.sandbox.workspace.channel("nps-alerts")
    async with world.running():
        question = await posted(world)
        priya = world.sandbox.person("priya")
        for number, (handle, shared) in enumerate(
            [("helena", True), ("ivo", False), ("helena", True), ("ivo", True)]
        ):
            channel.is_ext_shared = shared
            await chosen(world, handle, question, number)
            await later(world, hours=1)
        told = [one for one in priya.inbox if "#nps-alerts" in words(one)]
        assert len(told) == 2
        alerts = select(func.count()).select_from(Outbox).where(Outbox.kind == "alert")
        assert await read(world.bot.context.database, alerts) == [(2,)]
