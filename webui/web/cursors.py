"""Where the next page of a list begins: the sort key of the last row, in the address."""

_DIGITS = 18
"""As many as always fit into 64 bits."""


def write_cursor(at: int, last_id: str) -> str:
    """Return the place after a row, for an address."""
    return f"{at}.{last_id}"


def read_seq(text: str | None) -> int | None:
    """Return a whole number that the database can hold; none for anything else."""
    given = text or ""
    if not given.isascii() or not given.isdigit() or len(given) > _DIGITS:
        return None
    return int(given)


def read_cursor(text: str | None) -> tuple[int, str] | None:
    """Return (ms, id) of a cursor; none for none, and for one that is not ours."""
    start, _, last_id = (text or "").partition(".")
    at = read_seq(start)
    return None if at is None or not last_id else (at, last_id)
