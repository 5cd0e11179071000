"""Secrets on their way from the form that made them to the page that shows them once."""

from collections import OrderedDict
from typing import NamedTuple

MOST = 1_000


class Secret(NamedTuple):
    """What was made: its kind (`agents`, `account` ...), a name for it, and its text."""

    kind: str
    name: str
    text: str


class Once:
    """Kept in this process's memory only, never in a cookie or an address.

    Behind a load balancer a browser stays on one node, as for the live socket's tickets.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Secret] = OrderedDict()

    def keep(self, session: str, secret: Secret) -> None:
        """Keep a secret for the next page of its kind in this session."""
        self._kept[session, secret.kind] = secret
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def take(self, session: str, kind: str) -> Secret | None:
        """Return the secret and forget it."""
        return self._kept.pop((session, kind), None)
