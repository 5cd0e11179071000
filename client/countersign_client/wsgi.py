"""The write gate before a WSGI service whose users have agents acting with their identity.

Agents read as before. Before one writes, the person whose identity it carries is asked at the desk,
and only they can say yes; it is good for that request and no other. A person's own requests pass
untouched, and the desk never hears of them.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from countersign_client.client import Client
from countersign_client.errors import BadAnswer, CountersignError, Refused
from countersign_client.members import needed
from countersign_client.payload import (
    BOUND_HEADERS,
    Environ,
    Payload,
    address,
    take,
)
from countersign_client.problem import NotServed

Source = str | Callable[[Environ], Any]
"""Where the service says something: a key of the environ, or a function of it."""
SCOPES = "countersign.scopes"
"""Where the service finds what an agent's request keeps: a tuple of scopes."""
MAX_BODY = 64 * 1024 * 1024
STATUS = {
    "approval_required": 403,
    "write_refused": 403,
    "not_found": 403,
    "scope_missing": 403,
    "invalid": 422,
    "rate_limited": 429,
    "too_many_pending": 429,
}
"""Answers of the desk that concern the request; all others are failures of the gate itself."""
TOLD = (
    "error",
    "nonce",
    "approval_url",
    "scopes",
    "expires_at",
    "reason",
    "missing",
    "errors",
)
_log = logging.getLogger("countersign_client")


class WriteGate:
    """Puts the desk's write gate before a WSGI application.

    app: the service. desk: a Client whose key has the scope `write-gate`. Then five sources, each a
    key of the environ that the service's own authentication has set, or a function of the environ:

    user: id or e-mail address of the person whose identity the request carries. org: the key's
    organization, by id or slug. held: the person's scopes. required: the scopes this request
    needs; those that only read end with `:read`. agent_context: True when an agent acts for the
    person, False when they act themselves; nothing else is understood. Scopes are a list, or words
    in one string.

    A header is what the caller says, so none is a source: ValueError for `HTTP_...`. The service
    finds the scopes that are left under `countersign.scopes`, and in the place of the held ones
    where those came from a key. There is no setting that lets a write through when the desk is silent.

    max_body: bytes of a write's body, which is read and hashed before anything is decided.
    bound_headers: headers that are part of what the person says yes to.
    """

    def __init__(
        self,
        app: WSGIApplication,
        desk: Client,
        *,
        user: Source,
        org: Source,
        held: Source,
        required: Source,
        agent_context: Source,
        max_body: int = MAX_BODY,
        bound_headers: Sequence[str] = BOUND_HEADERS,
    ) -> None:
        self._app = app
        self._desk = desk
        self._sources = {
            "user": user,
            "org": org,
            "held": held,
            "required": required,
            "agent_context": agent_context,
        }
        self._max_body = max_body
        self._bound = tuple(bound_headers)
        for name, source in self._sources.items():
            if isinstance(source, str) and source.startswith("HTTP_"):
                raise ValueError(
                    f"{name}={source!r} is a header, which callers write as they like; name what "
                    "your own authentication found"
                )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        payload = None
        try:
            if not self._is_own(environ):
                payload = self._gate(environ)
        except NotServed as no:
            return no.respond(environ, start_response)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, it is no yes
            _log.warning("a request was refused: %s", error)
            return _failed().respond(environ, start_response)
        if payload is None:
            return self._app(environ, start_response)
        return _served(self._app, environ, start_response, payload)

    def _is_own(self, environ: Environ) -> bool:
        """Whether the person acts themselves; only a plain False says so."""
        context = self._say(environ, "agent_context")
        if not isinstance(context, bool):
            raise BadAnswer("agent_context must be True or False")
        return not context

    def _gate(self, environ: Environ) -> Payload | None:
        """Let the environ carry what is left of the scopes; return the body of a write."""
        held = _scopes(self._say(environ, "held"))
        required = _scopes(self._say(environ, "required"))
        if not required:
            raise BadAnswer("the service named no scope that this request requires")
        payload = None
        if not all(map(_is_read, required)):
            payload = take(environ, self._max_body, self._bound)
        try:
            self._unmask(environ, held, self._ask(environ, held, required, payload))
        except BaseException:
            if payload is not None:
                payload.body.close()
            raise
        return payload

    def _ask(
        self,
        environ: Environ,
        held: Sequence[str],
        required: Sequence[str],
        payload: Payload | None,
    ) -> Sequence[str]:
        try:
            left = self._desk.write_gate(
                user=self._say(environ, "user"),
                org=self._say(environ, "org"),
                method=environ["REQUEST_METHOD"],
                path=address(environ),
                required=required,
                held=held,
                payload_hash=None if payload is None else payload.hash,
            )
        except CountersignError as error:
            no = _told(error)
            if no is not None:
                raise no from error
            if payload is not None:
                raise
            _log.warning("the desk is away, so an agent only reads: %s", error)
            return [scope for scope in held if _is_read(scope)]
        # Unchanged, when the org's gate is off; what a person may do is the service's to judge.
        if set(left) != set(held) and not set(required) <= set(left):
            raise BadAnswer("the desk let a request pass without what it requires")
        return left

    def _unmask(self, environ: Environ, held: Sequence[str], left: Sequence[str]) -> None:
        environ[SCOPES] = tuple(scope for scope in held if scope in left)
        source = self._sources["held"]
        if isinstance(source, str):
            words = isinstance(environ[source], str)
            environ[source] = " ".join(environ[SCOPES]) if words else environ[SCOPES]

    def _say(self, environ: Environ, name: str) -> Any:
        source = self._sources[name]
        return environ.get(source) if isinstance(source, str) else source(environ)


def _is_read(scope: str) -> bool:
    return scope.endswith(":read") and scope != ":read"


def _scopes(said: object) -> list[str]:
    words = said.split() if isinstance(said, str) else said
    if not isinstance(words, list | tuple | set | frozenset):
        raise BadAnswer("scopes must be a list or words in one string")
    if not all(isinstance(word, str) for word in words):
        raise BadAnswer("a scope must be a string")
    return sorted(words)


def _told(error: CountersignError) -> NotServed | None:
    """The desk's own no to this request; None for a failure, which says nothing about it."""
    if not isinstance(error, Refused) or error.code not in STATUS:
        return None
    more = {name: error.problem[name] for name in TOLD if name in error.problem}
    if error.code == "scope_missing" and "missing" not in more:
        return None  # it is the service's key that lacks the scope
    if error.code == "approval_required":
        for name in ("error", "nonce", "approval_url", "expires_at"):
            needed(more, name, str)
        needed(more, "scopes", list)
    return NotServed(STATUS[error.code], error.code, error.detail, more, error.retry_after)


def _failed() -> NotServed:
    return NotServed(
        503,
        "gate_failed",
        "Whether this may be done could not be found out, so nothing was done. Try again later.",
    )


def _served(
    app: WSGIApplication,
    environ: Environ,
    start_response: StartResponse,
    payload: Payload,
) -> Iterable[bytes]:
    payload.put_back(environ)
    try:
        return _Served(app(environ, start_response), payload)
    except BaseException:
        payload.body.close()
        raise


class _Served:
    """The service's answer, which lets go of the body when the server is done with it."""

    def __init__(self, parts: Iterable[bytes], payload: Payload) -> None:
        self._parts = parts
        self._payload = payload

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        try:
            if hasattr(self._parts, "close"):
                self._parts.close()
        finally:
            self._payload.body.close()
