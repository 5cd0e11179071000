"""The write gate's rules: which scopes an agent with a person's identity keeps. Pure.

The gate only removes scopes, and gives one back for one request that the person said yes to
(spec: api.md, "The write gate").
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from webui.approvals.errors import Fault, InvalidError

READ = ":read"
METHOD_MAX, PATH_MAX = 32, 2_000
_METHOD = re.compile(r"[A-Z](?:[A-Z-]*[A-Z])?")
_PATH = re.compile(r"/[!\"$-\[\]-~]*")
"""Visible ASCII without `#` and the backslash; everything else arrives percent-encoded."""
_ESCAPE = re.compile(r"%(.{0,2})", re.DOTALL)
_HEX = re.compile(r"[0-9A-Fa-f]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_NEVER_IN_A_PATH = re.compile(r"%(?:2F|5C|[01][0-9A-F]|7F)")
"""An escaped slash, backslash or control: readers differ on what it is."""


class GrantStatus(StrEnum):
    """Where a write grant stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    SPENT = "spent"
    EXPIRED = "expired"


UNSETTLED = (GrantStatus.PENDING, GrantStatus.APPROVED)


@dataclass(frozen=True, slots=True)
class Write:
    """One mutating request, in the form that a yes is bound to; compared as a whole."""

    method: str
    path: str
    scopes: str
    """What is masked of what it requires: sorted, separated by spaces."""
    payload_hash: str | None


def is_read(scope: str) -> bool:
    """Say whether a scope only reads."""
    return scope.endswith(READ) and scope != READ


def masked(held: Iterable[str]) -> list[str]:
    """Return what of the held scopes only reads."""
    return [scope for scope in held if is_read(scope)]


def unmasked(held: Iterable[str], granted: Iterable[str]) -> list[str]:
    """Return masked(held) + (granted and held): never more than the person holds."""
    given = set(granted)
    return [scope for scope in held if is_read(scope) or scope in given]


def not_held(required: Sequence[str], held: Sequence[str]) -> list[str]:
    """Return what is required and not even the person's own."""
    return sorted(set(required) - set(held))


def missing(required: Sequence[str], held: Sequence[str]) -> list[str]:
    """Return what is required and masked away; empty for a read."""
    return sorted(set(required) - set(masked(held)))


def write_of(
    method: str, path: str, scopes: Sequence[str], payload_hash: str | None
) -> Write:
    """Return a request in the form that a yes is bound to.

    Raises:
        InvalidError: two readers could take the method or the path for different things.

    """
    return Write(method_of(method), path_of(path), " ".join(scopes), payload_hash)


def method_of(text: str) -> str:
    """Return a method in capitals."""
    method = text.upper() if text.isascii() else ""
    if len(method) > METHOD_MAX or not _METHOD.fullmatch(method):
        raise _invalid("/method", "must be a method such as PUT, in letters and hyphens")
    return method


def path_of(text: str) -> str:
    """Return a path with its query in one spelling (RFC 3986, 6.2.2.1 and 6.2.2.2).

    Escapes are written in capitals and only where they are needed. Case, a slash at the end and
    the query stay as they are: they can name another thing. What servers read in different ways
    (`..`, `//`, `%2F`, a backslash) is refused rather than guessed at.
    """
    if len(text) > PATH_MAX or not _PATH.fullmatch(text):
        raise _invalid(
            "/path",
            f"must begin with / and hold visible ASCII without # and \\, at most {PATH_MAX} "
            "characters; percent-encode the rest",
        )
    path, mark, query = _one_spelling(text).partition("?")
    if _NEVER_IN_A_PATH.search(path):
        raise _invalid("/path", "must not hold an escaped slash, backslash or control")
    if any(part in {"", ".", ".."} for part in path[1:].split("/")[:-1]):
        raise _invalid("/path", "must not hold //, /./ or /../")
    if path.rpartition("/")[2] in {".", ".."}:
        raise _invalid("/path", "must not end with . or ..")
    return path + mark + query


def _one_spelling(text: str) -> str:
    def spelled(match: re.Match[str]) -> str:
        if not _HEX.fullmatch(match[1]):
            raise _invalid("/path", "has a % that is not followed by two hex digits")
        letter = chr(int(match[1], 16))
        return letter if _UNRESERVED.fullmatch(letter) else f"%{match[1].upper()}"

    return _ESCAPE.sub(spelled, text)


def _invalid(pointer: str, detail: str) -> InvalidError:
    return InvalidError(f"{pointer[1:]} {detail}.", [Fault(pointer, detail)])


def status_at(status: str, expires_at: int, now: int) -> GrantStatus:
    """Return the status that counts at `now` (ms), written down already or not."""
    found = GrantStatus(status)
    return GrantStatus.EXPIRED if found in UNSETTLED and expires_at <= now else found
