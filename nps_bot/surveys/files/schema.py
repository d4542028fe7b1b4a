"""A survey file: the keys of each of the three kinds of surveys.

A key that a kind does not have is an unknown key in its files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, model_validator

from nps_bot.surveys.files import fields
from nps_bot.surveys.files.declaring import Group, declared
from nps_bot.surveys.files.groups import (
    Accounts,
    AnonymousChannelsGroup,
    AnonymousGroup,
    AudienceGroup,
    BudgetGroup,
    CadenceGroup,
    ChannelBudgetGroup,
    ChannelCadenceGroup,
    ChannelsGroup,
    Distinct,
    QuietHoursGroup,
)
from nps_bot.surveys.files.wording_groups import (
    ChaserGroup,
    FollowUpsGroup,
    ReminderGroup,
    ThankYouGroup,
)
from nps_bot.surveys.rules.survey import Delivery

IN_CHANNELS = "channels"
ANONYMOUS = "anonymous"
_CAN_BE_OFF = ("reminder", "chaser")


def _correctable(**unless: str) -> Any:
    return declared(
        "how long a changed score counts",
        timedelta(hours=24),
        more="Afterwards the first one stands and a change is kept as recovery.",
        unless=unless,
    )


def _some(values: Sequence[str]) -> Sequence[str]:
    if not values:
        raise ValueError("must name at least one")
    return values


class SurveyBase(Group):
    """What every survey has."""

    key: fields.SurveyKey = declared(
        "its name in commands and tables; never change it", more="A new key is a new survey."
    )
    title: fields.Title = declared("its name for people")
    brand: fields.Brand = declared("who asks; fills {brand}")
    kind: fields.SurveyKind = declared(
        "relationship, transactional or employee",
        more="Kinds are never pooled; `employee` changes the question and the words of thanks.",
    )
    delivery: fields.SurveyDelivery = declared(
        "direct_messages, or channels shared with customers", Delivery.DIRECT_MESSAGES, alias="in"
    )
    question: fields.Question | None = declared("the 0-10 question", None, otherwise="by kind")
    cadence: CadenceGroup = declared("when to ask")
    quiet_hours: QuietHoursGroup = declared(
        "local hours in which nobody is asked; the survey's own time may not lie in them",
        QuietHoursGroup,
    )
    closes_after: fields.Wait = declared("how long a wave takes answers", timedelta(days=7))
    owners: Annotated[tuple[fields.Person, ...], AfterValidator(_some), Distinct] = declared(
        "who may see and steer it, by Slack id or e-mail address", more="At least one."
    )
    admins_manage: fields.Flag = declared("whether workspace admins may as well", default=False)
    follow_ups: FollowUpsGroup = declared("questions after the score", FollowUpsGroup)

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_off(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Let `off` stand behind a message that this kind of survey never sends."""
        return {
            key: value
            for key, value in values.items()
            if key in cls.model_fields or key not in _CAN_BE_OFF or str(value).lower() != "off"
        }


class PeopleBase(SurveyBase):
    """What every survey has that asks each person by direct message."""

    audience: AudienceGroup = declared(
        "whom to ask",
        more="At least one of the first four.",
        unless={
            IN_CHANNELS: "its accounts say in which channels it asks, and whoever reads there may"
            " answer"
        },
    )
    budget: BudgetGroup = declared("how often one person may be asked", BudgetGroup)
    confirm_above: fields.PeopleCount = declared(
        "a wave by hand of more people needs an owner's word, or a second person's",
        50,
        more="Owners confirm what they start themselves.",
        unless={IN_CHANNELS: "the owner of each account decides before anything is posted"},
    )
    reminder: ReminderGroup = declared(
        "one message to those who did not answer; `off` for none",
        ReminderGroup,
        unless={IN_CHANNELS: "a channel is asked once"},
    )
    accounts: ClassVar[Accounts] = ()


class NamedSurvey(PeopleBase):
    """A survey by direct message whose answers have names."""

    name: ClassVar[str] = "named"
    goes_with: ClassVar[str] = "answers with names:"
    channels: ChannelsGroup = declared(
        "where the team sees it",
        more="The bot must be a member, and nothing is posted where outsiders can read.",
    )
    correctable_for: fields.Grace = _correctable(
        anonymous="nobody can find an answer again to correct it"
    )
    thank_you: ThankYouGroup = declared(
        "words after the answer",
        ThankYouGroup,
        unless={
            ANONYMOUS: "everybody reads the same words, so that they tell nothing of the answer"
        },
    )
    chaser: ChaserGroup = declared(
        "one message to those who gave a score and not a word; `off` for none",
        ChaserGroup,
        unless={
            ANONYMOUS: "nobody can tell who wrote nothing",
            IN_CHANNELS: "nobody is written to after an answer in a channel",
        },
    )
    anonymous: ClassVar[None] = None


class AnonymousSurvey(PeopleBase):
    """A survey by direct message whose answers are kept without names."""

    name: ClassVar[str] = ANONYMOUS
    goes_with: ClassVar[str] = "'anonymous', because"
    anonymous: AnonymousGroup = declared(
        "answers are kept without names",
        otherwise="none: answers have names",
        unless={IN_CHANNELS: "whoever answers in a channel is known by name"},
    )
    channels: AnonymousChannelsGroup = declared("where the team sees it")
    correctable_for: ClassVar[timedelta] = timedelta(hours=24)
    thank_you: ClassVar[ThankYouGroup] = ThankYouGroup.model_construct()
    chaser: ClassVar[ChaserGroup] = ChaserGroup.model_construct(after=None)


class ChannelSurvey(SurveyBase):
    """A survey in channels that are shared with customers."""

    name: ClassVar[str] = IN_CHANNELS
    goes_with: ClassVar[str] = "in: channels:"
    accounts: Accounts = declared(
        "with `in: channels`: the channels, and whose they are. Without it, those that"
        " [a people file](operating.md#accounts) names.",
        (),
    )
    cadence: ChannelCadenceGroup = declared("when to ask")
    budget: ChannelBudgetGroup = declared("how often a channel may be asked", ChannelBudgetGroup)
    channels: ChannelsGroup = declared("where the team sees it")
    correctable_for: fields.Grace = _correctable()
    thank_you: ThankYouGroup = declared("words after the answer", ThankYouGroup)
    audience: ClassVar[AudienceGroup] = AudienceGroup.model_construct()
    confirm_above: ClassVar[int] = 50
    reminder: ClassVar[ReminderGroup] = ReminderGroup.model_construct(after=None)
    chaser: ClassVar[ChaserGroup] = ChaserGroup.model_construct(after=None)
    anonymous: ClassVar[None] = None


SurveyFile = NamedSurvey | AnonymousSurvey | ChannelSurvey
KINDS: Sequence[type[SurveyFile]] = (NamedSurvey, AnonymousSurvey, ChannelSurvey)


def kind_of(values: Mapping[str, Any]) -> type[SurveyFile]:
    """Return which kind of survey the values of a file describe."""
    if str(values.get("in")).lower() == Delivery.CHANNELS:
        return ChannelSurvey
    return AnonymousSurvey if "anonymous" in values else NamedSurvey
