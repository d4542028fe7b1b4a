"""What follows from what happened: the one table of events and the reactions of the rooms.

Read a line as: when this was recorded, these functions run, in this order, in the same transaction.
"""

from __future__ import annotations

from typing import Final

from nps_bot.anonymous import reactions as anonymous
from nps_bot.anonymous.events import TurnoutRose
from nps_bot.answering import reactions as answering
from nps_bot.answering.events import (
    ContactDeclined,
    OptedIn,
    OptedOut,
    RepliesSaved,
    ResponseDeleted,
    ResponseRecorded,
    ScoreCorrected,
    Snoozed,
)
from nps_bot.asking import reactions as asking
from nps_bot.asking.events import PeopleAsked, Ticked, WaveClosed, WaveOpened, WaveStopped
from nps_bot.base.events import Reactions
from nps_bot.cases import reactions as cases
from nps_bot.figures import reactions as figures
from nps_bot.people.events import PersonForgotten
from nps_bot.shared_channels import reactions as shared_channels
from nps_bot.shared_channels.events import QuestionPosted

REACTIONS: Final = (
    Reactions()
    # what becomes of waves
    .on(WaveOpened, figures.begin_summary)
    .on(WaveStopped, shared_channels.show_stopped, figures.show_stopped)
    .on(
        WaveClosed,
        anonymous.disclose,
        anonymous.unlink,
        shared_channels.show_closed,
        figures.close_summary,
    )
    .on(PeopleAsked, figures.count_asked)
    .on(QuestionPosted, figures.show_posted)
    .on(Ticked, anonymous.unlink_late)
    # what respondents do
    .on(ResponseRecorded, cases.open_for_detractors, figures.show_scores)
    .on(
        ScoreCorrected,
        cases.open_for_detractors,
        cases.withdraw_corrected,
        cases.update_alerts,
        figures.show_scores,
    )
    .on(RepliesSaved, cases.update_alerts)
    .on(ContactDeclined, cases.update_alerts, figures.update_summaries)
    .on(ResponseDeleted, cases.drop_cases, cases.update_alerts, figures.update_summaries)
    .on(Snoozed, figures.update_summaries)
    .on(OptedOut, figures.update_summaries)
    .on(OptedIn, figures.update_summaries)
    .on(TurnoutRose, figures.show_turnout)
    # what becomes of people: what they wrote goes while it is known whose it is
    .on(PersonForgotten, answering.forget, asking.forget, shared_channels.forget)
)
