"""Bringing a database to the schema that this program speaks.

Alembic is imported when something has to be migrated: a server that starts on a database of the
right revision does without it, and so is ready sooner.
"""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from sqlalchemy import URL, Connection, inspect, make_url, text

from webui.store.engines import writing_engine

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaError(Exception):
    """The database is older or newer than this program."""


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as the module says

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the revision this program needs."""
    return max(_known())


def _known() -> set[str]:
    """Return all revisions: each migration's file is named by its own, and they sort."""
    return {file.name.partition("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*.py")}


def current(connection: Connection) -> str | None:
    """Return the revision a database is at; none for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = text("SELECT version_num FROM alembic_version")
    return cast("str | None", connection.scalar(found))


def upgrade(url: URL | str, revision: str = "head") -> None:
    """Bring a database forward; each migration is one transaction.

    Raises:
        SchemaError: the database was made by a newer program.

    """
    from alembic import command  # noqa: PLC0415 - as the module says

    engine = writing_engine(make_url(url))
    try:
        with engine.connect() as connection, connection.begin():
            _refuse_newer(connection)
            command.upgrade(_config(connection), revision)
    finally:
        engine.dispose()


def downgrade(url: URL | str, revision: str) -> None:
    """Take a database back to an older revision."""
    from alembic import command  # noqa: PLC0415 - as the module says

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
    if at is not None and at not in _known():
        raise SchemaError(
            f"The database is at revision {at}, which this program does not know. "
            "Run the newer program that made it."
        )
