"""What an interaction lets the bot do for a while: triggers and response_urls."""

from __future__ import annotations

import pytest

from slack_sandbox import api
from slack_sandbox.errors import ApiError
from slack_sandbox.platform import Platform
from slack_sandbox.respond import respond
from slack_sandbox.triggers import ResponseUrls, Triggers
from slack_sandbox.workspace import Message
from tests.slack_sandbox.conftest import Clock
from tests.slack_sandbox.kit import Block, modal, section


def error_of_exchange(triggers: Triggers, trigger_id: str) -> str:
    with pytest.raises(ApiError) as refused:
        triggers.exchange(trigger_id)
    return refused.value.code


def test_a_trigger_works_once(clock: Clock) -> None:
    triggers = Triggers(clock)
    trigger_id = triggers.issue("U1")
    assert triggers.exchange(trigger_id) == "U1"
    assert error_of_exchange(triggers, trigger_id) == "exchanged_trigger_id"


def test_a_trigger_lives_three_seconds(clock: Clock) -> None:
    triggers = Triggers(clock)
    in_time, too_late = triggers.issue("U1"), triggers.issue("U1")
    clock.seconds += 3
    assert triggers.exchange(in_time) == "U1"
    clock.seconds += 0.001
    assert error_of_exchange(triggers, too_late) == "expired_trigger_id"


def test_an_invented_trigger_is_told_apart(clock: Clock) -> None:
    triggers = Triggers(clock)
    triggers.issue("U1")
    assert error_of_exchange(triggers, "1.2.3") == "invalid_trigger_id"


def test_old_triggers_are_forgotten(clock: Clock) -> None:
    triggers = Triggers(clock)
    old = triggers.issue("U1")
    clock.seconds += 61
    triggers.issue("U1")
    assert error_of_exchange(triggers, old) == "invalid_trigger_id"


def open_view(platform: Platform, trigger_id: str, view: Block) -> None:
    given = {"trigger_id": trigger_id, "view": view}
    api.run(platform, "views.open", platform.tokens.bot_token, given)


def test_a_view_that_is_refused_leaves_the_trigger_alone(platform: Platform) -> None:
    trigger_id = platform.triggers.issue("U0ADA0000")
    with pytest.raises(ApiError, match="invalid_arguments"):
        open_view(platform, trigger_id, modal(section("")))
    open_view(platform, trigger_id, modal())
    assert len(platform.workspace.modals["U0ADA0000"]) == 1


def test_an_expired_trigger_opens_nothing(platform: Platform, clock: Clock) -> None:
    trigger_id = platform.triggers.issue("U0ADA0000")
    clock.seconds += 3.1
    with pytest.raises(ApiError, match="expired_trigger_id"):
        open_view(platform, trigger_id, modal())
    assert platform.workspace.modals == {}


def test_a_response_url_has_five_uses(clock: Clock) -> None:
    urls = ResponseUrls(clock)
    key = urls.issue("U1", "C1", None)
    for _ in range(5):
        assert urls.use(key).user_id == "U1"
    with pytest.raises(ApiError, match="used_url"):
        urls.use(key)


def test_a_response_url_lives_half_an_hour(clock: Clock) -> None:
    urls = ResponseUrls(clock)
    key = urls.issue("U1", "C1", None)
    clock.seconds += 30 * 60
    urls.use(key)
    clock.seconds += 1
    with pytest.raises(ApiError, match="expired_url"):
        urls.use(key)


class TestResponding:
    """What can be sent to a response_url."""

    @pytest.fixture
    def message(self, platform: Platform) -> Message:
        workspace = platform.workspace
        channel = workspace.dm("ada").id
        message = Message(channel, workspace.next_ts(), workspace.bot.id, "How?", [section("How?")])
        workspace.put_message(message)
        return message

    def url(self, platform: Platform, message: Message) -> str:
        return platform.response_urls.issue("U0ADA0000", message.channel, message.ts)

    def test_the_message_is_replaced_whole(self, platform: Platform, message: Message) -> None:
        key = self.url(platform, message)
        respond(platform, key, {"replace_original": True, "text": "You answered 3"})
        assert platform.workspace.messages(message.channel) == [message]
        assert (message.text, message.blocks) == ("You answered 3", [])
        assert message.edited_ts is not None

    def test_the_message_is_taken_away(self, platform: Platform, message: Message) -> None:
        key = self.url(platform, message)
        respond(platform, key, {"delete_original": "true"})
        assert platform.workspace.messages(message.channel) == []
        with pytest.raises(ApiError, match="message_not_found"):
            respond(platform, key, {"replace_original": True, "text": "Back"})

    def test_otherwise_only_the_person_reads_it(self, platform: Platform, message: Message) -> None:
        respond(platform, self.url(platform, message), {"text": "Psst"})
        private = platform.workspace.ephemerals("U0ADA0000", message.channel)
        assert [m.text for m in private.values()] == ["Psst"]
        assert platform.workspace.messages(message.channel) == [message]

    def test_or_everybody(self, platform: Platform, message: Message) -> None:
        said = {"text": "All", "response_type": "in_channel"}
        respond(platform, self.url(platform, message), said)
        texts = [m.text for m in platform.workspace.messages(message.channel)]
        assert texts == ["How?", "All"]

    @pytest.mark.parametrize(
        ("said", "error"),
        [
            ({}, "no_text"),
            ({"text": "Hi", "blocks": [{"type": "x"}]}, "invalid_blocks"),
            ({"text": "Hi", "channel": "C1"}, "invalid_arguments"),
        ],
    )
    def test_what_is_refused_does_not_count_as_a_use(
        self, platform: Platform, message: Message, said: Block, error: str
    ) -> None:
        key = self.url(platform, message)
        for _ in range(6):
            with pytest.raises(ApiError, match=error):
                respond(platform, key, dict(said))
        respond(platform, key, {"text": "Fine"})
