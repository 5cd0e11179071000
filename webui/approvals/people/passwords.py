"""Passwords: Argon2id, outside any transaction. Whoever serves many limits how many at once."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
SHORTEST = 10
LONGEST = 200


def hash_password(password: str) -> str:
    """Return the Argon2id hash to keep."""
    return _hasher.hash(password)


@cache
def nobodys_hash() -> str:
    """Return a hash to check for unknown addresses, so that they take as long as known ones."""
    return hash_password(secrets.token_urlsafe(24))


def check_password(kept: str, password: str) -> bool:
    """Say whether the password is the one that was hashed."""
    if len(password) > LONGEST:
        password = ""
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def new_password() -> str:
    """Return a password to print once, of about 95 bits."""
    return "-".join(secrets.token_hex(3) for _ in range(4))
