"""One server process for each SQLite file: a lock that dies with its holder."""

import fcntl
import os
from pathlib import Path

LOCK = "countersign.db.owner"


class OwnedError(Exception):
    """Another process holds the database."""


def hold(instance: Path) -> int:
    """Take the lock and return its descriptor; it is held as long as any copy is open.

    Raises:
        OwnedError: a server runs on this instance already.

    """
    descriptor = os.open(instance / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise OwnedError(
            f"Another process works on {instance}: stop it, "
            "or choose another directory with COUNTERSIGN_INSTANCE."
        ) from None
    return descriptor


def is_held(instance: Path) -> bool:
    """Say whether some process holds the database now."""
    if not (instance / LOCK).exists():
        return False
    try:
        os.close(hold(instance))
    except OwnedError:
        return True
    return False
