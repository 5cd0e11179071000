"""Where an answer may go: below an address that the source's settings name, and nowhere else."""

from typing import Final
from urllib.parse import unquote, urlsplit

_MOST_ESCAPED: Final = 4
"""Each server on the way may take the escapes off once more."""


def lies_under(url: object, base: str) -> bool:
    """Say whether an address lies below another one: same scheme, host and port, deeper path.

    What readers of addresses could take differently lies nowhere: a name before the host, a step
    up, however often it is escaped, a backslash, a space, a fragment.
    """
    if not isinstance(url, str) or not url.isascii() or not url.isprintable():
        return False
    try:
        wanted, given = urlsplit(base), urlsplit(url)
        same = _origin(base) == _origin(url)
    except ValueError:  # no such port, or half an IPv6 address
        return False
    plain = _decoded(url)
    if plain is None or not plain.isprintable() or set("\\ #") & set(plain):
        return False
    named = {step.partition(";")[0] for step in (_decoded(given.path) or "").split("/")}
    steps = {".", ".."} & named or "@" in given.netloc
    below = given.path.startswith(wanted.path.rstrip("/") + "/")
    return same and below and not steps


def _decoded(text: str) -> str | None:
    """Return a text without percent escapes, also those in escapes; None where it does not end."""
    for _ in range(_MOST_ESCAPED):
        plain = unquote(text)
        if plain == text:
            return text
        text = plain
    return None


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or usual
