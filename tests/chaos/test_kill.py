"""R1: SIGKILL at random points under eight writers (quality.md, "Reliability")."""

from __future__ import annotations

import os
import random
import time
from typing import Any

import pytest

SMALL = 2
LARGE = int(os.environ.get("COUNTERSIGN_KILLS", "50"))


@pytest.mark.parametrize("kills", [SMALL, pytest.param(LARGE, marks=pytest.mark.proof)])
def test_what_was_acknowledged_survives_a_kill_at_any_moment(
    rig: Any, crowd: Any, ledger: Any, report: Any, kills: int
) -> None:
    seed = time.time_ns() % 2**32
    moments = random.Random(seed)  # noqa: S311 - moments, not secrets
    for _ in range(kills):
        rig.start()
        writers = crowd()
        writers.until(acknowledged=moments.randint(20, 120))
        time.sleep(moments.uniform(0.0, 0.01))  # the moment of the kill is the experiment
        rig.kill()
        writers.end()
    found = ledger.violations(rig)
    report(
        id="R1",
        database="postgresql" if rig.database_url else "sqlite",
        kills=kills,
        acknowledged=len(ledger.filed),
        used=len(ledger.used),
        seed=seed,
        violations=found,
    )
    assert ledger.used
    assert not any(found.values()), (seed, found)
