"""The words behind ``/nps``: which survey, which period, and none too many."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nps_bot.base.errors import NpsBotError, nearest
from nps_bot.slack.block_kit import listed
from nps_bot.surveys.rules.survey import Survey

_PERIOD = re.compile(r"\d|q\d|all$", re.IGNORECASE)
"""How a period begins, or what somebody means by one: what is wrong with it is told later."""
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
"""How Slack writes down somebody who was chosen from its list."""


class CommandError(NpsBotError):
    """What was asked for cannot be done; the text says what can."""


class CommandArgs:
    """One use of ``/nps``: who asks, the arguments, and the surveys that person may manage."""

    def __init__(self, person_id: str, words: Sequence[str], managed: Sequence[Survey]) -> None:
        self.person_id = person_id
        self.managed = {survey.key: survey for survey in managed}
        self._words = list(words)

    def survey(self) -> Survey:
        """Take the one survey that is meant, and refuse any further word.

        Raises:
            CommandError: no such survey, several to choose from, or a word too many.
        """
        found = self._take_survey()
        self._done()
        return found

    def surveys(self) -> list[Survey]:
        """Take the survey that is meant, or all of them where none is named.

        Raises:
            CommandError: no such survey, or a word too many.
        """
        return [self.survey()] if self._words else list(self.managed.values())

    def survey_and_period(self) -> tuple[Survey, str | None]:
        """Take a survey and an optional period, in either order.

        Raises:
            CommandError: no such survey, several to choose from, or a word too many.
        """
        period = None
        if self._words and not self._names_survey() and _PERIOD.match(self._words[0]):
            period = self._words.pop(0)
        found = self._take_survey()
        if period is None and self._words:
            period = self._words.pop(0)
        self._done()
        return found, period

    def person(self) -> str:
        """Take the person that is meant: a mention, an e-mail address or a name, spaces and all.

        Raises:
            CommandError: nobody is named.
        """
        typed = " ".join(self._words)
        self._words.clear()
        if not typed:
            raise CommandError("Whom? Type @ and choose somebody: /nps why @person.")
        mention = _MENTION.fullmatch(typed)
        return mention[1] if mention else typed

    def _names_survey(self) -> bool:
        return bool(self._words) and self._words[0].lower() in self.managed

    def _take_survey(self) -> Survey:
        if self._names_survey():
            return self.managed[self._words.pop(0).lower()]
        choices = f"Yours: {listed(sorted(self.managed))}."
        if self._words:
            hint = nearest(self._words[0], self.managed)
            raise CommandError(f"There is no survey '{self._words[0]}' of yours.{hint} {choices}")
        if len(self.managed) > 1:
            raise CommandError(f"Which survey? {choices}")
        return next(iter(self.managed.values()))

    def _done(self) -> None:
        if self._words:
            raise CommandError(f"'{self._words[0]}' is one word too many. /nps help says more.")


def not_an_owner() -> CommandError:
    """Return the friendly no to somebody who may not steer what they asked for."""
    return CommandError(
        "/nps is for the owners of a survey, and you don't own one here. "
        "Your own answers are in this app's Home tab."
    )


def paused(survey: Survey) -> CommandError:
    """Return the no to asking anybody with a paused survey."""
    return CommandError(
        f"“{survey.wording.title}” is paused. /nps resume {survey.key} goes on with it."
    )
