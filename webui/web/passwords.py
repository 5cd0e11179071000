"""Checking a password on a thread of its own: Argon2id would stop the event loop for long."""

import gevent
import gevent.monkey

from webui.approvals.passwords import check_password, nobodys_hash
from webui.store.queries.identity import Credentials


def is_password_of(found: Credentials | None, password: str) -> bool:
    """Say whether it is right; for nobody, after as much work as for somebody."""
    if gevent.monkey.is_module_patched("threading"):
        return bool(gevent.get_hub().threadpool.apply(_check, (found, password)))
    return _check(found, password)


def _check(found: Credentials | None, password: str) -> bool:
    kept = nobodys_hash() if found is None else found.password_hash
    return check_password(kept, password) and found is not None
