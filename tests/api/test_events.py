"""The agents' event stream, over real HTTP and raw sockets."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from countersign_client import Client, Refused
from sqlalchemy import update
from werkzeug.serving import make_server

from tests.plugins.desk import House, Program
from tests.plugins.rules import Desk
from webui.approvals.people import organizations
from webui.live import streams
from webui.runtime import Runtime
from webui.store.models import Agent

Open = Callable[..., "Stream"]


class Stream:
    """One connection to the stream, read frame by frame."""

    def __init__(self, url: str, key: str, query: str = "", **headers: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=60)
        more = "".join(f"{name.replace('_', '-')}: {v}\r\n" for name, v in headers.items())
        self._socket.sendall(
            f"GET /api/v1/events{query} HTTP/1.0\r\nHost: {parts.netloc}\r\n"
            f"Authorization: Bearer {key}\r\n{more}\r\n".encode()
        )
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value

    def frame(self) -> dict[str, str]:
        """Return the fields of the next frame; empty at the end."""
        fields: dict[str, str] = {}
        while line := self._file.readline():
            if line == b"\n":
                return fields
            name, _, value = line.decode().rstrip("\n").partition(": ")
            fields[name] = value
        return fields

    def event(self) -> dict[str, Any]:
        """Return the next event, without heartbeats."""
        while fields := self.frame():
            if "data" in fields:
                found: dict[str, Any] = json.loads(fields["data"])
                assert fields["event"] == found.get("type", fields["event"])
                return found | {"id": int(fields["id"])}
        return {}

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def url(runtime: Runtime) -> Iterator[str]:
    """The agents' application behind its guard, on a port of its own."""
    from webui.api.app import create_app  # noqa: PLC0415
    from webui.api.guard import Door, guarded  # noqa: PLC0415

    app = create_app(runtime)
    served = make_server("127.0.0.1", 0, app, threaded=True)
    host = f"127.0.0.1:{served.port}"
    door = Door(frozenset({host}), runtime.settings.body_bytes)
    served.app = guarded(app, door, lambda _: None)
    thread = Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://{host}"
    runtime.bus.stop()
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture
def stream(url: str, house: House) -> Iterator[Open]:
    """Open streams; each is closed at the end."""
    opened: list[Stream] = []

    def opening(agent: Program | None = None, query: str = "", **headers: str) -> Stream:
        opened.append(Stream(url, (agent or house.ci).key, query, **headers))
        if opened[-1].status == 200:
            assert opened[-1].frame()["retry"] == "2000"
        return opened[-1]

    yield opening
    for each in opened:
        each.close()


def test_an_agent_is_told_of_its_own_approvals_and_nobody_elses(
    stream: Open, desk: Desk, house: House
) -> None:
    told = stream()
    assert told.headers["content-type"] == "text/event-stream"
    assert told.headers["cache-control"] == "no-store"
    desk.submit(house.helper)
    own = desk.submit().approval.id
    first = told.event()
    assert (first["type"], first["approval"]) == ("approval.created", own)
    assert (first["agent"], first["tool"]) == (house.ci.id, "shell.run")
    assert (first["status"], first["version"], first["risk"]) == ("pending", 1, "medium")
    desk.decide(house.rae, own)
    assert (told.event()["status"], desk.status(own)) == ("approved", "approved")
    desk.use(own)
    assert told.event()["type"] == "approval.consumed"
    assert "arguments" not in json.dumps(first)


def test_what_can_still_be_undone_is_not_told(
    stream: Open, desk: Desk, house: House
) -> None:
    desk.store.write(lambda tx: organizations.set_undo(tx, house.org_id, 9, actor="test"))
    told = stream()
    own = desk.submit().approval.id
    desk.decide(house.rae, own)
    desk.clock.advance(9_000)
    desk.sweep()
    types = [told.event()["type"] for _ in range(2)]
    assert types == ["approval.created", "approval.decided"]


def test_it_resumes_where_it_was_by_header_or_by_query(stream: Open, desk: Desk) -> None:
    ids = [desk.submit(arguments={"n": n}).approval.id for n in range(3)]
    everything = stream(query="?after=0")
    told = [everything.event() for _ in range(3)]
    assert [each["approval"] for each in told] == ids
    by_header = stream(query="?after=0", Last_Event_ID=str(told[1]["id"]))
    assert by_header.event()["approval"] == ids[2]
    live = stream()
    last = desk.submit(arguments={"n": 9}).approval.id
    assert [each.event()["approval"] for each in (live, by_header, everything)] == [
        last
    ] * 3


def test_older_events_than_are_kept_come_from_the_log(
    stream: Open, desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "KEPT", 3)
    monkeypatch.setattr(streams, "PAGE", 4)
    live = stream()
    desk.submit(house.helper)
    ids = [desk.submit(arguments={"n": n}).approval.id for n in range(12)]
    assert [live.event()["approval"] for _ in ids] == ids
    again = stream(query="?after=0")
    assert [again.event()["approval"] for _ in ids] == ids
    monkeypatch.setattr(streams, "FARTHEST", 1)
    assert "head" in stream(query="?after=0").event()
    assert "head" in stream(query="?after=999999").event(), "of another log"


def test_a_manager_is_told_of_its_reports_from_the_start_and_decides_nothing(
    stream: Open, desk: Desk, house: House, ci: Any
) -> None:
    reports = update(Agent).where(Agent.id == house.helper.id)
    boss = reports.values(reports_to=house.ci.id)
    desk.store.write(lambda tx: tx.execute(boss) and None)
    told = stream()
    theirs = desk.submit(house.helper).approval.id
    event = told.event()
    assert (event["approval"], event["agent"]) == (theirs, house.helper.id)
    assert ci.get(f"/api/v1/approvals/{theirs}").status_code == 404
    path = f"/api/v1/review/approvals/{theirs}/decide"
    assert ci.post(path, {"verdict": "approve"}).json["code"] == "agent_cannot_decide"


def test_a_revoked_key_ends_its_streams(
    stream: Open, desk: Desk, house: House, revoke: Any
) -> None:
    told = stream()
    revoke(house.ci.key)
    assert told.event() == {}


def test_a_stopping_process_ends_them_all(stream: Open, runtime: Runtime) -> None:
    told = stream()
    runtime.bus.stop()
    assert told.event() == {}


def test_an_agent_has_a_few_streams_and_no_more(stream: Open, house: House) -> None:
    for _ in range(streams.STREAMS_EACH):
        assert stream().status == 200
    assert stream().status == 429
    assert stream(house.helper).status == 200


def test_only_numbers_are_resumed_from(ci: Any) -> None:
    assert ci.get("/api/v1/events?after=x").status_code == 422


def test_the_package_comes_back_after_a_break_and_misses_nothing(
    url: str, desk: Desk, house: House, runtime: Runtime, revoke: Any
) -> None:
    client = Client(url, house.ci.key, patience=20)
    ids = [desk.submit(arguments={"n": n}).approval.id for n in range(2)]
    events = client.events(after=0)
    assert [next(events).approval, next(events).approval] == ids
    runtime.bus.stop()  # ends the connection; the process goes on
    runtime.bus.stopping = False
    more = desk.submit(arguments={"n": 2}).approval.id
    event = next(events)
    assert (event.approval, event.type) == (more, "approval.created")
    revoke(house.ci.key)
    with pytest.raises(Refused):
        next(events)
