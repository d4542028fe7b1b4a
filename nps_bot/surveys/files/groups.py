"""The groups of keys that steer a survey: whom to ask, when, how often, where the team sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import time
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from nps_bot.surveys.files import fields
from nps_bot.surveys.files.declaring import Group, declared
from nps_bot.surveys.rules import cadence as rules
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.survey import Anonymity


def _distinct(values: Sequence[str]) -> Sequence[str]:
    for value, times in Counter(values).items():
        if times > 1:
            raise ValueError(f"names '{value}' more than once")
    return values


Distinct = AfterValidator(_distinct)


class AudienceGroup(Group):
    """Whom to ask: the union of these, less those left out."""

    everyone: fields.Flag = declared("every member of the workspace", default=False)
    channels: Annotated[tuple[fields.Channel, ...], Distinct] = declared(
        'members of these channels, by "#name" or id. The bot must be a member of a private one.',
        (),
    )
    groups: Annotated[tuple[fields.Group, ...], Distinct] = declared(
        'members of these user groups, by "@handle" or id', ()
    )
    people: Annotated[tuple[fields.Person, ...], Distinct] = declared(
        "these people, by Slack id or e-mail address", ()
    )
    members: fields.Flag = declared(
        "whether the workspace's own full members are asked, wherever they were named; `false`"
        " leaves colleagues out of a survey of customers",
        default=True,
    )
    guests: fields.Flag = declared(
        "whether guests of the workspace are asked, wherever they were named", default=False
    )
    outsiders: fields.Flag = declared(
        "whether people of other workspaces (Slack Connect) are asked, wherever they were named",
        default=False,
    )

    @model_validator(mode="after")
    def _asks_somebody(self) -> Self:
        if not (self.everyone or self.channels or self.groups or self.people):
            raise ValueError(
                "asks nobody: name channels, groups or people, or set everyone to true"
            )
        return self


class AccountGroup(Group):
    """A channel that is shared with a customer company."""

    channel: fields.Channel = declared(
        'the shared channel: "#name" in quotes, or its id', more="The bot must be a member."
    )
    account: fields.Brand = declared("the customer company that is asked there")
    owner: fields.Person | None = declared(
        "the colleague who looks after it and decides each time whether to post, by Slack id or"
        " e-mail address",
        None,
        otherwise="the survey's owners",
    )
    teams: Annotated[tuple[fields.Team, ...], Distinct] = declared(
        "the home workspaces of its people, by id; needed where several companies share the"
        " channel, because Slack cannot tell then which one is meant",
        (),
    )


def _one_account_each(accounts: Sequence[AccountGroup]) -> Sequence[AccountGroup]:
    _distinct([each.channel for each in accounts])
    return accounts


Accounts = Annotated[tuple[AccountGroup, ...], AfterValidator(_one_account_each)]


class CadenceGroup(Group):
    """When to ask: a cron expression, or every so many days, weeks or months."""

    cron: fields.Text | None = declared(
        "five fields: minute, hour, day of month, month, day of week. The minute is one number.",
        None,
        otherwise="none",
    )
    every: fields.Period | None = declared(
        "how often: days, weeks or months", None, otherwise="none"
    )
    on: fields.Weekday | None = declared(
        "with weeks or months: the weekday, in English; the first such day on or after the counted"
        " one",
        None,
        otherwise="the start's",
    )
    at: fields.TimeOfDay | None = declared(
        'with `every`: the local time, such as `"10:00"`', None, otherwise="none"
    )
    start: fields.Day | None = declared(
        "the first date it may ask; `every` counts from it and needs it", None, otherwise="none"
    )
    time_zone: fields.TimeZone | None = declared(
        "one IANA zone for everybody, such as `Europe/London`; without it each person's own",
        None,
        otherwise="each person's",
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        self.cadence()
        return self

    def cadence(self) -> rules.Cadence:
        """Return the cadence these keys describe.

        Raises:
            ValueError: they contradict each other, lack something, or never come.
        """
        cadence = self._cron() if self.every is None else self._every(*self.every)
        try:
            rules.validate(cadence)
        except ValueError as error:
            raise ValueError(f"is impossible: {error}") from error
        minutes = {time_of_day.minute for time_of_day in rules.times_of_day(cadence)}
        if len(minutes) > 1:
            raise ValueError(
                f"asks at {len(minutes)} minutes of the hour with cron '{self.cron}';"
                " its first field must be one number from 0 to 59"
            )
        return cadence

    def _cron(self) -> rules.Cron:
        if self.cron is None:
            raise ValueError("needs either cron or every")
        if self.on is not None or self.at is not None:
            raise ValueError("has a cron, which says day and hour itself: remove on and at")
        return rules.Cron(self.cron, self.start)

    def _every(self, count: int, unit: rules.Unit) -> rules.Every:
        if self.cron is not None:
            raise ValueError("has both cron and every: keep one of them")
        if self.at is None:
            raise ValueError('lacks at: every needs a local time, such as at: "10:00"')
        if self.start is None:
            raise ValueError("lacks start: every counts from a date, such as start: 2026-01-05")
        if self.on is not None and unit is rules.Unit.DAY:
            raise ValueError("has on, which goes with weeks and months, not with days: remove it")
        return rules.Every(count, unit, self.at, self.start, self.on)


class ChannelCadenceGroup(CadenceGroup):
    """When to ask in channels."""

    time_zone: fields.TimeZone = declared("a channel has no time of its own")


class QuietHoursGroup(Group):
    """Local hours in which nobody is asked; they may pass midnight."""

    start: fields.TimeOfDay = declared("their first minute", time(18), alias="from")
    end: fields.TimeOfDay = declared(
        "the first minute after them; the same as `from` for none at all", time(9), alias="until"
    )


_LIMITS = Limits()


class ChannelBudgetGroup(Group):
    """How often a channel may be asked."""

    every: fields.Span = declared(
        "at least this long between two questions to one person",
        _LIMITS.every,
        more="With `0 days` questions that are still open do not matter either.",
    )


class BudgetGroup(ChannelBudgetGroup):
    """How often one person may be asked, across all surveys, and how many at once."""

    after_answer: fields.Span = declared(
        "how long whoever answered is left alone", _LIMITS.after_answer
    )
    after_silence: fields.Span = declared(
        "how long whoever did not answer is left alone, from the last message on",
        _LIMITS.after_silence,
    )
    newcomers: fields.Span = declared(
        "how long whoever is new is left alone, from when the bot first saw them",
        _LIMITS.newcomers,
        more=(
            "It looks once a day; whoever was there when it read the survey's audience for the"
            " first time is not new."
        ),
    )
    share: fields.Percent = declared(
        "the part of the audience that each wave asks, in per cent",
        _LIMITS.share,
        more="With `25` everybody's turn comes once in four waves.",
    )
    daily: fields.Number | None = declared(
        "the most first questions of this survey on one day (in UTC)",
        None,
        otherwise="no limit",
        more="The others are asked on the following days, at their own hour.",
    )


class ChannelsGroup(Group):
    """Where the team sees the survey; never a channel that outsiders can read."""

    summary: fields.Channel = declared('the running score: "#name" in quotes, or its id')
    alerts: fields.Channel = declared(
        'a message for each unhappy person: "#name" in quotes, or its id',
        otherwise="required, but not by anonymous surveys",
    )


class AnonymousChannelsGroup(ChannelsGroup):
    """Where the team sees an anonymous survey, which alerts nobody."""

    alerts: fields.Channel | None = declared("nothing: nobody is alerted", None)  # type: ignore[assignment]


_ANONYMITY = Anonymity()


class AnonymousGroup(Group):
    """Answers are kept without names, and shown for enough people together or not at all."""

    operator: fields.Brand = declared(
        "who runs this bot; people read it in the privacy line",
        more=(
            "Somebody with full control of its server could intercept answers, so name who that is,"
            " such as `The IT team at Lumen Coffee`."
        ),
    )
    threshold: fields.Threshold = declared(
        "results are shown after closing, from one answer more than this",
        _ANONYMITY.threshold,
        more="The wave keeps the one it was started with.",
    )
    segment: fields.Segment | None = declared(
        "one column of the people file whose value each answer keeps, such as `team`; a group is"
        " shown only where it and all the others together have answers enough",
        _ANONYMITY.segment,
        otherwise="none",
    )
