"""Passwords on threads of their own: Argon2id would stop the event loop for long."""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

import gevent.monkey
from gevent.threadpool import ThreadPool

from webui.approvals.people.passwords import check_password, hash_password, nobodys_hash
from webui.store.queries.identity import Credentials

Result = TypeVar("Result")


def is_password_of(found: Credentials | None, password: str) -> bool:
    """Say whether it is right; for nobody, after as much work as for somebody."""
    return _apart(lambda: _check(found, password))


def hash_of_new(password: str) -> str:
    """Return what is kept of a password that somebody chose."""
    return _apart(lambda: hash_password(password))


def _apart(work: Callable[[], Result]) -> Result:
    if not gevent.monkey.is_module_patched("threading"):
        return work()
    done: Result = _two_at_a_time().apply(work)
    return done


def hashed(password: str) -> str:
    """Return the hash of a new password."""
    if gevent.monkey.is_module_patched("threading"):
        return str(_two_at_a_time().apply(hash_password, (password,)))
    return hash_password(password)


@cache
def _two_at_a_time() -> ThreadPool:
    """Return the threads that hash: each takes 64 MiB, so there are only two."""
    return ThreadPool(2)


def _check(found: Credentials | None, password: str) -> bool:
    # Who signs in by a provider only has no password; nothing is equal to that.
    kept = (
        found.password_hash if found is not None and found.password_hash else nobodys_hash()
    )
    right = check_password(kept, password)
    return right and found is not None and found.password_hash != ""
