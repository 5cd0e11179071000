"""R12: TERM under load (quality.md, "Reliability")."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

SMALL = 1
LARGE = int(os.environ.get("COUNTERSIGN_TERMS", "10"))
PROMISED_SECONDS = 10


@pytest.mark.parametrize("times", [SMALL, pytest.param(LARGE, marks=pytest.mark.proof)])
def test_told_to_stop_under_load_it_ends_in_time_and_loses_nothing(
    rig: Any, crowd: Any, ledger: Any, report: Any, times: int
) -> None:
    longest = 0.0
    for _ in range(times):
        rig.start()
        writers = crowd()
        writers.until(acknowledged=100)
        begin = time.monotonic()
        assert rig.stop() == 0, rig.log()
        longest = max(longest, time.monotonic() - begin)
        writers.end()
    found = ledger.violations(rig)
    report(
        id="R12",
        database="postgresql" if rig.database_url else "sqlite",
        terms=times,
        acknowledged=len(ledger.filed),
        longest_seconds=round(longest, 2),
        violations=found,
    )
    assert longest < PROMISED_SECONDS  # a promise of the product, not a measurement
    assert not any(found.values()), found
