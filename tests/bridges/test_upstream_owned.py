"""R14: approvals that OpenCode settles, under all that can happen to them at once.

COUNTERSIGN_SEED=123 ... -k r14     plays one run again; its threads may take other turns
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from tests.bridges.game import Game
from tests.bridges.oracle import violations
from tests.plugins.chats import settings_with
from webui.audit.agreement import findings
from webui.audit.verify import verify_org
from webui.bridges import opencode as bridge

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.chats import Chat, OpenChannel, Service
    from tests.plugins.desk import House
    from tests.plugins.rules import Desk
    from webui.runtime import Runtime
    from webui.settings import Settings

SEED = int(os.environ.get("COUNTERSIGN_SEED", "0"))
RUNS = int(os.environ.get("COUNTERSIGN_RUNS", "1000"))
ACTS = 14


@pytest.fixture
def settings(instance: Path, database_url: str, services: dict[str, Service]) -> Settings:
    """Settings of a desk with a chat and no limits."""
    limits = {"rate_limit": 0, "max_pending": 0}
    return settings_with(instance, database_url, services, **limits)


@pytest.fixture
def channel(open_channel: OpenChannel, house: House) -> Chat:
    """A channel where Bo may click; Ana may decide too, and never clicks there."""
    chat = open_channel("slack")
    chat.link(house.bo, "U1")
    chat.link(house.ana, "U2")
    return chat


@pytest.fixture
def play(
    desk: Desk,
    runtime: Runtime,
    channel: Chat,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[int], Game]:
    """Play the run of a seed and bring it to rest."""
    for name in ("LIST_EVERY", "SOON"):  # the game sets them; here they get their own back
        monkeypatch.setattr(bridge, name, getattr(bridge, name))

    def one(seed: int) -> Game:
        game = Game(seed, desk, runtime, channel, tmp_path)
        try:
            game.play(ACTS)
            game.close()
        finally:
            game.end()
        return game

    return one


def log_agrees(desk: Desk) -> list[Any]:
    """Return what log and tables say differently, and whether the log verifies."""
    org = desk.house.org_id
    with desk.store.reading() as session:
        found: list[Any] = findings(session.connection(), org, pruned=False)
    with desk.store.reading() as session:
        report = verify_org(session.connection(), org)
    return found if report.verdict == "ok" else [*found, report]


@pytest.mark.parametrize(
    "runs",
    [
        10,
        pytest.param(50, marks=pytest.mark.sure),
        pytest.param(RUNS, marks=pytest.mark.proof, id="proof"),
    ],
)
def test_r14_nothing_hangs_and_nothing_is_answered_twice(
    desk: Desk, play: Callable[[int], Game], runs: int, report: Callable[..., None]
) -> None:
    began, seen = time.monotonic(), Counter[str]()
    for seed in range(SEED, SEED + (1 if SEED else runs)):
        with capture_logs() as logs:
            game = play(seed)
        wrong = violations(game) + [
            str(each) for each in logs if each["log_level"] in {"error", "critical"}
        ]
        assert not wrong, f"COUNTERSIGN_SEED={seed}: {wrong} after {game.acts}"
        seen.update(game.figures())
    assert log_agrees(desk) == []
    name = "sqlite" if desk.store.on_sqlite else "postgresql"
    report(
        id="R14",
        database=name,
        runs=runs,
        violations=0,
        seconds=round(time.monotonic() - began),
        **seen,
    )
