"""What the dashboard of one process keeps beside its rows, and how views get at it."""

from dataclasses import dataclass, field

from flask import current_app

from webui.live.sockets import Sockets
from webui.live.tickets import Tickets
from webui.runtime import Runtime
from webui.web.attempts import Failures
from webui.web.looks import Looks
from webui.web.once import Once
from webui.worker import Worker

EXTENSION = "countersign.dashboard"


@dataclass
class Dashboard:
    """The process's runtime, its live sockets, and small memories that may be lost."""

    runtime: Runtime
    sockets: Sockets
    tickets: Tickets
    worker: Worker | None = None
    failures: Failures = field(default_factory=Failures)
    looks: Looks = field(default_factory=Looks)
    once: Once = field(default_factory=Once)


def desk() -> Dashboard:
    """Return the dashboard of this application."""
    found: Dashboard = current_app.extensions[EXTENSION]
    return found


def house() -> Runtime:
    """Return the runtime of this process."""
    return desk().runtime
