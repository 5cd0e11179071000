"""The reference for intake: a JSON handler that keeps nothing, on the product's own server.

Same gunicorn, same worker, same settings, same yield a request; only the work is missing.
"""

import sys
from typing import TYPE_CHECKING

from webui.configuration import load_settings
from webui.serve import Desk, serve

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from webui.listeners import Bound
    from webui.settings import Settings


def build(_settings: "Settings", _bound: "Bound") -> Desk:
    """Return a desk that answers every POST with a few words of JSON."""
    # Imported in the worker, after gevent patched it.
    import gevent
    from flask import Flask, Response, jsonify, request

    from webui.dispatch import YIELD_SECONDS
    from webui.live.bus import Bus
    from webui.live.sockets import Sockets

    app, bus = Flask("noop"), Bus()

    @app.route("/<path:_path>", methods=["GET", "POST"])
    def noop(_path: str) -> Response:
        body = request.get_json() if request.method == "POST" else {}
        return jsonify(tool=body.get("tool"), status="pending")

    def wsgi(environ: "WSGIEnvironment", start: "StartResponse") -> "Iterable[bytes]":
        gevent.sleep(YIELD_SECONDS)
        return app(environ, start)

    # No event is ever published here, so nothing is asked of a feed.
    return Desk(wsgi, bus, Sockets(bus, None, 0))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(serve(load_settings(), build))
