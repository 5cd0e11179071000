"""What the command line can have done: plain values in, plain values out.

A verb runs in the command's own process or, while a server holds the SQLite file, in the
server's. Either way the caller is the person who owns the instance directory (local root
mode); the event of each change says `local_implicit`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from webui.approvals.people import accounts
from webui.runtime import Runtime
from webui.settings import Settings, split_address
from webui.store.store import Store

LOCAL = "local_implicit"
Plain = dict[str, Any]
Verb = Callable[..., Any]
Function = TypeVar("Function", bound=Verb)
VERBS: dict[str, Verb] = {}


@dataclass(frozen=True, slots=True)
class Office:
    """Where a verb works."""

    store: Store
    settings: Settings
    origin: str = ""
    """Of the running dashboard; outside of a server it is worked out from the settings."""
    runtime: Runtime | None = None
    """Of the running server; None in a command's own process."""

    @property
    def public_url(self) -> str:
        """Return the origin people and sources use."""
        _, port = split_address(self.settings.bind)
        return self.origin or self.settings.public_url or f"http://localhost:{port}"


def verb(name: str) -> Callable[[Function], Function]:
    """Enter a function into the table of verbs."""

    def entering(function: Function) -> Function:
        VERBS[name] = function
        return function

    return entering


def org_id_of(office: Office, org: str | None) -> str:
    """Return the id of an org by id, slug or name; of the only one when none is named."""
    return office.store.write(lambda tx: accounts.find_org(tx, org))
