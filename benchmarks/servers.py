"""Starting the product and its references as processes of their own, on free ports."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
PRODUCT = ("-m", "webui.cli", "serve")
NOOP = ("-m", "benchmarks.noop")
ONE_COMMIT = ("-m", "benchmarks.one_commit")


@dataclass(frozen=True)
class Account:
    """What `countersign init --json` made."""

    org: str
    email: str
    password: str
    token: str
    agent: str
    key: str


@dataclass
class Served:
    """A running server."""

    process: subprocess.Popen[str]
    dashboard: int
    agents: int

    def signal(self, number: signal.Signals) -> int:
        """Send a signal to the supervisor and wait for its end; return the status."""
        self.process.send_signal(number)
        return self.wait()

    def kill(self) -> None:
        """End supervisor and worker as a crash of the machine's power would: at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """Wait for its end; return the status."""
        self.process.communicate(timeout=START_SECONDS)
        return self.process.returncode

    def memory(self) -> int:
        """Return the bytes that supervisor and worker hold, shared pages counted once."""
        return sum(proportional(pid) for pid in self.family())

    def family(self) -> list[int]:
        """Return the process ids of the supervisor and its worker."""
        top = self.process.pid
        children = Path(f"/proc/{top}/task/{top}/children").read_text(encoding="ascii")
        return [top, *map(int, children.split())]


def proportional(pid: int) -> int:
    """Return the bytes of a process, pages shared with others divided among them."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def environment(instance: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a server: free ports, no limits, nothing of the caller's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("COUNTERSIGN_")}
    kept.pop("DATABASE_URL", None)
    return kept | {
        "COUNTERSIGN_INSTANCE": str(instance),
        "COUNTERSIGN_BIND": "127.0.0.1:0",
        "COUNTERSIGN_AGENT_BIND": "127.0.0.1:0",
        "COUNTERSIGN_RATE_LIMIT": "0",
        "COUNTERSIGN_MAX_PENDING": "0",
        "COUNTERSIGN_ADMIN_API": "1",
        "PYTHONPATH": f"{ROOT / 'client'}{os.pathsep}{ROOT}",
        **more,
    }


def initialise(instance: Path, **more: str) -> Account:
    """Make a new instance with an org, an admin and an agent."""
    done = subprocess.run(
        [sys.executable, "-m", "webui.cli", "init", "--json"],
        env=environment(instance, more),
        check=True,
        capture_output=True,
        text=True,
    )
    made: dict[str, Any] = json.loads(done.stdout)
    org = made["org"]
    return Account(
        org["id"] if isinstance(org, dict) else org,
        made["admin"]["email"],
        made["admin"]["password"],
        made["admin"]["token"],
        made["agent"]["id"],
        made["agent"]["key"],
    )


def launch(
    instance: Path,
    program: Sequence[str] = PRODUCT,
    more: Mapping[str, str] | None = None,
    log: IO[str] | None = None,
) -> Served:
    """Start a server and wait until it says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, *program],
        env=environment(instance, more or {}),
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    words = process.stdout.readline().split()
    if words[:1] != ["ready"]:
        process.kill()
        raise RuntimeError(f"{' '.join(program)} did not start: {words}")
    dashboard, agents = (urlsplit(word.partition("=")[2]).port for word in words[1:3])
    assert dashboard is not None
    assert agents is not None
    return Served(process, dashboard, agents)


@contextmanager
def serving(
    instance: Path, program: Sequence[str] = PRODUCT, **more: str
) -> Iterator[Served]:
    """Serve for as long as the block lasts."""
    served = launch(instance, program, more)
    try:
        yield served
    finally:
        with suppress(ProcessLookupError):
            served.process.terminate()
        try:
            served.process.wait(15)
        except subprocess.TimeoutExpired:
            served.kill()


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder on a real disk; a memory file system would make every commit free."""
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        yield Path(folder)
