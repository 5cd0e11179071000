"""Looking once more at the end of a chain: quick enough for a page, and honest about how far.

The whole chain with its checkpoints is the verifier's, which needs no trust in this program.
"""

import json
from collections.abc import Sequence

from webui.audit.chain import commitment, hash_row
from webui.audit.export import Recorded


def broken_at(rows: Sequence[Recorded], end: tuple[int, bytes]) -> int | None:
    """Return the first seq that does not fit the chain, or None when all do.

    Args:
        rows: ascending and without gap, up to the end of the log.
        end: seq and hash that the chain's head holds.

    """
    before: Recorded | None = None
    for row in rows:
        entry = json.loads(row.entry)
        fits = (
            hash_row(row.entry) == row.row_hash
            and entry["seq"] == row.seq
            and (before is None or before.seq + 1 == row.seq)
            and (before is None or entry["prev_hash"] == before.row_hash.hex())
            and _is_promised(row, entry["payload"])
        )
        if not fits:
            return row.seq
        before = row
    last = (0, bytes(32)) if before is None else (before.seq, before.row_hash)
    return None if last == end else end[0]


def _is_promised(row: Recorded, promised: str) -> bool:
    """Say whether the payload is the one committed to; an erased one cannot be told."""
    if row.nonce is None or row.payload is None:
        return True
    return commitment(row.nonce, row.payload) == promised
