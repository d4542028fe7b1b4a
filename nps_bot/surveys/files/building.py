"""A checked survey file -> the survey the rest of the bot knows, its defaults filled in."""

from __future__ import annotations

from dataclasses import replace

from nps_bot.nps.bands import Band
from nps_bot.surveys.files.defaults import QUESTIONS, THANK_YOUS
from nps_bot.surveys.files.fields import PLACEHOLDER
from nps_bot.surveys.files.schema import (
    AnonymousGroup,
    BudgetGroup,
    ChaserGroup,
    QuietHoursGroup,
    ReminderGroup,
    SurveyFile,
)
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
    """Return the survey that ``file`` describes."""
    audience = file.audience
    alone = file.delivery is Delivery.DIRECT_MESSAGES
    survey = Survey(
        key=file.key,
        kind=file.kind,
        wording=_wording(file),
        audience=Audience(
            everyone=audience.everyone,
            channels=audience.channels,
            groups=audience.groups,
            people=audience.people,
            members=audience.members,
            guests=audience.guests,
            outsiders=audience.outsiders,
        ),
        cadence=file.cadence.cadence(),
        time_zone=file.cadence.time_zone,
        quiet_hours=quiet_hours(file.quiet_hours),
        closes_after=file.closes_after,
        correctable_for=file.correctable_for,
        summary_channel=file.channels.summary,
        alerts_channel=file.channels.alerts,
        owners=file.owners,
        admins_manage=file.admins_manage,
        confirm_above=file.confirm_above,
        reminder=_nudge(file.reminder) if alone else None,
        chaser=_nudge(file.chaser) if alone and not file.anonymous else None,
        budget=_limits(file.budget),
        anonymity=_anonymity(file.anonymous),
        delivery=file.delivery,
        accounts=tuple(
            AccountChannel(each.channel, each.account, each.owner, each.teams)
            for each in file.accounts
        ),
    )
    return survey if alone else replace(survey, wording=replace(survey.wording, layout=IN_CHANNELS))


def _anonymity(group: AnonymousGroup | None) -> Anonymity | None:
    return None if group is None else Anonymity(group.threshold, group.segment)


def _nudge(group: ReminderGroup | ChaserGroup) -> Nudge | None:
    return None if group.after is None else Nudge(group.after)


def quiet_hours(group: QuietHoursGroup) -> QuietHours:
    """Return the quiet hours that ``group`` describes."""
    return QuietHours(group.start, group.until)


def _limits(group: BudgetGroup) -> Limits:
    return Limits(
        every=group.every,
        after_answer=group.after_answer,
        after_silence=group.after_silence,
        newcomers=group.newcomers,
        share=group.share,
        daily=group.daily,
    )


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
                replace(each, question=filled(each.question)) for each in file.follow_ups.of(band)
            ),
            thank_you=filled(thanks.text or THANK_YOUS[file.kind][band]),
            links=tuple(Link(link.text, link.url) for link in links),
            chaser=own(file.chaser.of(band)),
        )

    return Wording(
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
