"""R8: restarts with waiting agents and browsers that come back (quality.md, "Reliability")."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest
from sqlalchemy import select
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin

from benchmarks.prepare import Visit, file_calls, opened, visits
from webui.store.models import Event

AGENTS = 100
BROWSERS = 20
PER_SESSION = 8
LARGE = int(os.environ.get("COUNTERSIGN_RESTARTS", "5"))
PATIENCE = 60
_LIVE = re.compile(r'name="live" content="(\d+)" data-epoch="([^"]+)"')


@dataclass
class WaitingAgent:
    """Holds a poll for its approval until it hears a decision, however often it must ask."""

    rig: Any
    approval_id: str
    heard: list[str] = field(default_factory=list)

    def wait(self) -> None:
        caller = self.rig.agent()
        path = f"/api/v1/approvals/{self.approval_id}?wait=30"
        while not self.heard:
            try:
                status, document = caller.send("GET", path)
            except ConnectionError:
                continue
            if status == 200 and document["status"] != "pending":
                self.heard.append(document["status"])
        caller.close()


@dataclass
class LiveBrowser:
    """What `live.js` does: a ticket, a socket, and on from the last event after a break."""

    port: int
    visit: Visit
    since: int = 0
    epoch: str = ""
    seen: list[int] = field(default_factory=list)
    resyncs: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def open_page(self) -> None:
        page = self._send("GET", "/")
        found = _LIVE.search(page)
        assert found is not None, page[:2_000]
        self.since, self.epoch = int(found[1]), found[2]

    def follow(self) -> None:
        while not self.over.is_set():
            try:
                self._follow()
            except (OSError, HTTPException, WebSocketException):
                self.over.wait(0.05)  # the page waits longer; the order is the same

    def _follow(self) -> None:
        ticket = json.loads(self._send("POST", "/ws/ticket"))["ticket"]
        host = f"127.0.0.1:{self.port}"
        query = f"t={ticket}&since={self.since}&epoch={self.epoch}"
        with connect(
            f"ws://{host}/ws?{query}",
            origin=Origin(f"http://{host}"),
            additional_headers={"Cookie": self.visit.cookie},
            proxy=None,
            compression=None,
            max_queue=None,
        ) as socket:
            while not self.over.is_set():
                try:
                    told = socket.recv(0.2)
                except TimeoutError:
                    continue
                self._take(json.loads(told))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("resync"):
            self.resyncs += 1
        else:
            self.since = message["seq"]
            self.seen.append(self.since)

    def _send(self, method: str, path: str) -> str:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        host = f"127.0.0.1:{self.port}"
        headers = {"Cookie": self.visit.cookie, "Origin": f"http://{host}"}
        if method == "POST":
            headers |= {"X-CSRFToken": self.visit.csrf, "Content-Length": "0"}
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise OSError(f"{answer.status}: {text[:200]}")
        return text


@pytest.mark.parametrize(
    "restarts",
    [
        1,
        pytest.param(5, marks=pytest.mark.sure),
        pytest.param(LARGE, marks=pytest.mark.proof),
    ],
)
def test_after_restarts_each_agent_has_its_decision_and_each_browser_every_event_once(
    rig: Any, report: Any, restarts: int
) -> None:
    with opened(rig.folder, rig.database_url) as store:
        ids = file_calls(store, rig.account, AGENTS)
        signed = visits(store, rig.account, BROWSERS // PER_SESSION + 1)
    served = rig.start()
    browsers = [
        LiveBrowser(served.dashboard, signed[number // PER_SESSION])
        for number in range(BROWSERS)
    ]
    for browser in browsers:
        browser.open_page()
    agents = [WaitingAgent(rig, approval_id) for approval_id in ids]
    begin = browsers[0].since
    watching = [threading.Thread(target=browser.follow) for browser in browsers]
    waiting = [threading.Thread(target=agent.wait) for agent in agents]
    for thread in watching + waiting:
        thread.start()
    _decide_all(rig, ids, restarts)
    for thread in waiting:
        thread.join(PATIENCE)
    expected = _events_of_approvals(rig, begin)
    _until_seen(browsers, expected[-1])
    for browser in browsers:
        browser.over.set()
    for thread in watching:
        thread.join(PATIENCE)
    found = {
        "agents without their one decision": sum(a.heard != ["approved"] for a in agents),
        "browsers with other events": sum(b.seen != expected for b in browsers),
        "reloads": sum(b.resyncs for b in browsers),
    }
    report(
        id="R8",
        database="postgresql" if rig.database_url else "sqlite",
        restarts=restarts,
        events=len(expected),
        violations=found,
    )
    assert not any(found.values()), (found, expected, [b.seen for b in browsers])


def _decide_all(rig: Any, ids: list[str], restarts: int) -> None:
    """Approve one call after the other; restart in between, by TERM and KILL in turn."""
    person = rig.person()
    share = len(ids) // (restarts + 1)
    for number, approval_id in enumerate(ids):
        if number and number % share == 0 and number // share <= restarts:
            (rig.kill if number // share % 2 else rig.stop)()
            rig.start()
        status = 0
        while status != 200:  # the same verdict again is the same verdict
            try:
                status, document = person.send("POST", f"/api/approve/{approval_id}")
            except ConnectionError:
                continue
            assert status in {200, 503}, document
    person.close()


def _events_of_approvals(rig: Any, after: int) -> list[int]:
    """Return the sequence numbers that a person who sees every call must get."""
    with opened(rig.folder, rig.database_url) as store, store.reading() as session:
        return list(
            session.scalars(
                select(Event.seq)
                .where(Event.seq > after, Event.subject.startswith("approval:"))
                .order_by(Event.seq)
            )
        )


def _until_seen(browsers: list[LiveBrowser], last: int) -> None:
    over = time.monotonic() + PATIENCE
    while any(browser.since < last for browser in browsers) and time.monotonic() < over:
        time.sleep(0.02)
