"""Where the next page of a list begins: the sort key of the last row, in the address."""


def write_cursor(at: int, last_id: str) -> str:
    """Return the place after a row, for an address."""
    return f"{at}.{last_id}"


def read_cursor(text: str | None) -> tuple[int, str] | None:
    """Return (ms, id) of a cursor; none for none, and for one that is not ours."""
    at, _, last_id = (text or "").partition(".")
    if not last_id or not at.isascii() or not at.isdigit() or len(at) > len(str(2**62)):
        return None
    return int(at), last_id
