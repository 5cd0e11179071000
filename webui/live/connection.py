"""One browser's live socket after the upgrade: no greenlet, two watchers, no blocking.

The hub calls `_readable` and `_writable`, so nothing here may wait. Held in memory per socket:
this object, a file descriptor and a watcher (about 2 KiB), where a greenlet takes 20.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from webui.live import frames
from webui.live.messages import Message, is_ack

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from webui.live.feed import Viewer

MAX_QUEUED = 100
MAX_HELD = 1_000
LINGER_SECONDS = 5.0
SEND_TIMEOUT_SECONDS = 5.0
MESSAGES_BURST = 3.0
_READ, _WRITE, _SHUT_WR = 1, 2, 1


class Watcher(Protocol):
    """What gevent's loop gives for a file descriptor."""

    def start(self, callback: Callable[[], None]) -> None: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...


class Connection:
    """A non-blocking socket with a short queue. Call everything in the hub's thread."""

    __slots__ = (
        "_allowance",
        "_closing_since",
        "_heard",
        "_heard_at",
        "_held",
        "_inbox",
        "_io",
        "_on_end",
        "_outbox",
        "_queued",
        "_raw",
        "_reader",
        "_seq",
        "_stuck_since",
        "_writer",
        "number",
        "viewer",
    )

    def __init__(
        self,
        raw: socket.socket,
        io: Callable[[int, int], Watcher],
        viewer: Viewer,
        number: int,
        on_end: Callable[[Connection], None],
    ) -> None:
        self.viewer = viewer
        self.number = number
        self._raw, self._io, self._on_end = raw, io, on_end
        self._seq = 0
        self._held: list[Message] | None = []
        self._inbox = bytearray()
        self._outbox: list[bytes] = []
        self._queued = 0
        self._stuck_since = 0.0
        self._closing_since = 0.0
        self._allowance, self._heard_at, self._heard = (
            MESSAGES_BURST,
            time.monotonic(),
            True,
        )
        self._writer: Watcher | None = None
        self._reader = io(raw.fileno(), _READ)
        self._reader.start(self._readable)

    def begin(self, backlog: Sequence[Message], upto: int, resync: bytes = b"") -> None:
        """Send what was missed (visible events, ascending; `upto` is the last one looked at).

        Until now live events were held back; those newer than `upto` follow in the same breath.
        """
        held, self._held = self._held or [], None
        self._push(resync, 0)
        self._push(b"".join(item.frame for item in backlog), len(backlog))
        later = [item for item in held if item.seq > upto]
        self._push(b"".join(item.frame for item in later), len(later))
        self._seq = later[-1].seq if later else upto

    def deliver(
        self, first: int, last: int, visible: Sequence[Message], data: bytes
    ) -> None:
        """Take the events `first` to `last` of the log; `data` is `visible` joined, shared by all."""
        if self._held is not None:
            self._held.extend(visible)
            if len(self._held) > MAX_HELD:
                self.close(frames.CLOSE_TOO_SLOW, "too many events while catching up")
            return
        if self._seq < first:
            self._push(data, len(visible))
        else:  # the backlog already covered a part of them
            rest = [item for item in visible if item.seq > self._seq]
            self._push(b"".join(item.frame for item in rest), len(rest))
        self._seq = max(self._seq, last)

    def announce(self, frame: bytes, upto: int) -> None:
        """Send one frame that stands for all events up to `upto`: a resync."""
        if self._held is not None:
            self._held.append(Message(upto, frame))
            return
        self._push(frame, 1)
        self._seq = max(self._seq, upto)

    def close(self, code: int, reason: str) -> None:
        """Say why and stop; whole events still queued are dropped, the cut one is finished."""
        if self._closing_since:
            return
        farewell = frames.close(code, reason)
        if self._outbox:
            self._outbox[1:] = [farewell]
        else:
            self._push(farewell, 0)
        self._closing_since = time.monotonic()
        if not self._outbox:
            self._hang_up()

    def tick(self, now: float, *, ping: bool) -> None:
        """Once a second: end what lingers, drop what is stuck, ping when it is its turn."""
        if self._closing_since:
            if now - self._closing_since > LINGER_SECONDS:
                self.end()
        elif self._outbox and now - self._stuck_since > SEND_TIMEOUT_SECONDS:
            self.close(frames.CLOSE_TOO_SLOW, "reading too slowly")
        elif ping and not self._heard:
            self.end()
        elif ping:
            self._heard = False
            self._push(frames.PING_FRAME, 0)

    def end(self) -> None:
        """Close the file descriptor and leave; may be called twice."""
        if self._raw.fileno() < 0:
            return
        for watcher in (self._reader, self._writer):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._raw.close()
        self._closing_since = self._closing_since or time.monotonic()
        self._outbox.clear()
        self._on_end(self)

    def _push(self, data: bytes, events: int) -> None:
        if not data or self._closing_since:
            return
        if not self._outbox:
            sent = self._send(data)
            if sent == len(data) or self._raw.fileno() < 0:
                return
            self._stuck_since = time.monotonic()
            self._writer = self._writer or self._io(self._raw.fileno(), _WRITE)
            self._writer.start(self._writable)
            data = data[sent:]
        self._outbox.append(data)
        self._queued += events
        if self._queued > MAX_QUEUED:
            self.close(frames.CLOSE_TOO_SLOW, "reading too slowly")

    def _send(self, data: bytes) -> int:
        try:
            return self._raw.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.end()
            return 0

    def _writable(self) -> None:
        while self._outbox:
            sent = self._send(self._outbox[0])
            if not self._outbox or not sent:
                return
            self._stuck_since = time.monotonic()
            if sent < len(self._outbox[0]):
                self._outbox[0] = self._outbox[0][sent:]
                return
            del self._outbox[0]
        self._queued = 0
        if self._writer is not None:
            self._writer.stop()
        if self._closing_since:
            self._hang_up()

    def _hang_up(self) -> None:
        """Nothing more will be said; `_readable` ends it when the browser hangs up too."""
        with suppress(OSError):
            self._raw.shutdown(_SHUT_WR)

    def _readable(self) -> None:
        try:
            data = self._raw.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.end()
            return
        self._heard = True
        self._inbox += data
        try:
            while (frame := frames.read(self._inbox)) is not None:
                self._take(frame)
                if self._raw.fileno() < 0:
                    return
        except frames.FrameError as error:
            self._inbox.clear()
            self.close(error.code, str(error))

    def _take(self, frame: frames.Frame) -> None:
        if frame.opcode == frames.CLOSE:
            self.close(frames.CLOSE_NORMAL, "")
            self.end()
        elif not self._closing_since and frame.opcode != frames.PONG:
            self._spend_allowance()
            if frame.opcode == frames.PING:
                self._push(frames.encode(frames.PONG, frame.payload), 0)
            elif not is_ack(frame.payload):
                raise frames.FrameError(
                    frames.CLOSE_POLICY, "only acknowledgements are accepted"
                )

    def _spend_allowance(self) -> None:
        """One message a second, with a little slack for a network that bunches them up."""
        now = time.monotonic()
        self._allowance = min(MESSAGES_BURST, self._allowance + now - self._heard_at)
        self._heard_at = now
        if self._allowance < 1.0:
            raise frames.FrameError(frames.CLOSE_POLICY, "more than one message a second")
        self._allowance -= 1.0
