"""From the command line to wherever the database is held, and back.

While a server holds the SQLite file, a verb is sent over `<instance>/control.sock` (mode 0600,
the peer's uid checked) and runs in the server; otherwise it runs here.
"""

import json
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import structlog

from webui.approvals.errors import DeskError
from webui.control import (
    calls,
    endpoints,
    groups,
    lab,
    members,
    notifications,
    orgs,
    people,
    permissions,
    policy,
    programs,
    providers,
    signing_in,
    sources,
    standing_grants,
    verdicts,
    work,
)
from webui.control.verbs import VERBS, Office
from webui.settings import Settings
from webui.store.errors import StoreUnavailableError

log = structlog.get_logger()
NAME = "control.sock"
LONGEST = 1_048_576
TIMEOUT = 120.0
ADDRESS_MAX = 108
BACKLOG = 128
"""Commands that may call at once; the next one is turned away, not kept waiting (unix(7))."""
UNKNOWN = "The server does not know this command; are the versions equal?"
FAILED = "The command failed; see the server's log."
_TABLES = (
    calls,
    endpoints,
    groups,
    lab,
    members,
    notifications,
    orgs,
    people,
    permissions,
    policy,
    programs,
    providers,
    signing_in,
    sources,
    standing_grants,
    verdicts,
    work,
)
"""Named, because importing them is what fills `VERBS`."""


class CommandError(Exception):
    """A verb was refused; the message is for the person at the terminal."""


def perform(office: Office, name: str, arguments: dict[str, Any]) -> Any:
    """Run a verb here.

    Raises:
        CommandError: refused, with the sentence to show.

    """
    verb = VERBS.get(name)
    if verb is None:
        raise CommandError(UNKNOWN)
    try:
        return verb(office, **arguments)
    except DeskError as error:
        raise CommandError(error.detail) from error
    except StoreUnavailableError as error:
        raise CommandError(str(error)) from error


def send(settings: Settings, name: str, arguments: dict[str, Any]) -> Any:
    """Have the running server run a verb.

    Raises:
        CommandError: refused, or the server did not answer.

    """
    path = settings.instance / NAME
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(TIMEOUT)
        try:
            with _reachable(path) as address:
                line.connect(address)
            line.sendall(
                json.dumps({"verb": name, "arguments": arguments}).encode() + b"\n"
            )
            answer = json.loads(_read(line))
        except (OSError, ValueError) as error:
            raise CommandError(
                f"The server that holds this instance did not answer on {path}: {error}."
            ) from error
    if "error" in answer:
        raise CommandError(answer["error"])
    return answer["result"]


def _read(line: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\n") and len(received) < LONGEST * 8:
        part = line.recv(65_536)
        if not part:
            break
        received += part
    return received


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """Give an address of the socket that fits: the kernel takes 107 bytes of path (unix(7))."""
    if len(os.fsencode(path)) < ADDRESS_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class ControlSocket:
    """The server's end of the line."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._path: Path = office.settings.instance / NAME
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """Listen; a socket left by a crash is replaced, since we hold the instance's lock."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o177)
        try:
            with _reachable(self._path) as address:
                listener.bind(address)
        finally:
            os.umask(mask)
        listener.listen(BACKLOG)
        self._listener = listener
        Thread(target=self._accept, args=(listener,), name="control", daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.close()
            self._path.unlink(missing_ok=True)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return  # closed by `stop`
            Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            line.settimeout(TIMEOUT)
            if _peer_uid(line) not in {os.getuid(), 0}:
                log.warning("a stranger called on the control socket")
                return
            try:
                answer = self._answer(json.loads(_read(line)))
                line.sendall(json.dumps(answer).encode() + b"\n")
            except (OSError, ValueError):
                log.warning("a command was cut off on the control socket")

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"result": perform(self._office, call["verb"], call["arguments"])}
        except CommandError as error:
            return {"error": str(error)}
        except Exception:
            log.exception("a command failed", verb=call.get("verb"))
            return {"error": FAILED}


def _peer_uid(line: socket.socket) -> int:
    """Return the uid of the process on the other end (Linux)."""
    size = struct.calcsize("3i")
    credentials = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack("3i", credentials)[1])
