"""Reading a wave's audience from Slack, page by page, and inviting whom the service says."""

from __future__ import annotations

import asyncio
import logging

from nps_bot.domain.audience import Member
from nps_bot.domain.survey import Delivery, Survey
from nps_bot.errors import NpsBotError
from nps_bot.services import contacting, launching
from nps_bot.services.launching import Page
from nps_bot.slack.account_channels import prepare
from nps_bot.slack.edge import Edge
from nps_bot.slack.errors import SlackCallError
from nps_bot.storage import waves
from nps_bot.storage.waves import WaveRow

log = logging.getLogger(__name__)


async def invite_everybody(edge: Edge) -> None:
    """Read on in every wave that is still resolving, from where it stands.

    What stops one wave (a 429, a channel that is gone) is logged and costs the others nothing; the
    next call goes on from the page that failed.
    """
    for wave in await edge.database.read(waves.resolving):
        survey = edge.surveys.get(wave.survey_key)
        if survey is None:
            continue
        in_channels = survey.delivery is Delivery.CHANNELS
        try:
            await (prepare if in_channels else _read_on)(edge, survey, wave)
        except NpsBotError as error:
            log.warning(
                "Reading the audience stopped: %s",
                error,
                extra={"survey": wave.survey_key, "wave": wave.id},
            )


async def _read_on(edge: Edge, survey: Survey, wave: WaveRow) -> None:
    cursor = wave.cursor
    while True:
        page = await _page(edge, survey, wave, cursor)
        added = await edge.database.write(
            launching.add_page, survey, wave.id, page, edge.clock.now()
        )
        if not added or page.next_cursor is None:
            edge.wake_courier()
            return
        cursor = page.next_cursor


async def _page(edge: Edge, survey: Survey, wave: WaveRow, cursor: str | None) -> Page:
    if wave.only_person is None:
        found = await edge.directory.audience_page(survey.audience, cursor)
        return Page(cursor, found.members, found.next_cursor)
    member = await edge.directory.person(wave.only_person)
    return Page(cursor, () if member is None else (member,), None)


async def look_for_newcomers(edge: Edge) -> None:
    """Look in each audience who is new, once a day; what stops one survey costs the others nothing.

    Waits as Slack asks between pages.
    """
    for survey in edge.surveys.values():
        if not survey.budget.newcomers:
            continue
        try:
            if await edge.database.write(contacting.begin_look, survey, edge.clock.now()):
                await _look(edge, survey)
        except NpsBotError as error:
            log.warning(
                "Looking for newcomers stopped, until tomorrow: %s",
                error,
                extra={"survey": survey.key},
            )


async def _look(edge: Edge, survey: Survey) -> None:
    cursor: str | None = None
    while True:
        try:
            ids, following = await edge.directory.ids_page(survey.audience, cursor)
        except SlackCallError as error:
            if error.retry_after is None:
                raise
            await asyncio.sleep(error.retry_after)
            continue
        last = following is None
        now = edge.clock.now()
        await edge.database.write(contacting.look, survey, ids, now, last=last)
        if last:
            return
        cursor = following


async def whole_audience(edge: Edge, survey: Survey) -> list[Member]:
    """Return everybody in a survey's audience, each once, before any is left out.

    Waits as Slack asks between pages.

    Raises:
        NpsBotError: Slack refused, or a channel or group of the audience does not exist.
    """
    members: dict[str, Member] = {}
    cursor: str | None = None
    while True:
        try:
            page = await edge.directory.audience_page(survey.audience, cursor)
        except SlackCallError as error:
            if error.retry_after is None:
                raise
            await asyncio.sleep(error.retry_after)
            continue
        members |= {member.id: member for member in page.members}
        if page.next_cursor is None:
            return list(members.values())
        cursor = page.next_cursor
