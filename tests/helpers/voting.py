"""What the scenarios of anonymous surveys share."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, select

from nps_bot.storage.tables import (
    AnonymousAnswer,
    AnonymousComment,
    Answer,
    Ballot,
    Case,
    FollowUpToken,
    Response,
    ScoreChange,
)
from nps_bot.surveys.rules.survey import Anonymity
from slack_sandbox import Message, Person
from tests.helpers.messages import words
from tests.helpers.world import SURVEYS, World

OPERATOR = "The IT team at Lumen Coffee"
ANONYMITY = Anonymity(threshold=3)
THANKS = "Thank you, your answer is in."


def make_anonymous(world: World, anonymity: Anonymity = ANONYMITY) -> None:
    """Have the customer survey ask anonymously from its next wave on."""
    survey = world.surveys["customer"]
    world.surveys["customer"] = replace(
        survey,
        anonymity=anonymity,
        chaser=None,
        wording=replace(survey.wording, operator=OPERATOR),
    )


def anonymous_file() -> str:
    """Return the file of the customer survey, changed to ask anonymously."""
    named = (SURVEYS / "customer.yaml").read_text(encoding="utf-8")
    without = re.sub(r"(?m)^(correctable_for:.*|chaser:\n  after:.*)$", "", named)
    return f"{without}\nanonymous: {{operator: {OPERATOR}, threshold: 3}}\n"


async def thanked(world: World, person: Person, prompt: Message) -> Message:
    """Return a prompt once it thanks for the answer."""

    def found() -> list[Message]:
        return [one for one in person.inbox if one.ts == prompt.ts and THANKS in words(one)]

    return (await world.sandbox.until(found))[0]


def votes(connection: Connection) -> list[tuple[str | None, int]]:
    """Return all anonymous answers: segment and score."""
    rows = connection.execute(select(AnonymousAnswer.segment, AnonymousAnswer.score))
    return sorted(((row.segment, row.score) for row in rows), key=repr)


def texts_of(connection: Connection) -> list[str]:
    """Return all that was written anonymously."""
    return sorted(connection.scalars(select(AnonymousComment.text)))


def ballots(connection: Connection) -> int:
    """Return how many ballots there are."""
    return len(connection.execute(select(Ballot)).all())


def tokens(connection: Connection) -> int:
    """Return how many may still add words."""
    return len(connection.execute(select(FollowUpToken)).all())


def named(connection: Connection) -> int:
    """Return how many rows there are that only named surveys have."""
    tables = (Response, ScoreChange, Answer, Case)
    return sum(len(connection.execute(select(table)).all()) for table in tables)


async def close(world: World) -> None:
    """Let the time of all waves be up, and the scheduler look."""
    world.clock.ahead += timedelta(days=8)
    await world.tick()
