"""What ``/nps report`` shows, to its owner and, shared, to a channel."""

from __future__ import annotations

from nps_bot.figures.report import Report
from nps_bot.figures.views import trend
from nps_bot.figures.views.figures import (
    answered_words,
    band_words,
    bounds_words,
    change_words,
    distribution_bars,
    recovery_words,
    score_words,
    silent_words,
    spoken_score,
)
from nps_bot.slack.block_kit import (
    Block,
    actions,
    button,
    context,
    count,
    escape,
    header,
    mention,
    quote,
    section,
    when,
)
from nps_bot.slack.message import Message
from nps_bot.slack.numbers import calendar_day, points

_TITLE = 100
_COMMENT = 1_500
_NAME = 80
_QUESTION = 300


def report(report: Report, share_id: str, *, charts: bool) -> Message:
    """Return the report for its owner, with the latest comments and *Share*.

    Args:
        report: the figures.
        share_id: travels with *Share*.
        charts: whether the workspace takes native charts; otherwise bars are made of text.
    """
    figures = _figures(report, charts=charts)
    blocks = [*figures, *_comments(report), share(share_id), _made(report)]
    return Message(_spoken(report), blocks)


def shared(report: Report, person_id: str, *, charts: bool) -> Message:
    """Return the report for a channel, without anybody's words.

    The privacy line promises comments to the survey's own team, not to every reader of a channel.

    Args:
        report: the figures.
        person_id: who shares it.
        charts: whether the workspace takes native charts; otherwise bars are made of text.
    """
    figures = _figures(report, charts=charts)
    return Message(_spoken(report), [*figures, shared_by(person_id), _made(report)])


def share(share_id: str) -> Block:
    """Return *Share*; ``share_id`` travels with it."""
    return actions("share", [button("Share in this channel", "share_report", share_id)])


def shared_by(person_id: str) -> Block:
    """Return who shared a report."""
    return context(f"Shared by {mention(person_id)}. Comments stay with the survey's owners.")


def _spoken(report: Report) -> str:
    title = f"{escape(report.title, _TITLE)}, {_about(report)}"
    return f"{title}: {spoken_score(report.figures)}. {answered_words(report.figures)}."


def _about(report: Report) -> str:
    if report.period is not None:
        return report.period.words
    if report.wave is not None:
        return f"wave of {calendar_day(report.wave.day)}"
    return "no wave yet"


def _figures(report: Report, *, charts: bool) -> list[Block]:
    figures = report.figures
    score = "no answers" if figures.score is None else f"NPS {points(figures.score)}"
    blocks: list[Block] = [
        header(f"{report.title[:_TITLE]}: {score}"),
        context(f"{_scope(report)} · {escape(report.question, _QUESTION)}"),
    ]
    if report.wave is None and report.period is None:
        nobody = "No wave has asked anybody yet. `/nps status` says when the next one is due."
        return [*blocks, section(nobody)]
    blocks.append(section("\n".join(_lines(report))))
    if figures.distribution.n:
        blocks.append(
            trend.distribution_chart(figures.distribution)
            if charts
            else section(distribution_bars(figures.distribution))
        )
    blocks += trend.charts(report.trend) if charts else trend.text(report.trend)
    recovery = recovery_words(report.recovery.up, report.recovery.down)
    return blocks if recovery is None else [*blocks, context(recovery)]


def _scope(report: Report) -> str:
    if report.period is not None:
        return (
            f"{report.period.words[0].upper()}{report.period.words[1:]}, everybody's latest answer"
        )
    if report.wave is None:
        return "Latest wave"
    wave = report.wave
    state = "closed" if wave.state == "closed" else "open until"
    return f"Wave of {calendar_day(wave.day)}, {state} {when(wave.closed_at or wave.closes_at)}"


def _lines(report: Report) -> list[str]:
    figures = report.figures
    silent = silent_words(figures)
    lines = [score_words(figures), answered_words(figures), *([escape(silent)] if silent else [])]
    if figures.distribution.n == 0:
        return lines
    lines.append(band_words(figures.distribution))
    lines.append(change_words(report.change, report.before, is_break=report.is_break))
    bounds = bounds_words(figures)
    return lines if bounds is None else [*lines, bounds]


def _comments(report: Report) -> list[Block]:
    if not report.comments:
        return []
    total = count(report.comments_total, "comment")
    blocks: list[Block] = [section(f"*Latest comments* ({len(report.comments)} of {total})")]
    for comment in report.comments:
        who = escape(comment.person_name, _NAME) if comment.person_name else "Somebody"
        account = f" ({escape(comment.account, _NAME)})" if comment.account else ""
        question = f"“{escape(comment.question, _QUESTION)}”"
        said = f"{who}{account}, score {comment.score}, to {question}, {when(comment.written_at)}"
        blocks += [section(quote(comment.text, _COMMENT)), context(said)]
    return blocks


def _made(report: Report) -> Block:
    return context(f"As of {when(report.made_at)}")
