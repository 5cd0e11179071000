"""Exports of the log, as streams of text: JSON Lines to verify, CSV to read.

Only JSON Lines carries the log exactly. CSV is for spreadsheets: cells cannot become
formulas, and no character in them is invisible or starts a new line.
"""

import csv
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Final, Protocol

CSV_COLUMNS: Final = ("seq", "at", "actor", "action", "subject", "payload")

# A spreadsheet takes a cell for a formula by its first character, also behind blanks and
# in the full width forms (OWASP, CSV Injection).
_FORMULA = re.compile(r"[\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
# Control, format, separator, surrogate and private characters (spec: details.md, D, P2);
# the brackets are escaped too, so that nobody can write an escape himself.
_UNSEEN = re.compile(
    "[\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u27e6\u27e7\u3000\u3164\ue000-\uf8ff\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffd\ud800-\udfff\U000e0000-\U000e0fff]"
)


class Recorded(Protocol):
    """A row of the log as it is kept: `nonce` and `payload` are None once erased."""

    @property
    def seq(self) -> int:
        """Its place in the log."""

    @property
    def entry(self) -> bytes:
        """Its canonical entry."""

    @property
    def row_hash(self) -> bytes:
        """Its hash, 32 bytes."""

    @property
    def nonce(self) -> bytes | None:
        """Its nonce, 16 bytes."""

    @property
    def payload(self) -> bytes | None:
        """Its canonical payload."""


def json_line(row: Recorded) -> str:
    """Return a row as a line of an export: `seq, entry, row_hash, nonce, payload`.

    `entry` and `payload` are the exact texts that were hashed, as JSON strings; `row_hash`
    is hex, `nonce` base64; an erased row has null for both nonce and payload.
    """
    nonce, payload = row.nonce, row.payload
    return _line(
        {
            "seq": row.seq,
            "entry": row.entry.decode(),
            "row_hash": row.row_hash.hex(),
            "nonce": None if nonce is None else b64encode(nonce).decode(),
            "payload": None if payload is None else payload.decode(),
        }
    )


def json_lines(
    rows: Iterable[Recorded],
    checkpoints: Iterable[tuple[int, str]] = (),
    cut: str | None = None,
) -> Iterator[str]:
    """Yield the lines of an export that `verifier.py` checks, each with its line feed.

    `rows` and `checkpoints` (size, note) come in ascending order; each note stands behind
    the row it covers, and those beyond the last row are left out, as this export cannot
    show what they speak of. `cut` is the note the first row goes on from, if rows were
    archived.
    """
    if cut is not None:
        yield _line({"cut": cut})
    notes = iter(checkpoints)
    size, note = next(notes, (None, ""))
    for row in rows:
        while size is not None and size < row.seq:
            size, note = next(notes, (None, ""))
        yield json_line(row)
        if size == row.seq:
            yield checkpoint_line(note)


def checkpoint_line(note: str) -> str:
    """Return a signed checkpoint as a line of an export."""
    return _line({"checkpoint": note})


def csv_rows(rows: Iterable[Recorded]) -> Iterator[str]:
    """Yield a CSV export (RFC 4180), the heading first, one line for each row."""
    yield _csv_line(CSV_COLUMNS)
    for row in rows:
        entry = json.loads(row.entry)
        payload = "" if row.payload is None else row.payload.decode()
        texts = (entry["at"], entry["actor"], entry["action"], entry["subject"], payload)
        yield _csv_line([str(row.seq), *(csv_cell(text) for text in texts)])


def csv_lines(heads: Iterable[str], rows: Iterable[Iterable[str | int]]) -> Iterator[str]:
    """Yield any table as CSV (RFC 4180), the heading first; its texts are made safe."""
    yield _csv_line(heads)
    for row in rows:
        yield _csv_line([csv_cell(str(cell)) for cell in row])


def csv_cell(text: str) -> str:
    """Return a text that a spreadsheet shows and never runs, with nothing unseen in it."""
    guard = "'" if _FORMULA.match(text) else ""
    return guard + _UNSEEN.sub(lambda match: f"\u27e6U+{ord(match[0]):04X}\u27e7", text)


def _csv_line(cells: Iterable[str]) -> str:
    line = StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()


def _line(members: dict[str, object]) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")) + "\n"
