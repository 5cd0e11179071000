import json
from dataclasses import FrozenInstanceError
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from webui.approvals.call.canonical import Unreadable, canonical
from webui.audit import merkle
from webui.audit.chain import EMPTY_HEAD, GENESIS, Head, append, rfc3339

HOSTILE = [
    "line\nfeed\r\nactor: system",
    '"},{"seq":1',
    "back\\slash \\u0000",
    "\x00\x01\x07\x08\x0b\x0c\x1b[31m\x1f\x7f\x80\x9f",
    "\u2028\u2029\u202e\ufeff\ud7ff\ue000\uffff",
    "caf\u00e9 \U0001f600",
    "",
]


def one(head: Head = EMPTY_HEAD, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "org": "org_1",
        "at": 1_790_000_000_123,
        "actor": "user:usr_7",
        "action": "approval.decided",
        "subject": "approval:apr_1",
        "payload": {"reason": "fine", "version": 2},
        "nonce": bytes(range(16)),
    }
    return append(head, **(fields | changes))


def test_a_row_is_written_exactly_so() -> None:
    row, head = one()
    assert row.payload == b'{"reason":"fine","version":2}'
    promised = sha256(b"audit-payload-v1\0" + bytes(range(16)) + row.payload).hexdigest()
    assert row.entry.decode() == (
        '{"action":"approval.decided","actor":"user:usr_7","at":"2026-09-21T14:13:20.123Z",'
        f'"org":"org_1","payload":"{promised}","prev_hash":"{GENESIS}","seq":1,'
        '"subject":"approval:apr_1","v":1}'
    )
    assert row.row_hash == sha256(b"audit-row-v1\0" + row.entry).digest()
    assert row.row_hash.hex() == (
        "996a24d8f276668590cbff90dbc4caef43cb80726d5dbf09bdb3f044d7109aab"
    )
    assert head == Head(1, row.row_hash, 1_790_000_000_123, merkle.leaf(row.entry))


def test_each_row_names_the_one_before_it() -> None:
    first, head = one()
    second, head = one(head)
    assert json.loads(second.entry)["prev_hash"] == first.row_hash.hex()
    assert (second.seq, head.seq) == (2, 2)
    assert merkle.root(head.frontier, 2) == merkle.root(
        *merkle.grow(merkle.EMPTY, 0, [first.entry, second.entry])
    )


texts = st.text() | st.sampled_from(HOSTILE)


@given(
    org=texts,
    actor=texts,
    action=texts,
    subject=texts,
    seq=st.integers(0, 2**53 - 2),
    at=st.integers(0, 253_402_300_799_999),
)
def test_every_entry_is_canonical_json(
    org: str, actor: str, action: str, subject: str, seq: int, at: int
) -> None:
    head = Head(seq, bytes(32), 0, bytes(32 * seq.bit_count()))
    row, _ = one(head, org=org, at=at, actor=actor, action=action, subject=subject)
    said = json.loads(row.entry)
    assert row.entry == canonical(said) == rfc8785.dumps(said)
    assert (said["org"], said["actor"], said["action"]) == (org, actor, action)
    assert (said["subject"], said["seq"], said["v"]) == (subject, seq + 1, 1)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_forges_log_lines_stays_inside_its_own(text: str) -> None:
    row, _ = one(actor=text, subject=text, payload={text: text})
    for written in (row.entry, row.payload):
        assert not set(written) & set(range(32))


def test_a_clock_that_goes_back_does_not_take_the_log_with_it() -> None:
    _, head = one(at=5_000)
    row, head = one(head, at=4_000)
    assert (row.at, head.at) == (5_000, 5_000)
    assert json.loads(row.entry)["at"] == "1970-01-01T00:00:05.000Z"
    row, _ = one(head, at=5_001)
    assert row.at == 5_001


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_001, "2000-02-29T00:00:00.001Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_rfc_3339_with_milliseconds(at: int, text: str) -> None:
    assert rfc3339(at) == text


@pytest.mark.parametrize("at", [-1, 253_402_300_800_000])
def test_a_time_that_rfc_3339_cannot_write_is_refused(at: int) -> None:
    with pytest.raises(ValueError, match="between 1970 and 9999"):
        rfc3339(at)


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_nonce_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="16 random"):
        one(nonce=bytes(length))


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        one(subject="\ud800")
    with pytest.raises(Unreadable):
        one(payload={"reason": "\ud800"})


def test_equal_payloads_have_unequal_commitments() -> None:
    one_row, _ = one(nonce=bytes(16))
    other, _ = one(nonce=b"\x01" * 16)
    assert json.loads(one_row.entry)["payload"] != json.loads(other.entry)["payload"]


def test_a_row_cannot_be_changed_once_made() -> None:
    row, _ = one()
    with pytest.raises(FrozenInstanceError):
        row.seq = 2
