"""Every word of ``/nps``: declared once, and answered alike."""

from __future__ import annotations

import pytest

from docs.generate import usage_hint, words
from nps_bot.app.listeners import WORDS
from nps_bot.interaction.words import Word, help_message
from tests.helpers.messages import ON_SQLITE, nps
from tests.helpers.messages import words as read
from tests.helpers.reading import assert_slack_takes, lines
from tests.helpers.world import World

NAMES = "report, status, send, stop, why, preview, pause, resume and help"


def test_help_names_every_word_with_its_arguments_and_one_line() -> None:
    message = help_message(WORDS)
    assert_slack_takes(message)
    assert (
        message.text == "/nps knows report, status, send, stop, why, preview, pause, resume, help."
    )
    said = "\n".join(lines(message))
    for word in WORDS:
        assert f"• `/nps {word.usage}`: {word.help}" in said
        assert "\n" not in word.help


def test_names_are_unique_and_only_help_is_for_everybody() -> None:
    assert len({word.name for word in WORDS}) == len(WORDS)
    assert [word.name for word in WORDS if word.for_everybody] == ["help"]


def test_the_documents_are_made_of_the_words() -> None:
    assert [line.split("`")[1] for line in words().splitlines()[2:]] == [
        f"/nps {word.usage}" for word in WORDS
    ]
    assert usage_hint() == (
        "report | status | send | stop | why @person | preview | pause | resume | help"
    )


@ON_SQLITE
async def test_a_word_mistyped_is_refused_with_the_nearest(world: World) -> None:
    for word in WORDS:
        answer = await nps(world, "priya", f"{word.name}x")
        assert answer.text == (
            f"/nps knows no '{word.name}x'. Did you mean '{word.name}'? "
            f"It knows {NAMES}; /nps help says more."
        )


@ON_SQLITE
@pytest.mark.parametrize("word", [word for word in WORDS if word.arguments.startswith("[survey]")])
async def test_an_argument_too_many_is_refused(world: World, word: Word) -> None:
    typed = f"{word.name} customer 90d surplus" if "period" in word.arguments else None
    answer = await nps(world, "priya", typed or f"{word.name} customer surplus")
    assert answer.text == "'surplus' is one word too many. /nps help says more."


@ON_SQLITE
@pytest.mark.parametrize("word", WORDS)
async def test_only_owners_are_answered(world: World, word: Word) -> None:
    answer = read(await nps(world, "ada", f"{word.name} customer"))
    assert word.for_everybody is not answer.startswith("/nps is for the owners of a survey")
