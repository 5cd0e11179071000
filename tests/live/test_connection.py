"""One live socket by itself: a real pair of sockets, a pretended clock and loop."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from webui.live import frames
from webui.live.connection import Connection
from webui.live.feed import Viewer
from webui.live.messages import Message

VIEWER = Viewer("session", "user", "org", "all")


class Turn:
    """A watcher that fires when the test says so."""

    def __init__(self) -> None:
        self.callback: Callable[[], None] | None = None

    def start(self, callback: Callable[[], None]) -> None:
        self.callback = callback

    def stop(self) -> None:
        self.callback = None

    def close(self) -> None:
        self.callback = None


class Pair:
    """A connection, its browser's end, and the watchers by direction."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        server, self.browser = socket.socketpair()
        server.setblocking(False)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.browser.settimeout(10)
        self.watchers: dict[int, Turn] = {}
        self.ended: list[Connection] = []
        self.now = 1_000.0
        monkeypatch.setattr("webui.live.connection.time.monotonic", lambda: self.now)
        self.connection = Connection(server, self._io, VIEWER, 0, self.ended.append)
        self.connection.begin((), 0)

    def _io(self, fd: int, direction: int) -> Turn:
        del fd
        return self.watchers.setdefault(direction, Turn())

    def tick(self, seconds: float, *, ping: bool = False) -> None:
        self.now += seconds
        self.connection.tick(self.now, ping=ping)

    def fill(self) -> None:
        """Send until the kernel takes no more."""
        for seq in range(1, 10_000):
            one = Message(seq, frames.encode(frames.TEXT, b"x" * 1000))
            self.connection.deliver(seq, seq, [one], one.frame)
            if 2 in self.watchers:
                return

    def rest(self) -> bytes:
        """All that still arrives, draining the queue as the loop would."""
        got = bytearray()
        self.browser.setblocking(False)
        while True:
            try:
                data = self.browser.recv(65_536)
            except BlockingIOError:
                writable = self.watchers.get(2)
                if writable is None or writable.callback is None:
                    return bytes(got)
                writable.callback()
                continue
            if not data:
                return bytes(got)
            got += data


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    made = Pair(monkeypatch)
    yield made
    made.connection.end()
    made.browser.close()


def test_a_browser_that_answers_pings_stays(pair: Pair) -> None:
    for _ in range(3):
        pair.tick(25, ping=True)
        assert pair.browser.recv(2) == frames.PING_FRAME
        pair.browser.sendall(bytes.fromhex("8a8000000000"))
        readable = pair.watchers[1].callback
        assert readable is not None
        readable()
    assert not pair.ended


def test_a_browser_that_does_not_is_gone(pair: Pair) -> None:
    pair.tick(25, ping=True)
    pair.tick(25, ping=True)
    assert pair.ended == [pair.connection]


def test_a_reader_stuck_for_five_seconds_is_told_4008(pair: Pair) -> None:
    pair.fill()
    pair.tick(5.1)
    assert pair.rest().endswith(frames.close(4008, "reading too slowly"))


def test_a_slow_reader_keeps_its_place_and_its_order(pair: Pair) -> None:
    pair.fill()
    pair.tick(4.9)
    assert not pair.rest().endswith(frames.close(4008, "reading too slowly"))
    last = Message(99_999, frames.encode(frames.TEXT, b"last"))
    pair.connection.deliver(99_999, 99_999, [last], last.frame)
    pair.browser.setblocking(True)
    assert pair.browser.recv(100) == last.frame


def test_the_frame_that_was_cut_is_finished_before_the_farewell(pair: Pair) -> None:
    pair.fill()
    pair.connection.close(1012, "restart")
    got = bytearray(pair.rest())
    farewell = frames.close(1012, "restart")
    assert got.endswith(farewell)
    assert (len(got) - len(farewell)) % len(frames.encode(frames.TEXT, b"x" * 1000)) == 0


def test_who_does_not_hang_up_is_hung_up_on(pair: Pair) -> None:
    pair.connection.close(4401, "please sign in again")
    pair.tick(4.9)
    assert not pair.ended
    pair.tick(0.2)
    assert pair.ended == [pair.connection]


def test_too_many_events_while_catching_up_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(monkeypatch)
    # The backlog is being read when a thousand and one events arrive.
    fresh = Connection(pair.browser.dup(), pair._io, VIEWER, 1, pair.ended.append)  # noqa: SLF001
    many = [Message(seq, b"") for seq in range(1, 1_002)]
    fresh.deliver(1, 1_001, many, b"")
    fresh.begin((), 0)
    fresh.tick(pair.now + 6, ping=False)
    assert pair.ended == [fresh]
    pair.connection.end()
    pair.browser.close()


def numbered(*seqs: int) -> list[Message]:
    return [Message(seq, frames.encode(frames.TEXT, str(seq).encode())) for seq in seqs]


def joined(messages: list[Message]) -> bytes:
    return b"".join(item.frame for item in messages)


def test_what_came_live_and_by_the_backlog_is_sent_once(pair: Pair) -> None:
    server, browser = socket.socketpair()
    with browser:
        fresh = Connection(server, pair._io, VIEWER, 1, pair.ended.append)  # noqa: SLF001
        live = numbered(2, 3, 4)
        fresh.deliver(2, 4, live, joined(live))  # while the backlog is read
        fresh.begin(numbered(1, 2, 3), 3)
        late = numbered(4, 5)
        fresh.deliver(4, 5, late, joined(late))  # a batch that was begun before
        fresh.end()
        assert browser.recv(1_000) == joined(numbered(1, 2, 3, 4, 5))
