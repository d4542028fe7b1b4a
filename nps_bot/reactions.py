"""What follows from what happened: the one table of events and the reactions of the rooms.

Read a line as: when this was recorded, these functions run, in this order, in the same transaction.
"""

from __future__ import annotations

from typing import Final

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
from nps_bot.cases import reactions as cases
from nps_bot.events import Reactions
from nps_bot.figures import reactions as figures

REACTIONS: Final = (
    Reactions()
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
)
