"""`countersign db`."""

import sqlite3
import time
from pathlib import Path

import click

from webui.commands.office import json_option, read_settings, show
from webui.settings import Settings


@click.group()
def db() -> None:
    """Migrate and back up."""


@db.command("upgrade")
@json_option
def upgrade(as_json: bool) -> None:
    """Bring the schema to this program's version; a SQLite file is backed up first."""
    from webui.runtime import DATABASE, database_url, prepare_instance
    from webui.store import schema
    from webui.store.owner import is_held

    settings = read_settings()
    on_sqlite = database_url(settings).get_backend_name() == "sqlite"
    if on_sqlite and is_held(settings.instance):
        raise click.ClickException("Stop the server first; it holds the database.")
    kept = None
    if on_sqlite and (settings.instance / DATABASE).exists():
        kept = str(_copy(settings, _name(settings.instance)))
    try:
        prepare_instance(settings)
    except schema.SchemaError as error:
        raise click.ClickException(str(error)) from error
    show({"revision": schema.newest(), "backup": kept}, as_json)


@db.command("backup")
@click.argument("target", type=click.Path(path_type=Path), required=False)
@json_option
def backup(target: Path | None, as_json: bool) -> None:
    """Take a consistent copy of a SQLite database, also while the server runs.

    The key file is not in it: keep that apart.
    """
    from webui.runtime import database_url

    settings = read_settings()
    if database_url(settings).get_backend_name() != "sqlite":
        raise click.ClickException("Back up PostgreSQL with pg_dump or its own means.")
    copied = _copy(settings, target or _name(settings.instance))
    show({"backup": str(copied), "bytes": copied.stat().st_size}, as_json)


def _name(instance: Path) -> Path:
    return instance / time.strftime("backup-%Y%m%d-%H%M%S.db", time.gmtime())


def _copy(settings: Settings, target: Path) -> Path:
    from webui.runtime import DATABASE

    source = settings.instance / DATABASE
    if not source.exists():
        raise click.ClickException(f"There is no database in {settings.instance}.")
    if target.exists():
        raise click.ClickException(f"{target} exists; choose another name.")
    target.touch(mode=0o600)
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as running:
        with sqlite3.connect(target) as copy:
            running.backup(copy, pages=1_000)
        copy.close()
    running.close()
    return target
