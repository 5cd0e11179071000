"""The log: its page, its export, and a quick look at the chain."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from webui.approvals.answering import looking
from webui.approvals.authorization import AUDIT_EXPORT, AUDIT_READ
from webui.approvals.desk import approval_of
from webui.audit.export import Recorded, csv_rows, json_lines
from webui.audit.recheck import broken_at
from webui.preview import visible
from webui.sentences import number, sentence
from webui.store.queries import events, people
from webui.store.queries.events import EventFilters, Logged
from webui.store.store import Store
from webui.web.access import may, require
from webui.web.context import house
from webui.web.cursors import read_seq
from webui.web.filters import day_end, day_start
from webui.web.links import link
from webui.web.render import page as whole_page
from webui.web.timeline import actor_name, facts_of, words_for

blueprint = Blueprint("audit", __name__, url_prefix="/audit")
PAGE = 100
CHECKED = 2_000
_FIELDS = ("actor", "action", "subject", "since", "until")
_line_by_line = json.JSONEncoder(ensure_ascii=False, separators=(",\n  ", ": ")).encode
_NESTED = frozenset({dict, list})
FORMS = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class EventView:
    """One event as its row shows it."""

    seq: int
    at: int
    actor: str
    action: str
    subject: str
    subject_url: str | None
    words: str
    row_hash: str
    payload: str | None
    """Visible text; none once it was erased."""


@dataclass(frozen=True, slots=True)
class Check:
    """What looking at the chain found."""

    ok: bool
    words: str
    at: int


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log."""

    seq: int
    row_hash: str


@blueprint.get("")
def page() -> str:
    """Show events, newest first."""
    org_id = require(AUDIT_READ).org_id
    asked = _asked()
    before = read_seq(request.args.get("before"))
    with house().store.reading() as session:
        filters = _filters(session, org_id, asked)
        seq, row_hash = events.head(
            session, org_id
        )  # before the rows: they hold it at least
        found = events.page(session, org_id, filters, before, PAGE + 1)
        shown = found.rows[:PAGE]
        names = people.names(session, org_id, {event.actor for event in shown})
        check = _check(session, org_id) if "verify" in request.args else None
    given = {name: text for name, text in asked.items() if text}
    older = shown[-1].seq if len(found.rows) > PAGE else found.looked_to
    return whole_page(
        "audit/page.html",
        events=_views(shown, names),
        filters=asked,
        check=check,
        seq=seq,
        head=Head(seq, row_hash.hex()),
        older_url=older and link("audit.page", given, before=older),
        newest_url=link("audit.page", given) if before else None,
        looked_to=found.looked_to,
        may_export=may(AUDIT_EXPORT).allowed,
        export_urls={form: link("audit.export", given, form=form) for form in FORMS},
    )


def _asked() -> dict[str, str]:
    return {name: request.args.get(name, "").strip()[:200] for name in _FIELDS}


def _filters(session: Session, org_id: str, asked: Mapping[str, str]) -> EventFilters:
    actor, subject = asked["actor"], asked["subject"]
    if actor and ":" not in actor:
        actor = people.actor_called(session, org_id, actor)
    return EventFilters(
        actor=actor,
        action=asked["action"],
        subject=f"approval:{subject}" if subject.startswith("apr_") else subject,
        since=day_start(asked["since"]),
        until=day_end(asked["until"]),
    )


def _views(shown: Sequence[Logged], names: Mapping[str, str]) -> list[EventView]:
    """Return events for their rows; most come from few actors, and several are of one approval."""
    actors = {actor: actor_name(actor, names) for actor in {event.actor for event in shown}}
    subjects = {
        name: (visible(name), _url_of(name)) for name in {event.subject for event in shown}
    }
    return [_view(event, actors[event.actor], *subjects[event.subject]) for event in shown]


def _view(event: Logged, actor: str, subject: str, subject_url: str | None) -> EventView:
    facts = facts_of(event)
    return EventView(
        seq=event.seq,
        at=event.at,
        actor=actor,
        action=event.action,
        subject=subject,
        subject_url=subject_url,
        words=words_for(event.action, facts),
        row_hash=event.row_hash.hex(),
        payload=None if event.payload is None else _readable(facts),
    )


def _url_of(subject: str) -> str | None:
    approval_id = approval_of(subject)
    return url_for("approval.page", approval_id=approval_id) if approval_id else None


def _readable(facts: Mapping[str, object]) -> str:
    if not facts or not _NESTED.isdisjoint(map(type, facts.values())):
        return visible(json.dumps(facts, indent=2, ensure_ascii=False))
    # The same text for what is flat, as nearly all are: indented, the library writes it slowly.
    return visible(f"{{\n  {_line_by_line(facts)[1:-1]}\n}}")


def _check(session: Session, org_id: str) -> Check:
    end = events.head(session, org_id)
    rows = events.page(session, org_id, before=end[0] + 1, limit=CHECKED).rows
    broken = broken_at(rows[::-1], end)
    words = (
        sentence(
            "The last %(count)s events are chained without a gap, up to number %(seq)s.",
            count=number(len(rows)),
            seq=number(end[0]),
        )
        if broken is None
        else sentence(
            "Event number %(seq)s does not fit the chain: the log was changed.",
            seq=number(broken),
        )
    )
    return Check(broken is None, words, house().store.now())


@blueprint.get("/export")
def export() -> Response:
    """Stream the log as JSON Lines, which the verifier reads, or CSV; the export is an event."""
    person = require(AUDIT_EXPORT)
    org_id, asked = person.org_id, _asked()
    form = request.args.get("form", "jsonl")
    form = form if form in FORMS else "jsonl"
    given = {name: text for name, text in asked.items() if text}
    house().store.write(
        lambda tx: looking.note_exported(tx, org_id, person.name, form, given)
    )
    with house().store.reading() as session:
        filters, upto = _filters(session, org_id, asked), events.end(session, org_id).seq
        notes = [] if given else events.checkpoints(session, org_id)
    rows = _chunks(house().store, org_id, filters, upto)
    lines = csv_rows(rows) if form == "csv" else json_lines(rows, notes)
    name = f"countersign-audit-{person.signed.org_slug}-{upto}.{form}"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(lines, content_type=FORMS[form], headers=disposition)


def _chunks(
    store: Store, org_id: str, filters: EventFilters, upto: int
) -> Iterator[Recorded]:
    """Yield the rows; no connection is held while a slow reader takes them."""
    after = 0
    while True:
        with store.reading() as session:
            rows = events.ascending(session, org_id, filters, after, upto)
        yield from rows
        if not rows:
            return
        after = rows[-1].seq
