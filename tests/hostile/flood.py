"""Everything that happens at a busy desk, so many times a second: what a reviewer must not be misled by."""

import json
import random
import threading
import time
from collections import Counter
from itertools import count
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from countersign_client import CountersignError

from tests.hostile.values import SEED
from tests.plugins.served import TIMEOUT, Reviewer, ServedDesk

A_SECOND: Final = 20
KINDS: Final = {"ask": 9, "deadline": 3, "say": 3, "withdraw": 1, "verdict": 3, "claim": 2}
AT_ONCE: Final = 3
NEWEST: Final = 60
"""So many of the last ones filed are what happens to; so are those on the reviewer's screen."""


class Flood:
    """An agent that files, talks and withdraws, and a colleague who claims and decides."""

    def __init__(self, desk: ServedDesk, colleague: Reviewer, ids: list[str]) -> None:
        self._desk = desk
        self._colleague = colleague
        self._ids = ids
        self._over = threading.Event()
        self._numbers = count()
        self.sent: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._threads = [
            threading.Thread(target=self._run, args=(place,), daemon=True)
            for place in range(AT_ONCE)
        ]

    def start(self) -> None:
        """Begin."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End it, and wait."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, place: int) -> None:
        rng = random.Random(SEED + place)  # noqa: S311
        for turn in count():
            due = self._began + (turn * AT_ONCE + place) / A_SECOND
            if self._over.wait(max(0, due - time.monotonic())):
                return
            (kind,) = rng.choices(list(KINDS), list(KINDS.values()))
            try:
                self._event(kind, rng)
            except (CountersignError, HTTPError):
                self.refused[kind] += 1  # it was decided meanwhile
            else:
                self.sent[kind] += 1

    def _event(self, kind: str, rng: random.Random) -> None:
        earlier = rng.choice(self._ids[-NEWEST:] + self._ids[:NEWEST])
        client = self._desk.client
        if kind in {"ask", "deadline"}:
            seconds = rng.randrange(2, 9) if kind == "deadline" else 3600
            to = {"to": f"number {next(self._numbers)}"}
            self._ids.append(client.ask("mail.send", to, expires_in=seconds).id)
        elif kind == "say":
            client.say(earlier, f"message {next(self._numbers)}")
        elif kind == "withdraw":
            client.cancel(earlier, "no longer")
        elif kind == "claim":
            self._as_colleague(earlier, rng.choice(("claim", "release")), {})
        else:
            seal = self._as_colleague(earlier, "", None)["seal"]
            verdict = rng.choice(("approve", "deny"))
            said = {"verdict": verdict, "seal": seal, "reason": "The colleague's."}
            self._as_colleague(earlier, "decide", said)

    def _as_colleague(self, approval_id: str, verb: str, body: Any) -> Any:
        there = f"{self._desk.agents}/api/v1/review/approvals/{approval_id}/{verb}"
        headers = {"Authorization": f"Bearer {self._colleague.token}"}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        asking = Request(there.rstrip("/"), data, headers)  # noqa: S310 - http
        with urlopen(asking, timeout=TIMEOUT) as answer:  # noqa: S310
            return json.load(answer)
