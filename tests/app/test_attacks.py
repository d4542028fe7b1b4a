"""Forged, foreign and late: each changes nothing and is told why, in one sentence."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from nps_bot.answering.replies import REFUSALS
from nps_bot.answering.rules import Refusal
from nps_bot.app.wiring import Role
from nps_bot.asking import approving
from nps_bot.asking.requests import SendRequest, StopRequest
from nps_bot.figures.share_request import ShareRequest
from nps_bot.interaction.replies import OUT_OF_DATE
from nps_bot.people import forgetting
from nps_bot.storage.tables import Response
from slack_sandbox import Kind, Message, Person
from tests.helpers.attack_helpers import BOTH, ask_one, eventually, everything, logged, quiet, read
from tests.helpers.messages import settled
from tests.helpers.world import World

ON_POSTGRESQL = pytest.mark.parametrize(
    ("database_url", "transport"), [("postgresql", "http")], indirect=["database_url"]
)
"""Where PostgreSQL is the stricter one, and the transport plays no part."""

NO_TEXT: tuple[Any, ...] = (None, 7, [], {})
NOBODYS_ID = "0123456789abcdef" * 2
NOT_YOURS = "/nps is for the owners of a survey"


def button(person: Person, message: Message) -> dict[str, Any]:
    """Return the payload of pressing the first button of a message, to be forged."""
    first = next(
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    )
    return copy.deepcopy(person.action(message, first))


def forged(person: Person, message: Message, **action: Any) -> dict[str, Any]:
    """Return a click on a button with another name, value or time."""
    payload = button(person, message)
    payload["actions"][0] |= action
    return payload


def invitation_of(message: Message) -> str:
    """Return the id that a message's buttons carry."""
    return next(
        str(element["value"])
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if "value" in element
    )


class Victim:
    """A bot at rest that must not be moved."""

    def __init__(self, world: World, before: Mapping[str, Any]) -> None:
        self.world = world
        self._before = before

    @classmethod
    async def of(cls, world: World) -> Victim:
        """Return the bot once nothing is under way."""
        return cls(world, await quiet(world))

    async def told(self, person: Person, message: Message, payload: Mapping[str, Any]) -> list[str]:
        """Deliver a payload that must change nothing; return what the person alone is told."""
        heard = len(person.ephemerals(message.channel))
        await self.world.sandbox.deliver(Kind.INTERACTIVE, payload)
        await self.unmoved()
        return [one.text for one in person.ephemerals(message.channel)[heard:]]

    async def unmoved(self) -> None:
        """Wait for what the bot still does; check that nothing changed."""
        context = self.world.bot.context

        async def at_rest() -> bool:
            return context.background.running == 0

        await eventually(self.world.sandbox, at_rest)
        assert await context.database.read(everything) == self._before


@ON_POSTGRESQL
async def test_forged_buttons_are_out_of_date(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    invitation_id = invitation_of(prompt)
    victim = await Victim.of(world)
    forgeries: list[dict[str, Any]] = [
        *(
            {"action_id": action_id}
            for action_id in (
                *("explode", "score_11", "score_-1", "score_٣", "score_03", "score_", "score_3\n"),
                *("xscore_3", "score_3x", "SCORE_3", "xchange_score", "", "\x00", "score_" * 999),
            )
        ),
        *(
            {"action_id": action_id, "value": value}
            for action_id in ("score_3", "snooze", "stop", "add_details", "claim_case")
            for value in (
                *NO_TEXT,
                *("", invitation_id.upper(), f"{invitation_id}\x00", f" {invitation_id}"),
                *("\ud800" * 32, "x" * 5_000),
            )
        ),
        *(
            {"action_id": "score_3", "action_ts": moment}
            for moment in (None, 7, "", "abc", "1e9", "-1.000000", "٣.000000", "1.0", "9" * 40)
        ),
    ]
    with logged(world.sandbox) as log:
        for forgery in forgeries:
            told = await victim.told(ada, prompt, forged(ada, prompt, **forgery))
            assert told == [OUT_OF_DATE], forgery
    assert log.tracebacks == []


@ON_POSTGRESQL
async def test_an_id_that_nobody_has_is_gone(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    victim = await Victim.of(world)
    for action_id in ("score_3", "snooze", "stop", "add_details", "no_contact", "home_delete"):
        click = forged(ada, prompt, action_id=action_id, value=NOBODYS_ID)
        assert await victim.told(ada, prompt, click) == [REFUSALS[Refusal.GONE]], action_id


@ON_POSTGRESQL
async def test_what_cannot_be_a_person_is_not_believed(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    victim = await Victim.of(world)
    nobody: list[Any] = [
        None,
        "U1",
        [],
        {},
        {"id": None},
        {"id": ""},
        {"id": "ada"},
        {"id": "U\x00"},
    ]
    for user in nobody:
        click = button(ada, prompt) | {"user": user}
        assert await victim.told(ada, prompt, click) == [], user


@BOTH
async def test_a_copy_of_a_prompt_works_for_nobody_else(world: World) -> None:
    _, prompt = await answering(world)
    answered = await world.prompt_of("ada")
    channel = world.sandbox.workspace.channel("customers")
    workspace = world.sandbox.workspace
    copies = [
        Message(channel.id, workspace.next_ts(), one.user, one.text, one.blocks)
        for one in (prompt, answered)
    ]
    for each in copies:
        workspace.put_message(each)
    tom = world.sandbox.person("tom")
    victim = await Victim.of(world)
    for forwarded, actions in (
        (copies[0], ("score_0", "score_10", "snooze", "stop")),
        (copies[1], ("add_details", "change_score", "no_contact", "home_delete", "stop")),
    ):
        for action in actions:
            told = await victim.told(tom, forwarded, tom.action(forwarded, action))
            assert told == [REFUSALS[Refusal.SOMEBODY_ELSE]], action
    assert tom.modal is None


async def answering(world: World) -> tuple[Person, Message]:
    """Have somebody answer 3 and look at the questions that follow; return the prompt as it was."""
    ada, prompt = await ask_one(world, "ada")
    asking = copy.deepcopy(prompt)
    await ada.click(prompt, "score_3")
    await world.modal_of(ada, "followup")
    await quiet(world)
    return ada, asking


@BOTH
@pytest.mark.parametrize("ticked", [True, False], ids=["closed", "not ticked yet"])
async def test_after_closing_nothing_is_taken(world: World, ticked: bool) -> None:
    ada, asking = await answering(world)
    kenji, unanswered = await ask_one(world, "kenji")
    world.clock.ahead += world.surveys["customer"].closes_after + timedelta(minutes=1)
    if ticked:
        await world.tick()
    victim = await Victim.of(world)
    invitation_id = invitation_of(asking)
    answered = await world.prompt_of("ada")
    closed = [REFUSALS[Refusal.CLOSED]]
    for action in ("score_9", "add_details", "change_score", "snooze"):
        click = forged(ada, answered, action_id=action, value=invitation_id)
        assert await victim.told(ada, answered, click) == closed, action
    for action in ("score_0", "snooze"):
        assert await victim.told(kenji, unanswered, kenji.action(unanswered, action)) == closed

    update = await ada.submit(None, {"reason": "Too late"})
    assert REFUSALS[Refusal.CLOSED] in str(update)
    await victim.unmoved()


@BOTH
async def test_a_forgotten_person_leaves_nothing_to_click_on(world: World) -> None:
    ada, asking = await answering(world)
    invitation_id = invitation_of(asking)
    alert = await world.alert()
    database, now = world.bot.context.database, world.bot.context.clock.now()
    await database.write(forgetting.forget, ada.id, now)
    submission = await ada.submit(None, {"reason": "Forget me not"})
    assert REFUSALS[Refusal.GONE] in str(submission)

    victim = await Victim.of(world)
    stale = Message(**{name: getattr(asking, name) for name in asking.__dataclass_fields__})
    world.sandbox.workspace.put_message(stale)
    for action in ("score_9", "snooze", "stop", "add_details", "change_score", "no_contact"):
        click = forged(ada, stale, action_id=action, value=invitation_id)
        assert await victim.told(ada, stale, click) == [REFUSALS[Refusal.GONE]], action
    assert alert.ts


@BOTH
async def test_a_survey_without_a_file_takes_nothing(quiet_world: World) -> None:
    world = quiet_world
    async with world.running():
        ada, prompt = await ask_one(world, "ada")
        await quiet(world)
    world.surveys = {"employee": world.surveys["employee"]}
    async with world.running(Role.LISTEN):  # nothing has closed the wave yet
        victim = await Victim.of(world)
        for action in ("score_3", "snooze"):
            told = await victim.told(ada, prompt, ada.action(prompt, action))
            assert told == [REFUSALS[Refusal.CLOSED]], action


@BOTH
async def test_what_was_deleted_cannot_be_claimed(world: World) -> None:
    ada, _ = await answering(world)
    tom = world.sandbox.person("tom")
    alert = copy.deepcopy(await world.alert())
    claims = [tom.action(alert, action) for action in ("claim_case", "contacted_case")]
    await ada.click(await world.prompt_of("ada"), "home_delete")
    victim = await Victim.of(world)
    for claim in claims:
        (told,) = await victim.told(tom, alert, claim)
        assert told == "This answer was deleted meanwhile; there is nothing left to do."


@BOTH
async def test_only_a_case_can_be_claimed(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    await ada.click(prompt, "score_9")
    victim = await Victim.of(world)
    answered = await world.prompt_of("ada")
    for action in ("claim_case", "contacted_case"):
        click = forged(ada, answered, action_id=action, value=invitation_of(prompt))
        (told,) = await victim.told(ada, answered, click)
        assert "nothing left to do" in told


@BOTH
async def test_nps_is_the_owners(world: World) -> None:
    await answering(world)
    victim = await Victim.of(world)
    for who in ("sam", "ada", "helena"):
        person, dm = world.sandbox.person(who), world.sandbox.workspace.dm(who)
        command = {
            "command": "/nps",
            "user_id": person.id,
            "channel_id": dm.id,
            "trigger_id": "1.1",
        }
        for text in ("report", "report customer", "status", "send customer", "pause", "resume"):
            heard = len(person.ephemerals(dm))
            answer_here = {"response_url": button(person, _in(world, dm.id))["response_url"]}
            await world.sandbox.deliver(Kind.COMMAND, command | answer_here | {"text": text})
            await victim.unmoved()
            (told,) = [one.text for one in person.ephemerals(dm)[heard:]]
            assert told.startswith(NOT_YOURS), (who, text)


def _in(world: World, channel: str) -> Message:
    """Return a message with a button in a channel."""
    workspace = world.sandbox.workspace
    press = {
        "type": "button",
        "action_id": "link_0",
        "text": {"type": "plain_text", "text": "Look"},
        "value": "x",
    }
    blocks = [{"type": "actions", "block_id": "press", "elements": [press]}]
    message = Message(channel, workspace.next_ts(), workspace.bot.id, "Look", blocks)
    workspace.put_message(message)
    return message


@BOTH
async def test_what_owners_press_is_not_for_others(world: World) -> None:
    await answering(world)
    now = world.clock.now()
    survey, minute = world.surveys["customer"], now.strftime("%Y-%m-%dT%H:%M")
    asked = await world.bot.context.database.write(
        approving.ask, survey, minute, 80, world.sandbox.person("mei").id, now
    )
    await settled(world)
    victim = await Victim.of(world)
    share = ShareRequest("customer", None, now.isoformat()).encoded()
    send = SendRequest("customer", now.strftime("%Y-%m-%dT%H:%M"), 7).encoded()
    stop = StopRequest("customer", (1,)).encoded()
    for who, where in (("sam", "general"), ("tom", "nps-alerts"), ("helena", "ext-harbor")):
        person = world.sandbox.person(who)
        message = _in(world, world.sandbox.workspace.channel(where).id)
        for action, value in (
            ("share_report", share),
            ("send_confirm", send),
            ("send_cancel", send),
            ("wave_stop", stop),
            ("wave_keep", stop),
            ("approval_send", asked.approval.id),
            ("approval_decline", asked.approval.id),
        ):
            click = forged(person, message, action_id=action, value=value)
            (told,) = await victim.told(person, message, click)
            assert told.startswith(NOT_YOURS), (who, action)


@ON_POSTGRESQL
async def test_an_owners_forged_value_is_out_of_date(world: World) -> None:
    await answering(world)
    victim = await Victim.of(world)
    priya = world.sandbox.person("priya")
    message = _in(world, world.sandbox.workspace.channel("general").id)
    made = "2026-11-22T10:00:00+00:00"
    shares = (
        *("", "{", "[]", "null", "7", "[" * 5_000, '{"survey_key": "customer"}'),
        ShareRequest("customer", "last tuesday", made).encoded(),
        ShareRequest("customer", "٩٠d", made).encoded(),
        ShareRequest("customer", "90d\x00", made).encoded(),
        ShareRequest("customer", "90d", "0001-01-01").encoded(),
        ShareRequest("customer", None, "now").encoded(),
        ShareRequest("customer", None, f"{made}\x00").encoded(),
        made,
    )
    sends = (
        SendRequest("customer", "2026-13-01T00:00", 7).encoded(),
        SendRequest("customer", "2026-11-22", 7).encoded(),
        SendRequest("customer", "2026-11-22T10:00Z", 7).encoded(),
        SendRequest("customer", "２０２６-11-22T10:00", 7).encoded(),
        '{"survey_key": "customer", "nominal": "2026-11-22T10:00", "people": "7"}',
        '{"survey_key": ["customer"], "nominal": "2026-11-22T10:00", "people": 7}',
    )
    stops = (
        '{"survey_key": "customer", "waves": 1}',
        '{"survey_key": "customer", "waves": ["1"]}',
        '{"survey_key": "customer", "waves": [true]}',
        StopRequest("customer", (-1,)).encoded(),
        StopRequest("customer", (2**31,)).encoded(),
        SendRequest("customer", "2026-11-22T10:00", 2**31).encoded(),
    )
    for action, values in (
        ("share_report", shares),
        ("send_confirm", shares + sends),
        ("send_cancel", shares + sends),
        ("wave_stop", shares + stops),
        ("wave_keep", shares + stops),
        ("approval_send", (*shares, "0" * 32)),
        ("approval_decline", (*shares, "0" * 32)),
        ("home_resume", ("", "\x00", "customer\x00", "Customer", "x" * 41, "**", "\ud800")),
    ):
        for value in values:
            click = forged(priya, message, action_id=action, value=value)
            assert await victim.told(priya, message, click) == [OUT_OF_DATE], (action, value)


@ON_POSTGRESQL
async def test_a_forged_modal_is_out_of_date(world: World) -> None:
    ada, asking = await answering(world)
    victim = await Victim.of(world)
    view = copy.deepcopy(await world.modal_of(ada, "followup"))
    typed = {"reason": {"reply": {"type": "plain_text_input", "value": "Slow"}}}
    view["state"] = {"values": typed}
    submission = {
        **button(ada, _in(world, asking.channel)),
        "type": "view_submission",
        "response_urls": [],
    }
    del submission["response_url"], submission["actions"]

    async def answer(**forgery: Any) -> dict[str, Any]:
        payload = submission | {"view": view | forgery}
        reply = await world.sandbox.deliver(Kind.INTERACTIVE, payload)
        await victim.unmoved()
        return reply.body

    kept = {"response_action": "errors", "errors": {"reason": OUT_OF_DATE}}
    for metadata in (*NO_TEXT, "", "x", NOBODYS_ID.upper(), f"{NOBODYS_ID}\x00"):
        assert await answer(private_metadata=metadata) == kept, metadata
    for callback_id in ("explode", "change_score", "followups", "\x00"):
        assert await answer(callback_id=callback_id) == kept, callback_id
    assert await answer(callback_id="stop") == kept
    shapes: tuple[Any, ...] = (None, 7, [], "x", {"reason": None}, {"reason": ["x"]})
    for values in shapes:
        told = await answer(state={"values": values})
        assert OUT_OF_DATE in str(told), values
    assert REFUSALS[Refusal.GONE] in str(await answer(private_metadata=NOBODYS_ID))

    other = await ask_one(world, "kenji")
    victim = await Victim.of(world)
    theirs = await answer(private_metadata=invitation_of(other[1]))
    assert REFUSALS[Refusal.SOMEBODY_ELSE] in str(theirs)


@BOTH
async def test_what_home_refuses_is_told_in_a_modal(world: World) -> None:
    ada, _ = await answering(world)
    await ada.close_modal()
    await ada.open_home()
    home = await world.sandbox.until(lambda: ada.home)
    assert home is not None
    kenji, theirs = await ask_one(world, "kenji")
    victim = await Victim.of(world)
    for action in ("home_delete", "home_change"):
        for value, sentence in (
            (NOBODYS_ID, REFUSALS[Refusal.GONE]),
            (invitation_of(theirs), REFUSALS[Refusal.SOMEBODY_ELSE]),
            ("x", OUT_OF_DATE),
        ):
            click = copy.deepcopy(ada.action(home, action))
            click["actions"][0]["value"] = value
            await world.sandbox.deliver(Kind.INTERACTIVE, click)
            await victim.unmoved()
            modal = await world.modal_of(ada, "notice")
            assert sentence in str(modal), (action, value)
            await ada.close_modal()
    assert kenji.modal is None


@BOTH
async def test_words_that_databases_refuse_are_kept_without_harm(world: World) -> None:
    ada, _ = await answering(world)
    view = copy.deepcopy(await world.modal_of(ada, "followup"))
    typed = "Slow\x00 \ud800 <!channel> '; DROP TABLE answers; --" + "x" * 9_000
    view["state"]["values"]["reason"]["reply"]["value"] = typed
    submission = {
        **button(ada, _in(world, world.sandbox.workspace.dm("ada").id)),
        "type": "view_submission",
        "view": view,
    }
    reply = await world.sandbox.deliver(Kind.INTERACTIVE, submission)
    assert reply.body == {}
    alert = await world.until_in("nps-alerts", "&lt;!channel&gt;")
    assert "<!channel>" not in str(alert.blocks)
    rows = await quiet(world)
    ((*_, kept, _, _),) = rows["answers"]
    assert len(kept) == 3_000
    assert "\x00" not in kept
    assert await read(world.bot.context.database, select(Response.score)) == [(3,)]
