"""`forget`: a person's answers, profile and messages go."""

from __future__ import annotations

import click

from nps_bot.errors import NpsBotError
from nps_bot.interaction.terminal import (
    CommandError,
    clock_of,
    confirmed,
    find_person,
    open_context,
    open_database,
)
from nps_bot.people import forgetting, store
from nps_bot.settings import Settings
from nps_bot.slack.block_kit import count
from nps_bot.storage.database import Database


async def forget(settings: Settings, user: str, *, yes: bool) -> None:
    """Forget a person.

    Args:
        settings: as the environment says.
        user: a Slack id or a stored name, or an @handle or e-mail address, which only Slack knows.
        yes: whether it goes without a confirmation.

    Raises:
        NpsBotError: nobody is meant, or not exactly one.
    """
    async with open_database(settings) as database:
        person_id = await _meant(settings, database, user)
        click.echo(
            f"Forgetting {user} ({person_id}) deletes their answers, profile and messages. Their "
            "scores stay in the sums, and their Slack id on the list of people never to ask."
        )
        if not yes and not confirmed("Forget them?"):
            click.echo("Nothing was changed.")
            return
        done = await database.write(forgetting.forget, person_id, clock_of(settings).now())
    click.echo(
        f"Forgotten: {count(done.invitations, 'invitation')} unlinked; the running bot deletes or "
        f"rewrites {count(done.messages, 'message')} in Slack."
    )


async def _meant(settings: Settings, database: Database, user: str) -> str:
    """Return the id of the one stored person that ``user`` means."""
    slack_knows = "@" in user
    name = await _id_in_slack(settings, user) if slack_knows else user
    person_id = await database.read(store.find, name)
    if person_id is None:
        raise CommandError(
            f"'{user}' is nobody this bot has stored, or several people: use the Slack id, which "
            "their profile in Slack shows."
        )
    return person_id


async def _id_in_slack(settings: Settings, user: str) -> str:
    try:
        async with open_context(settings) as context:
            member = await find_person(context, user)
    except NpsBotError as error:
        raise CommandError(
            f"Only Slack could say who {user} is: use the Slack id instead. {error}"
        ) from error
    if member is None:
        raise CommandError(f"Slack knows nobody called {user}: use the Slack id.")
    return member.id
