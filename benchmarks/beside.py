"""What a backtest costs those who file meanwhile, on the running server.

    python -m benchmarks.beside INSTANCE TOKEN KEY    an instance that `benchmarks.recorded` filled

Prints one line of JSON: latencies of filing in ms, alone, while a backtest runs, and while a
draft runs beside the policy; and how long the backtest took.
"""

import http.client
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import percentile
from benchmarks.servers import serving
from webui.approvals.policy.shelf import shelf

FILED = 400
PAUSE = 0.01
HERE = "/api/v1/review/policy"


class Caller:
    """One connection to the agents' listener."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str, path: str, key: str, body: Any = None) -> Any:
        """Send one request and return what is answered."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, headers)
        answer = self._connection.getresponse()
        read = answer.read()
        assert answer.status < 400, read  # noqa: PLR2004 - the first refusal
        return json.loads(read)


def file(caller: Caller, key: str, first: int, number: int) -> list[float]:
    """File calls one after the other with a pause; return how long each took, in ms."""
    took = []
    for at in range(first, first + number):
        body = {"tool": "create_issue", "arguments": {"n": at, "text": "x" * 900}}
        started = time.perf_counter()
        caller.ask("POST", "/api/v1/approvals", key, body)
        took.append((time.perf_counter() - started) * 1000)
        time.sleep(PAUSE)
    return took


def figures(took: list[float]) -> dict[str, float]:
    """Return the percentiles that say how it felt."""
    return {f"p{at}": round(percentile(took, at / 100), 1) for at in (50, 90, 99)}


def main(words: list[str]) -> int:
    """Measure."""
    instance, token, key = Path(words[0]), words[1], words[2]
    text = next(each.text for each in shelf() if each.name == "github")
    start = time.time_ns() // 1_000_000
    with serving(instance) as served:
        caller = Caller(served.agents)
        file(caller, key, start, 50)
        alone = file(caller, key, start + 1_000, FILED)
        job = caller.ask("POST", f"{HERE}/backtests", token, {"text": text})
        began, during = time.perf_counter(), list[float]()
        while job["state"] in {"queued", "running"}:
            during += file(caller, key, start + 10_000 + len(during), 20)
            job = caller.ask("GET", f"{HERE}/backtests/{job['id']}", token)
        lasted = time.perf_counter() - began
        caller.ask("POST", f"{HERE}/shadow", token, {"text": text})
        beside = file(caller, key, start + 100_000, FILED)
        time.sleep(3)  # the draft reads new calls a second after they were filed
        shadow = caller.ask("GET", f"{HERE}/shadow", token)
        caller.ask("POST", f"{HERE}/shadow/stop", token)
        figure = {
            "alone": figures(alone),
            "backtest": figures(during),
            "filed_during": len(during),
            "state": job["state"],
            "seconds": round(lasted, 1),
            "calls": job["result"]["calls"],
            "calls_per_second": round(job["result"]["calls"] / lasted),
            "shadow": figures(beside),
            "shadow_calls": shadow["calls"],
        }
    print(json.dumps(figure))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
