"""The table of legal moves, written a second time, and what a reader sees of a deadline."""

from itertools import product

import pytest

from webui.approvals.states import (
    DECIDED,
    LIVE,
    NEXT,
    OPEN,
    YES,
    Resolution,
    Risk,
    Status,
    Verdict,
    may_move,
    status_at,
)
from webui.approvals.words import NOT_USABLE, RESOLUTION, STATUS, VERDICT, settled_by

DIAGRAM = """
pending -> denied expired cancelled superseded answered approved needs_revision
needs_revision -> denied expired cancelled superseded answered pending
approved -> executing expired revoked
executing -> consumed failed unknown approved
unknown -> consumed
"""
ARROWS = {
    (old, new)
    for line in DIAGRAM.strip().splitlines()
    for old, _, news in [line.partition(" -> ")]
    for new in news.split()
}


@pytest.mark.parametrize(("old", "new"), list(product(Status, Status)))
def test_a_status_moves_along_the_arrows_of_the_diagram_and_nowhere_else(
    old: Status, new: Status
) -> None:
    assert may_move(old, new) is ((old, new) in ARROWS)


def test_what_is_settled_without_a_yes_or_used_up_is_the_end() -> None:
    ends = {status for status in Status if not NEXT[status]}
    assert ends == {
        Status.DENIED,
        Status.ANSWERED,
        Status.EXPIRED,
        Status.CANCELLED,
        Status.SUPERSEDED,
        Status.REVOKED,
        Status.CONSUMED,
        Status.FAILED,
    }
    assert not ends & LIVE
    assert OPEN < LIVE
    assert YES < DECIDED


@pytest.mark.parametrize(
    ("status", "now", "seen"),
    [
        (Status.PENDING, 99, Status.PENDING),
        (Status.PENDING, 100, Status.EXPIRED),
        (Status.NEEDS_REVISION, 100, Status.EXPIRED),
        (Status.APPROVED, 100, Status.APPROVED),
        (Status.APPROVED, 199, Status.APPROVED),
        (Status.APPROVED, 200, Status.EXPIRED),
        (Status.EXECUTING, 10_000, Status.EXECUTING),
        (Status.DENIED, 10_000, Status.DENIED),
        (Status.CONSUMED, 10_000, Status.CONSUMED),
    ],
)
def test_a_deadline_holds_from_its_very_millisecond(
    status: Status, now: int, seen: Status
) -> None:
    assert status_at(status, expires_at=100, usable_until=200, now=now) is seen


def test_an_approved_row_without_a_window_is_seen_as_it_is() -> None:
    seen = status_at(Status.APPROVED, expires_at=1, usable_until=None, now=9)
    assert seen is Status.APPROVED


def test_risk_has_an_order() -> None:
    assert [risk.level for risk in Risk] == [0, 1, 2, 3]


def test_every_state_ending_and_verdict_has_its_words() -> None:
    assert set(STATUS) == set(Status)
    assert set(RESOLUTION) == set(Resolution)
    assert set(VERDICT) == set(Verdict)
    assert set(NOT_USABLE) == set(Status) - {Status.APPROVED}


@pytest.mark.parametrize("status", list(Status))
def test_a_card_never_claims_more_than_was_observed(status: Status) -> None:
    assert ("Done" in STATUS[status]) is (status is Status.CONSUMED)
    assert settled_by(status, None) == f"It is settled: {STATUS[status].lower()}."


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.DENIED, "Bo denied it."),
        (Status.ANSWERED, "Bo answered it, so it did not run."),
        (Status.APPROVED, "Bo approved it."),
        (Status.EXECUTING, "Bo approved it."),
        (Status.CONSUMED, "Bo approved it."),
        (Status.UNKNOWN, "It is settled: outcome unknown."),
        (Status.EXPIRED, "It is settled: expired."),
    ],
)
def test_a_late_comer_reads_who_won(status: Status, sentence: str) -> None:
    assert settled_by(status, "Bo") == sentence
