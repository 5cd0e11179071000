"""P1: durable intake beside a handler that keeps nothing (quality.md)."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks import load
from benchmarks.figures import Figure, compared
from benchmarks.prepare import SESSION
from benchmarks.servers import (
    NOOP,
    ONE_COMMIT,
    PRODUCT,
    Account,
    Served,
    initialise,
    scratch,
    serving,
)

RUNS = 5
SECONDS = 3.0
SLOW_RUNS = 3
FSYNC_MS = 5
ARGUMENTS_BYTES = 1_024


def call_of(size: int = ARGUMENTS_BYTES) -> str:
    """Return the body of a filing with `size` bytes of arguments, one of a kind by a number."""
    arguments = {"command": f"deploy {load.COUNTER}", "env": "production", "note": ""}
    arguments["note"] = "x" * (size - len(json.dumps(arguments)))
    call = {"tool": "shell.run", "arguments": arguments, "summary": "Deploy"}
    return json.dumps(call | {"session": SESSION})


def bearer(key: str) -> dict[str, str]:
    """Return the header of a key or token."""
    return {"Authorization": f"Bearer {key}"}


def filing(served: Served, account: Account, first: int, seconds: float) -> load.Seen:
    """File new calls as fast as 32 clients can; every one must be answered 201."""
    plan = load.Plan(
        served.agents,
        "/api/v1/approvals",
        seconds,
        bearer(account.key),
        call_of(),
        first,
    )
    seen = load.run(plan)
    assert set(seen.statuses) <= {"200", "201"}, seen.statuses
    return seen


def measure() -> Iterator[Figure]:
    """Measure both halves of P1."""
    with scratch() as folder:
        yield _against_noop(folder)
        yield from _against_one_commit(folder)


def _against_noop(folder: Path) -> Figure:
    account = initialise(folder / "intake")
    rates: list[float] = []
    references: list[float] = []
    with (
        serving(folder / "intake") as product,
        serving(folder / "noop", NOOP) as noop,
    ):
        for number in range(RUNS):
            references.append(filing(noop, account, 0, SECONDS).rate)
            rates.append(filing(product, account, number * 1_000_000, SECONDS).rate)
    return compared(
        rates,
        references,
        place=("P1", "durable intake, 32 clients, 1 KB"),
        unit="requests/s",
        goal=">= 0.7 of a no-op handler",
        at_least=0.7,
    )


def _against_one_commit(folder: Path) -> Iterator[Figure]:
    shim = slow_disk(folder)
    if shim is None:
        print('{"id": "P1", "name": "slow disk", "skipped": "no C compiler here"}')
        return
    rates: dict[tuple[str, ...], list[float]] = {PRODUCT: [], ONE_COMMIT: []}
    for program, runs in rates.items():
        instance = folder / program[-1]
        account = initialise(instance)
        with serving(instance, program, LD_PRELOAD=str(shim)) as served:
            for number in range(SLOW_RUNS):
                seen = filing(served, account, number * 1_000_000, SECONDS)
                runs.append(seen.rate)
    yield compared(
        rates[PRODUCT],
        rates[ONE_COMMIT],
        place=("P1", f"durable intake with {FSYNC_MS} ms more an fsync"),
        unit="requests/s",
        goal=">= 10 x one commit a request",
        at_least=10.0,
    )


def slow_disk(folder: Path) -> Path | None:
    """Build the library that makes every fsync slower; none without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    built = folder / "slow_fsync.so"
    source = Path(__file__).with_name("slow_fsync.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", f"-DDELAY_MS={FSYNC_MS}", "-o", built, source],
        check=True,
    )
    return built
