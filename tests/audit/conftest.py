"""A log of a few hundred rows, its keys, its notes and its export, ready to be tampered with."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest

from webui.audit.chain import EMPTY_HEAD, Head, Row, append
from webui.audit.checkpoint import Signer, checkpoint_of, cut_of, sign
from webui.audit.export import json_lines
from webui.audit.verifier import Report, verify

START = 1_790_000_000_000


@dataclass
class Log:
    """An org's log as its writer keeps it. Every row has its own payload and nonce."""

    signer: Signer
    org: str = "org1"
    heads: list[Head] = field(default_factory=lambda: [EMPTY_HEAD])
    rows: list[Row] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)

    def write(self, **changes: Any) -> Row:
        seq = len(self.rows) + 1
        fields: dict[str, Any] = {
            "org": self.org,
            "at": START + seq,
            "actor": "user:usr_7",
            "action": "approval.decided",
            "subject": f"approval:apr_{seq}",
            "payload": {"reason": f"row {seq}", "secret": "hunter2", "version": seq},
            "nonce": sha256(b"nonce %d" % seq).digest()[:16],
        }
        row, head = append(self.heads[-1], **(fields | changes))
        self.rows.append(row)
        self.heads.append(head)
        return row

    def write_many(self, number: int, every: int = 64) -> "Log":
        for _ in range(number):
            self.write()
            if len(self.rows) % every == 0:
                self.notes.append((len(self.rows), self.note(len(self.rows))))
        return self

    def note(self, size: int) -> str:
        return sign(
            checkpoint_of(self.signer.name, self.heads[size]), [self.signer], last=None
        )

    def cut(self, size: int) -> str:
        return sign(cut_of(self.signer.name, self.heads[size]), [self.signer], last=None)

    def export(self, *, notes: bool = True) -> list[bytes]:
        lines = json_lines(self.rows, self.notes if notes else ())
        return [line.encode() for line in lines]

    def verify(
        self,
        lines: Iterable[bytes] | None = None,
        notes: Sequence[str] = (),
        **options: Any,
    ) -> Report:
        return verify(
            self.export() if lines is None else lines, [self.signer.vkey], notes, **options
        )


@pytest.fixture
def signer() -> Signer:
    return Signer.from_seed("audit.example/org1", bytes(range(32)))


@pytest.fixture
def stranger() -> Signer:
    """Somebody with another key for the same log."""
    return Signer.from_seed("audit.example/org1", bytes(32))


@pytest.fixture
def log(signer: Signer) -> Log:
    return Log(signer)


@pytest.fixture
def long_log(signer: Signer) -> Log:
    """200 rows with checkpoints at 64, 128 and 192, so that 8 rows come after the last."""
    return Log(signer).write_many(200)


@pytest.fixture
def rewritten(signer: Signer) -> Callable[..., Log]:
    """Return the same log with the fields of one row changed and all hashes made anew."""

    def rewrite(log: Log, seq: int, signer: Signer = signer, **changes: Any) -> Log:
        forged = Log(signer)
        for row in log.rows:
            forged.write(**(changes if row.seq == seq else {}))
        return forged

    return rewrite


@pytest.fixture
def flips() -> Callable[[bytes], Iterator[bytes]]:
    """Yield a line with one bit flipped, 40 times, spread over the whole line."""

    def flip(line: bytes) -> Iterator[bytes]:
        body = line.rstrip(b"\n")
        for number in range(40):
            at, bit = number * (len(body) - 1) // 39, 1 << number % 8
            yield body[:at] + bytes([body[at] ^ bit]) + body[at + 1 :] + b"\n"

    return flip
