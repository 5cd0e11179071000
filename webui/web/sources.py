"""Sources: where approvals come from besides the API, and what was sent."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import MEMBERS, SOURCES
from webui.approvals.errors import Fault, InvalidError, NotFoundError
from webui.approvals.senders import sources
from webui.approvals.upstream.trouble import trouble_of
from webui.bridges.lease import bridge_of
from webui.bridges.registry import BRIDGES
from webui.preview import visible
from webui.receivers.chat_config import CHAT_KINDS, OWN_SECRETS
from webui.receivers.registry import KINDS
from webui.sentences import sentence
from webui.store.queries import traffic
from webui.web.access import may, me, require
from webui.web.config_text import read_config_text
from webui.web.context import desk, house
from webui.web.fresh import manager
from webui.web.once import Secret
from webui.web.person import Person
from webui.web.render import page as whole_page
from webui.web.render import part, wants_part
from webui.web.source_views import (
    arrival_view,
    failure_views,
    kinds,
    pretty,
    source_view,
    told,
    untold_view,
)

blueprint = Blueprint("sources", __name__, url_prefix="/sources")
PAGE = 50


def keeper(kind: str) -> Person:
    """Return the person if they may know the secret of a source of this kind.

    Whoever has a chat's secret can sign clicks of everybody who is linked there, and so decide
    as each of them. That is more than managing sources: it is as much as managing members.
    """
    person = require(SOURCES)
    return manager(url_for("sources.page")) if kind in CHAT_KINDS else person


def check_own_secret(kind: str, secret: str) -> None:
    """Refuse to make up a secret that only the platform can make.

    Raises:
        InvalidError: it is missing.

    """
    if kind in OWN_SECRETS and not secret.strip():
        fault = Fault(
            "/secret",
            sentence("%(own_secrets)s is missing.", own_secrets=OWN_SECRETS[kind]),
        )
        raise InvalidError(sentence("The secret is the platform's own; give it."), [fault])


@blueprint.get("")
def page() -> str:
    """Show the sources of the org, and the kinds there are."""
    org_id = require(SOURCES).org_id
    now = house().store.now()
    with house().store.reading() as session:
        found = traffic.sources(session, org_id)
    return whole_page(
        "sources/page.html",
        sources=[source_view(row, now) for row in found],
        kinds=kinds(),
    )


@blueprint.get("/new")
def new() -> BaseResponse | str:
    """Show the form for a source of one kind, with settings that work to start from."""
    kind = request.args.get("kind", "")
    keeper(kind)
    if kind not in KINDS:
        return redirect(url_for("sources.page"), 303)
    return _new(kind, {"config": pretty(KINDS[kind].example)}, {})


def _new(kind: str, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    module = KINDS[kind]
    return whole_page(
        "sources/new.html",
        kind=next(one for one in kinds() if one.value == kind),
        example=pretty(module.example),
        token=module.token,
        own_secret=OWN_SECRETS.get(kind),
        typed={field: typed.get(field, "") for field in ("name", "agent", "config")},
        errors=errors,
    )


@blueprint.post("")
def create() -> BaseResponse | tuple[str, int]:
    """Make a source; its page shows the signing secret once."""
    person = keeper(request.form.get("kind", ""))
    org_id, actor = person.org_id, person.name
    typed = {
        field: request.form.get(field, "")
        for field in ("kind", "name", "agent", "config", "secret", "token")
    }
    kind, name = typed["kind"], typed["name"].strip()
    try:
        check_own_secret(kind, typed["secret"])
        config = read_config_text(typed["config"])
        made = house().store.write(
            lambda tx: sources.create_source(
                tx,
                org_id,
                kind=kind,
                name=name,
                agent=typed["agent"],
                config=config,
                secret=typed["secret"].strip() or None,
                token=typed["token"].strip() or None,
                actor=actor,
            )
        )
    except InvalidError as error:
        if kind not in KINDS:
            raise
        return _new(kind, typed, told(error.faults, error.detail)), 422
    kept = Secret(f"source:{made.source_id}", visible(name), made.secret)
    desk().once.keep(person.session_hash, kept)
    return redirect(url_for("sources.deliveries", source_id=made.source_id), 303)


@blueprint.get("/<source_id>")
def deliveries(source_id: str) -> str:
    """Show a source and what it sent, newest first; a script asks for what it sent alone."""
    org_id = require(SOURCES).org_id
    if wants_part():
        return part("sources/_arrivals.html", **_arrivals(org_id, source_id))
    return one_source(org_id, source_id)


def one_source(
    org_id: str,
    source_id: str,
    typed: str | None = None,
    errors: dict[str, list[str]] | None = None,
) -> str:
    """Return a source's page; with what was typed and refused, if anything was."""
    made = desk().once.take(me().session_hash, f"source:{source_id}")
    shown = _arrivals(org_id, source_id)
    with house().store.reading() as session:
        row = traffic.source(session, org_id, source_id)
    if row is None:
        raise NotFoundError("source")
    return whole_page(
        "sources/one.html",
        made=made,
        snippet=f"sources/snippets/{row.source.kind}.html",
        public_url=house().public_url,
        config=pretty(row.source.config) if typed is None else typed,
        errors=errors or {},
        own_secret=OWN_SECRETS.get(row.source.kind),
        keeps=row.source.kind not in CHAT_KINDS or may(MEMBERS).allowed,
        replayed={
            name: request.args.get(name, "", str)[:6]
            for name in ("filed", "left")
            if request.args.get(name, "").isdigit()
        },
        **shown,
    )


def _arrivals(org_id: str, source_id: str) -> dict[str, Any]:
    """Return what arrived, and what of it failed, as its part of the page needs it."""
    before = request.args.get("before", "")
    now = house().store.now()
    with house().store.reading() as session:
        row = traffic.source(session, org_id, source_id)
        if row is None:
            raise NotFoundError("source")
        found = traffic.arrivals(session, org_id, source_id, before, PAGE + 1)
        failed = [] if before else traffic.failures(session, org_id, source_id)
        bridge = bridge_of(session, source_id)
        trouble = trouble_of(session, org_id, source_id)
    chat = row.source.kind in CHAT_KINDS
    older = found[PAGE - 1].id if len(found) > PAGE else None
    here = url_for("sources.deliveries", source_id=source_id)
    return {
        "source": source_view(row, now),
        "deliveries": [arrival_view(one, chat=chat) for one in found[:PAGE]],
        "failures": failure_views(source_id, failed, chat=chat),
        "part_url": f"{here}?before={before}" if before else here,
        # what a page shows is the same as long as this is
        "state": ".".join(
            [
                *(f"{one.id}{one.verdict}" for one in found[:1]),
                str(row.accepted),
                str(row.refused),
                *(one.id for one in failed[:1]),
                *([str(bridge.connected_at), str(bridge.error_at)] if bridge else []),
                *([str(trouble.at)] if trouble else []),
            ]
        ),
        "first": row.last_at is None and row.source.kind not in BRIDGES,
        "listens": row.source.kind in BRIDGES,
        "bridge": bridge,
        "untold": untold_view(trouble),
        "older_url": older
        and url_for("sources.deliveries", source_id=source_id, before=older),
    }
