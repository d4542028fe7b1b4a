"""Replies to the questions that follow a score: shown again, stored, edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.answering import store
from nps_bot.answering.events import RepliesSaved
from nps_bot.answering.own_response import own_response
from nps_bot.answering.rules import Refusal, clean
from nps_bot.asking.outgoing import update_chaser
from nps_bot.base.events import record
from nps_bot.nps.bands import Band, band_of
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import Wording


@dataclass(frozen=True, slots=True)
class Details:
    """What a person has said so far, to be shown in a modal."""

    invitation_id: str
    wording_id: int
    score: int
    correctable: bool
    """Whether a change of the score would still count."""
    replies: Mapping[str, str]

    @property
    def band(self) -> Band:
        """The band of what the person last said."""
        return band_of(self.score)


def details(
    connection: Connection, invitation_id: str, person_id: str, now: datetime
) -> Details | Refusal:
    """Return what a person has said, for *Add details* and *Change score*. Changes nothing."""
    own = own_response(connection, invitation_id, person_id, open_at=now, lock=False)
    if isinstance(own, Refusal):
        return own
    return Details(
        invitation_id=own.invitation.id,
        wording_id=own.invitation.wording_id,
        score=own.response.latest_score,
        correctable=now < own.response.correctable_until,
        replies=written(connection, own.response.id),
    )


def written(connection: Connection, response_id: str) -> dict[str, str]:
    """Return the replies of a response by question key."""
    return {reply.question_key: reply.text for reply in store.replies(connection, response_id)}


def save_replies(
    connection: Connection,
    invitation_id: str,
    person_id: str,
    typed: Mapping[str, str],
    now: datetime,
) -> Refusal | None:
    """Store replies with the questions they answer; sending again edits them.

    Args:
        connection: an open transaction.
        invitation_id: whose follow-ups they are.
        person_id: who typed them.
        typed: what was typed by question key; an empty text deletes an earlier reply. Keys the
            wave's wording does not know are left out.
        now: the current moment.

    Returns:
        Why nothing was stored; None where it was.
    """
    own = own_response(connection, invitation_id, person_id, open_at=now)
    if isinstance(own, Refusal):
        return own
    wording = survey_store.load_wording(connection, own.invitation.wording_id)
    replies = replies_to(wording, band_of(own.response.latest_score), typed)
    store.save_replies(connection, own.response.id, replies, now)
    update_chaser(connection, invitation_id, now)
    record(connection, [RepliesSaved(own.invitation)], now)
    return None


def replies_to(wording: Wording, band: Band, typed: Mapping[str, str]) -> list[store.Reply]:
    """Match what was typed to its questions.

    The band's own come first; those of the others follow, because a score may have changed bands
    while its modal was open.
    """
    bands = (band, *(other for other in Band if other is not band))
    known: dict[str, store.Reply] = {}
    for each in bands:
        for position, question in enumerate(wording.questions(each)):
            if question.key in typed and question.key not in known:
                text = clean(typed[question.key])
                known[question.key] = store.Reply(question.key, question.question, text, position)
    return list(known.values())
