"""The shape of a survey file: every key, what it may hold and its default.

docs/surveys.md is the same for readers; a test keeps the two together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import time, timedelta
from hashlib import sha256
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    model_validator,
)

from nps_bot.nps.bands import Band
from nps_bot.surveys.files import fields
from nps_bot.surveys.files.defaults import FOLLOW_UPS, REASON
from nps_bot.surveys.files.in_channels import asks_in_channels
from nps_bot.surveys.rules import cadence as domain
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.survey import REASON_KEY, Anonymity, Delivery, FollowUp

MOST_FOLLOW_UPS = 10
"""Questions of one band: more would be no follow-up but a questionnaire."""
MOST_LINKS = 5


class Group(BaseModel):
    """A group of keys; unknown ones are refused."""

    # Built when first used: each group alone would be built once more, for nobody.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _distinct(values: Sequence[str]) -> Sequence[str]:
    for value, times in Counter(values).items():
        if times > 1:
            raise ValueError(f"names '{value}' more than once")
    return values


def _some(values: Sequence[str]) -> Sequence[str]:
    if not values:
        raise ValueError("must name at least one")
    return values


def _at_most(most: int) -> AfterValidator:
    def check(values: Sequence[Group]) -> Sequence[Group]:
        if len(values) > most:
            raise ValueError(f"must have at most {most} entries, not {len(values)}")
        return values

    return AfterValidator(check)


Distinct = AfterValidator(_distinct)


class AudienceGroup(Group):
    """Whom to ask: the union of these, less those left out."""

    everyone: fields.Flag = Field(default=False, description="every member of the workspace")
    channels: Annotated[tuple[fields.Channel, ...], Distinct] = Field(
        default=(), description='members of these channels, by "#name" or id'
    )
    groups: Annotated[tuple[fields.Group, ...], Distinct] = Field(
        default=(), description='members of these user groups, by "@handle" or id'
    )
    people: Annotated[tuple[fields.Person, ...], Distinct] = Field(
        default=(), description="these people, by Slack id or e-mail address"
    )
    members: fields.Flag = Field(
        default=True,
        description="whether the workspace's own full members are asked, wherever they were named",
    )
    guests: fields.Flag = Field(
        default=False, description="whether guests of the workspace are asked"
    )
    outsiders: fields.Flag = Field(
        default=False, description="whether people of other workspaces (Slack Connect) are asked"
    )

    @model_validator(mode="wrap")
    @classmethod
    def _asks_somebody(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(value, cls):  # that of a survey in channels
            return value
        group = handler(value)
        if not (group.everyone or group.channels or group.groups or group.people):
            raise ValueError(
                "asks nobody: name channels, groups or people, or set everyone to true"
            )
        return group


class AccountGroup(Group):
    """A channel that is shared with a customer company."""

    channel: fields.Channel = Field(description='the shared channel: "#name" in quotes, or its id')
    account: fields.Account = Field(description="the customer company that is asked there")
    owner: fields.Person | None = Field(
        default=None,
        description="the colleague who looks after it and decides each time whether to post",
    )
    teams: Annotated[tuple[fields.Team, ...], Distinct] = Field(
        default=(), description="the home workspaces of its people, by id"
    )


def _one_account_each(accounts: Sequence[AccountGroup]) -> Sequence[AccountGroup]:
    _distinct([each.channel for each in accounts])
    return accounts


Accounts = Annotated[tuple[AccountGroup, ...], AfterValidator(_one_account_each)]


class CadenceGroup(Group):
    """When to ask: a cron expression, or every so many days, weeks or months."""

    cron: fields.Text | None = Field(
        default=None, description="five fields: minute, hour, day of month, month, day of week"
    )
    every: fields.Period | None = Field(
        default=None, description="how often: days, weeks or months"
    )
    on: fields.Weekday | None = Field(default=None, description="with weeks or months: the weekday")
    at: fields.TimeOfDay | None = Field(default=None, description="with `every`: the local time")
    start: fields.Day | None = Field(
        default=None, description="the first date it may ask; `every` counts from it"
    )
    time_zone: fields.TimeZone | None = Field(
        default=None, description="one IANA zone for everybody; without it each person's own"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        self.cadence()
        return self

    def cadence(self) -> domain.Cadence:
        """Return the cadence these keys describe.

        Raises:
            ValueError: they contradict each other, lack something, or never come.
        """
        cadence = self._cron() if self.every is None else self._every(*self.every)
        try:
            domain.validate(cadence)
        except ValueError as error:
            raise ValueError(f"is impossible: {error}") from error
        minutes = {time_of_day.minute for time_of_day in domain.times_of_day(cadence)}
        if len(minutes) > 1:
            raise ValueError(
                f"asks at {len(minutes)} minutes of the hour with cron '{self.cron}';"
                " its first field must be one number from 0 to 59"
            )
        return cadence

    def _cron(self) -> domain.Cron:
        if self.cron is None:
            raise ValueError("needs either cron or every")
        if self.on is not None or self.at is not None:
            raise ValueError("has a cron, which says day and hour itself: remove on and at")
        return domain.Cron(self.cron, self.start)

    def _every(self, count: int, unit: domain.Unit) -> domain.Every:
        if self.cron is not None:
            raise ValueError("has both cron and every: keep one of them")
        if self.at is None:
            raise ValueError('lacks at: every needs a local time, such as at: "10:00"')
        if self.start is None:
            raise ValueError("lacks start: every counts from a date, such as start: 2026-01-05")
        if self.on is not None and unit is domain.Unit.DAY:
            raise ValueError("has on, which goes with weeks and months, not with days: remove it")
        return domain.Every(count, unit, self.at, self.start, self.on)


class QuietHoursGroup(Group):
    """Local hours in which nobody is asked; they may pass midnight."""

    start: fields.TimeOfDay = Field(
        default=time(18), alias="from", description="their first minute"
    )
    until: fields.TimeOfDay = Field(
        default=time(9),
        description="the first minute after them; the same as `from` for none at all",
    )


_LIMITS = Limits()


class BudgetGroup(Group):
    """How often one person may be asked, across all surveys, and how many at once."""

    every: fields.Span = Field(
        default=_LIMITS.every,
        description="at least this long between two questions to one person",
    )
    after_answer: fields.Span = Field(
        default=_LIMITS.after_answer,
        description="how long whoever answered is left alone",
    )
    after_silence: fields.Span = Field(
        default=_LIMITS.after_silence,
        description="how long whoever did not answer is left alone, from the last message on",
    )
    newcomers: fields.Span = Field(
        default=_LIMITS.newcomers,
        description="how long whoever is new is left alone, from when the bot first saw them",
    )
    share: fields.Percent = Field(
        default=_LIMITS.share,
        description="the part of the audience that each wave asks, in per cent",
    )
    daily: fields.Number | None = Field(
        default=None, description="the most first questions of this survey on one day"
    )


class ChannelsGroup(Group):
    """Where the team sees the survey; never a channel that outsiders can read."""

    summary: fields.Channel = Field(description='the running score: "#name" in quotes, or its id')
    alerts: fields.Channel | None = Field(
        default=None, description='a message for each unhappy person: "#name" in quotes, or its id'
    )


_ANONYMITY = Anonymity()


class AnonymousGroup(Group):
    """Answers are kept without names, and shown for enough people together or not at all."""

    operator: fields.Brand = Field(
        description="who runs this bot; people read it in the privacy line"
    )
    threshold: fields.Threshold = Field(
        default=_ANONYMITY.threshold,
        description="results are shown after closing, from one answer more than this",
    )
    segment: fields.Segment | None = Field(
        default=_ANONYMITY.segment,
        description="one column of the people file whose value each answer keeps",
    )


class FollowUpGroup(Group):
    """One question after the score."""

    key: fields.QuestionKey | None = Field(
        default=None, description="names its answers in tables; without it made from the words"
    )
    question: fields.Question = Field(description="the question")

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
    if isinstance(value, dict | FollowUpGroup):
        return value
    raise fields.refused("a question, or its key and question", value)


FollowUps = Annotated[
    tuple[Annotated[FollowUpGroup, BeforeValidator(_spelled_out)], ...], _at_most(MOST_FOLLOW_UPS)
]


def _standard(band: Band) -> tuple[FollowUpGroup, ...]:
    return tuple(FollowUpGroup(key=each.key, question=each.question) for each in FOLLOW_UPS[band])


class FollowUpsGroup(Group):
    """What is asked after the score; every reply is optional."""

    reason: fields.Question = Field(default=REASON, description="the first question, for all bands")
    detractor: FollowUps = Field(
        default=_standard(Band.DETRACTOR), description="further questions after 0 to 6"
    )
    passive: FollowUps = Field(
        default=_standard(Band.PASSIVE), description="further questions after 7 or 8"
    )
    promoter: FollowUps = Field(
        default=_standard(Band.PROMOTER), description="further questions after 9 or 10"
    )

    @model_validator(mode="after")
    def _has_clear_keys(self) -> Self:
        questions: dict[str, str] = {}
        for band in Band:
            keys = Counter([REASON_KEY, *(each.key for each in self.of(band))])
            for each in self.of(band):
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

    def of(self, band: Band) -> tuple[FollowUp, ...]:
        """Return the questions of ``band`` with their keys."""
        groups = {
            Band.DETRACTOR: self.detractor,
            Band.PASSIVE: self.passive,
            Band.PROMOTER: self.promoter,
        }
        return tuple(each.named() for each in groups[band])


class LinkGroup(Group):
    """A link offered after an answer."""

    text: fields.LinkText = Field(description="what stands on the button")
    url: fields.Url = Field(description="where it leads: https:// or http://")


Links = Annotated[tuple[LinkGroup, ...], _at_most(MOST_LINKS)]


class ThanksGroup(Group):
    """What people of one band read after their answer."""

    text: fields.Thanks | None = Field(default=None, description="the words")
    links: Links | None = Field(default=None, description="links of this band alone")


class ThankYouGroup(Group):
    """What people read after their answer."""

    links: Links = Field(default=(), description="links for all bands that have none of their own")
    detractor: ThanksGroup = Field(default_factory=ThanksGroup, description="after 0 to 6")
    passive: ThanksGroup = Field(default_factory=ThanksGroup, description="after 7 or 8")
    promoter: ThanksGroup = Field(default_factory=ThanksGroup, description="after 9 or 10")

    def of(self, band: Band) -> ThanksGroup:
        """Return what was written for ``band``."""
        return {
            Band.DETRACTOR: self.detractor,
            Band.PASSIVE: self.passive,
            Band.PROMOTER: self.promoter,
        }[band]


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

    after: fields.Wait | None = Field(
        default=timedelta(days=3), description="how long after the question"
    )
    text: fields.Thanks | None = Field(default=None, description="the words above the question")


class ChaserGroup(NudgeGroup):
    """A message to those who gave a score and not a word."""

    after: fields.Wait | None = Field(
        default=timedelta(days=1), description="how long after the score"
    )
    detractor: fields.Thanks | None = Field(default=None, description="the words after 0 to 6")
    passive: fields.Thanks | None = Field(default=None, description="the words after 7 or 8")
    promoter: fields.Thanks | None = Field(default=None, description="the words after 9 or 10")

    def of(self, band: Band) -> str | None:
        """Return the words written for ``band``."""
        return {
            Band.DETRACTOR: self.detractor,
            Band.PASSIVE: self.passive,
            Band.PROMOTER: self.promoter,
        }[band]


class SurveyFile(Group):
    """One survey, as its file says it."""

    key: fields.SurveyKey = Field(description="its name in commands and tables; never change it")
    title: fields.Title = Field(description="its name for people")
    brand: fields.Brand = Field(description="who asks; fills {brand}")
    kind: fields.SurveyKind = Field(description="relationship, transactional or employee")
    delivery: fields.SurveyDelivery = Field(
        default=Delivery.DIRECT_MESSAGES,
        alias="in",
        description="direct_messages, or channels shared with customers",
    )
    accounts: Accounts = Field(
        default=(), description="with `in: channels`: the channels, and whose they are"
    )
    audience: AudienceGroup = Field(description="whom to ask")
    question: fields.Question | None = Field(default=None, description="the 0-10 question")
    cadence: CadenceGroup = Field(description="when to ask")
    quiet_hours: QuietHoursGroup = Field(
        default_factory=QuietHoursGroup, description="local hours in which nobody is asked"
    )
    budget: BudgetGroup = Field(
        default_factory=BudgetGroup, description="how often one person may be asked"
    )
    closes_after: fields.Opening = Field(
        default=timedelta(days=7), description="how long a wave takes answers"
    )
    correctable_for: fields.Grace = Field(
        default=timedelta(hours=24), description="how long a changed score counts"
    )
    anonymous: AnonymousGroup | None = Field(
        default=None, description="answers are kept without names"
    )
    channels: ChannelsGroup = Field(description="where the team sees it")
    owners: Annotated[tuple[fields.Person, ...], AfterValidator(_some), Distinct] = Field(
        description="who may see and steer it, by Slack id or e-mail address"
    )
    admins_manage: fields.Flag = Field(
        default=False, description="whether workspace admins may as well"
    )
    confirm_above: fields.PeopleCount = Field(
        default=50,
        description="a wave by hand of more people needs an owner's word, or a second person's",
    )
    follow_ups: FollowUpsGroup = Field(
        default_factory=FollowUpsGroup, description="questions after the score"
    )
    thank_you: ThankYouGroup = Field(
        default_factory=ThankYouGroup, description="words after the answer"
    )
    reminder: ReminderGroup = Field(
        default_factory=ReminderGroup, description="one message to those who did not answer"
    )
    chaser: ChaserGroup = Field(
        default_factory=ChaserGroup,
        description="one message to those who gave a score and not a word",
    )

    @model_validator(mode="before")
    @classmethod
    def _names_nobody_in_channels(cls, values: Any) -> Any:
        """Let a survey in channels do without an audience: whoever reads there may answer."""
        if isinstance(values, dict) and asks_in_channels(values):
            return {"audience": AudienceGroup.model_construct(), **values}
        return values
