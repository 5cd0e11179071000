"""What the dashboard of one process keeps beside its rows, and how views get at it."""

from dataclasses import dataclass, field
from functools import cached_property

from flask import current_app

from webui.channels.addresses import AllowList
from webui.channels.http import Sender
from webui.live.sockets import Sockets
from webui.live.tickets import Tickets
from webui.oidc.directory import Directory
from webui.oidc.wire import Wire
from webui.runtime import Runtime
from webui.web.attempts import Failures
from webui.web.looks import Looks
from webui.web.once import Once
from webui.web.rings import Rings
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

    @cached_property
    def rings(self) -> Rings:
        """Return what open pages were told."""
        return Rings(self.runtime.bus)

    @cached_property
    def directory(self) -> Directory:
        """Return what is known of the providers of single sign-on."""
        allowed = AllowList.of(self.runtime.settings.sso_allow)
        return Directory(Wire(Sender(allowed)), self.runtime.store.now)


def desk() -> Dashboard:
    """Return the dashboard of this application."""
    found: Dashboard = current_app.extensions[EXTENSION]
    return found


def house() -> Runtime:
    """Return the runtime of this process."""
    return desk().runtime
