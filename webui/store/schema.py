"""Bringing a database to the schema that this program speaks."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, make_url

from webui.store.engines import writing_engine

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaError(Exception):
    """The database is older or newer than this program."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the revision this program needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(connection: Connection) -> str | None:
    """Return the revision a database is at; none for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(url: URL | str, revision: str = "head") -> None:
    """Bring a database forward; each migration is one transaction.

    Raises:
        SchemaError: the database was made by a newer program.

    """
    engine = writing_engine(make_url(url))
    try:
        with engine.connect() as connection, connection.begin():
            _refuse_newer(connection)
            command.upgrade(_config(connection), revision)
    finally:
        engine.dispose()


def downgrade(url: URL | str, revision: str) -> None:
    """Take a database back to an older revision."""
    engine = writing_engine(make_url(url))
    try:
        with engine.connect() as connection, connection.begin():
            command.downgrade(_config(connection), revision)
    finally:
        engine.dispose()


def check(connection: Connection) -> None:
    """Refuse to work on another schema than our own.

    Raises:
        SchemaError: says what to run.

    """
    _refuse_newer(connection)
    if current(connection) != newest():
        raise SchemaError(
            "The database is older than this program; run `countersign db upgrade`."
        )


def _refuse_newer(connection: Connection) -> None:
    at = current(connection)
    known = {
        script.revision
        for script in ScriptDirectory.from_config(_config()).walk_revisions()
    }
    if at is not None and at not in known:
        raise SchemaError(
            f"The database is at revision {at}, which this program does not know. "
            "Run the newer program that made it."
        )
