"""What the views' tests show: one survey, a few waves, a few people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from nps_bot.answering.store import Reply
from nps_bot.asking.rules.approval import Approval, State
from nps_bot.cases.alert import Alert
from nps_bot.cases.store import CaseRow
from nps_bot.figures.report import Figures, Report, WaveFigures, figures
from nps_bot.figures.store import Comment, EarlierScore, Recovery, Tally, WaveHead
from nps_bot.nps.score import Difference, compare
from nps_bot.surveys.rules.survey import BandPlan, FollowUp, Kind, Link, Wording

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOON_TOKEN = "<!date^1795521600^{date_short_pretty} at {time}|2026-11-24 12:00 UTC>"
CLOSES = NOON + timedelta(days=7)
CLOSES_TOKEN = "<!date^1796126400^{date_short_pretty} at {time}|2026-12-01 12:00 UTC>"

WORDING = Wording(
    title="Customer survey",
    brand="Lumen & Co",
    question="How likely are you to recommend Lumen & Co to a friend or colleague?",
    reason="What is the main reason for your score?",
    detractor=BandPlan(
        (FollowUp("wrong", "Where did we go wrong?"), FollowUp("happier", "What would help?")),
        "Thank you. Tom will write to you by Friday.",
    ),
    passive=BandPlan((FollowUp("better", "What would make it a 9 or a 10?"),), "Thank you."),
    promoter=BandPlan((), "Thank you!", (Link("Write a review", "https://reviews.example/lumen"),)),
)


def wave(
    number: int,
    scores: Mapping[int, int],
    asked: int,
    *,
    day: str = "2026-11-24",
    closed: bool = False,
    is_break: bool = False,
    kind: Kind = Kind.RELATIONSHIP,
) -> WaveFigures:
    """Return a wave with its figures."""
    head = WaveHead(
        id=number,
        survey_key="customer",
        nominal=f"{day}T10:00",
        kind=kind,
        wording_id=1,
        state="closed" if closed else "ready",
        opens_at=NOON,
        closes_at=CLOSES,
        closed_at=CLOSES if closed else None,
    )
    return WaveFigures(head, figures(Tally(asked, scores), kind), is_break)


def change(trend: Sequence[WaveFigures]) -> Difference | None:
    """Return how the last wave differs from the one before, as if answered by strangers."""
    if len(trend) < 2 or trend[-1].is_break:
        return None
    before, now = trend[-2:]
    return compare(now.figures.distribution, before.figures.distribution)


def alert(
    *,
    person_id: str | None = "UADA",
    person_name: str | None = "Ada <Lovelace>",
    account: str | None = "Harbor & Sons",
    account_owner: str | None = "UTOM",
    first_score: int = 3,
    score: int = 3,
    latest_score: int = 3,
    earlier: tuple[EarlierScore, ...] = (),
    replies: tuple[Reply, ...] = (),
    no_contact: bool = False,
    case: CaseRow | None = CaseRow(None, None, None, None, None),  # noqa: B008
) -> Alert:
    """Return an alert about a 3 that was just given, changed as asked."""
    return Alert(
        invitation_id="i1",
        title="Customer survey",
        person_id=person_id,
        person_name=person_name,
        account=account,
        account_owner=account_owner,
        first_score=first_score,
        score=score,
        latest_score=latest_score,
        answered_at=NOON,
        earlier=earlier,
        replies=replies,
        no_contact=no_contact,
        case=case,
    )


def report(
    trend: tuple[WaveFigures, ...],
    comments: tuple[Comment, ...] = (),
    total: int | None = None,
    recovery: Recovery = Recovery(0, 0),  # noqa: B008
) -> Report:
    """Return the report of the last wave of ``trend``."""
    latest = trend[-1]
    return Report(
        survey_key="customer",
        title=WORDING.title,
        question=WORDING.question,
        kind=Kind.RELATIONSHIP,
        wave=latest.wave,
        period=None,
        figures=latest.figures,
        change=change(trend),
        before=trend[-2].wave.day if len(trend) > 1 else None,
        is_break=latest.is_break,
        trend=trend,
        recovery=recovery,
        comments=comments,
        comments_total=len(comments) if total is None else total,
        made_at=NOON,
    )


def nothing() -> Figures:
    """Return the figures of nobody asked."""
    return figures(Tally(0, {}), Kind.RELATIONSHIP)


def asked(state: State = State.OPEN, by: str | None = None, *, asker: str = "UMEI") -> Approval:
    """Return a request to ask 80 people, made at noon."""
    ended = None if state is State.OPEN else NOON
    owners = ("UTOM", "priya@lumen.example")
    return Approval(
        "a1", "customer", "2026-11-24T12:00", 80, asker, NOON, CLOSES, owners, state, by, ended
    )
