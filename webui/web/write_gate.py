"""A write that an agent would make in one's name: only oneself may answer (spec: api.md).

Whoever else looks, whatever their role, finds nothing here; the query holds the conditions.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import DeskError, InvalidError, NotFoundError
from webui.approvals.gate.write_gate import UNSETTLED, GrantStatus, status_at
from webui.approvals.gate.write_grants import REASON_MAX, WORDS, Answer, answer
from webui.preview import visible
from webui.preview.nodes import Piece
from webui.preview.visible import pieces
from webui.problems import status_of
from webui.sentences import number, sentence, sentence_in
from webui.store.queries import write_grants as queries
from webui.store.queries.write_grants import Asked
from webui.web.access import me
from webui.web.context import house
from webui.web.render import page as whole_page

blueprint = Blueprint("write_gate", __name__, url_prefix="/orgs/<org>/write-gate/<nonce>")
EDGE = 40
"""Characters at each end of a long path in lists."""
BADGES = {
    GrantStatus.PENDING: ("pending", sentence("Waiting for you")),
    GrantStatus.APPROVED: ("approved", sentence("Approved, not used yet")),
    GrantStatus.REFUSED: ("denied", sentence_in("a write", "Refused")),
    GrantStatus.SPENT: ("consumed", sentence("Approved and used")),
    GrantStatus.EXPIRED: ("expired", sentence("Expired")),
}


@dataclass(frozen=True, slots=True)
class WriteView:
    """One request as its person reads it; every text of a stranger is visible already."""

    url: str
    org_name: str
    service: str
    method: str
    path: tuple[Piece, ...]
    plain_path: tuple[Piece, ...] | None
    """The path with its escapes read, where it has some."""
    short_path: tuple[Piece, ...]
    scopes: list[str]
    payload_hash: str | None
    created_at: int
    expires_at: int
    decided_at: int | None
    reason: str
    waits: bool
    lasts: bool
    """Whether its time still runs: unanswered, or approved and not used."""
    uses: int
    badge: tuple[str, str]
    words: str


@blueprint.get("")
def page(org: str, nonce: str) -> str:
    """Show the request, or how it was settled."""
    return _page(_mine(org, nonce))


@blueprint.post("")
def decide(org: str, nonce: str) -> BaseResponse | tuple[str, int]:
    """Take the person's answer."""
    _mine(org, nonce)
    try:
        given = _given()
        house().store.write(lambda tx: answer(tx, org, nonce, given))
    except NotFoundError:
        raise
    except DeskError as error:
        return _page(_mine(org, nonce), error=error.detail), status_of(error)
    return redirect(url_for("write_gate.page", org=org, nonce=nonce), 303)


def _mine(org: str, nonce: str) -> Asked:
    with house().store.reading() as session:
        found = queries.for_person(session, me().session_hash, org, nonce)
    if found is None:
        raise NotFoundError("write request")
    return found


def _given() -> Answer:
    verdict = request.form.get("verdict", "")
    if verdict not in {"approve", "refuse"}:
        raise InvalidError(
            sentence("The form says neither approve nor refuse; send it once more.")
        )
    reason = request.form.get("reason", "").strip().replace("\r\n", "\n")
    if len(reason) > REASON_MAX:
        raise InvalidError(
            sentence("The reason is longer than %(most)s characters.", most=REASON_MAX)
        )
    return Answer(
        me().signed.user_id,
        me().session_hash,
        verdict == "approve",
        reason,
        request.remote_addr or "",
        request.headers.get("User-Agent", "")[:300],
    )


def _page(found: Asked, **more: Any) -> str:
    return whole_page(
        "write_gate/page.html", write=view_of(found), **{"error": None} | more
    )


def view_of(found: Asked) -> WriteView:
    """Return a request as pages show it."""
    grant = found.grant
    now = status_at(grant.status, grant.expires_at, house().store.now())
    plain = unquote(grant.path, errors="replace")
    return WriteView(
        url=url_for("write_gate.page", org=found.org_slug, nonce=grant.nonce),
        org_name=visible(found.org_name),
        service=visible(found.service),
        method=visible(grant.method),
        path=pieces(grant.path),
        plain_path=None if plain == grant.path else pieces(plain),
        short_path=_short(grant.path),
        scopes=grant.scopes.split(),
        payload_hash=grant.payload_hash,
        created_at=grant.created_at,
        expires_at=grant.expires_at,
        decided_at=grant.decided_at,
        reason=visible(grant.reason or ""),
        waits=now is GrantStatus.PENDING,
        lasts=now in UNSETTLED,
        uses=grant.uses_left,
        badge=BADGES[now],
        words=WORDS[now],
    )


def _short(path: str) -> tuple[Piece, ...]:
    """Return beginning and end of a long path, with the count of what is left out."""
    left_out = len(path) - 2 * EDGE
    if left_out <= EDGE:
        return pieces(path)
    gap = Piece(
        "gap",
        sentence("%(count)s more characters", count=number(left_out)),
        sentence("Open it to read the whole path"),
    )
    return (*pieces(path[:EDGE]), gap, *pieces(path[-EDGE:]))


def waiting(session: Session) -> list[WriteView]:
    """Return what waits for the person of this browser's session."""
    found = queries.waiting(session, me().session_hash, house().store.now())
    return [view_of(asked) for asked in found]
