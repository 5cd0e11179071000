"""Where an answer may go: below an address that the source's settings name, and nowhere else."""

from urllib.parse import unquote, urlsplit


def lies_under(url: object, base: str) -> bool:
    """Say whether an address lies below another one: same scheme, host and port, deeper path.

    What readers of addresses could take differently lies nowhere: a name before the host, a step
    up, a backslash, a space.
    """
    if not isinstance(url, str) or not url.isascii() or not url.isprintable():
        return False
    try:
        wanted, given = urlsplit(base), urlsplit(url)
        same = _origin(base) == _origin(url)
    except ValueError:  # no such port, or half an IPv6 address
        return False
    plain = unquote(given.path)
    odd = set("\\ ") & set(unquote(url)) or "@" in given.netloc
    steps = {".", ".."} & set(plain.split("/"))
    below = given.path.startswith(wanted.path.rstrip("/") + "/")
    return same and below and not odd and not steps


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or usual
