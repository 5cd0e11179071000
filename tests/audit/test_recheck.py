"""The quick look at the end of a chain: whatever does not fit is named by its number."""

from dataclasses import replace
from typing import Any

import pytest

from webui.audit.recheck import broken_at


def end_of(log: Any) -> tuple[int, bytes]:
    return log.rows[-1].seq, log.rows[-1].row_hash


def test_a_whole_chain_and_the_end_of_one_fit(long_log: Any) -> None:
    assert broken_at(long_log.rows, end_of(long_log)) is None
    assert broken_at(long_log.rows[150:], end_of(long_log)) is None
    assert broken_at([], (0, bytes(32))) is None


def test_an_erased_payload_breaks_nothing(log: Any) -> None:
    log.write_many(3)
    rows = [replace(row, nonce=None, payload=None) for row in log.rows]
    assert broken_at(rows, end_of(log)) is None
    assert broken_at([replace(row, payload=None) for row in log.rows], end_of(log)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"row_hash": bytes(32)},
        {"seq": 7},
        {"payload": b'{"reason":"another"}'},
        {"nonce": bytes(16)},
    ],
)
def test_a_row_that_was_changed_is_named(log: Any, changes: dict[str, Any]) -> None:
    rows = log.write_many(3).rows
    changed = replace(rows[1], **changes)
    assert broken_at([rows[0], changed, rows[2]], end_of(log)) == changed.seq


def test_a_row_that_is_missing_is_noticed_at_the_next(log: Any) -> None:
    rows = log.write_many(3).rows
    assert broken_at([rows[0], rows[2]], end_of(log)) == 3


def test_a_row_of_another_chain_is_noticed(log: Any, rewritten: Any) -> None:
    log.write_many(3)
    forged = rewritten(log, 1, actor="user:other")
    assert broken_at([log.rows[0], *forged.rows[1:]], end_of(log)) == 2


def test_a_chain_that_was_cut_short_is_noticed_at_its_end(log: Any) -> None:
    log.write_many(3)
    assert broken_at(log.rows[:2], end_of(log)) == 3
    assert broken_at([], end_of(log)) == 3
