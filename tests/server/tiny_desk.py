"""A desk with an in-memory log, served exactly as the product is: for tests of the server."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from webui.configuration import ConfigurationError, load_settings
from webui.serve import CannotStartError, Desk, serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from webui.listeners import Bound
    from webui.live.bus import Bus, Wake
    from webui.live.feed import Viewer
    from webui.live.sockets import Sockets
    from webui.live.tickets import Tickets
    from webui.settings import Settings

EPOCH = "first"


class MemoryFeed:
    """Events 1 to n per org; sessions named `odd...` see odd numbers only."""

    def __init__(self) -> None:
        self.log: dict[str, list[Wake]] = {}
        self.ended: set[str] = set()
        self.broken = False

    def viewer(self) -> Viewer | None:
        from flask import request  # noqa: PLC0415 - Flask is loaded after the fork

        from webui.live.feed import Viewer  # noqa: PLC0415

        session_id = request.cookies.get("session")
        if not session_id or session_id in self.ended:
            return None
        audience = "odd" if session_id.startswith("odd") else "all"
        return Viewer(session_id, f"user of {session_id}", "org", audience)

    def recheck(self, viewer: Viewer) -> Viewer | None:
        return None if viewer.session_id in self.ended else viewer

    def addressee(self, wake: Wake) -> str | None:
        return None

    def may_see(self, viewer: Viewer, wake: Wake) -> bool:
        if self.broken:
            raise RuntimeError("the database is gone")
        return viewer.audience == "all" or wake.seq % 2 == 1

    def backlog(self, org_id: str, since: int) -> Sequence[Wake] | None:
        events = self.log.get(org_id, [])
        if since > len(events) or len(events) - since > 1000:
            return None
        return events[since:]

    def head(self, org_id: str) -> int:
        return len(self.log.get(org_id, []))

    def epoch(self, org_id: str) -> str:
        return EPOCH


def build(settings: Settings, bound: Bound) -> Desk:
    from flask import Flask  # noqa: PLC0415

    from webui import httpd  # noqa: PLC0415
    from webui.dispatch import dispatch  # noqa: PLC0415
    from webui.live import socket as live  # noqa: PLC0415
    from webui.live.bus import Bus  # noqa: PLC0415
    from webui.live.sockets import Sockets  # noqa: PLC0415
    from webui.live.tickets import Tickets  # noqa: PLC0415

    if "TINY_REFUSES" in os.environ:
        raise CannotStartError("the database is locked by process 1; stop it first")
    if "TINY_PATIENCE" in os.environ:
        httpd.HEADER_SECONDS = httpd.BODY_SECONDS = float(os.environ["TINY_PATIENCE"])
    dashboard, agents = Flask("dashboard"), Flask("agents")
    bus, feed, tickets = Bus(), MemoryFeed(), Tickets()
    sockets = Sockets(bus, feed, settings.max_sockets)
    leaked: list[str] = []
    _dashboard_pages(dashboard, feed, tickets)
    live.register(
        dashboard,
        sockets,
        tickets,
        bound.dashboard_hosts(settings),
        bound.dashboard_origins(settings),
    )
    _agents_pages(agents, bus, sockets)
    _steering(agents, feed, bus, sockets)
    agents.get("/api/v1/leaked")(lambda: leaked)
    wsgi = dispatch(
        settings,
        bound,
        bus,
        dashboard=dashboard,
        agents=agents,
        on_leaked_key=leaked.append,
    )
    return Desk(
        wsgi,
        bus,
        sockets,
        started=lambda: print("started", file=sys.stderr),  # noqa: T201
        close=lambda: print("closed", file=sys.stderr),  # noqa: T201
    )


def _dashboard_pages(app: Flask, feed: MemoryFeed, tickets: Tickets) -> None:
    from flask import request  # noqa: PLC0415

    @app.get("/")
    def page() -> dict[str, Any]:
        claims = [name for name, _ in request.headers if name.startswith("X-Forwarded")]
        seen = {"peer": request.remote_addr, "scheme": request.scheme, "claims": claims}
        return {"app": "dashboard"} | seen

    @app.post("/change")
    @app.post("/hooks/x")
    def change() -> str:
        return "changed"

    @app.post("/ws/ticket")
    def ticket() -> str:
        viewer = feed.viewer()
        assert viewer is not None
        return tickets.issue(viewer.session_id)


def _agents_pages(app: Flask, bus: Bus, sockets: Sockets) -> None:
    from flask import request  # noqa: PLC0415

    @app.route("/api/v1/echo", methods=["GET", "POST"])
    def echo() -> dict[str, Any]:
        return {
            "app": "agents",
            "peer": request.remote_addr,
            "got": len(request.get_data()),
        }

    @app.post("/api/v1/approvals")
    def file() -> tuple[str, int]:
        return "filed", 201

    @app.get("/api/v1/hold/<key>")
    def hold(key: str) -> dict[str, bool]:
        with bus.watch(key) as watch:
            return {
                "woken": watch.wait(float(request.args["wait"])),
                "stopping": bus.stopping,
            }

    @app.get("/api/v1/busy")
    def busy() -> str:
        time.sleep(1.0)
        return "finished"

    @app.get("/api/v1/count")
    def count() -> dict[str, int]:
        return {"sockets": len(sockets), "waiting": bus.waiting()}


def _steering(app: Flask, feed: MemoryFeed, bus: Bus, sockets: Sockets) -> None:
    import gevent  # noqa: PLC0415

    from webui.live.bus import Wake  # noqa: PLC0415

    @app.post("/api/v1/publish/<int:number>")
    def publish(number: int) -> str:
        log = feed.log.setdefault("org", [])
        start = len(log)
        wakes = [
            Wake("org", start + i, "tried", f"apr_{start + i}")
            for i in range(1, number + 1)
        ]
        log += wakes

        def one_by_one() -> None:
            for wake in wakes:
                bus.publish("org", wake.seq, [wake])

        gevent.get_hub().threadpool.apply(one_by_one)  # as the writer's own thread does
        return str(len(log))

    @app.post("/api/v1/end/<session_id>")
    def end(session_id: str) -> str:
        feed.ended.add(session_id)
        sockets.drop(session_id=session_id)
        return "ended"

    @app.post("/api/v1/recheck/<session_id>")
    def recheck(session_id: str) -> str:
        feed.ended.add(session_id)
        sockets.recheck(org_id="org")
        return "looked at"

    @app.post("/api/v1/rename/<before>/<after>")
    def rename(before: str, after: str) -> str:
        sockets.rename(before, after)
        return "renamed"

    @app.post("/api/v1/break")
    def break_feed() -> str:
        feed.broken = not feed.broken
        return "broken" if feed.broken else "mended"


if __name__ == "__main__":
    try:
        chosen = load_settings()
    except ConfigurationError as error:
        sys.exit(str(error))
    sys.exit(serve(chosen, build))
