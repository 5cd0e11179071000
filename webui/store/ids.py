"""Names for rows: a prefix that says what it is, then a ULID, so that ids sort by age.

ULID: 48 bits of milliseconds and 80 random bits, Crockford base32, 26 characters.
"""

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(prefix: str, now: int) -> str:
    """Return for instance `apr_01JD...`; `now` in ms since the epoch."""
    return _spelt(prefix, (now << 80) | secrets.randbits(80))


def first_id(prefix: str, now: int) -> str:
    """Return the least id that can be made at `now`: where a time begins in their order."""
    return _spelt(prefix, now << 80)


def _spelt(prefix: str, number: int) -> str:
    letters = []
    for _ in range(26):
        letters.append(_ALPHABET[number & 31])
        number >>= 5
    return f"{prefix}_{''.join(reversed(letters))}"
