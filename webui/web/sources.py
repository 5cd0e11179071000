"""Sources: who may file approvals by signed webhook, and what they sent."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import SOURCES
from webui.approvals.errors import InvalidError, NotFoundError
from webui.approvals.senders import sources
from webui.preview import visible
from webui.receivers.registry import KINDS
from webui.store.models import Source
from webui.store.queries import traffic
from webui.store.queries.traffic import Arrival, SourceRow
from webui.web.access import me, require
from webui.web.config_text import read_config_text
from webui.web.context import desk, house
from webui.web.once import Secret
from webui.web.render import page as whole_page

blueprint = Blueprint("sources", __name__, url_prefix="/sources")
PAGE = 50
_SEAL_BYTES = 28
"""Nonce and tag of a sealed body (AES-256-GCM)."""


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source."""

    id: str
    name: str
    kind: str
    url: str
    enabled: bool
    last_at: int | None = None
    accepted: int = 0
    refused: int = 0
    deliveries_url: str = ""


@dataclass(frozen=True, slots=True)
class ArrivalView:
    """One delivery and what was made of it."""

    message_id: str
    at: int
    verdict: str
    ok: bool
    words: str
    approval_url: str | None
    bytes: int
    replay_url: str | None
    """Where to file it after all: it was well signed, and refused."""


@dataclass(frozen=True, slots=True)
class KindView:
    """One kind of source to choose."""

    value: str
    word: str


@dataclass(frozen=True, slots=True)
class CreatedSource:
    """A source that was just made."""

    name: str
    secret: str


@blueprint.get("")
def page() -> str:
    """Show the sources of the org."""
    return _page()


def _page(error: str | None = None) -> str:
    org_id = require(SOURCES).org_id
    with house().store.reading() as session:
        found = traffic.sources(session, org_id)
    made = desk().once.take(me().session_hash, "sources")
    return whole_page(
        "sources/page.html",
        sources=[_view(row) for row in found],
        kinds=[KindView(name, kind.label) for name, kind in KINDS.items()],
        created_source=made and CreatedSource(made.name, made.text),
        may_edit=True,
        error=error,
        typed={
            field: request.form.get(field, "")
            for field in ("name", "kind", "agent", "config")
        },
    )


@blueprint.post("")
def create() -> BaseResponse | tuple[str, int]:
    """Make a source; its signing secret is shown once."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    name = request.form.get("name", "").strip()
    wanted = {field: request.form.get(field, "") for field in ("kind", "agent")}
    try:
        config = read_config_text(request.form.get("config", ""))
        made = house().store.write(
            lambda tx: sources.create_source(
                tx, org_id, name=name, config=config, actor=actor, **wanted
            )
        )
    except InvalidError as error:
        return _page(error.detail), 422
    desk().once.keep(person.session_hash, Secret("sources", visible(name), made.secret))
    return redirect(url_for("sources.page"), 303)


@blueprint.get("/<source_id>")
def deliveries(source_id: str) -> str:
    """Show what one source sent, newest first."""
    org_id = require(SOURCES).org_id
    before = request.args.get("before", "")
    with house().store.reading() as session:
        source = traffic.source(session, org_id, source_id)
        if source is None:
            raise NotFoundError("source")
        found = traffic.arrivals(session, org_id, source_id, before, PAGE + 1)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return whole_page(
        "sources/deliveries.html",
        source=_view(SourceRow(source, 0, 0, None)),
        config=source.config,
        deliveries=[_arrival(arrival) for arrival in found[:PAGE]],
        older_url=older
        and url_for("sources.deliveries", source_id=source_id, before=older),
    )


def _view(row: SourceRow) -> SourceView:
    source = row.source
    return SourceView(
        source.id,
        visible(source.name),
        source.kind,
        address_of(source),
        source.status == "active",
        row.last_at,
        row.accepted,
        row.refused,
        url_for("sources.deliveries", source_id=source.id),
    )


def address_of(source: Source) -> str:
    """Return where the source sends to."""
    return f"{house().public_url}/hooks/{source.id}"


def _arrival(arrival: Arrival) -> ArrivalView:
    approval_id = arrival.approval_id
    return ArrivalView(
        visible((arrival.message_id or "").split("\n")[0]),
        arrival.received_at,
        arrival.verdict,
        arrival.verdict in traffic.ACCEPTED,
        f"{arrival.status_code}: {visible(arrival.why)}",
        url_for("approval.page", approval_id=approval_id) if approval_id else None,
        max(0, arrival.size - _SEAL_BYTES),
        url_for("source_changes.replay", arrival_id=arrival.id)
        if arrival.verdict == "refused" and arrival.message_id
        else None,
    )
