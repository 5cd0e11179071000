"""Reading the log for `audit verify` and `audit export`: read-only, beside a running server."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from webui.audit import checkpoints, verifier
from webui.audit.export import csv_rows, json_lines
from webui.audit.verify import verify_org
from webui.runtime import database_url, keys_path
from webui.settings import Settings
from webui.store import schema
from webui.store.engines import one_state, reading_engine
from webui.store.keyring import Keyring, KeyringError, load_keyring
from webui.store.models import INSTANCE, AuditHead, Event, Org

BATCH = 1_000
EXITS = {"ok": 0, "tampered": 1, "incomplete": 2}


def verify_orgs(
    settings: Settings, org: str | None, everything: bool, *, progress: bool
) -> list[dict[str, Any]]:
    """Verify one org's log, or all; each with words and exit status."""
    keyring = _keyring(settings)
    engine = _opened(settings)
    with Session(engine) as session:
        if everything:
            names = list(
                session.scalars(select(AuditHead.org_id).order_by(AuditHead.org_id))
            )
        else:
            names = [_org_id(session, org)]
        vkeys = checkpoints.vkeys(session, keyring)
        sizes = {name: session.get_one(AuditHead, name).seq for name in names}
    reports = []
    for name in names:
        with (
            engine.connect() as connection,
            click.progressbar(length=sizes[name], label=name, hidden=not progress) as bar,
        ):
            report = verify_org(
                connection,
                name,
                _steps(bar.update),
                vkeys=vkeys,
                notes=checkpoints.kept_outside(settings.instance / "checkpoints", name),
            )
        reports.append(_told(name, report))
    engine.dispose()
    return reports


def _opened(settings: Settings) -> Engine:
    """Return an engine that only reads; a file that is not there is not made by looking."""
    url = database_url(settings)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise click.ClickException(
            f"There is no database in {settings.instance}; set COUNTERSIGN_INSTANCE."
        )
    engine = reading_engine(url)
    try:
        with engine.connect() as connection:
            schema.check(connection)
    except schema.SchemaError as error:
        raise click.ClickException(str(error)) from error
    return engine


def _steps(update: Callable[[int], object]) -> Callable[[int], object]:
    """Turn running totals into the steps that a progress bar takes."""
    seen = 0

    def step(total: int) -> None:
        nonlocal seen
        update(total - seen)
        seen = total

    return step


def _keyring(settings: Settings) -> Keyring:
    try:
        return load_keyring(keys_path(settings))
    except KeyringError as error:
        raise click.ClickException(str(error)) from error


def _told(name: str, report: verifier.Report) -> dict[str, Any]:
    return {
        "org": name,
        "rows": report.rows,
        "last": report.last,
        "verdict": report.verdict,
        "exit": EXITS[report.verdict],
        "words": verifier.summary(report),
        "findings": [asdict(finding) for finding in report.findings],
    }


def _org_id(session: Session, org: str | None) -> str:
    statement = select(Org.id).limit(2)
    if org is not None:
        statement = statement.where((Org.id == org) | (Org.slug == org) | (Org.name == org))
    found = session.scalars(statement).all()
    if org == INSTANCE:
        return INSTANCE
    if len(found) != 1:
        raise click.ClickException(
            "Say which organization with --org."
            if found
            else "There is no such organization."
        )
    return found[0]


def export_lines(settings: Settings, org: str | None, form: str) -> Iterator[str]:
    """Yield an export of an org's log, line by line, in constant memory."""
    engine = _opened(settings)
    with Session(engine) as session, one_state(session.connection()):
        org_id = _org_id(session, org)
        rows = session.scalars(
            select(Event)
            .where(Event.org_id == org_id)
            .order_by(Event.seq)
            .execution_options(yield_per=BATCH)
        )
        if form == "csv":
            yield from csv_rows(rows)
        else:
            yield from json_lines(rows, checkpoints.sized_notes(session, org_id))
    engine.dispose()


def own_vkeys(settings: Settings) -> tuple[str, ...]:
    """Return the verifier keys of this instance's logs."""
    engine = _opened(settings)
    with Session(engine) as session:
        vkeys = tuple(checkpoints.vkeys(session, _keyring(settings)))
    engine.dispose()
    return vkeys


def verifier_source() -> str:
    """Return the single-file verifier, to be kept with an export."""
    return Path(verifier.__file__).read_text(encoding="utf-8")
