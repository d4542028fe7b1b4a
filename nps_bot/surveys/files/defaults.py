"""The words a survey uses where its file has none of its own."""

from __future__ import annotations

from collections.abc import Mapping

from nps_bot.nps.bands import Band
from nps_bot.surveys.rules.survey import FollowUp, Kind

_CUSTOMERS = "How likely are you to recommend {brand} to a friend or colleague?"
_EMPLOYEES = "How likely are you to recommend {brand} as a place to work?"

QUESTIONS: Mapping[Kind, str] = {
    Kind.RELATIONSHIP: _CUSTOMERS,
    Kind.TRANSACTIONAL: _CUSTOMERS,
    Kind.EMPLOYEE: _EMPLOYEES,
}

REASON = "What is the main reason for your score?"

FOLLOW_UPS: Mapping[Band, tuple[FollowUp, ...]] = {
    Band.DETRACTOR: (
        FollowUp("went_wrong", "Where did we go wrong, or miss the mark?"),
        FollowUp("happier", "What could we do to make you happier?"),
        FollowUp("change_mind", "What would it take to change your mind?"),
    ),
    Band.PASSIVE: (
        FollowUp("nine_or_ten", "What would make it a 9 or a 10?"),
        FollowUp("think_less", "What might make you think less of us?"),
        FollowUp("keeps_you", "What keeps you with us today?"),
    ),
    Band.PROMOTER: (
        FollowUp("makes_happy", "What do we do that makes you happy?"),
        FollowUp("even_better", "What could we do even better?"),
        FollowUp("lose_trust", "What would we have to do to lose your trust?"),
    ),
}
"""The band questions of the programme; their keys never change, so that answers compare."""

REMINDER = (
    "{brand} asked you one question a little while ago, and your answer would still help. One click"
    " is enough, and this is the only reminder of it."
)

CHASERS: Mapping[Band, str] = {
    Band.DETRACTOR: (
        "Thank you for your score. We would like to understand it: a few words about what went"
        " wrong help us put it right."
    ),
    Band.PASSIVE: (
        "Thank you for your score. What is missing? A few words are enough, and they help us more"
        " than the number."
    ),
    Band.PROMOTER: (
        "Thank you for your score. What do you like best? A few words tell us what to keep as it"
        " is."
    ),
}

_TO_CUSTOMERS: Mapping[Band, str] = {
    Band.DETRACTOR: (
        "Thank you for telling us. We are sorry that it is not better. Somebody from {brand}'s"
        " customer team will be in touch within two working days. If you would rather not be"
        " contacted, say so below."
    ),
    Band.PASSIVE: (
        "Thank you for your answer. {brand}'s customer team reads it, and what would make it better"
        " for you is what we want to know most."
    ),
    Band.PROMOTER: (
        "Thank you, that means a lot to us. {brand}'s customer team reads every answer, this one"
        " with a smile."
    ),
}
_TO_EMPLOYEES: Mapping[Band, str] = {
    Band.DETRACTOR: (
        "Thank you for being frank. One of the colleagues who run this survey at {brand} reads your"
        " answer and will be in touch within two working days. If you would rather not be"
        " contacted, say so below."
    ),
    Band.PASSIVE: (
        "Thank you for your answer. The colleagues who run this survey at {brand} read it, and what"
        " would make it better for you is what we want to know most."
    ),
    Band.PROMOTER: (
        "Thank you, that is good to hear. The colleagues who run this survey at {brand} read every"
        " answer."
    ),
}
THANK_YOUS: Mapping[Kind, Mapping[Band, str]] = {
    Kind.RELATIONSHIP: _TO_CUSTOMERS,
    Kind.TRANSACTIONAL: _TO_CUSTOMERS,
    Kind.EMPLOYEE: _TO_EMPLOYEES,
}
