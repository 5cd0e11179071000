"""Checking and hashing passwords on a thread of its own: Argon2id would stop the event loop for long."""

from functools import cache

import gevent.monkey
from gevent.threadpool import ThreadPool

from webui.approvals.passwords import check_password, hash_password, nobodys_hash
from webui.store.queries.identity import Credentials


def is_password_of(found: Credentials | None, password: str) -> bool:
    """Say whether it is right; for nobody, after as much work as for somebody."""
    if gevent.monkey.is_module_patched("threading"):
        return bool(_two_at_a_time().apply(_check, (found, password)))
    return _check(found, password)


def hashed(password: str) -> str:
    """Return the hash of a new password."""
    if gevent.monkey.is_module_patched("threading"):
        return str(_two_at_a_time().apply(hash_password, (password,)))
    return hash_password(password)


@cache
def _two_at_a_time() -> ThreadPool:
    """Return the threads that hash: each check takes 64 MiB, so there are only two."""
    return ThreadPool(2)


def _check(found: Credentials | None, password: str) -> bool:
    kept = nobodys_hash() if found is None else found.password_hash
    return check_password(kept, password) and found is not None
