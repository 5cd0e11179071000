"""Check an exported audit log, offline, with this file alone.

    python verifier.py export.jsonl --vkey NAME+ID+KEY [--checkpoint last.note] [--from cut.note]

Needs Python 3.11 and the package `cryptography`, nothing of the program that wrote the log:
it shares no code with the writer on purpose, so that one mistake cannot hide in both.
Exit status: 0 the log is whole, 1 it was tampered with, 2 the evidence is incomplete.

What it cannot see: with no checkpoint kept outside the log, whoever holds the database can
cut off rows after the newest checkpoint in the export, or write those rows anew.
Formats: RFC 8785 (entries), RFC 6962 (tree), C2SP signed-note and tlog-checkpoint.
"""

import argparse
import json
import re
import sys
from base64 import b64decode, b64encode
from binascii import a2b_base64, b2a_base64
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Verdict = Literal["ok", "tampered", "incomplete"]
EXIT_STATUS: Final[dict[Verdict, int]] = {"ok": 0, "tampered": 1, "incomplete": 2}

_GENESIS: Final = "0" * 64
_HASH_BYTES: Final = 32
_NONCE_BYTES: Final = 16
_TEXT_LINES: Final = 3  # origin, size, root; then extension lines
_ED25519: Final = b"\x01"
_LONGEST_LINE: Final = 16 * 1024 * 1024
_MOST_PENDING: Final = (
    1000  # checkpoints that wait for their row, and notes looked back for
)
_PROGRESS_EVERY: Final = 4096
_FIELDS: Final = [
    "action",
    "actor",
    "at",
    "org",
    "payload",
    "prev_hash",
    "seq",
    "subject",
    "v",
]
_ROW_MEMBERS: Final = {"seq", "entry", "row_hash", "nonce", "payload"}

# What fits this pattern is canonical by construction: members in order, no white space,
# each character spelled the one way RFC 8785 allows. It is several times faster than
# reading the entry and writing it again; `_entry_fault` does that to explain a mismatch.
_TEXT = r'"((?:[^"\\\x00-\x1f]++|\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f])))*+)"'
_ENTRY = re.compile(
    rf'\{{"action":{_TEXT},"actor":{_TEXT},'
    r'"at":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)",'
    rf'"org":{_TEXT},"payload":"([0-9a-f]{{64}})","prev_hash":"([0-9a-f]{{64}})",'
    rf'"seq":([1-9][0-9]{{0,15}}),"subject":{_TEXT},"v":1\}}'
)
_SIGNATURE = re.compile(r"\u2014 ([^ +\n]+) ([A-Za-z0-9+/]+={0,2})")
_LINE_ENDS: Final = {"\n", "\r\n", ""}
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


class NoteError(ValueError):
    """A note is no evidence. `code`: `malformed`, `unknown-key`, or `forged`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Broken(Exception):
    """The log can be followed no further than `seq`."""

    def __init__(
        self, code: str, seq: int, message: str, verdict: Verdict = "tampered"
    ) -> None:
        super().__init__(message)
        self.finding = Finding(verdict, code, seq, message)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and at which row (0: at none in particular)."""

    verdict: Verdict
    code: str
    seq: int
    message: str


@dataclass(slots=True)
class Report:
    """What was checked and found. `covered` is the newest row a good checkpoint vouches for."""

    first: int = 0
    last: int = 0
    rows: int = 0
    erased: int = 0
    checkpoints: int = 0
    covered: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """`tampered` if anything is, else `incomplete` if anything is missing, else `ok`."""
        verdicts = {finding.verdict for finding in self.findings}
        return "tampered" if "tampered" in verdicts else "incomplete" if verdicts else "ok"


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that may sign checkpoints of the log `name` (C2SP vkey, Ed25519)."""

    name: str
    id: bytes
    public: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A statement of a log's size and Merkle root (C2SP tlog-checkpoint)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The signed text."""
        lines = (
            self.origin,
            str(self.size),
            b64encode(self.root).decode(),
            *self.extensions,
        )
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a log goes on after older rows went to an archive: all that is left of them."""

    checkpoint: Checkpoint
    row_hash: str
    frontier: bytes


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes that name a key in a signature line (C2SP signed-note)."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def parse_vkey(vkey: str) -> Key:
    """Read `name+hex id+base64 key`. Raises NoteError, which says what is wrong."""
    name, _, rest = vkey.strip().partition("+")
    written_id, _, encoded = rest.partition("+")
    data = _base64(encoded)
    if not name or data is None or len(data) != 1 + _HASH_BYTES or data[:1] != _ED25519:
        raise NoteError(
            "malformed",
            f"{vkey[:80]!a} is not an Ed25519 verifier key. Copy the whole line, "
            "NAME+ID+KEY, as the key's owner published it.",
        )
    key = Key(name, key_id(name, data[1:]), data[1:])
    if written_id != key.id.hex():
        raise NoteError(
            "malformed",
            f"the verifier key of {name!a} says its id is {written_id!a}, but it is "
            f"{key.id.hex()}: a character was lost or changed. Copy it again.",
        )
    return key


def read_note(note: str) -> tuple[Checkpoint, list[tuple[str, bytes]]]:
    """Return a note's checkpoint and its (key name, id || signature) pairs, unverified."""
    text, _, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    size, root = lines[1:3] if len(lines) >= _TEXT_LINES else ("", "")
    data = _base64(root)
    signed = [_SIGNATURE.fullmatch(line) for line in signatures.split("\n")]
    pairs = [(match[1], _base64(match[2])) for match in signed[:-1] if match]
    if (
        not all(lines)
        or not _SIZE.fullmatch(size)
        or data is None
        or len(data) != _HASH_BYTES
        or not signatures.endswith("\n")
        or len(pairs) != len(signed) - 1
    ):
        raise NoteError("malformed", "this is not a signed checkpoint (C2SP signed note).")
    checkpoint = Checkpoint(lines[0], int(size), data, tuple(lines[_TEXT_LINES:]))
    return checkpoint, [(name, signature) for name, signature in pairs if signature]


def open_note(note: str, keys: Iterable[Key]) -> Checkpoint:
    """Return the checkpoint of a note that one of `keys` signed. Raises NoteError otherwise.

    A signature by a key that is not known is passed over, as C2SP asks (a witness's, say);
    a wrong one by a known key condemns the note.
    """
    checkpoint, signatures = read_note(note)
    known = {(key.name, key.id): key for key in keys if key.name == checkpoint.origin}
    good = False
    for name, signature in signatures:
        key = known.get((name, signature[:4]))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(
                signature[4:], checkpoint.text.encode()
            )
        except InvalidSignature:
            raise NoteError(
                "forged",
                f"the checkpoint of row {checkpoint.size} has a wrong signature by a known key.",
            ) from None
        good = True
    if not good:
        raise NoteError(
            "unknown-key",
            f"the checkpoint of {checkpoint.origin!a}, row {checkpoint.size}, is signed by "
            "none of the given keys. Give the key that was in use then with --vkey.",
        )
    return checkpoint


def read_cut(checkpoint: Checkpoint) -> Cut:
    """Return the cut that a checkpoint with the two extension lines describes."""
    said = dict(line.partition(" ")[::2] for line in checkpoint.extensions)
    row_hash, frontier = said.get("row-hash", ""), _base64(said.get("frontier", ""))
    if not re.fullmatch("[0-9a-f]{64}", row_hash) or frontier is None:
        raise NoteError(
            "malformed",
            f"the note of row {checkpoint.size} is a checkpoint but not a cut: it lacks the "
            "lines `row-hash` and `frontier`. Give the note that came with the archive.",
        )
    hashes = [frontier[at : at + 32] for at in range(0, len(frontier), 32)]
    fits = len(frontier) == checkpoint.size.bit_count() * _HASH_BYTES
    if not fits or _root(hashes) != checkpoint.root:
        raise NoteError(
            "forged", f"the cut at row {checkpoint.size} contradicts its own root."
        )
    return Cut(checkpoint, row_hash, frontier)


class Chain:
    """Follows one log row by row, in constant memory.

    With `keys` it builds the Merkle tree and checks checkpoints; without, the chain alone.
    Raises Broken at the first row that does not follow; `finish` tells the rest.
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        self.report = Report()
        self._keys = keys
        self._prev_hash = _GENESIS
        self._at = ""
        self._org = ""
        self._origin = ""
        self._cut: Cut | None = None
        self._frontier: tuple[bytes, ...] = ()
        self._recent: deque[tuple[bytes, ...]] = deque([()], maxlen=_MOST_PENDING)
        self._pending: dict[int, Checkpoint] = {}

    def start_at(self, note: str) -> None:
        """Begin after the rows that `note`, a cut, stands for. Raises NoteError."""
        checkpoint = open_note(note, self._keys) if self._keys else read_note(note)[0]
        cut = read_cut(checkpoint)
        if self._cut is not None and self._cut != cut:
            raise NoteError(
                "forged", "the export starts at another cut than the one given."
            )
        self._cut = cut
        self.report.last = self.report.covered = checkpoint.size
        self._origin = checkpoint.origin
        self._prev_hash = cut.row_hash
        self._frontier = tuple(
            cut.frontier[at : at + 32] for at in range(0, len(cut.frontier), 32)
        )
        self._recent = deque([self._frontier], maxlen=_MOST_PENDING)

    def row(
        self,
        seq: int,
        entry: str,
        row_hash: str,
        nonce: bytes | None,
        payload: bytes | None,
    ) -> None:
        """Check the next row: `row_hash` in hex, `nonce` and `payload` None when erased."""
        report = self.report
        if seq != report.last + 1:
            raise self._out_of_order(seq)
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise Broken(*_entry_fault(entry, seq))
        _, _, at, org, payload_hash, prev_hash, said_seq, _ = match.groups()
        if int(said_seq) != seq:
            raise Broken("seq", seq, f"row {seq} has the entry of row {said_seq}.")
        if prev_hash != self._prev_hash:
            raise Broken("prev", seq, f"row {seq} does not follow from row {seq - 1}.")
        data = entry.encode()
        digest = sha256(b"audit-row-v1\x00" + data).hexdigest()
        if digest != row_hash:
            raise Broken(
                "row-hash", seq, f"row {seq}: the entry does not give its row hash."
            )
        if at < self._at:
            raise Broken("at", seq, f"row {seq} is older than row {seq - 1}.")
        if org != self._org:
            self._open(org, seq)
        self._check_payload(seq, payload_hash, nonce, payload)
        self._prev_hash, self._at = digest, at
        report.last = seq
        report.rows += 1
        if self._keys:
            self._add_leaf(data, seq)

    def checkpoint(self, note: str) -> None:
        """Check a note against the row it speaks of, now or when that row comes.

        One that no known key signed is noted as missing evidence; a wrong one raises Broken.
        """
        if not self._keys:
            return
        last = self.report.last
        try:
            checkpoint = open_note(note, self._keys)
        except NoteError as error:
            if error.code != "unknown-key":
                raise Broken("checkpoint", last, str(error)) from None
            self._miss("unknown-key", last, str(error))
            return
        self._same_origin(checkpoint)
        back = last - checkpoint.size
        if back < 0:
            self._hold(checkpoint)
        elif back < len(self._recent):
            self._compare(checkpoint, self._recent[-1 - back])
        else:
            self._miss(
                "too-early",
                checkpoint.size,
                f"the checkpoint of row {checkpoint.size} cannot be checked from this export: "
                "it covers rows before it, or stands too long after its row.",
            )

    def end(self) -> tuple[int, str, bytes]:
        """Return where the chain stands: last row, its hash in hex, the Merkle frontier."""
        return self.report.last, self._prev_hash, b"".join(self._frontier)

    def finish(self) -> Report:
        """Return the report, with what is missing at the end."""
        report = self.report
        report.first = report.last - report.rows + 1
        if self._pending:
            newest = max(self._pending)
            self._miss(
                "truncated",
                report.last,
                f"truncated: the log ends at row {report.last}, but the checkpoint of row "
                f"{newest} is signed. Rows {report.last + 1} to {newest} are missing.",
            )
        elif not report.rows:
            self._miss("empty", 0, "there are no rows.")
        elif self._keys and not report.checkpoints:
            self._miss(
                "unsigned",
                report.last,
                "no checkpoint vouches for these rows: the chain is whole, but it could have "
                "been written anew. Give one that was kept elsewhere with --checkpoint.",
            )
        return report

    def _check_payload(
        self, seq: int, committed: str, nonce: bytes | None, payload: bytes | None
    ) -> None:
        if payload is None and nonce is None:
            self.report.erased += 1
        elif payload is None or nonce is None or len(nonce) != _NONCE_BYTES:
            raise Broken("payload", seq, f"row {seq}: half of the payload is missing.")
        elif sha256(b"audit-payload-v1\x00" + nonce + payload).hexdigest() != committed:
            raise Broken("payload", seq, f"row {seq}: the payload is not the one recorded.")

    def _add_leaf(self, entry: bytes, seq: int) -> None:
        node = sha256(b"\x00" + entry).digest()
        frontier = self._frontier
        size, end = seq - 1, len(frontier)
        while size & 1:
            end -= 1
            node = sha256(b"\x01" + frontier[end] + node).digest()
            size >>= 1
        self._frontier = frontier = (*frontier[:end], node)
        self._recent.append(frontier)
        if seq in self._pending:
            self._compare(self._pending.pop(seq), frontier)

    def _compare(self, checkpoint: Checkpoint, frontier: tuple[bytes, ...]) -> None:
        if _root(frontier) != checkpoint.root:
            raise Broken(
                "root",
                checkpoint.size,
                f"rows up to {checkpoint.size} are not those that the checkpoint of row "
                f"{checkpoint.size} was signed for: history was rewritten at or before it.",
            )
        self.report.checkpoints += 1
        self.report.covered = max(self.report.covered, checkpoint.size)

    def _hold(self, checkpoint: Checkpoint) -> None:
        other = self._pending.setdefault(checkpoint.size, checkpoint)
        if other.root != checkpoint.root:
            raise Broken(
                "root",
                checkpoint.size,
                f"two checkpoints of row {checkpoint.size} disagree.",
            )
        if len(self._pending) > _MOST_PENDING:
            raise Broken(
                "checkpoint", self.report.last, "too many checkpoints without rows."
            )

    def _same_origin(self, checkpoint: Checkpoint) -> None:
        self._origin = self._origin or checkpoint.origin
        of_other_org = self._org and not checkpoint.origin.endswith("/" + self._org)
        if checkpoint.origin != self._origin or of_other_org:
            raise Broken(
                "other-log",
                self.report.last,
                f"the checkpoint is of another log, {checkpoint.origin!a}.",
            )

    def _open(self, org: str, seq: int) -> None:
        if self._org or not (self._origin or f"/{org}").endswith(f"/{org}"):
            raise Broken("other-log", seq, f"row {seq} belongs to another org's log.")
        self._org = org

    def _out_of_order(self, seq: int) -> Broken:
        due = self.report.last + 1
        if self.report.rows:
            return Broken(
                "seq", due, f"row {due} is not here: row {seq} stands in its place."
            )
        return Broken(
            "start",
            seq,
            f"the export starts at row {seq} instead of {due}. Give the note of the cut "
            "before its first row with --from.",
            "incomplete",
        )

    def _miss(self, code: str, seq: int, message: str) -> None:
        if len(self.report.findings) < _MOST_PENDING:
            self.report.findings.append(Finding("incomplete", code, seq, message))


def verify(
    lines: Iterable[bytes],
    vkeys: Iterable[str],
    checkpoints: Iterable[str] = (),
    cut: str | None = None,
    *,
    chain_only: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Report:
    """Check the lines of an export and say what was found. Streams; raises NoteError only.

    `vkeys` are the keys trusted to sign; `checkpoints` and `cut` are notes kept elsewhere.
    `chain_only` looks at no signature. `progress` gets the number of rows now and then.
    NoteError: a verifier key, or the cut that was given, cannot be used.
    """
    chain = Chain([] if chain_only else [parse_vkey(vkey) for vkey in vkeys])
    if cut is not None:
        chain.start_at(cut)
    try:
        for note in checkpoints:
            chain.checkpoint(note)
        for number, line in enumerate(lines, 1):
            _take(chain, line, number)
            if progress is not None and not number % _PROGRESS_EVERY:
                progress(chain.report.rows)
    except Broken as broken:
        chain.report.findings.insert(0, broken.finding)
        chain.report.first = chain.report.last - chain.report.rows + 1
        return chain.report
    return chain.finish()


def _take(chain: Chain, line: bytes, number: int) -> None:
    due = chain.report.last + 1
    try:
        _enter(chain, _members(line), number)
    except NoteError as error:
        verdict: Verdict = "incomplete" if error.code == "unknown-key" else "tampered"
        raise Broken("cut", due, str(error), verdict) from None
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Broken(
            "line",
            due,
            f"line {number}, where row {due} is due, is no line of an export: it is not JSON, "
            "has other members, or a value of the wrong kind.",
        ) from None


def _enter(chain: Chain, members: dict[str, Any], number: int) -> None:
    if members.keys() == _ROW_MEMBERS:
        nonce, payload = members["nonce"], members["payload"]
        chain.row(
            members["seq"],
            members["entry"],
            members["row_hash"],
            None if nonce is None else _nonce(nonce),
            None if payload is None else payload.encode(),
        )
    elif members.keys() == {"checkpoint"}:
        chain.checkpoint(members["checkpoint"])
    elif members.keys() == {"cut"} and number == 1:
        chain.start_at(members["cut"])
    else:
        raise ValueError(number)


def _members(line: bytes) -> dict[str, Any]:
    text = line.decode()
    members, end = _decode(text)
    # `1.0` and `true` equal 1, but are not how a row's number is written.
    if text[end:] not in _LINE_ENDS or type(members.get("seq", 1)) is not int:
        raise ValueError(end)
    return cast("dict[str, Any]", members)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError(len(pairs))
    return members


_decode: Final = json.JSONDecoder(object_pairs_hook=_once).raw_decode


def _nonce(encoded: str) -> bytes:
    data = a2b_base64(encoded)
    if b2a_base64(data, newline=False).decode() != encoded:
        raise ValueError(encoded)
    return data


def _base64(encoded: str) -> bytes | None:
    """Return the bytes if `encoded` is their one proper spelling, else None."""
    try:
        data = b64decode(encoded, validate=True)
    except ValueError:
        return None
    return data if b64encode(data).decode() == encoded else None


def _root(frontier: Sequence[bytes]) -> bytes:
    if not frontier:
        return sha256().digest()
    *rest, node = frontier
    for left in reversed(rest):
        node = sha256(b"\x01" + left + node).digest()
    return node


def _entry_fault(entry: str, seq: int) -> tuple[str, int, str]:
    """Say why an entry is none. Only ever called for one that is not accepted."""
    try:
        said = json.loads(entry)
    except (ValueError, RecursionError):
        return "entry", seq, f"row {seq}: the entry is not JSON."
    if not isinstance(said, dict) or sorted(said) != _FIELDS:
        return "entry", seq, f"row {seq}: the entry has not exactly the members of one."
    # Names and values are texts and whole numbers here, for which this is RFC 8785.
    again = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if again != entry:
        return "canonical", seq, f"row {seq}: the entry is not in its canonical form."
    return "entry", seq, f"row {seq}: a member of the entry has an impossible value."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        description="Check an exported audit log, offline.",
        epilog="Exit status: 0 whole, 1 tampered with, 2 incomplete evidence.",
    )
    parser.add_argument("export", type=Path, help="the export, JSON Lines")
    trust = parser.add_mutually_exclusive_group(required=True)
    trust.add_argument(
        "--vkey", action="append", default=[], help="a key to trust; repeatable"
    )
    trust.add_argument("--chain-only", action="store_true", help="look at no signature")
    parser.add_argument(
        "--checkpoint", action="append", default=[], type=Path, help="a note kept elsewhere"
    )
    parser.add_argument(
        "--from", dest="cut", type=Path, help="the note of the cut before it"
    )
    options = parser.parse_args(arguments)
    try:
        notes = [path.read_text("utf-8") for path in options.checkpoint]
        cut = options.cut and options.cut.read_text("utf-8")
        with options.export.open("rb") as export:
            lines = iter(partial(export.readline, _LONGEST_LINE), b"")
            report = verify(lines, options.vkey, notes, cut, chain_only=options.chain_only)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"incomplete: {error}\n")
        return EXIT_STATUS["incomplete"]
    sys.stdout.write(summary(report) + "\n")
    return EXIT_STATUS[report.verdict]


def summary(report: Report) -> str:
    """Return the report in a few lines of plain text, safe to print."""
    first_line = (
        f"{report.verdict}: rows {report.first} to {report.last} ({report.rows}), "
        f"{report.erased} erased, {report.checkpoints} checkpoints, "
        f"signed up to row {report.covered}"
    )
    lines = [first_line, *(f"{f.verdict}, {f.code}: {f.message}" for f in report.findings)]
    if report.verdict == "ok" and report.covered < report.last:
        lines.append(
            f"note: rows {report.covered + 1} to {report.last} came after the newest checkpoint."
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
