"""The report and the summary of an anonymous wave."""

from __future__ import annotations

from nps_bot.anonymous.disclosing import AnonymousWave
from nps_bot.anonymous.report import AnonymousReport, AnonymousSummary
from nps_bot.anonymous.rules.disclosure import Figure
from nps_bot.anonymous.views import report as disclosed
from nps_bot.asking.views.stop import stopped_words
from nps_bot.slack.block_kit import (
    Block,
    as_list,
    context,
    count,
    escape,
    header,
    quote,
    section,
    when,
)
from nps_bot.slack.message import Message
from nps_bot.slack.numbers import calendar_day

_TITLE = 100
_QUESTION = 300
_COMMENT = 1_000
_COMMENTS = 10


def report(report: AnonymousReport, *, comments: bool, ending: list[Block]) -> Message:
    """Return a report.

    Args:
        report: what is shown.
        comments: whether the comments of the wave belong to it.
        ending: what stands below it.
    """
    title = report.title[:_TITLE]
    latest = report.latest
    if latest is None:
        told = disclosed.pooled(report)
        headline, spoken = told[0], ". ".join(told)
    else:
        told = disclosed.lines(latest)
        headline, spoken = disclosed.headline(latest.shown), disclosed.spoken(latest.shown)
    blocks: list[Block] = [
        header(f"{title}: {headline}"),
        context(f"{_scope(report)} · {escape(report.question, _QUESTION)}"),
        section("\n".join([f"*{escape(told[0])}*", *map(escape, told[1:])])),
    ]
    waves = [f"• {escape(line)}" for line in disclosed.trend(report)]
    if len(waves) > 1 or (waves and latest is None):
        blocks.append(section(as_list("*Waves with a result*", waves, len(waves))))
    if comments and latest is not None and isinstance(latest.shown, Figure):
        blocks += _comments(latest.shown)
    made = context(f"Anonymous · as of {when(report.made_at)}")
    text = f"{escape(title)}, {disclosed.about(report)}: {escape(spoken)}."
    return Message(text, [*blocks, *ending, made])


def _scope(report: AnonymousReport) -> str:
    if report.latest is None:
        words = disclosed.about(report)
        return f"{words[0].upper()}{words[1:]}"
    return f"Wave of {calendar_day(report.latest.wave.day)}, {_until(report.latest)}"


def _until(each: AnonymousWave) -> str:
    wave = each.wave
    closed = wave.state == "closed"
    words = f"{'closed' if closed else 'open until'} {when(wave.closed_at or wave.closes_at)}"
    stop = stopped_words(wave.stopped_at, wave.stopped_by)
    return words if stop is None else f"{stop}; {words}"


def _comments(shown: Figure) -> list[Block]:
    if not shown.comments:
        return [context(disclosed.no_comments(shown))]
    total = len(shown.comments)
    some = shown.comments[:_COMMENTS]
    of = count(total, "comment") if len(some) == total else f"{len(some)} of {total:,} comments"
    heading = section(f"*{of}*, in random order")
    return [heading, *(section(quote(comment, _COMMENT)) for comment in some)]


def summary(summary: AnonymousSummary) -> Message:
    """Return the scoreboard of a wave; while it is open only how many take part."""
    latest = summary.latest
    state = "closed" if latest.wave.state == "closed" else "open"
    told = disclosed.lines(latest)
    title = summary.title[:_TITLE]
    origin = f"Wave of {calendar_day(latest.wave.day)}, {_until(latest)}"
    return Message(
        f"{escape(title)}, {state}: {escape(disclosed.spoken(latest.shown))}.",
        [
            header(f"{title}, {state}: {disclosed.headline(latest.shown)}"),
            section("\n".join([f"*{escape(told[0])}*", *map(escape, told[1:])])),
            context(f"{origin} · Anonymous · {escape(summary.question, _QUESTION)}"),
        ],
    )
