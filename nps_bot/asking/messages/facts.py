"""What the messages to people of a wave are decided from, read for a whole batch of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from nps_bot.asking import eligibility, nudging
from nps_bot.asking.eligibility import DailyQuota
from nps_bot.asking.nudging import NudgeFacts
from nps_bot.asking.rules.budget import BudgetBlock
from nps_bot.asking.rules.message_types import NUDGE_KINDS, PROMPT
from nps_bot.asking.rules.nudges import NudgeKind
from nps_bot.asking.store import invitations
from nps_bot.asking.store.invitations import InvitationState
from nps_bot.delivery.destinations import Destination, DirectMessage
from nps_bot.delivery.kinds import Defer, Drop, LookUp, Situation
from nps_bot.delivery.rules import NO_FILE, WAVE_STOPPED
from nps_bot.delivery.store.claims import Claimed
from nps_bot.people import store as people
from nps_bot.surveys.rules.survey import Survey


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What a batch of messages about invitations is decided from.

    Attributes:
        invitations: the invitations, by id.
        opt_outs: the survey keys people opted out of, by person.
        further: what has become of those that are nudged.
        blocked: what holds back first prompts that are about to leave, by invitation.
        today: how many of these may still leave today.
    """

    invitations: Mapping[str, InvitationState]
    opt_outs: Mapping[str, AbstractSet[str]]
    nudge_facts: NudgeFacts
    blocked: Mapping[str, BudgetBlock]
    today: DailyQuota

    def of(self, message: Claimed) -> InvitationState:
        """Return the invitation that a message is about.

        Raises:
            KeyError: there is none: the row cannot be read.
        """
        return self.invitations[message.invitation_id or ""]

    def opted_out_of(self, invitation: InvitationState) -> str | None:
        """Return the survey key the person opted out of, ``*`` for all; None for none."""
        out_of = self.opt_outs.get(invitation.person_id or "", frozenset())
        return min(out_of & {people.ALL_SURVEYS, invitation.survey_key}, default=None)


def look_up(situation: Situation, messages: Sequence[Claimed]) -> BatchFacts:
    """Read the facts of a batch, and what came up since people were invited."""
    connection, now = situation.connection, situation.now
    ids = {message.invitation_id for message in messages if message.invitation_id is not None}
    found = invitations.find_many(connection, ids)
    asked = {one.person_id for one in found.values() if one.person_id is not None}
    opt_outs = people.opt_outs_among(connection, asked)
    nudged = {one.invitation_id or "" for one in messages if one.kind in NUDGE_KINDS}
    leaving = [
        found[message.invitation_id or ""]
        for message in messages
        if message.kind == PROMPT.name and not message.updating and message.invitation_id in found
    ]
    limits = {key: survey.budget for key, survey in situation.surveys.items()}
    return BatchFacts(
        invitations=found,
        opt_outs=opt_outs,
        nudge_facts=nudging.look_up(connection, opt_outs, nudged),
        blocked=eligibility.recheck_before_sending(connection, limits, leaving, now),
        today=eligibility.room_today(connection, limits, leaving, now),
    )


BATCH_FACTS = LookUp(look_up)


def destination(facts: BatchFacts, message: Claimed) -> Destination | None:
    """Return the direct messages of the person a message is for; None once they are forgotten."""
    if message.channel is not None:
        return DirectMessage("", message.channel)
    invitation = facts.invitations.get(message.invitation_id or "")
    if invitation is None or invitation.person_id is None:
        return None
    return DirectMessage(invitation.person_id, invitation.dm_channel)


def stopped_before(facts: BatchFacts, message: Claimed) -> Drop | None:
    """Return that a message is not sent where it would newly ask somebody in a stopped wave."""
    invitation = facts.invitations.get(message.invitation_id or "")
    stopped = invitation is not None and invitation.stopped_at is not None and message.asks
    return Drop(WAVE_STOPPED) if stopped else None


def nudge_obstacle(
    situation: Situation, facts: BatchFacts, survey: Survey | None, message: Claimed
) -> Drop | Defer | None:
    """Return why a reminder or a chaser does not leave now; None where nothing hinders it."""
    if survey is None:
        return Drop(NO_FILE)
    kind, now = NudgeKind(message.kind), situation.now
    at = nudging.leaves(kind, facts.of(message), survey, facts.nudge_facts, now)
    if isinstance(at, str):
        return Drop(at)
    return Defer(at) if at > now else None
