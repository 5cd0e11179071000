"""`countersign doctor`: look at everything a desk stands on, and say how to mend each."""

import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import click

from webui.commands.office import json_option, read_settings, show
from webui.settings import Settings, is_loopback

Level = Literal["ok", "warning", "failure"]
SPARE_BYTES = 64 * 1024 * 1024
# WAL reset: two connections writing and checkpointing at once can lose committed data.
# The server writes and checkpoints on one connection only, so it is a warning here.
WAL_BUG_FROM, WAL_BUG_TO = (3, 7, 0), (3, 51, 2)
WAL_BUG_MENDED = {(3, 44, 6), (3, 50, 7)}
BEHIND_MS = 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    check: str
    level: Level
    words: str


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check configuration, database, clock and permissions. Exit 1 if something fails."""
    settings = read_settings()
    findings = list(examine(settings))
    if as_json:
        show([asdict(finding) for finding in findings], as_json)
    else:
        for finding in findings:
            click.echo(f"{finding.level:8} {finding.check}: {finding.words}")
    raise SystemExit(any(finding.level == "failure" for finding in findings))


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what was found, the foundations first."""
    yield Finding("configuration", "ok", "Every setting is known and fits.")
    yield from _instance(settings)
    yield from _database(settings)
    yield from _nodes(settings)
    yield from _policy_file(settings)
    yield from _sqlite_version(settings)
    yield _listeners(settings)
    yield _checkpoints(settings)


def _instance(settings: Settings) -> Iterator[Finding]:
    from webui.runtime import keys_path

    folder = settings.instance
    if not folder.is_dir():
        yield Finding(
            "instance", "failure", f"{folder} is missing; run `countersign init`."
        )
        return
    for path in (folder, keys_path(settings)):
        if not path.exists():
            yield Finding(
                "keys", "failure", f"{path} is missing; put it back from your copy."
            )
        elif stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(
                "permissions",
                "failure",
                f"Others can reach {path}; run `chmod go= {path}`.",
            )
        else:
            yield Finding("permissions", "ok", f"Only you can read {path}.")
    free = shutil.disk_usage(folder).free
    if free < SPARE_BYTES:
        yield Finding(
            "disk", "failure", f"{free // 1024} KiB are free; make room on this disk."
        )
    else:
        yield Finding("disk", "ok", f"{free // 1024**2} MiB are free.")


def _database(settings: Settings) -> Iterator[Finding]:
    from sqlalchemy.exc import DBAPIError

    from webui.runtime import database_url
    from webui.store import schema
    from webui.store.engines import reading_engine
    from webui.store.transaction import highest_time

    engine = reading_engine(database_url(settings))
    try:
        with engine.connect() as connection:
            schema.check(connection)
            latest = highest_time(connection)
    except schema.SchemaError as error:
        yield Finding("database", "failure", str(error))
    except DBAPIError as error:
        yield Finding("database", "failure", f"It cannot be opened: {error.orig}.")
    else:
        yield Finding("database", "ok", f"It answers, at revision {schema.newest()}.")
        behind = latest - time.time_ns() // 1_000_000
        if behind > BEHIND_MS:
            yield Finding(
                "clock",
                "failure",
                f"It is {behind // 1000} s behind the log; set it right.",
            )
        else:
            yield Finding("clock", "ok", "It is not behind the log.")
    finally:
        engine.dispose()


def _nodes(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is None:
        return
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.orm import Session

    from webui.runtime import database_url
    from webui.store.engines import reading_engine
    from webui.store.queries import nodes

    engine = reading_engine(database_url(settings))
    try:
        with Session(engine) as session:
            living = nodes.living(session, time.time_ns() // 1_000_000)
    except DBAPIError:
        return  # told above
    finally:
        engine.dispose()
    hosts = ", ".join(node.host for node in living) or "none"
    yield Finding("nodes", "ok", f"Serving this database now: {hosts}.")


def _policy_file(settings: Settings) -> Iterator[Finding]:
    if settings.policy_file is None:
        return
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.orm import Session

    from webui.policyfile import UnreadableError, ruled_org, view_of
    from webui.runtime import database_url
    from webui.store.engines import reading_engine

    engine = reading_engine(database_url(settings))
    try:
        with Session(engine) as session:
            org_id = ruled_org(session, settings)
            view = view_of(session, settings, org_id, time.time_ns() // 1_000_000)
    except UnreadableError as error:
        yield Finding("policy file", "failure", str(error))
        return
    except DBAPIError:
        return  # told above
    finally:
        engine.dispose()
    assert view is not None  # it rules this org
    for wrong in view.wrong:
        words = f"{view.path}: {wrong} What was in force stays."
        yield Finding("policy file", "failure", words)
    if not view.wrong:
        words = "is in force" if view.in_force else "is right; the server takes it in"
        yield Finding("policy file", "ok", f"{view.path} {words}.")


def _sqlite_version(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is not None:
        return
    version = sqlite3.sqlite_version_info
    if WAL_BUG_FROM <= version <= WAL_BUG_TO and version not in WAL_BUG_MENDED:
        yield Finding(
            "sqlite",
            "warning",
            f"SQLite {sqlite3.sqlite_version} has the WAL-reset bug (mended in 3.51.3). The "
            "server avoids it by writing on one connection; let no other program write the file.",
        )
    else:
        yield Finding("sqlite", "ok", f"SQLite {sqlite3.sqlite_version}.")


def _listeners(settings: Settings) -> Finding:
    if not is_loopback(settings.agent_bind):
        return Finding(
            "agents",
            "warning",
            f"Agents are answered on {settings.agent_bind}, beyond this machine; "
            "see that only they can reach it.",
        )
    return Finding("agents", "ok", "Agents are answered on this machine only.")


def _checkpoints(settings: Settings) -> Finding:
    folder = settings.instance / "checkpoints"
    if os.path.ismount(folder):
        return Finding("checkpoints", "ok", f"{folder} is a disk of its own.")
    return Finding(
        "checkpoints",
        "warning",
        f"Signed checkpoints are only kept in {folder}. Copy them elsewhere: without a copy "
        "outside, nobody can prove that the log was not rewritten.",
    )
