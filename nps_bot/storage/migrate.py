"""Brings a database to the tables this code expects."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

from nps_bot.base.errors import NpsBotError, SettingsError
from nps_bot.storage.engines import engine_url, migration_engine
from nps_bot.storage.failures import away, is_away

SCHEMA_HEAD = "0003"
"""The newest migration in alembic/versions; a test holds it to that."""

_SCRIPTS = Path(__file__).resolve().parents[2] / "alembic"


def ensure_migrated(url: str) -> None:
    """Migrate the database, unless it is known to be up to date.

    Looking first saves what alembic costs at every start: about 0.4 s and 12 MB.

    Raises:
        SettingsError: ``url`` cannot be used.
        StorageUnavailableError: the database does not answer.
        NpsBotError: the database belongs to a newer version of this bot.
    """
    engine = migration_engine(engine_url(url))
    if _stored_revision(engine) != SCHEMA_HEAD:
        migrate(url)


def migrate(url: str) -> None:
    """Run all migrations that are missing; safe from several processes at the same time.

    Raises:
        SettingsError: ``url`` cannot be used.
        StorageUnavailableError: the database does not answer.
        NpsBotError: the database belongs to a newer version of this bot.
    """
    from alembic import command  # noqa: PLC0415  a bot that is up to date does not pay for it
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["url"] = url
    try:
        command.upgrade(config, "head")
    except OperationalError as error:
        if is_away(error):
            raise away(error) from error
        raise
    except CommandError as error:
        raise NpsBotError(
            f"The database cannot be migrated ({error}). "
            "It may belong to a newer version of this bot: start that one."
        ) from error


def _stored_revision(engine: Engine) -> str | None:
    """Return the revision the database stands at; None where it holds nothing yet."""
    try:
        with engine.connect() as connection:
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except (ProgrammingError, OperationalError) as error:
        if is_away(error):
            raise away(error) from error
        return None  # there is no such table
    except DatabaseError as error:
        raise SettingsError(f"DATABASE_URL cannot be used: {error.orig}.") from error
    return found
