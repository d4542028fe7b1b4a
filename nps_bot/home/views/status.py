"""What ``/nps status`` shows its owner: what runs, what waits, and what needs somebody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import accumulate

from nps_bot.anonymous.rules.disclosure import Participation
from nps_bot.asking.views.exclusion_text import not_asked
from nps_bot.asking.views.stop import stopped_words
from nps_bot.base.ids import short_id
from nps_bot.delivery.rules import Status
from nps_bot.home.status import RunningWave, SurveyStatus, Unclaimed
from nps_bot.home.status import Status as Overview
from nps_bot.shared_channels.views.approval import in_channels, left_out
from nps_bot.slack.block_kit import (
    Block,
    as_list,
    context,
    count,
    escape,
    header,
    mention,
    permalink,
    section,
    time_left,
    when,
)
from nps_bot.slack.message import Message
from nps_bot.slack.numbers import calendar_day

_NAME = 80
_REASON = 200
_SURVEYS = 30
_WAVES = 3
_WORDS = 6_000
"""Characters of all surveys together: Slack refuses messages that are too long as a whole."""


def status(status: Overview, workspace_url: str, labels: Mapping[str, str]) -> Message:
    """Return how the owner's surveys stand.

    Args:
        status: the facts.
        workspace_url: the workspace's address, to link alerts: ``https://lumen.slack.com/``;
            empty where it is not known.
        labels: how a message of each kind is called.
    """
    blocks: list[Block] = [header("How your surveys stand"), *_surveys(status)]
    blocks.append(section(unclaimed_words(status.unclaimed, workspace_url)))
    if status.troubles:
        blocks.append(section(_troubles(status, labels)))
    blocks.append(context(f"As of {when(status.made_at)}"))
    waves = count(sum(len(survey.waves) for survey in status.surveys), "open wave")
    cases = count(status.unclaimed.total, "unclaimed alert")
    troubles = count(status.troubles_total, "undelivered message")
    return Message(f"{waves}, {cases}, {troubles}.", blocks)


def unclaimed_words(unclaimed: Unclaimed, workspace_url: str) -> str:
    """Return the alerts nobody takes care of, as a list with links to them."""
    if not unclaimed.total:
        return "*Unclaimed alerts:* none. Somebody takes care of everybody."
    lines = []
    for case in unclaimed.cases:
        who = mention(case.person_id)
        account = f" ({escape(case.account, _NAME)})" if case.account else ""
        alert = _where(case.channel, case.ts, workspace_url)
        lines.append(f"• {who}{account} answered {case.score}, {when(case.opened_at)}{alert}")
    heading = f"*{count(unclaimed.total, 'unclaimed alert')}*, the longest waiting first:"
    return as_list(heading, lines, unclaimed.total)


def _where(channel: str | None, ts: str | None, workspace_url: str) -> str:
    if channel is None or ts is None:
        return ", its alert is on its way"
    if not workspace_url:
        return f", in <#{channel}>"
    return f": <{permalink(workspace_url, channel, ts)}|open the alert>"


def _surveys(status: Overview) -> list[Block]:
    """Return as many surveys as a message may hold; the others are counted."""
    shown = [_survey(survey, status.made_at) for survey in status.surveys]
    sizes = accumulate(map(len, shown))
    fitting = [words for words, size in zip(shown, sizes, strict=True) if size <= _WORDS]
    blocks: list[Block] = [section(words) for words in fitting[:_SURVEYS]]
    more = len(shown) - len(blocks)
    return [*blocks, context(f"and {count(more, 'more survey')}")] if more else blocks


def _survey(survey: SurveyStatus, now: datetime) -> str:
    lines = [f"*{escape(survey.title, _NAME)}* (`{escape(survey.key, _NAME)}`)"]
    if survey.pause is not None:
        by = f" by {mention(survey.pause.by)}" if survey.pause.by else ""
        lines.append(f"Paused{by}, {when(survey.pause.at)}: nobody is asked until it is resumed")
    lines += [_wave(wave, now) for wave in survey.waves[-_WAVES:]] or ["No open wave"]
    zone = "everybody's own time" if survey.time_zone is None else f"{survey.time_zone} time"
    nominal = survey.next_nominal
    lines.append(f"Next wave: {calendar_day(nominal.date())} at {nominal:%H:%M}, {zone}")
    return "\n".join(lines)


def _wave(running: RunningWave, made_at: datetime) -> str:
    words = wave_progress(running, made_at)
    if running.wave.stopped_at is None:
        words += f"; closes {when(running.wave.closes_at)}"
    if (channels := left_out(running.posts)) is not None:
        words += f"\n{channels}"
    return f"{words}\n{not_asked(running.not_asked)}" if running.not_asked else words


def wave_progress(running: RunningWave, now: datetime) -> str:
    """Return how far a wave is: asked, answered, left, and until when."""
    wave = running.wave
    name = f"Wave of {calendar_day(wave.day)}"
    if running.posts and isinstance(running.answered, int):  # nobody is anonymous in a channel
        return f"{name}: {in_channels(wave, running.posts, running.answered)}"
    if (stop := stopped_words(wave.stopped_at, wave.stopped_by)) is not None:
        return (
            f"{name}: {stop}; {running.asked:,} asked, {_answered(running)},"
            f" {running.unasked:,} not asked; answers count until {when(wave.closes_at)}"
        )
    if wave.state == "resolving":
        return f"{name}: reading whom to ask, {running.asked:,} asked so far"
    words = f"{name}: {running.asked:,} asked, {_answered(running)}"
    return f"{words}{_still_to_ask(running, now)}"


def _answered(running: RunningWave) -> str:
    answered = running.answered
    if not isinstance(answered, Participation):
        return f"{answered:,} answered"
    if not answered.at_least:
        return f"fewer than {answered.threshold} answered"
    return f"at least {answered.at_least:,} answered"


def _still_to_ask(running: RunningWave, now: datetime) -> str:
    if not running.left:
        return ", nobody left to ask"
    words = f", {running.left:,} still to ask"
    if running.ends_at is None:
        return f"{words} once it is resumed"
    return f"{words}, {time_left(running.ends_at - now)} (until {when(running.ends_at)})"


def _troubles(status: Overview, labels: Mapping[str, str]) -> str:
    lines = []
    for trouble in status.troubles:
        to = ""
        if trouble.person_id is not None:
            to = f" to {mention(trouble.person_id)}"
        elif trouble.channel is not None:
            to = f" in <#{trouble.channel}>"
        outcome = _outcome(trouble.id, trouble.status, looked_for=trouble.looked_for)
        reason = f" ({escape(trouble.reason, _REASON)})" if trouble.reason else ""
        lines.append(f"• {labels.get(trouble.kind, trouble.kind)}{to} {outcome}{reason}")
    heading = f"*{count(status.troubles_total, 'undelivered message')}*:"
    return as_list(heading, lines, status.troubles_total)


def _outcome(message_id: str, status: str, *, looked_for: bool) -> str:
    if status != Status.UNKNOWN:
        return "was not sent"
    if looked_for:
        return "may have arrived; the bot is looking for it"
    short = short_id(message_id)
    return (
        "may have arrived, nobody knows, so it is not sent again. Please look there: if it has,"
        f" `python bot.py outbox sent {short}`; if not, `python bot.py outbox again {short}`"
    )
