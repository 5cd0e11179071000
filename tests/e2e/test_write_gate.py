"""The write gate before WsgiDAV: an agent's write goes once, when its person said yes."""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.plugins.served import At, Reviewer, ServedDesk

pytestmark = pytest.mark.browser
YES, NO = {"X-Is-Agent": "true"}, {"X-Is-Agent": "false"}
SERVICE = Path(__file__).with_name("dav_service.py")


class Said(NamedTuple):
    status: int
    body: Any


class Dav(NamedTuple):
    """The service, the folder it serves, and how to call it."""

    folder: Path
    port: int
    person: str

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        agent: bool = True,
        headers: dict[str, str] | None = None,
    ) -> Said:
        name, password = (f"{self.person}+agent", "lent") if agent else (self.person, "own")
        mark = base64.b64encode(f"{name}:{password}".encode()).decode()
        sent = {"Authorization": f"Basic {mark}"} | (headers or {})
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        line.request(method, path, body, sent)
        answer = line.getresponse()
        data = answer.read()
        line.close()
        is_json = "json" in (answer.headers.get("Content-Type") or "")
        return Said(answer.status, json.loads(data) if is_json else data)


@pytest.fixture(scope="module")
def dav(
    served: ServedDesk, ana: Reviewer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dav]:
    """The service in a process of its own, and the gate of its org switched on."""
    key = served.command("keys", "add", "first-agent", "--scope", "write-gate")["key"]
    served.command("orgs", "write-gate", "on")
    folder = tmp_path_factory.mktemp("files")
    told = {"COUNTERSIGN_URL": served.agents, "COUNTERSIGN_KEY": key}
    with subprocess.Popen(
        [sys.executable, SERVICE, folder, ana.email],
        env=served.environment | told,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield Dav(folder, int(process.stdout.readline()), ana.email)
        process.terminate()


Answer = Callable[..., None]


@pytest.fixture
def answer(at: At, ana: Reviewer) -> Answer:
    """Open the address as its person and press a button."""

    def answering(told: Any, button: str, words: str, **options: Any) -> None:
        page = at(ana, **options)
        page.goto(path_of(told))
        expect(page.locator("#write")).to_contain_text("files:write")
        page.get_by_role("button", name=button).click()
        expect(page.locator("#outcome")).to_contain_text(words)

    return answering


def path_of(told: Any) -> str:
    """The address on the host at which the browser is signed in already."""
    return urlsplit(str(told["approval_url"])).path


def held(said: Said) -> Any:
    assert (said.status, said.body["error"]) == (403, "approval_required"), said
    return said.body


def test_an_agents_write_goes_exactly_once_after_its_persons_yes(
    dav: Dav, at: At, ana: Reviewer, bo: Reviewer
) -> None:
    page, stranger = at(ana), at(bo, forgiven="404")
    for each in (page, stranger):
        each.goto("/")
        expect(each.locator("#connection")).to_have_text("Live")
    told = held(dav.call("PUT", "/report.txt", b"quarterly"))
    assert not (dav.folder / "report.txt").exists()
    expect(page.locator("#writes")).to_contain_text("/report.txt")
    expect(stranger.locator("#writes")).to_be_hidden()
    assert stranger.goto(path_of(told)).status == 404  # type: ignore[union-attr]

    person = at(None)
    person.goto(told["approval_url"])
    person.get_by_label("E-mail address").fill(ana.email)
    person.get_by_label("Password").fill(ana.password)
    person.get_by_role("button", name="Sign in", exact=True).click()
    person.wait_for_url(told["approval_url"])
    person.get_by_role("button", name="Approve this write").click()
    expect(person.locator("#outcome")).to_contain_text("approved and not used yet")
    held(dav.call("PUT", "/report.txt", b"something else"))  # the payload is bound
    held(dav.call("PUT", "/other.txt", b"quarterly"))
    held(dav.call("DELETE", "/report.txt", b"quarterly"))
    assert dav.call("PUT", "/report.txt", b"quarterly").status == 201
    assert (dav.folder / "report.txt").read_bytes() == b"quarterly"
    again = held(dav.call("PUT", "/report.txt", b"quarterly"))
    assert again["nonce"] != told["nonce"]
    person.reload()
    expect(person.locator("#outcome")).to_contain_text("the agent used it")


def test_a_person_writes_without_asking_and_an_agent_reads(dav: Dav) -> None:
    assert dav.call("PUT", "/own.txt", b"mine", agent=False, headers=YES).status == 201
    assert dav.call("GET", "/own.txt") == (200, b"mine")
    assert dav.call("PROPFIND", "/", headers={"Depth": "1"}).status == 207
    held(dav.call("PUT", "/own.txt", b"theirs", headers=NO))
    assert (dav.folder / "own.txt").read_bytes() == b"mine"


def test_a_no_is_told_to_the_agent_and_works_without_script(
    dav: Dav, answer: Answer
) -> None:
    moved = {"Destination": f"http://127.0.0.1:{dav.port}/b.txt"}
    (dav.folder / "a.txt").write_text("a")
    refused = held(dav.call("MOVE", "/a.txt", headers=moved))
    answer(refused, "Refuse this write", "refused", java_script_enabled=False)
    assert dav.call("MOVE", "/a.txt", headers=moved).body["code"] == "write_refused"
    elsewhere = {"Destination": f"http://127.0.0.1:{dav.port}/c.txt"}
    told = held(dav.call("MOVE", "/a.txt", headers=elsewhere))
    answer(told, "Approve this write", "approved", java_script_enabled=False)
    assert dav.call("MOVE", "/a.txt", headers=elsewhere).status == 201
    assert not (dav.folder / "b.txt").exists()
    assert (dav.folder / "c.txt").read_text() == "a"
