"""Who calls: the Bearer key of an agent, or the personal token of a reviewer.

Known keys are kept in memory and forgotten the moment a commit changes a key or an agent, so
that revocation takes effect at once and intake needs no look-up.
"""

import hmac
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, current_app, g, request

from webui.approvals.agents.keys import AGENT, PERSONAL, PresentedKey, read_key
from webui.approvals.answering.reviewing import Reviewer
from webui.approvals.asking import throttling
from webui.approvals.asking.ask import Filer
from webui.approvals.authorization import Access, Actor, Resource, authorize
from webui.approvals.errors import NotAllowedError
from webui.approvals.words import HELD_UP
from webui.problems import problem
from webui.runtime import Runtime
from webui.store.models import INSTANCE
from webui.store.queries.identity import KeyHolder, TokenHolder, key_holder, token_holder
from webui.store.queries.standing import OrgDirectory, person_in
from webui.store.transaction import Transaction, Wake

View = TypeVar("View", bound=Callable[..., Any])
KNOWN_MAX = 10_000
FAILURES_EACH = 20
"""Failed keys a minute under one presented id."""
FAILURES_ALL = 600
"""Failed keys a minute in total; good keys are never refused for them."""
TRIES = 60
"""Tries to decide that are written down, a minute and agent; a flood must not fill the log."""
TOLD = 60
"""Events of failed keys a minute: one for each address and kind, up to this many."""
FORGET = ("key.", "agent.")


class KnownKeys:
    """Agent keys that were looked up, and failures counted by the minute."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[str, KeyHolder] = {}
        self._forgotten = 0
        self._minute = 0
        self._total = 0
        self._failures: dict[str, int] = {}
        self._limited: dict[str, tuple[int, int]] = {}
        self._told: set[tuple[str, str]] = set()
        # On PostgreSQL another node may revoke: there every request looks the key up.
        self._keeps = runtime.store.on_sqlite
        runtime.store.listen(self._forget)

    def holder(self, presented: PresentedKey) -> KeyHolder | None:
        """Return the agent behind a presented key whose secret is right, or none."""
        holder = self._known.get(presented.id)
        if holder is None:
            forgotten = self._forgotten
            with self._runtime.store.reading() as session:
                holder = key_holder(session, presented.id)
            if holder is None:
                return None
            # What was read before a change must not be remembered after it.
            fresh = forgotten == self._forgotten and len(self._known) < KNOWN_MAX
            if self._keeps and fresh:
                self._known[presented.id] = holder
        right = hmac.compare_digest(holder.secret_hash, presented.secret_hash)
        return holder if right else None

    def failed(self, presented_id: str, now: int) -> bool:
        """Count a failure; say whether there were too many this minute."""
        if now // 60_000 != self._minute:
            self._minute, self._failures, self._total = now // 60_000, {}, 0
            self._told.clear()
        self._total += 1
        mine = self._failures[presented_id] = self._failures.get(presented_id, 0) + 1
        return mine > FAILURES_EACH or self._total > FAILURES_ALL

    def worth_telling(self, address: str, kind: str) -> bool:
        """Say whether this is an address's first failure of its kind this minute."""
        if (address, kind) in self._told or len(self._told) >= TOLD:
            return False
        self._told.add((address, kind))
        return True

    def limited(self, agent_id: str, now: int) -> int:
        """Count a call refused by back-pressure; return how many are to be told of, or 0."""
        minute, untold = self._limited.get(agent_id, (0, 0))
        due = minute != now // 60_000
        self._limited[agent_id] = (now // 60_000, 0 if due else untold + 1)
        return untold + 1 if due else 0

    def _forget(self, wakes: Sequence[Wake]) -> None:
        if any(wake.action.startswith(FORGET) for wake in wakes):
            self._forgotten += 1
            self._known.clear()


def runtime() -> Runtime:
    """Return the process's runtime."""
    return cast("Runtime", current_app.extensions["countersign"])


def identify() -> Response | None:
    """Find out who calls, before the body is read (details.md E, check 8)."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    presented = read_key(text.strip()) if scheme.lower() == "bearer" else None
    if presented is None:
        return _unknown(text[:40], "malformed" if text else "missing")
    if presented.prefix == AGENT:
        return _identify_agent(presented)
    return _identify_person(presented)


def _identify_agent(presented: PresentedKey) -> Response | None:
    known = cast("KnownKeys", current_app.extensions["countersign.keys"])
    holder = known.holder(presented)
    now = runtime().store.now()
    if holder is None or not holder.works(now):
        return _unknown(presented.id)
    runtime().keys_used[holder.key_id] = now
    g.agent = holder
    g.filer = Filer(
        holder.agent_id,
        holder.org_id,
        owner_id=holder.owner_id,
        project_id=holder.project_id,
    )
    return None


def _identify_person(presented: PresentedKey) -> Response | None:
    with runtime().store.reading() as session:
        holder = token_holder(session, presented.id)
    right = holder is not None and hmac.compare_digest(
        holder.secret_hash, presented.secret_hash
    )
    if holder is None or not right or not holder.works(runtime().store.now()):
        return _unknown(presented.id)
    if holder.held_up:
        return problem(403, "second_factor_required", HELD_UP)
    g.person = holder
    return None


def _unknown(presented_id: str, kind: str = "unknown") -> Response:
    known = cast("KnownKeys", current_app.extensions["countersign.keys"])
    many = known.failed(presented_id, runtime().store.now())
    address = request.remote_addr or ""
    if known.worth_telling(address, kind):
        note = {"code": "bad_key", "kind": kind, "address": address}
        runtime().store.write(
            lambda tx: tx.record(INSTANCE, "system", "access.refused", "keys", note)
        )
    if many:
        return problem(
            429,
            "too_many_failures",
            "Too many requests with keys that do not work; check the key, then try again.",
            retry_after=60,
        )
    response = problem(
        401,
        "bad_key",
        "Send a working key as `Authorization: Bearer csk_...`; this one is missing, "
        "mistyped, expired or revoked, or its agent is paused or terminated.",
    )
    response.headers["WWW-Authenticate"] = 'Bearer realm="countersign"'
    return response


def agent_with(scope: str) -> Callable[[View], View]:
    """Let only agents whose key has `scope` into a view."""

    def guarding(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            holder: KeyHolder | None = g.get("agent")
            if holder is None:
                raise NotAllowedError(
                    "agent_key_required", "This call takes an agent's key (csk_...)."
                )
            if scope and scope not in holder.scopes.split():
                raise NotAllowedError("scope_missing", f"This key lacks the scope {scope}.")
            return view(*args, **kwargs)

        return cast("View", guarded)

    return guarding


def person() -> TokenHolder:
    """Return the reviewer behind a personal token; an agent who tries is recorded.

    Raises:
        NotAllowedError: `agent_cannot_decide`.

    """
    holder: TokenHolder | None = g.get("person")
    if holder is not None:
        return holder
    agent: KeyHolder = g.agent
    path = request.path
    runtime().store.write(lambda tx: _record_try(tx, agent, path))
    raise NotAllowedError(
        "agent_cannot_decide", "An agent never decides; only a person's own token may."
    )


def standing(holder: TokenHolder) -> Actor:
    """Return where the person of a token stands now, read once a request."""
    if "standing" not in g:
        house, who = runtime(), holder.person
        with house.store.reading() as session:
            g.standing = person_in(
                session,
                who.org_id,
                who.user_id,
                house.store.now(),
                source="token",
                agent_context=holder.agent_context,
            )
    return cast("Actor", g.standing)


def access(holder: TokenHolder, action: str, resource: Resource) -> Access:
    """Answer whether a token may do this: what its person may now, as far as it carries it."""
    if not holder.carries(action):
        return Access(
            False,
            "deny_scope",
            f"This token does not carry the permission {action}; make one that does.",
            action,
        )
    if "directory" not in g:
        store = runtime().store
        g.directory = OrgDirectory(store.reading, holder.person.org_id, store.now())
    directory = cast("OrgDirectory", g.directory)
    return authorize(standing(holder), action, resource, None, directory)


def reviewer(holder: TokenHolder) -> Reviewer:
    """Return the person of a token as one who decides on this request."""
    return Reviewer(
        holder.person.user_id,
        holder.person.display_name,
        "token",
        session_id=f"token:{holder.token_id}",
        address=request.remote_addr or "",
        user_agent=request.headers.get("User-Agent", "")[:300],
        agent_context=holder.agent_context,
        method="token",
    )


def _record_try(tx: Transaction, agent: KeyHolder, path: str) -> None:
    name = f"agent:{agent.agent_id}"
    throttling.spend(
        tx,
        f"tries:{agent.agent_id}",
        per_minute=TRIES,
        detail="This agent tries to decide again and again; it never will.",
    )
    note = {"path": path, "key": agent.key_id}
    tx.record(agent.org_id, name, "agent_cannot_decide", name, note)


__all__ = [
    "PERSONAL",
    "KnownKeys",
    "access",
    "agent_with",
    "identify",
    "person",
    "reviewer",
    "runtime",
    "standing",
]
