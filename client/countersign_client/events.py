"""The agent's event stream: what happens to its approvals, as it happens."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from countersign_client.errors import BadAnswer, DeskUnreachable, Refused
from countersign_client.retry import Retry
from countersign_client.transport import BUSY, Transport

PATH = "/api/v1/events"
SILENCE = 45.0
"""Seconds without a word after which the connection is taken for dead; the desk speaks each 15."""
MAX_LINE = 65_536


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the desk. `resync`: some were missed for ever, so read the list anew."""

    seq: int
    type: str
    data: dict[str, Any]

    @property
    def approval(self) -> str:
        """The id of the approval it is about; empty for `resync`."""
        return str(self.data.get("approval") or "")


def listen(transport: Transport, after: int | None) -> Iterator[Event]:
    """Yield events for ever, over as many connections as that takes; none is told twice."""
    seen = after
    while True:
        retry = Retry(transport.patience, transport.pause, transport.clock)
        while True:
            try:
                for seq, event in _connected(transport, seen):
                    seen = seq
                    if event is not None:
                        yield event
                break  # it ended as it should: come back at once, with patience anew
            except DeskUnreachable as away:
                retry.pause_or_raise(away, None)
            except Refused as refused:
                if refused.status not in BUSY:
                    raise
                retry.pause_or_raise(refused, refused.retry_after)
        transport.pause(0.2)


def _connected(
    transport: Transport, after: int | None
) -> Iterator[tuple[int, Event | None]]:
    """Yield where the stream is, with an event or none, for as long as one connection lasts."""
    headers = {"Accept": "text/event-stream"}
    if after is not None:
        headers["Last-Event-ID"] = str(after)
    with transport.streaming(PATH, headers, SILENCE) as response:
        fields: dict[str, str] = {}
        while line := response.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise BadAnswer("the desk sent an event that is too long")
            name, _, value = line.decode().rstrip("\r\n").partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            elif line in {b"\n", b"\r\n"}:
                if fields.get("id", "").isdecimal():
                    yield int(fields["id"]), _event(fields)
                fields = {}


def _event(fields: dict[str, str]) -> Event | None:
    if "data" not in fields:
        return None
    try:
        data = json.loads(fields["data"])
    except ValueError as error:
        raise BadAnswer("the desk sent an event that is no JSON") from error
    if not isinstance(data, dict):
        raise BadAnswer("the desk sent an event that is no object")
    return Event(int(fields["id"]), fields.get("event", "message"), data)
