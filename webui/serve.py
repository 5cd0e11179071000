"""Start and run the server: both listeners, one gevent worker, one supervisor (gunicorn).

The supervising process binds the sockets and imports little: no asyncio, no SQLAlchemy, no
Flask. gevent patches the worker right after the fork, before anything else is imported there,
so database connections, locks and threads are all made on the patched side.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import AppImportError

from webui import logs
from webui.listeners import Bound, CannotBindError, bind

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

    from webui.live.bus import Bus
    from webui.live.sockets import Sockets
    from webui.settings import Settings

CANNOT_START = 2
PRIVATE = 0o077
"""The database, its log and its checkpoints are for their owner alone."""
KEEPALIVE_SECONDS = 30
WORKER_CONNECTIONS = 20_000
SPARE_FILES = 1_000


class CannotStartError(Exception):
    """The desk cannot be opened; the message says why and how to mend it."""


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A running application as the server sees it; built in the worker, after the fork."""

    wsgi: WSGIApplication
    bus: Bus
    sockets: Sockets
    started: Callable[[], None] = _nothing
    """Called once both listeners accept: start the sweeper and the delivery loop here."""
    close: Callable[[], None] = _nothing
    """Called last, when no request runs: flush, sign a checkpoint, close the database."""


class Server(BaseApplication):  # type: ignore[misc] # gunicorn ships no types
    """gunicorn, configured in code."""

    def __init__(
        self,
        settings: Settings,
        build: Callable[[Settings, Bound], Desk],
        files: tuple[int, int],
        bound: Bound,
    ) -> None:
        self.settings, self.build, self.files, self.bound = settings, build, files, bound
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        values = {
            "bind": [f"fd://{number}" for number in self.files],
            "workers": 1,
            "worker_class": "webui.httpd.HttpWorker",
            "worker_connections": WORKER_CONNECTIONS,
            "keepalive": KEEPALIVE_SECONDS,
            "timeout": 60,
            "graceful_timeout": 9,
            "control_socket_disable": True,
            "accesslog": None,
            "logger_class": logs.GunicornLog,
            "proc_name": "countersign",
            # Only the guards decide whom to believe (webui.web.guard, webui.api.guard).
            "forwarded_allow_ips": "",
            "secure_scheme_headers": {},
        }
        for name, value in values.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        """Build the desk; runs in the worker."""
        # Importing makes much and drops little: looking for garbage meanwhile costs a seventh of
        # the start. The worker begins to look once it serves.
        gc.disable()
        logs.configure_structlog(self.settings)
        try:
            self.desk = self.build(self.settings, self.bound)
        except CannotStartError as error:
            raise AppImportError(str(error)) from error
        return self.desk.wsgi

    def announce(self, worker: Any) -> None:
        """Print the one promised line; a replaced worker says nothing."""
        if worker.age == 1:
            dashboard, agents = self.bound.dashboard.url, self.bound.agents.url
            print(f"ready dashboard={dashboard} agents={agents}", flush=True)  # noqa: T201 - said to who started us


def serve(settings: Settings, build: Callable[[Settings, Bound], Desk]) -> int:
    """Serve until TERM or INT; returns the exit status, 2 when it could not start."""
    logs.configure(settings)
    os.umask(PRIVATE)
    try:
        sockets = bind(settings)
    except CannotBindError as error:
        print(error, file=sys.stderr)  # noqa: T201 - said to who started us
        return CANNOT_START
    bound = Bound.of(*sockets)
    _allow_files(settings.max_sockets + WORKER_CONNECTIONS + SPARE_FILES)
    files = (sockets[0].detach(), sockets[1].detach())
    supervisor = os.getpid()
    try:
        Server(settings, build, files, bound).run()
    except SystemExit as ended:
        if os.getpid() != supervisor:
            raise  # a forked worker ends here too, and its status speaks to the supervisor
        failed = ended.code in {Arbiter.APP_LOAD_ERROR, Arbiter.WORKER_BOOT_ERROR}
        return CANNOT_START if failed else int(ended.code or 0)
    return 0


def _allow_files(wanted: int) -> None:
    """Raise the soft limit of open files, which is often 1,024, as far as we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if limit > soft:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
