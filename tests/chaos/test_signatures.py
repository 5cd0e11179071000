"""S5 at the running server: wrong, flipped and repeated proofs, byte for byte as they come.

In this process `tests/receivers` and `tests/web` break the same deliveries; here nothing stands
between them and the server, no client that would refuse to send what is no HTTP any more.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException, HTTPResponse
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from benchmarks.prepare import opened
from tests.receivers.good import GOOD, Good
from tests.receivers.test_bad_input import (
    FLIPS,
    flipped,
    malformed,
    one_flipped,
    with_header,
)
from webui.approvals.senders import sources
from webui.receivers.kind import Inbound
from webui.store.clock import Clock
from webui.store.models import Approval, Org

if TYPE_CHECKING:
    from tests.chaos.conftest import Rig

AT_ONCE = 100
TIMEOUT = 120


class Sender:
    """Sends bytes as they are, over one connection as long as the server keeps it."""

    def __init__(self, port: int, source_id: str) -> None:
        self._port, self._source_id = port, source_id
        self._socket: socket.socket | None = None

    def send(self, inbound: Inbound) -> int:
        """Return the status, or 0 if the server hung up without one."""
        sent = f"POST /hooks/{self._source_id} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
        for name, value in inbound.headers.items():
            sent += f"{name}: {value}\r\n"
        sent += f"Content-Length: {len(inbound.body)}\r\n\r\n"
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), TIMEOUT)
        try:
            self._socket.sendall(sent.encode() + inbound.body)
            answer = HTTPResponse(self._socket, method="POST")
            answer.begin()
            answer.read()
            if answer.will_close:
                self.close()
        except (OSError, HTTPException):
            self.close()
            return 0
        return answer.status

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def make_sources(rig: Rig) -> dict[str, tuple[str, Good]]:
    """Make a source of each kind that takes deliveries; return their ids."""
    made = {}
    with opened(rig.folder, rig.database_url) as store:
        with store.reading() as session:
            org_id = session.scalars(select(Org.id)).one()
        for kind, make in GOOD.items():
            good = make()
            source = store.write(
                lambda tx, kind=kind, good=good: sources.create_source(  # type: ignore[misc] # mypy cannot type bound defaults
                    tx,
                    org_id,
                    kind=kind,
                    name=kind,
                    agent=f"{kind} agent",
                    config=good.source.config,
                    secret=good.source.secrets[0],
                    token=good.source.token,
                )
            )
            made[kind] = (source.source_id, good)
    return made


def filed(rig: Rig) -> int:
    """Count what was filed; nobody serves it now."""
    with opened(rig.folder, rig.database_url) as store, store.reading() as session:
        return session.scalar(select(func.count()).select_from(Approval)) or 0


def statuses(port: int, source_id: str, deliveries: Iterable[Inbound]) -> Counter[int]:
    """Send them one by one; count the answers."""
    sender = Sender(port, source_id)
    seen = Counter(sender.send(each) for each in deliveries)
    sender.close()
    return seen


def wrong_ones(good: Good, flips: int) -> Iterator[Inbound]:
    """Yield good deliveries with a wrong proof, and with one or two bits of it flipped."""
    inbound = good.delivery(Clock().now(), 1)
    for text in (None, *malformed(inbound.headers[good.signature])):
        yield with_header(inbound, good.signature, text)
    for places, _ in islice(flipped(good, inbound), 0, None, FLIPS // flips):
        broken = good.delivery(Clock().now(), 1)  # in time, however long all of them take
        for name, bit in places:
            broken = one_flipped(broken, name, bit)
        yield broken


@pytest.mark.parametrize(
    "flips",
    [
        20,
        pytest.param(50, marks=pytest.mark.sure),
        pytest.param(FLIPS, marks=pytest.mark.proof),
    ],
)
def test_no_wrong_proof_gets_in_at_the_running_server(
    rig: Rig, flips: int, report: Callable[..., None]
) -> None:
    made, seen = make_sources(rig), Counter[int]()
    rig.more |= {"COUNTERSIGN_RATE_LIMIT": "0", "COUNTERSIGN_MAX_PENDING": "0"}
    served = rig.start()

    def attack(source_id: str, good: Good) -> Counter[int]:
        return statuses(served.dashboard, source_id, wrong_ones(good, flips))

    with ThreadPoolExecutor(len(made)) as pool:  # all kinds at once
        for some in pool.map(attack, *zip(*made.values(), strict=True)):
            seen += some
    believed = sum(n for status, n in seen.items() if 0 < status < 400)
    broken = sum(n for status, n in seen.items() if status >= 500)
    report(
        id="S5",
        database="sqlite" if rig.database_url is None else "postgresql",
        kinds=len(made),
        sent=seen.total(),
        answers=dict(sorted(seen.items())),
        accepted=believed,
        broken=broken,
    )
    assert (believed, broken) == (0, 0), seen
    good = [
        (of, each.delivery(Clock().now(), 1)) for of, each in made.values() if each.files
    ]
    for source_id, inbound in good:  # what was broken is taken as it was
        assert statuses(served.dashboard, source_id, [inbound]) == {202: 1}
    rig.stop()
    assert filed(rig) == len(good)
    assert "Traceback" not in rig.log()


@pytest.mark.sure
def test_no_message_is_taken_twice_by_the_running_server(
    rig: Rig,
) -> None:
    """Sent again, a hundred times at once, and after a restart."""
    made = {kind: each for kind, each in make_sources(rig).items() if each[1].files}
    rig.more |= {"COUNTERSIGN_RATE_LIMIT": "0", "COUNTERSIGN_MAX_PENDING": "0"}
    port, now = rig.start().dashboard, Clock().now()
    first = {kind: good.delivery(now, 1) for kind, (_, good) in made.items()}
    for kind, (source_id, _) in made.items():
        again = statuses(port, source_id, [first[kind]] * 5)
        assert again == {202: 1, 200: 4}, (kind, again)
    for kind, (source_id, good) in made.items():
        both = at_once(port, source_id, good.delivery(now, 2))
        assert both == {202: 1, 200: AT_ONCE - 1}, (kind, both)
    rig.stop()
    before = filed(rig)
    port = rig.start().dashboard
    for kind, (source_id, _) in made.items():
        assert statuses(port, source_id, [first[kind]] * 2) == {200: 2}, kind
    rig.stop()
    assert filed(rig) == before
    assert "Traceback" not in rig.log()


def at_once(port: int, source_id: str, message: Inbound) -> Counter[int]:
    """Send one message over many connections at the same moment."""
    ready = threading.Barrier(AT_ONCE)

    def send(_: int) -> int:
        ready.wait(TIMEOUT)
        sender = Sender(port, source_id)
        try:
            return sender.send(message)
        finally:
            sender.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(send, range(AT_ONCE)))
