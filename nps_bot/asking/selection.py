"""Whom of an audience a wave asks and when, and why not the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking import eligibility
from nps_bot.asking.eligibility import Reason, WaveTiming
from nps_bot.asking.rules.budget import BudgetBlock, History
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.audience import Exclusion, exclusion
from nps_bot.surveys.rules.survey import Survey


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom a wave asks and when, and who is not asked, with the reason of each."""

    due: tuple[tuple[Member, datetime], ...]
    not_asked: tuple[tuple[Member, Exclusion | BudgetBlock], ...]

    @property
    def left_out(self) -> Mapping[Reason, int]:
        """How many are not asked, by reason."""
        return Counter(
            why.rule if isinstance(why, BudgetBlock) else why for _, why in self.not_asked
        )


def select_members(
    connection: Connection,
    survey: Survey,
    wave: WaveTiming,
    found: Collection[Member],
    now: datetime,
    read: Callable[[Connection, Survey, Collection[str], datetime], Mapping[str, History]],
) -> Selection:
    """Decide whom a wave asks: neither the audience nor the contact budget leaves them out.

    Args:
        connection: an open connection.
        survey: which asks.
        wave: its wave.
        found: members of its audience, each once, in the order in which places are given away.
        now: the current moment.
        read: returns what is known of people: :func:`~nps_bot.asking.eligibility.notice` where
            they are invited now, :func:`~nps_bot.asking.eligibility.histories` for a preview.
    """
    reasons = {one.id: exclusion(one, survey.audience) for one in found}
    members = [one for one in found if reasons[one.id] is None]
    known = read(connection, survey, [one.id for one in members], now)
    choice = eligibility.choose(connection, survey, wave, members, known, now)
    whys = [(one, reasons[one.id] or choice.held.get(one.id)) for one in found]
    return Selection(
        due=tuple((one, choice.due[one.id]) for one in members if one.id in choice.due),
        not_asked=tuple((one, why) for one, why in whys if why is not None),
    )
