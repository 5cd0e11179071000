"""WsgiDAV, which nobody here wrote, behind the write gate: a program that serves one folder.

Its own authentication knows people and, under names of their own, the agents that act for them.
"""

import os
import sys
from typing import Any

from countersign_client import Client
from gunicorn.app.base import BaseApplication
from wsgidav.wsgidav_app import WsgiDAVApp

READING = {"GET", "HEAD", "OPTIONS", "PROPFIND"}
AGENT = "+agent"
SCOPES = ["files:read", "files:write"]


def user(environ: dict[str, Any]) -> str:
    """The person, whoever acts for them."""
    return str(environ["wsgidav.auth.user_name"]).removesuffix(AGENT)


def is_agent(environ: dict[str, Any]) -> bool:
    """Whether these are an agent's own credentials."""
    return str(environ["wsgidav.auth.user_name"]).endswith(AGENT)


def required(environ: dict[str, Any]) -> str:
    """What the request needs."""
    return "files:read" if environ["REQUEST_METHOD"] in READING else "files:write"


def configured(folder: str, person: str, url: str, key: str) -> WsgiDAVApp:
    """The service; the gate stands behind its authentication, in three lines."""
    people = {
        person: {"password": "own", "roles": SCOPES},
        person + AGENT: {"password": "lent", "roles": SCOPES},
    }
    where = {"app": "${application}", "desk": Client(url, key, timeout=5), "user": user}
    what = {"org": lambda _: "main", "held": "wsgidav.auth.roles", "required": required}
    gate = {
        "class": "countersign_client.wsgi.WriteGate",
        "kwargs": where | what | {"agent_context": is_agent},
    }
    return WsgiDAVApp(
        {
            "provider_mapping": {"/": folder},
            "simple_dc": {"user_mapping": {"*": people}},
            "middleware_stack": [
                "wsgidav.error_printer.ErrorPrinter",
                "wsgidav.http_authenticator.HTTPAuthenticator",
                gate,
                "wsgidav.request_resolver.RequestResolver",
            ],
            "logging": {"enable": False},
        }
    )


class Served(BaseApplication):  # type: ignore[misc] # published without types
    """The service under gunicorn."""

    def __init__(self, app: WsgiDAVApp) -> None:
        self._app = app
        super().__init__()

    def load_config(self) -> None:
        """One worker with threads; the first line on standard output says where it listens."""
        self.cfg.set("bind", "127.0.0.1:0")
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("threads", 4)
        self.cfg.set("graceful_timeout", 1)
        self.cfg.set("control_socket_disable", True)
        self.cfg.set("when_ready", _say_where)

    def load(self) -> WsgiDAVApp:
        """Return the application."""
        return self._app


def _say_where(arbiter: Any) -> None:
    sys.stdout.write(f"{arbiter.LISTENERS[0].sock.getsockname()[1]}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until told to end."""
    folder, person = sys.argv[1:]
    url, key = os.environ["COUNTERSIGN_URL"], os.environ["COUNTERSIGN_KEY"]
    sys.argv[1:] = []
    Served(configured(folder, person, url, key)).run()


if __name__ == "__main__":
    main()
