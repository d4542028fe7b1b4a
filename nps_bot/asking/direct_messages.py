"""Asking by direct messages: everybody in the audience gets a prompt of their own."""

from __future__ import annotations

from collections.abc import Sequence

from nps_bot.asking import approving, launching
from nps_bot.asking.audience_reader import audience_page
from nps_bot.asking.inviting import whole_audience
from nps_bot.asking.launching import Page
from nps_bot.asking.preview import preview
from nps_bot.asking.requests import SendRequest
from nps_bot.asking.store import waves
from nps_bot.asking.terminal.plan import agree
from nps_bot.asking.terminal.progress_bar import tell_progress
from nps_bot.asking.views import approval, nudges, prompt, send
from nps_bot.interaction.context import BotContext, Consent, DeliveryMode, SendOptions
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.cadence_text import describe
from nps_bot.surveys.rules.survey import Survey


class DirectMessages(DeliveryMode):
    """Asks each person by a direct message."""

    owner_confirms = True
    nobody_in_person = None

    async def invite(self, context: BotContext, survey: Survey, wave_id: int) -> None:
        """Read the audience from Slack, page by page, and invite those who are due."""
        wave = await context.database.read(waves.find, wave_id)
        cursor = wave.cursor
        while True:
            page = await _page(context, survey, wave.only_person, cursor)
            added = await context.database.write(
                launching.add_page, survey, wave_id, page, context.clock.now()
            )
            if not added or page.next_cursor is None:
                context.wake_dispatcher()
                return
            cursor = page.next_cursor

    async def plan(self, context: BotContext, survey: Survey, person_id: str) -> Message:
        """Return whom a wave would ask now; or the request that somebody made before."""
        title, now = survey.wording.title, context.clock.now()
        owner = await context.access.is_owner(person_id, survey)
        request = await context.database.read(approving.open_request, survey.key, now)
        if request is not None and request.asked_by == person_id and not owner:
            owners = await context.access.owners(survey)
            return approval.waiting(request, title, survey.confirm_above, owners)
        found = await preview(context, survey, await whole_audience(context, survey))
        if request is not None:
            return send.requested(title, found.plan, request, takes=found.takes)
        people_due = len(found.plan.due)
        nominal = await context.database.read(launching.free_minute, survey, now)
        above = survey.confirm_above if people_due > survey.confirm_above and not owner else None
        confirm = SendRequest(survey.key, nominal, people_due).encoded()
        return send.plan(title, found.plan, confirm, takes=found.takes, above=above)

    def started(self, title: str, people: int) -> Message:
        """Return what the question whether to start becomes once somebody said yes."""
        return send.started(title, people)

    def preview(self, survey: Survey, owners: Sequence[str]) -> Message:
        """Return the prompt and what may follow it, not counted."""
        return prompt.preview(
            survey.wording,
            survey.anonymity or survey.kind,
            rhythm=describe(survey.cadence),
            owners=owners,
            further=nudges.further(survey),
        )

    async def agree(
        self, context: BotContext, survey: Survey, options: SendOptions
    ) -> Consent | None:
        """Print whom a wave would ask now; return the operator's yes, or None."""
        return await agree(context, survey, options)

    async def follow(self, context: BotContext, survey: Survey, wave_id: int) -> None:
        """Show how far the running bot is, until everybody was asked."""
        await tell_progress(context, survey.key, wave_id)


async def _page(
    context: BotContext, survey: Survey, only_person: str | None, cursor: str | None
) -> Page:
    if only_person is None:
        found = await audience_page(context.directory, survey.audience, cursor)
        return Page(cursor, found.members, found.next_cursor)
    member = await context.directory.person(only_person)
    return Page(cursor, () if member is None else (member,), None)
