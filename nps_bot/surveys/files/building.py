"""A checked survey file -> the survey the rest of the bot knows, its defaults filled in."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from nps_bot.nps.bands import Band
from nps_bot.surveys.files.defaults import QUESTIONS, THANK_YOUS
from nps_bot.surveys.files.fields import PLACEHOLDER
from nps_bot.surveys.files.groups import AnonymousGroup
from nps_bot.surveys.files.schema import SurveyFile
from nps_bot.surveys.files.wording_groups import ChaserGroup, ReminderGroup
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.local_time import QuietHours
from nps_bot.surveys.rules.survey import (
    IN_CHANNELS,
    AccountChannel,
    Anonymity,
    Audience,
    BandPlan,
    Delivery,
    Link,
    Nudge,
    Survey,
    Wording,
)


def build(file: SurveyFile) -> Survey:
    """Return the survey that ``file`` describes: keys of the same name as they are, others made."""
    made: dict[str, Any] = {
        "wording": _wording(file),
        "audience": file.audience.made(Audience),
        "cadence": file.cadence.cadence(),
        "time_zone": file.cadence.time_zone,
        "quiet_hours": file.quiet_hours.made(QuietHours),
        "summary_channel": file.channels.summary,
        "alerts_channel": file.channels.alerts,
        "reminder": _nudge(file.reminder),
        "chaser": _nudge(file.chaser),
        "budget": file.budget.made(Limits),
        "anonymity": _anonymity(file.anonymous),
        "accounts": tuple(each.made(AccountChannel) for each in file.accounts),
    }
    names = {each.name for each in fields(Survey)} - made.keys()
    return Survey(**made, **{name: getattr(file, name) for name in names})


def _anonymity(group: AnonymousGroup | None) -> Anonymity | None:
    return None if group is None else Anonymity(group.threshold, group.segment)


def _nudge(group: ReminderGroup | ChaserGroup) -> Nudge | None:
    return None if group.after is None else Nudge(group.after)


def _wording(file: SurveyFile) -> Wording:
    def filled(text: str) -> str:
        return text.replace(PLACEHOLDER, file.brand)

    def own(text: str | None) -> str | None:
        return None if text is None else filled(text)

    def plan(band: Band) -> BandPlan:
        thanks = file.thank_you.of(band)
        links = file.thank_you.links if thanks.links is None else thanks.links
        return BandPlan(
            follow_ups=tuple(
                replace(each, question=filled(each.question))
                for each in file.follow_ups.questions(band)
            ),
            thank_you=filled(thanks.text or THANK_YOUS[file.kind][band]),
            links=tuple(each.made(Link) for each in links),
            chaser=own(file.chaser.of(band)),
        )

    wording = Wording(
        title=file.title,
        brand=file.brand,
        question=filled(file.question or QUESTIONS[file.kind]),
        reason=filled(file.follow_ups.reason),
        detractor=plan(Band.DETRACTOR),
        passive=plan(Band.PASSIVE),
        promoter=plan(Band.PROMOTER),
        reminder=own(file.reminder.text),
        operator=file.anonymous.operator if file.anonymous else None,
    )
    in_channels = file.delivery is Delivery.CHANNELS
    return replace(wording, layout=IN_CHANNELS) if in_channels else wording
