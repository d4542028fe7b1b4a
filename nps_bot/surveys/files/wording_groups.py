"""The groups of keys that hold a survey's words: follow-ups, thanks, reminders and chasers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, ModelWrapValidatorHandler, model_validator

from nps_bot.nps.bands import Band
from nps_bot.surveys.files import fields
from nps_bot.surveys.files.declaring import Group, declared
from nps_bot.surveys.files.defaults import FOLLOW_UPS, REASON
from nps_bot.surveys.rules.survey import REASON_KEY, FollowUp

MOST_FOLLOW_UPS = 10
"""Questions of one band: more would be no follow-up but a questionnaire."""
MOST_LINKS = 5
SCORES = {Band.DETRACTOR: "0 to 6", Band.PASSIVE: "7 or 8", Band.PROMOTER: "9 or 10"}


class ByBand(Group):
    """A group with one key for each band."""

    def of(self, band: Band) -> Any:
        """Return what was written for ``band``."""
        return getattr(self, band)


def _at_most(most: int) -> AfterValidator:
    def check(values: Sequence[Group]) -> Sequence[Group]:
        if len(values) > most:
            raise ValueError(f"must have at most {most} entries, not {len(values)}")
        return values

    return AfterValidator(check)


class FollowUpGroup(Group):
    """One question after the score."""

    key: fields.QuestionKey | None = declared(
        "names its answers in tables; without it made from the words",
        None,
        otherwise="from the words",
        more="Give one to a question whose words may still change.",
    )
    question: fields.Question = declared("the question")

    def named(self) -> FollowUp:
        """Return the question with its key, which depends on nothing but this entry."""
        return FollowUp(self.key or _key_of(self.question), self.question)


def _key_of(question: str) -> str:
    """Return the key of a question that names none: stable while its words stay the same.

    A standard question has its standard key in every band. Any other has its first words, and a
    digest of all of them, because the first words alone need not tell questions apart.
    """
    if question in _STANDARD_KEYS:
        return _STANDARD_KEYS[question]
    words = re.findall(r"[a-z0-9]+", question.lower())
    digest = sha256(question.encode()).hexdigest()[:8]
    return "_".join(["q", *words[:6]])[:50] + f"_{digest}"


_STANDARD_KEYS = {each.question: each.key for band in Band for each in FOLLOW_UPS[band]}


def _spelled_out(value: object) -> object:
    """Let a text stand for a question without a key of its own."""
    if isinstance(value, str):
        return {"question": value}
    if isinstance(value, dict):
        return value
    raise fields.refused("a question, or its key and question", value)


FollowUps = Annotated[
    tuple[Annotated[FollowUpGroup, BeforeValidator(_spelled_out)], ...], _at_most(MOST_FOLLOW_UPS)
]


def _further(band: Band) -> Any:
    standard = [FollowUpGroup(key=each.key, question=each.question) for each in FOLLOW_UPS[band]]
    return declared(
        f"further questions after {SCORES[band]}",
        tuple(standard),
        otherwise="the standard ones",
        more=(
            f"A list that replaces the standard one, at most {MOST_FOLLOW_UPS}. An entry is a"
            " question, or a group of the two keys below."
        ),
    )


class FollowUpsGroup(ByBand):
    """What is asked after the score; every reply is optional."""

    reason: fields.Question = declared("the first question, for all bands", REASON)
    detractor: FollowUps = _further(Band.DETRACTOR)
    passive: FollowUps = _further(Band.PASSIVE)
    promoter: FollowUps = _further(Band.PROMOTER)

    @model_validator(mode="after")
    def _has_clear_keys(self) -> Self:
        questions: dict[str, str] = {}
        for band in Band:
            keys = Counter([REASON_KEY, *(each.key for each in self.questions(band))])
            for each in self.questions(band):
                if keys[each.key] > 1:
                    raise ValueError(
                        f"needs another key than '{each.key}' for '{each.question}', because"
                        f" another question after a {band}'s score has it"
                    )
                if questions.setdefault(each.key, each.question) != each.question:
                    raise ValueError(
                        f"has the key '{each.key}' for two different questions; the reply to one"
                        " would replace the other"
                    )
        return self

    def questions(self, band: Band) -> tuple[FollowUp, ...]:
        """Return the questions of ``band`` with their keys."""
        return tuple(each.named() for each in self.of(band))


class LinkGroup(Group):
    """A link offered after an answer."""

    text: fields.LinkText = declared("what stands on the button")
    url: fields.Url = declared("where it leads: https:// or http://")


Links = Annotated[tuple[LinkGroup, ...], _at_most(MOST_LINKS)]


class ThanksGroup(Group):
    """What people of one band read after their answer."""

    text: fields.Thanks | None = declared("the words", None, otherwise="by kind and band")
    links: Links | None = declared(
        "links of this band alone; `[]` for none", None, otherwise="those of all bands"
    )


class ThankYouGroup(ByBand):
    """What people read after their answer."""

    links: Links = declared(
        f"links for all bands that have none of their own, at most {MOST_LINKS}. Many review sites"
        " forbid asking only happy customers: links that are the same for everybody are the safe"
        " choice.",
        (),
    )
    detractor: ThanksGroup = declared(f"after {SCORES[Band.DETRACTOR]}", ThanksGroup)
    passive: ThanksGroup = declared(f"after {SCORES[Band.PASSIVE]}", ThanksGroup)
    promoter: ThanksGroup = declared(f"after {SCORES[Band.PROMOTER]}", ThanksGroup)


class NudgeGroup(Group):
    """A further message, or `off` for none."""

    @model_validator(mode="wrap")
    @classmethod
    def _off(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(value, str) and value.lower() == "off":
            return cls.model_construct(after=None)
        if not isinstance(value, dict):
            raise fields.refused(f"off, or a group of keys ({', '.join(cls.model_fields)})", value)
        return handler(value)


class ReminderGroup(NudgeGroup):
    """A message to those who did not answer."""

    after: fields.Wait | None = declared("how long after the question", timedelta(days=3))
    text: fields.Thanks | None = declared(
        "the words above the question", None, otherwise="see below"
    )


def _chasing(band: Band) -> Any:
    return declared(f"the words after {SCORES[band]}", None, otherwise="see below")


class ChaserGroup(NudgeGroup, ByBand):
    """A message to those who gave a score and not a word."""

    after: fields.Wait | None = declared("how long after the score", timedelta(days=1))
    detractor: fields.Thanks | None = _chasing(Band.DETRACTOR)
    passive: fields.Thanks | None = _chasing(Band.PASSIVE)
    promoter: fields.Thanks | None = _chasing(Band.PROMOTER)
