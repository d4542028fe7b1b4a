"""The guide beside the sandbox's page: five minutes through the whole programme.

A step is done when what it leads to has happened in the workspace, by whatever way the visitor
took; and it stays done, whatever becomes of it later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from slack_sandbox import Message, Sandbox
from slack_sandbox.control import Checklist, Step
from slack_sandbox.workspace import HOME, dm_id

_ASKED, _TEAM = "ada", "priya"
_ALERTS, _SUMMARY = "nps-alerts", "nps-summary"
_POST = "chat.postMessage"
_ANSWERED = re.compile(r"You answered ([0-9]+)\.")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What there is to recognise a step by: the workspace, and how time was moved."""

    sandbox: Sandbox
    moved: bool
    since: str
    """The timestamp of the visit's first message: what is older is history."""

    def dm(self, name: str) -> Iterator[Message]:
        """Yield what somebody has got of late."""
        user = self.sandbox.workspace.user(name)
        return self._late(self.sandbox.workspace.posted(dm_id(user.id)).values())

    def channel(self, name: str) -> Iterator[Message]:
        """Yield what stands in a channel of late."""
        return self._late(self.sandbox.workspace.messages(name))

    def alerts(self, name: str) -> Iterator[Message]:
        """Yield the alerts about somebody."""
        who = self.sandbox.workspace.user(name).real_name
        return (alert for alert in self.channel(_ALERTS) if alert.text.startswith(who))

    def has_read(self, name: str, message: Message) -> bool:
        """Return whether somebody has looked at a message."""
        user = self.sandbox.workspace.user(name)
        return self.sandbox.workspace.last_read(user.id, message.channel) >= message.ts

    def opened_home(self, name: str) -> bool:
        """Return whether somebody has looked at Home of late."""
        user = self.sandbox.workspace.user(name)
        return self.sandbox.workspace.last_read(user.id, HOME) >= self.since

    def told(self, name: str) -> Iterator[Message]:
        """Yield what only this person was shown."""
        workspace = self.sandbox.workspace
        for channel in workspace.channels:
            yield from self._late(workspace.ephemerals(workspace.user(name).id, channel).values())

    def posts_went_wrong(self) -> list[bool]:
        """Return of every post whether it went wrong, oldest first."""
        return [call.status != 200 for call in self.sandbox.ledger.of(_POST)]

    def _late(self, messages: Collection[Message]) -> Iterator[Message]:
        return (message for message in messages if message.ts >= self.since)


def _score(seen: _Seen, name: str) -> int | None:
    """Return what somebody answered of late."""
    for message in seen.dm(name):
        if found := _ANSWERED.match(message.text):
            return int(found[1])
    return None


def _explained(seen: _Seen) -> bool:
    """Return whether the alert quotes what was written."""
    return any(
        block.get("text", {}).get("text", "").count("\n> ")
        for alert in seen.alerts(_ASKED)
        for block in alert.blocks
    )


def _claimed(seen: _Seen) -> bool:
    return any("Claimed by" in str(alert.blocks) for alert in seen.alerts(_ASKED))


def _mended(seen: _Seen) -> bool:
    """Return whether a post went well after one that went wrong."""
    posts = seen.posts_went_wrong()
    return True in posts and not posts[-1]


def _closed(seen: _Seen) -> bool:
    return any(
        ", closed: " in message.text and seen.has_read(_TEAM, message)
        for message in seen.channel(_SUMMARY)
    )


@dataclass(frozen=True, slots=True)
class _Lesson:
    """A step as it is written, and what it is recognised by."""

    key: str
    title: str
    text: str
    as_: str | None
    place: str | None
    done: Callable[[_Seen], bool]


_LESSONS = (
    _Lesson(
        "answer",
        "Ada was asked. Be Ada, and answer 3",
        "Ada Marsh runs a bakery and buys Lumen's coffee. The question is in her direct messages "
        "with NPS: press 3. The score is saved before the window with the questions opens.",
        _ASKED,
        "dm",
        lambda seen: _score(seen, _ASKED) is not None,
    ),
    _Lesson(
        "explain",
        "Write why",
        "Tell in a sentence what went wrong, and send it. Did you close the window? "
        "“Add details” brings it back.",
        _ASKED,
        "dm",
        _explained,
    ),
    _Lesson(
        "alert",
        "Be Priya, and see the alert",
        "Priya looks after customers. Open #nps-alerts: who is unhappy, at which account, and why. "
        "#nps-summary has counted the answer by now.",
        _TEAM,
        _ALERTS,
        lambda seen: any(seen.has_read(_TEAM, alert) for alert in seen.alerts(_ASKED)),
    ),
    _Lesson(
        "claim",
        "Claim it",
        "Press Claim, so that the team knows somebody calls Ada. From now on her 3 counts: nobody "
        "can be talked into a better score.",
        _TEAM,
        _ALERTS,
        _claimed,
    ),
    _Lesson(
        "change",
        "Be Ada again, and change it to 9",
        "Priya called, and things are well again. Press “Change score”, then 9: it is kept "
        "beside the 3, as a recovery, and the alert says so.",
        _ASKED,
        "dm",
        lambda seen: (_score(seen, _ASKED) or 0) >= 9,
    ),
    _Lesson(
        "report",
        "Ask for the report",
        "Be Priya and type /nps report customer in any channel: the score, how sure one can be of "
        "it, the trend of the past waves, and what people wrote. Only she sees it.",
        _TEAM,
        _SUMMARY,
        lambda seen: any(" NPS " in f" {message.text} " for message in seen.told(_TEAM)),
    ),
    _Lesson(
        "break",
        "Break Slack",
        "Turn on “Slack asks to wait (429)”, be Kenji, and answer 2. The alert about it "
        "cannot leave: it waits in the bot's outbox.",
        "kenji",
        "dm",
        lambda seen: any(seen.posts_went_wrong()),
    ),
    _Lesson(
        "mend",
        "Mend it, and watch it recover",
        "Turn the switch off. Within seconds the alert about Kenji stands in #nps-alerts, once.",
        _TEAM,
        _ALERTS,
        _mended,
    ),
    _Lesson(
        "day",
        "Let a day pass",
        "Press +1 day. Thirty people in fifteen time zones answer as they are: at once, late, "
        "never, in long letters. Watch #nps-summary.",
        _TEAM,
        _SUMMARY,
        lambda seen: seen.moved,
    ),
    _Lesson(
        "close",
        "Close the wave, and read how it ended",
        "Press “Close the wave”: the days go by, whoever forgot is reminded once, and the "
        "closing summary comes to #nps-summary.",
        _TEAM,
        _SUMMARY,
        _closed,
    ),
    _Lesson(
        "home",
        "See what Ada can always see",
        "Be Ada and open the app's Home: her own answers, to change, delete or stop for good.",
        _ASKED,
        HOME,
        lambda seen: seen.opened_home(_ASKED),
    ),
)


_END = (
    "That was the whole programme. Everything stays open to you: be anybody, move the clock, break "
    "something in Faults & settings."
)


class Guide:
    """How far a visitor has come.

    Args:
        since: the timestamp of the first message of the visit.
        done: the steps that were done before a restart.
        keep: remembers which are.
    """

    def __init__(
        self, since: str, done: Collection[str], keep: Callable[[Collection[str]], None]
    ) -> None:
        self._since = since
        self._done = set(done)
        self._keep = keep
        self._moved = False

    def moved(self) -> None:
        """Note that time was moved on."""
        self._moved = True

    def checklist(self, sandbox: Sandbox) -> Checklist:
        """Return the steps as far as they have come."""
        seen = _Seen(sandbox, self._moved, self._since)
        new = {one.key for one in _LESSONS if one.key not in self._done and one.done(seen)}
        if new:
            self._done |= new
            self._keep(sorted(self._done))
        steps = [self._step(sandbox, lesson) for lesson in _LESSONS]
        return Checklist("Guide", "Five-minute guide", _END, steps)

    def _step(self, sandbox: Sandbox, lesson: _Lesson) -> Step:
        workspace = sandbox.workspace
        user = workspace.user(lesson.as_).id if lesson.as_ else None
        place = lesson.place
        if place == "dm" and user is not None:
            place = dm_id(user)
        elif place is not None and place != HOME:
            place = workspace.channel(place).id
        return Step(lesson.key, lesson.title, lesson.text, user, place, lesson.key in self._done)
