"""T21: a flood of events while somebody decides: what is decided is what was under the pointer."""

import sqlite3
from collections.abc import Callable
from typing import Final

import pytest

from tests.hostile.clicker import Clicker
from tests.hostile.flood import A_SECOND, KINDS, Flood
from tests.hostile.judge import WITHOUT_LIMITS
from tests.plugins.served import At, ServedDesk, StartDesk

pytestmark = pytest.mark.browser
START: Final = 12
FULL: Final = 60


def kept(desk: ServedDesk) -> list[tuple[str, str, str]]:
    """Return what the server keeps of the verdicts that came from a page."""
    there = desk.folder / "instance" / "countersign.db"
    with sqlite3.connect(there, timeout=30) as rows:
        found = "SELECT approval_id, seal, verdict FROM decisions WHERE channel = 'page'"
        return list(rows.execute(found))


@pytest.mark.parametrize(
    "seconds",
    [
        3,
        pytest.param(6, marks=pytest.mark.sure),
        pytest.param(FULL, marks=pytest.mark.proof),
    ],
)
def test_what_is_decided_in_a_flood_is_what_was_under_the_pointer(
    start_desk: StartDesk, at: At, report: Callable[..., None], seconds: int
) -> None:
    desk = start_desk(**WITHOUT_LIMITS)
    asked = [
        desk.client.ask("mail.send", {"to": f"reader {place}"}, expires_in=3600)
        for place in range(START)
    ]
    colleague = desk.add("Colleague")
    page = at(desk.admin, desk, viewport={"width": 1280, "height": 900}, forgiven="409|403")
    clicker = Clicker(page)
    flood = Flood(desk, colleague, [each.id for each in asked])
    flood.start()
    try:
        # A busy machine sends fewer a second: it goes on until all of them came.
        full = seconds * A_SECOND if seconds >= FULL else 0
        clicker.go_on(seconds, lambda: flood.sent.total() >= full)
    finally:
        flood.stop()
    decided = kept(desk)
    under = {(each["id"], each["seal"], each["verdict"]) for each in clicker.downs}
    report(
        rig="T21", seconds=seconds, events=flood.sent.total(), kinds=flood.sent, refused=flood.refused, presses=len(clicker.downs), keys=clicker.keyed,
        sent=len(clicker.posted), decided=len(decided), rows_opened=clicker.opened, early_presses_inert=clicker.early,
        faults=clicker.faults[:5], violations=len(clicker.faults),
    )  # fmt: skip
    assert clicker.faults == []
    assert [each for each in clicker.posted if each not in clicker.submitted] == []
    assert [each for each in decided if each not in under] == []
    if full:
        assert decided
        assert flood.sent.keys() == KINDS.keys()
