"""P2: a gate that consumes a standing approval, beside a handler that keeps nothing."""

import json
from collections.abc import Iterator

from benchmarks import load
from benchmarks.figures import Figure, compared
from benchmarks.intake import bearer, call_of
from benchmarks.prepare import NO_LIMITS, decide_calls, opened
from benchmarks.servers import NOOP, Account, initialise, scratch, serving
from webui.approvals.asking import intake
from webui.approvals.asking.ask import Filer
from webui.approvals.states import Verdict
from webui.asks import AskBody, check_body, prepare
from webui.store.store import Store
from webui.store.transaction import Transaction

RUNS = 3
EACH = 1_200
"""Standing approvals a run uses up."""


def measure() -> Iterator[Figure]:
    """Measure P2."""
    bodies = [call_of().replace(load.COUNTER, f"{n:08d}") for n in range(RUNS * EACH)]
    with scratch() as folder:
        account = initialise(folder / "gate")
        with opened(folder / "gate") as store:
            ids = _file(store, account, bodies)
            decide_calls(store, account, ids, Verdict.APPROVE)
        rates: list[float] = []
        references: list[float] = []
        with (
            serving(folder / "gate") as product,
            serving(folder / "noop", NOOP) as noop,
        ):
            for run in range(RUNS):
                some = bodies[run * EACH : (run + 1) * EACH]
                references.append(_gated(noop.agents, account, some).rate)
                rates.append(_gated(product.agents, account, some).rate)
    yield compared(
        rates,
        references,
        place=("P2", "gate that consumes a standing approval, 32 clients"),
        unit="requests/s",
        goal=">= 0.4 of a no-op handler",
        at_least=0.4,
    )


def _file(store: Store, account: Account, bodies: list[str]) -> list[str]:
    filer = Filer(account.agent, account.org)
    ids = []

    def file(tx: Transaction, some: list[str]) -> list[str]:
        found = []
        for text in some:
            body = check_body(AskBody, json.loads(text))
            ask = prepare(
                body,
                json.dumps(body.arguments),
                org_id=account.org,
                agent_id=account.agent,
            )
            found.append(intake.submit(tx, filer, ask, NO_LIMITS).approval.id)
        return found

    for start in range(0, len(bodies), 100):
        some = bodies[start : start + 100]
        ids += store.write(lambda tx, some=some: file(tx, some))  # type: ignore[misc]
    return ids


def _gated(port: int, account: Account, bodies: list[str]) -> load.Seen:
    plan = load.Plan(
        port, "/api/v1/gate", 60.0, bearer(account.key), bodies=bodies, warm_up=0.2
    )
    seen = load.run(plan)
    assert seen.statuses == {"200": len(bodies)}, seen.statuses
    return seen
