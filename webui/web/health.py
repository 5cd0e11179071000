"""For machines: is it alive, is it ready, how busy is it, and with which keys does it sign."""

import shutil
import time
from collections.abc import Iterator

from flask import Blueprint, Response, abort, jsonify, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.agents.keys import PERSONAL, read_key
from webui.approvals.errors import NotAllowedError
from webui.approvals.use.receipts import public_keys
from webui.audit.checkpoints import vkeys
from webui.store import schema
from webui.store.errors import StoreUnavailableError
from webui.store.queries import identity, load
from webui.store.queries.identity import Signed
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.doors import public

blueprint = Blueprint("health", __name__)
SWEPT_WITHIN = 30.0
"""Seconds after which a silent sweeper makes a node unready."""
FREE_BYTES = 64 * 1024 * 1024
_NOT_YOURS = (
    "These figures are for whoever runs this desk; ask them, or for an account that does."
)
_NEWEST = "text/plain; version=0.0.4; charset=utf-8"


@blueprint.get("/healthz")
@public
def healthz() -> BaseResponse:
    """Say that the process answers."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/readyz")
@public
def readyz() -> BaseResponse:
    """Say whether requests should be sent here: 503 names what is missing."""
    failing = list(_failing())
    answer = jsonify(ready=not failing, failing=failing)
    answer.status_code = 503 if failing else 200
    return answer


def _failing() -> Iterator[str]:
    runtime, worker = house(), desk().worker
    if runtime.bus.stopping:
        yield "stopping"
    if worker is not None and time.monotonic() - worker.swept_at > SWEPT_WITHIN:
        yield "sweeper"
    if shutil.disk_usage(runtime.settings.instance).free < FREE_BYTES:
        yield "disk"
    try:
        with runtime.store.reading() as session:
            schema.check(session.connection())
    except StoreUnavailableError:
        yield "database"
    except schema.SchemaError:
        yield "migrations"


@blueprint.get("/.well-known/countersign.json")
@public
def well_known() -> BaseResponse:
    """Publish the keys that receipts and checkpoints are checked with."""
    runtime = house()
    with runtime.store.reading() as session:
        audit = vkeys(session, runtime.keyring)
    return jsonify(
        issuer="countersign",
        receipt_keys={"keys": public_keys(runtime.keyring)},
        audit_vkeys=audit,
    )


@blueprint.get("/metrics")
@public
def metrics() -> BaseResponse:
    """Count for Prometheus; for instance admins, by session or personal token."""
    if not _counts_for(_asking()):
        if not current_user.is_authenticated:
            abort(401)
        raise NotAllowedError("instance_admin_required", _NOT_YOURS)
    runtime, sockets = house(), desk().sockets
    with runtime.store.reading() as session:
        busy = load.of_instance(session, runtime.store.now())
    lines = [
        *_metric("approvals_waiting", "Approvals that wait for a decision.", busy.waiting),
        *_metric("events_total", "Events in all logs.", busy.events, "counter"),
        *_metric("deliveries_waiting", "Deliveries on their way.", busy.deliveries),
        *_metric("deliveries_dead", "Deliveries given up.", busy.dead),
        *_metric("nodes", "Server processes on this database.", max(busy.nodes, 1)),
        *_metric("live_sockets", "Browsers on the live socket.", len(sockets)),
        *_metric("held_polls", "Agents' long polls.", runtime.bus.waiting()),
    ]
    return Response("\n".join(lines) + "\n", content_type=_NEWEST)


def _asking() -> Signed | None:
    if current_user.is_authenticated:
        return None if me().held_up else me().signed
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    presented = read_key(text) if scheme == "Bearer" else None
    if presented is None or presented.prefix != PERSONAL:
        return None
    with house().store.reading() as session:
        holder = identity.token_holder(session, presented.id)
    if holder is None or holder.secret_hash != presented.secret_hash:
        return None
    works = holder.works(house().store.now()) and not holder.held_up
    return holder.person if works else None


def _counts_for(signed: Signed | None) -> bool:
    return signed is not None and signed.instance_admin


def _metric(name: str, words: str, value: int, kind: str = "gauge") -> list[str]:
    full = f"countersign_{name}"
    return [f"# HELP {full} {words}", f"# TYPE {full} {kind}", f"{full} {value}"]
