"""Undo, break-glass and ringing under attack: many at once, by real HTTP, against a desk that serves."""

import json
import random
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest
from countersign_client import CountersignError

from tests.hostile.judge import WITHOUT_LIMITS
from tests.hostile.values import SEED
from tests.plugins.served import TIMEOUT, Reviewer, ServedDesk, StartDesk

pytestmark = pytest.mark.sure
CALLS: Final = 24
AT_ONCE: Final = 12


class Api:
    """A person's program."""

    def __init__(self, desk: ServedDesk, person: Reviewer) -> None:
        self.there = f"{desk.agents}/api/v1/review/approvals"
        self.token = person.token

    def call(self, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Return status and answer; a body makes it a POST."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        }
        data = None if body is None else json.dumps(body).encode()
        return _answer(build_opener(), Request(self.there + path, data, headers))  # noqa: S310 - http

    def decide(self, approval_id: str, verdict: str) -> int:
        """Decide what is seen at this moment."""
        seal = self.call(f"/{approval_id}")[1]["seal"]
        said = {"verdict": verdict, "seal": seal, "reason": "I say so."}
        return self.call(f"/{approval_id}/decide", said)[0]


class Window:
    """A person's signed-in browser, without a browser."""

    def __init__(self, desk: ServedDesk, person: Reviewer) -> None:
        self.there = desk.dashboard
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))
        form = {"email": person.email, "password": person.password}
        self.csrf = self._csrf("/sign-in")
        assert self.post("/sign-in", form)[0] == 200
        self.csrf = self._csrf("/")

    def _csrf(self, path: str) -> str:
        page = self.get(path)[1]
        found = re.search(r'csrf[_-]token"[^>]*?(?:content|value)="([^"]+)"', page)
        assert found, page[:500]
        return found[1]

    def get(self, path: str) -> tuple[int, str]:
        """Return status and page."""
        return _text(self.opener, Request(self.there + path))  # noqa: S310

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        """Send a form."""
        data = urlencode(fields | {"csrf_token": self.csrf}).encode()
        headers = {"Origin": self.there}
        return _text(self.opener, Request(self.there + path, data, headers))  # noqa: S310


def _text(opener: OpenerDirector, asking: Request) -> tuple[int, str]:
    try:
        with opener.open(asking, timeout=TIMEOUT) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def _answer(opener: OpenerDirector, asking: Request) -> tuple[int, dict[str, Any]]:
    status, text = _text(opener, asking)
    return status, json.loads(text)


def together(work: list[Callable[[], Any]]) -> list[Any]:
    """Do all of it at once, begun at one moment."""
    gate = threading.Barrier(len(work))

    def one(act: Callable[[], Any]) -> Any:
        gate.wait(TIMEOUT)
        return act()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(one, work))


@pytest.fixture(scope="module")
def desk(start_desk: StartDesk) -> ServedDesk:
    return start_desk(**WITHOUT_LIMITS)


@pytest.fixture(scope="module")
def colleague(desk: ServedDesk) -> Reviewer:
    return desk.add("Colleague", "admin")


@pytest.fixture
def undoing(desk: ServedDesk) -> Iterator[None]:
    desk.command("orgs", "undo-window", "1")
    yield
    desk.command("orgs", "undo-window", "0")


def race(desk: ServedDesk, one: Api, other: Api, number: int) -> dict[str, Any]:
    """Approve a call, and at about the moment it settles undo it, deny it, and use it."""
    rng = random.Random(SEED + number)  # noqa: S311
    asked = desk.client.ask("mail.send", {"to": f"race {number}"}, expires_in=600)
    assert one.decide(asked.id, "approve") == 200
    over = threading.Event()

    def use() -> bool:
        while not over.is_set():
            try:
                desk.client.consume(asked.id, "mail.send", {"to": f"race {number}"})
            except CountersignError:
                over.wait(0.01)
            else:
                return True
        return False

    def undo(by: Api) -> int:
        time.sleep(rng.choice((0.2, 0.8, 0.95, 1.0, 1.05, 1.3)))  # spread around the moment
        return by.call(f"/{asked.id}/undo", {})[0]

    def end() -> None:
        time.sleep(3)
        over.set()

    undone, theirs, denied, used, _ = together(
        [
            lambda: undo(one),
            lambda: undo(other),
            lambda: other.decide(asked.id, "deny"),
            use,
            end,
        ]
    )
    status = desk.client.approval(asked.id).status
    return {
        "undone": undone,
        "theirs": theirs,
        "denied": denied,
        "used": used,
        "status": status,
    }


def test_a_yes_that_was_undone_is_never_used(
    desk: ServedDesk, colleague: Reviewer, undoing: None, report: Callable[..., None]
) -> None:
    one, other = Api(desk, desk.admin), Api(desk, colleague)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda number: race(desk, one, other, number), range(CALLS)))
    report(rig="undo", runs=len(runs), undone=sum(run["undone"] == 200 for run in runs), used=sum(run["used"] for run in runs))  # fmt: skip
    for run in runs:
        assert run["theirs"] in {403, 409}, run
        assert run["undone"] in {200, 409}, run
        assert run["used"] == (run["undone"] != 200), run
        assert run["denied"] in {200, 409}, run


def needs_two(desk: ServedDesk, ids: list[str]) -> None:
    """Ask two people for these, as a policy would."""
    with sqlite3.connect(desk.folder / "instance" / "countersign.db", timeout=30) as rows:
        for each in ids:
            rows.execute(
                "UPDATE approvals SET approvals_required = 2 WHERE id = ?", (each,)
            )


def kept(desk: ServedDesk, action: str, approval_id: str) -> int:
    """Return how often the log tells of it."""
    with sqlite3.connect(desk.folder / "instance" / "countersign.db", timeout=30) as rows:
        found = "SELECT count(*) FROM events WHERE action = ? AND subject = ?"
        count: int = rows.execute(found, (action, f"approval:{approval_id}")).fetchone()[0]
        return count


def test_a_flood_of_broken_glass_breaks_each_once_and_tells_of_each_once(
    desk: ServedDesk, report: Callable[..., None]
) -> None:
    window = Window(desk, desk.admin)
    asked = [desk.client.ask("mail.send", {"to": f"glass {n}"}).id for n in range(4)]
    needs_two(desk, asked)
    forms = {}
    for each in asked:
        page = window.get(f"/approvals/{each}")[1]
        start = page.index('name="break_glass"')
        seal = re.search(r'name="seal" value="([^"]+)"', page[start - 2_000 :])
        version = re.search(r'name="version" value="([^"]+)"', page[start - 2_000 :])
        assert seal
        assert version
        forms[each] = {"verdict": "approve", "break_glass": "1", "seal": seal[1], "version": version[1], "reason": "The site is down"}  # fmt: skip

    def smash(each: str) -> Callable[[], int]:
        return lambda: window.post(f"/approvals/{each}/decide", forms[each])[0]

    answers = together([smash(each) for each in asked for _ in range(AT_ONCE // 2)])
    assert set(answers) <= {200, 409}
    for each in asked:
        assert "Approved by break-glass." in window.get(f"/approvals/{each}")[1]
        assert kept(desk, "approval.break_glass", each) == 1
        assert kept(desk, "approval.decided", each) == 1
        assert desk.client.approval(each).status == "approved"
    report(rig="glass", sent=len(answers), taken=answers.count(200))
    unreasoned = window.post(
        f"/approvals/{asked[0]}/decide", forms[asked[0]] | {"reason": " "}
    )
    assert unreasoned[0] in {409, 422}


def test_ringing_takes_any_point_and_keeps_nobody_waiting(
    desk: ServedDesk, report: Callable[..., None]
) -> None:
    window = Window(desk, desk.admin)
    for since in (
        "",
        "-1",
        "0",
        "1e9",
        "99999999999999999999999",
        "٣",
        "x",
        "1;2",
        "%00",
        "0x10",
    ):
        status, said = window.get(f"/queue/ring?since={quote(since, safe='%')}")
        assert status in {200, 400, 429}, (since, status)
        assert status != 200 or json.loads(said)["notices"] == []
    over = threading.Event()

    def poll() -> int:
        times = 0
        while not over.is_set():
            assert window.get("/queue/ring?since=0")[0] in {200, 429}
            times += 1
        return times

    def decide() -> float:
        began = time.monotonic()
        for number in range(10):
            asked = desk.client.ask("mail.send", {"to": f"ring {number}"})
            desk.client.cancel(asked.id, "no longer")
        over.set()
        return time.monotonic() - began

    *polls, seconds = together([poll] * AT_ONCE + [decide])
    report(rig="ring", polls=sum(polls), seconds_for_ten_calls=round(seconds, 2))
    assert sum(polls)
