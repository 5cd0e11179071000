"""What every command does: read the settings, reach the database, print the answer."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from webui.configuration import ConfigurationError, load_settings
from webui.settings import Settings

Function = TypeVar("Function", bound=Callable[..., Any])
FAILED = 1
UNUSABLE = 2

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
org_option = click.option("--org", help="Id, slug or name; needed when there are several.")


def read_settings(**overrides: Any) -> Settings:
    """Return the settings, or end with everything that is wrong with them."""
    try:
        return load_settings(**overrides)
    except ConfigurationError as error:
        click.echo(error, err=True)
        raise SystemExit(UNUSABLE) from error


def run(verb: str, **arguments: Any) -> Any:
    """Have a verb run wherever the database is held; a refusal ends the command."""
    from webui.control.line import CommandError, perform, send
    from webui.runtime import database_url
    from webui.store.owner import is_held

    settings = read_settings()
    try:
        on_sqlite = database_url(settings).get_backend_name() == "sqlite"
        if on_sqlite and is_held(settings.instance):
            return send(settings, verb, arguments)
        with office(settings) as here:
            return perform(here, verb, arguments)
    except CommandError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def office(settings: Settings) -> Iterator[Any]:
    """Open the database for one command, holding the lock while it works on SQLite."""
    import os

    from webui.control.verbs import Office
    from webui.runtime import database_url, open_store
    from webui.store.keyring import KeyringError
    from webui.store.owner import OwnedError, hold
    from webui.store.schema import SchemaError

    on_sqlite = database_url(settings).get_backend_name() == "sqlite"
    if on_sqlite and not settings.instance.is_dir():
        raise click.ClickException(
            f"There is no instance in {settings.instance}; run `countersign init`."
        )
    try:
        lock = hold(settings.instance) if on_sqlite else None
        store = open_store(settings)
    except (KeyringError, SchemaError, OwnedError) as error:
        raise click.ClickException(str(error)) from error
    try:
        yield Office(store, settings)
    finally:
        store.close()
        if lock is not None:
            os.close(lock)


def show(
    answer: Any, as_json: bool, columns: Sequence[str] = (), safe: Sequence[str] = ()
) -> None:
    """Print an answer: JSON if asked for, else a table or lines of name and value.

    Members named in `safe` are visible text of ours already, perhaps of several lines. In
    all others a stranger could have written what a terminal obeys, or lines of its own.
    """
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    elif isinstance(answer, list):
        _table(answer, columns, safe)
    else:
        for name, value in answer.items():
            click.echo(f"{name}: {_plain(value, safe=name in safe)}")


def _table(rows: list[dict[str, Any]], columns: Sequence[str], safe: Sequence[str]) -> None:
    if not rows:
        click.echo("Nothing.")
        return
    names = list(columns or rows[0])
    cells = [[_plain(row[name], safe=name in safe) for name in names] for row in rows]
    widths = [
        max(len(name), *(len(line[place]) for line in cells))
        for place, name in enumerate(names)
    ]
    for line in [names, *cells]:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _plain(value: Any, *, safe: bool = False) -> str:
    from webui.preview import inline

    if value is None:
        return "-"
    if isinstance(value, list):
        return " ".join(_plain(item, safe=safe) for item in value)
    return str(value) if safe else inline(str(value))
