"""What a respondent of an anonymous survey does: answer, once, and add words to it, once.

That somebody answered and what was answered are two rows that share nothing. Both are written in
one transaction, so neither is ever without the other. Snoozing and stopping are as in any survey
(:mod:`nps_bot.answering`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.anonymous.events import TurnoutRose
from nps_bot.anonymous.store import ballots
from nps_bot.answering import follow_ups
from nps_bot.answering.rules import Click, Refusal, accept
from nps_bot.asking import delivery_proof
from nps_bot.asking.outgoing import update_prompts
from nps_bot.asking.store import invitations, waves
from nps_bot.base.events import record
from nps_bot.delivery.rules import UPDATE_DELAY
from nps_bot.nps.bands import Band, band_of
from nps_bot.people import store as people
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import Anonymity, Survey


@dataclass(frozen=True, slots=True)
class Voted:
    """An answer was taken.

    Attributes:
        band: whose questions follow.
        token: what the replies to them are sent with, once.
        versions: of the messages to rewrite, by key.
    """

    invitation_id: str
    wording_id: int
    band: Band
    token: str
    versions: Mapping[str, int]


def vote(
    connection: Connection, surveys: Mapping[str, Survey], click: Click, now: datetime
) -> Voted | Refusal:
    """Take an answer; the first one is final."""
    # The wave first, as whoever closes it does: no answer comes after its figures were made.
    waves.keep_open(connection, click.invitation_id)
    invitation = invitations.find(connection, click.invitation_id, lock=True)
    accepted = accept(invitation, surveys, click, now, anonymous=True)
    if isinstance(accepted, Refusal):
        return accepted
    mine, anonymity = accepted.invitation, accepted.invitation.anonymity
    if anonymity is None or not ballots.cast(connection, mine.id):
        return Refusal.VOTED
    segment = _segment(connection, click.person_id, anonymity)
    ballots.add_answer(connection, mine.wave_id, segment, click.score)
    token = ballots.issue_token(connection, mine.wave_id, band_of(click.score))
    due_at = now + UPDATE_DELAY
    touched = update_prompts(connection, mine.id, due_at)
    delivery_proof.by_click(connection, mine, touched.nowhere, click.posted, due_at)
    if ballots.is_whole_step(connection, mine.wave_id, anonymity.threshold):
        record(connection, [TurnoutRose(mine.wave_id, due_at)], now)
    return Voted(mine.id, mine.wording_id, band_of(click.score), token, touched.versions)


def _segment(connection: Connection, person_id: str, anonymity: Anonymity) -> str | None:
    if anonymity.segment is None:
        return None
    return people.attribute(connection, person_id, anonymity.segment)


def add_words(
    connection: Connection, token: str, typed: Mapping[str, str], now: datetime
) -> Refusal | None:
    """Keep the replies of whoever shows ``token``; returns why not where they are not kept.

    Args:
        connection: an open transaction.
        token: from the modal. Whose it is nobody knows.
        typed: what was typed by question key; keys the wave's wording does not know are left out.
        now: the current moment.
    """
    allowed = ballots.follow_up(connection, token)
    if allowed is None:
        return Refusal.SENT
    if allowed.closed(now):
        return Refusal.CLOSED
    if not ballots.use_token(connection, token):
        return Refusal.SENT
    wording = survey_store.load_wording(connection, allowed.wording_id)
    replies = follow_ups.replies_to(wording, allowed.band, typed)
    written = [reply.text for reply in replies if reply.text]
    ballots.add_comments(connection, allowed.wave_id, written)
    return None
