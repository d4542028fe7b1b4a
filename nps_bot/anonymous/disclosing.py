"""What is shown of anonymous waves: made once, when one closes, and read by all that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random, SystemRandom

from sqlalchemy import Connection

from nps_bot.anonymous.rules import privacy
from nps_bot.anonymous.rules.disclosure import Disclosure, Participation
from nps_bot.anonymous.store import ballots, disclosures
from nps_bot.asking.comparing import wording_fingerprint
from nps_bot.asking.store import wave_heads
from nps_bot.asking.store.wave_heads import WaveHead
from nps_bot.surveys.rules.survey import Kind

_CHANCE = SystemRandom()


@dataclass(frozen=True, slots=True)
class AnonymousWave:
    """An anonymous wave in a report, a summary or a trend.

    Attributes:
        wave: which one.
        shown: all that may be shown of it now.
        is_break: whether the wave before was asked otherwise, so that the two cannot be compared.
    """

    wave: WaveHead
    shown: Participation | Disclosure
    is_break: bool


def freeze(connection: Connection, wave_id: int, chance: Random = _CHANCE) -> None:
    """Make what is shown of a wave from now on. Belongs into the transaction that closes it.

    Args:
        connection: an open transaction.
        wave_id: an anonymous wave that takes no answers any more, and has no figure yet.
        chance: shuffles the comments.
    """
    wave = wave_heads.head(connection, wave_id)
    if wave is None or wave.threshold is None:
        raise ValueError(f"wave {wave_id} is not an anonymous one")
    found = privacy.disclose(
        ballots.tally(connection, wave_id),
        invited=_invited(connection, [wave])[wave_id],
        threshold=wave.threshold,
        population_known=wave.kind == Kind.EMPLOYEE,
        chance=chance,
    )
    for before in wave_heads.asked_waves(connection, wave.survey_key, 1, before=wave):
        seen = wording_fingerprint(connection, [wave, before])
        earlier = disclosures.of_waves(connection, [before.id]).get(before.id)
        if earlier is not None and seen[before.id] == seen[wave_id]:
            found = privacy.compared(found, earlier, before.day)
    disclosures.add(connection, wave_id, found)


def anonymous_waves(
    connection: Connection, newest_first: Sequence[WaveHead]
) -> list[AnonymousWave]:
    """Return the anonymous ones of consecutive waves with what is shown of them, oldest first."""
    anonymous = [wave for wave in newest_first if wave.anonymous]
    seen = wording_fingerprint(connection, newest_first)
    befores = dict(pairwise(newest_first))
    frozen = disclosures.of_waves(connection, [wave.id for wave in anonymous])
    unfrozen = participations(connection, [wave for wave in anonymous if wave.id not in frozen])
    return [
        AnonymousWave(
            wave=wave,
            shown=frozen[wave.id] if wave.id in frozen else unfrozen[wave.id],
            is_break=wave in befores and seen[befores[wave].id] != seen[wave.id],
        )
        for wave in reversed(anonymous)
    ]


def participations(
    connection: Connection, anonymous: Sequence[WaveHead]
) -> Mapping[int, Participation]:
    """Return how many take part in anonymous waves, by wave."""
    invited = _invited(connection, anonymous)
    return {
        wave.id: privacy.participation(
            invited[wave.id], ballots.answered(connection, wave.id), wave.threshold
        )
        for wave in anonymous
        if wave.threshold is not None
    }


def _invited(connection: Connection, heads: Sequence[WaveHead]) -> Mapping[int, int]:
    tallies = wave_heads.wave_tallies(connection, [head.id for head in heads]) if heads else {}
    return {wave_id: tally.asked for wave_id, tally in tallies.items()}
