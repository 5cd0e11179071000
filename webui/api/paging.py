"""Pages of a list: an opaque cursor and a Link header (RFC 8288)."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from webui.approvals.errors import Fault, InvalidError

LIMIT = 50
LIMIT_MAX = 200
DIGITS = 9
CURSOR = "^[A-Za-z0-9_-]{0,60}$"
_CURSOR = re.compile(CURSOR.strip("^$"))


class Page(NamedTuple):
    """Which page is wanted."""

    limit: int
    cursor: str
    others: dict[str, str]
    """The rest of the query, for the link to the next page."""

    def link(self, path: str, cursor: str) -> str:
        """Return the address of the next page."""
        return f"{path}?{urlencode(self.others | {'limit': self.limit, 'cursor': cursor})}"


def page_of(query: Mapping[str, str]) -> Page:
    """Read `limit` and `cursor`.

    Raises:
        InvalidError: the limit is not 1 to 200, or the cursor is not one of ours.

    """
    limit = whole_number(query.get("limit", str(LIMIT)))
    faults = []
    if limit is None or not 1 <= limit <= LIMIT_MAX:
        faults.append(Fault("/limit", f"must be 1 to {LIMIT_MAX}"))
    cursor = query.get("cursor", "")
    if not _CURSOR.fullmatch(cursor):
        faults.append(Fault("/cursor", "must be the next_cursor of the page before"))
    if faults or limit is None:
        raise InvalidError("This page cannot be given.", faults)
    others = {name: query[name] for name in query if name not in {"limit", "cursor"}}
    return Page(limit, cursor, others)


def whole_number(text: str) -> int | None:
    """Return a number of a query string; None if it is none, or absurdly long."""
    plain = text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if plain else None
