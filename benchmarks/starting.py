"""P11: cold start until ready, and memory at rest, beside bare gunicorn with gevent."""

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure, compared
from benchmarks.servers import ROOT, Served, initialise, launch, scratch

RUNS = 5
MIB = 1024 * 1024
SETTLE_SECONDS = 1.0


def measure() -> Iterator[Figure]:
    """Measure P11 but for the soak, which is a rig of its own."""
    with scratch() as folder:
        initialise(folder / "desk")
        runs = [(_bare(), _product(folder / "desk")) for _ in range(RUNS)]
    bare, product = [run[0] for run in runs], [run[1] for run in runs]
    yield compared(
        [seconds for seconds, _ in product],
        [seconds for seconds, _ in bare],
        place=("P11", "cold start until ready"),
        unit="s",
        goal="<= 3 x bare gunicorn and < 1.0 s",
        at_most=3.0,
        limit=1.0,
    )
    yield compared(
        [memory for _, memory in product],
        [statistics.median([memory for _, memory in bare])],
        place=("P11", "memory at rest (PSS)"),
        unit="MiB",
        goal="<= 2 x bare gunicorn",
        at_most=2.0,
    )


def _product(instance: Path) -> tuple[float, float]:
    started = time.perf_counter()
    served = launch(instance)
    seconds = time.perf_counter() - started
    return seconds, _memory_of(served)


def _bare() -> tuple[float, float]:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    started = time.perf_counter()
    command = ["-m", "gunicorn", "-k", "gevent", "-b", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        [sys.executable, *command, "benchmarks.bare:app"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    while not _answers(port):
        time.sleep(0.002)
    seconds = time.perf_counter() - started
    return seconds, _memory_of(Served(process, port, port))


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return sock.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _memory_of(served: Served) -> float:
    time.sleep(SETTLE_SECONDS)
    memory = served.memory() / MIB
    served.process.terminate()
    served.process.wait(15)
    return memory
