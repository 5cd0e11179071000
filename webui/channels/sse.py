"""Server-sent events out of bytes, however they were cut up. Pure: no socket, no clock.

Source: the HTML standard, 9.2.6. `id` and `retry` are read over: who follows a stream here asks
for what it missed in another way, and decides itself when to come back.
"""

import re
from dataclasses import dataclass

MAX_EVENT = 1024 * 1024
"""Bytes of one event that are kept, field names and line ends included."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. Without `whole` it was too large to be kept, and its data is empty."""

    data: str
    name: str = "message"
    whole: bool = True


class Reader:
    """Reads one stream; holds one event at most."""

    def __init__(self, max_event: int = MAX_EVENT) -> None:
        self._max_event = max_event
        self._line = bytearray()
        """A line that has not ended yet; nothing of it once the event is too large."""
        self._line_bytes = 0
        self._event_bytes = 0
        self._name = ""
        self._data: list[str] = []
        self._begun = False
        self._after_cr = False
        """The last byte was CR: a LF now belongs to it."""

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes and return the events that they complete."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        events: list[Event] = []
        start = 0
        for end in _LINE_END.finditer(chunk):
            self._hold(chunk[start : end.start()])
            self._end_line(events)
            start = end.end()
        self._hold(chunk[start:])
        self._after_cr = self._after_cr or chunk.endswith(b"\r")
        return events

    @property
    def _whole(self) -> bool:
        return self._event_bytes <= self._max_event

    def _hold(self, part: bytes) -> None:
        self._line_bytes += len(part)
        self._event_bytes += len(part)
        if self._whole:
            self._line += part
        else:
            self._line.clear()
            self._data.clear()

    def _end_line(self, events: list[Event]) -> None:
        line, empty = bytes(self._line), not self._line_bytes
        self._line.clear()
        self._line_bytes = 0
        if not self._begun:
            line, self._begun = line.removeprefix(_BOM), True
            empty = empty or (self._whole and not line)
        if empty:
            self._end_event(events)
        elif self._whole:
            self._event_bytes += 1
            self._read(line.decode("utf-8", "replace"))

    def _end_event(self, events: list[Event]) -> None:
        if self._data or not self._whole:
            data = "\n".join(self._data)
            events.append(Event(data, self._name or "message", self._whole))
        self._event_bytes, self._name, self._data = 0, "", []

    def _read(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
