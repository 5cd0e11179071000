"""The real server, started by `countersign serve` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 120
"""Only what hangs reaches it, on a machine however busy."""
_opener = build_opener(ProxyHandler({}))


def environment_of(instance: Path, **changes: str) -> dict[str, str]:
    """Our own environment without other desks' settings, with this instance's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("COUNTERSIGN_")}
    kept.pop("DATABASE_URL", None)
    kept |= {
        "COUNTERSIGN_INSTANCE": str(instance),
        "COUNTERSIGN_BIND": "127.0.0.1:0",
        "COUNTERSIGN_AGENT_BIND": "127.0.0.1:0",
        "PYTHONPATH": str(ROOT),
    }
    return kept | changes


@dataclass
class Served:
    """A desk that is served, and how to reach it."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    dashboard: str
    agents: str

    def call(self, key: str, path: str, body: Any = None) -> tuple[int, Any]:
        """GET, or POST a body: (status, document)."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        request = Request(f"{self.agents}{path}", data, headers)  # noqa: S310 - our own
        try:
            with _opener.open(request, timeout=SECONDS) as answer:
                return answer.status, json.load(answer)
        except OSError as error:
            if not hasattr(error, "code"):
                raise
            return error.code, json.load(error)  # type: ignore[arg-type]

    def stop(self) -> tuple[int, str]:
        """End it as a supervisor does: (status, what it said on standard error)."""
        self.process.terminate()
        err = self.process.communicate(timeout=SECONDS)[1]
        return self.process.returncode, err


@pytest.fixture
def countersign() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process of its own: `countersign(environment, "users", ...)`."""

    def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "webui.cli", *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            cwd="/",
        )

    return run


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serve an instance; every server is ended with its test."""
    yield from _serving()


@pytest.fixture(scope="module")
def serve_for_all() -> Iterator[Callable[..., Served]]:
    """Serve an instance for all tests of a file that leave it running."""
    yield from _serving()


def _serving() -> Iterator[Callable[..., Served]]:
    with ExitStack() as ends:

        def start(instance: Path, *words: str, **changes: str) -> Served:
            environment = environment_of(instance, **changes)
            process = subprocess.Popen(
                [sys.executable, "-m", "webui.cli", "serve", *words],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd="/",
            )
            ends.callback(_end, process)
            assert process.stdout is not None
            line = process.stdout.readline().split()
            assert line[:1] == ["ready"], process.communicate(timeout=SECONDS)[1]
            dashboard, agents = (word.partition("=")[2] for word in line[1:])
            return Served(process, environment, dashboard, agents)

        yield start


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        process.communicate(timeout=SECONDS)
