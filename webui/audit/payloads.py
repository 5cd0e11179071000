"""What an event says, for those who compare the log with the tables."""

import json
from typing import Any


def said_by(payload: bytes | None) -> dict[str, Any]:
    """Return an event's payload; empty if it was erased or is none, which the chain tells."""
    try:
        said = json.loads(payload or b"{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
