"""Who may see and steer a survey."""

from __future__ import annotations

from operator import attrgetter

from nps_bot.slack.directory import Directory
from nps_bot.surveys.provider import Surveys
from nps_bot.surveys.rules.survey import Survey


class Access:
    """A survey's owners and nobody else; workspace admins where its file says so."""

    def __init__(self, directory: Directory, current_surveys: Surveys) -> None:
        self._directory = directory
        self._current_surveys = current_surveys

    async def owners(self, survey: Survey) -> list[str]:
        """Return the Slack ids of a survey's owners; those Slack does not know are left out."""
        members = [await self._directory.person(owner) for owner in survey.owners]
        return [member.id for member in members if member is not None]

    async def is_owner(self, person_id: str, survey: Survey) -> bool:
        """Return whether a person owns ``survey``."""
        return person_id in await self.owners(survey)

    async def may_manage(self, person_id: str, survey: Survey) -> bool:
        """Return whether a person may see the figures of ``survey`` and steer it."""
        if await self.is_owner(person_id, survey):
            return True
        return survey.admins_manage and await self._directory.is_admin(person_id)

    async def is_colleague(self, person_id: str) -> bool:
        """Return whether a person belongs to our own workspace, or to our organisation."""
        member = await self._directory.person(person_id)
        return member is not None and not member.is_outsider

    async def managed(self, person_id: str) -> list[Survey]:
        """Return the surveys a person may see and steer, by key."""
        surveys = sorted(self._current_surveys().values(), key=attrgetter("key"))
        return [one for one in surveys if await self.may_manage(person_id, one)]
