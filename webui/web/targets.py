"""Where to go after signing in: a path of this site and nothing else."""

from urllib.parse import urlsplit


def local_path(wanted: str | None) -> str:
    r"""Return `wanted` if it is a plain path of this site, else an empty string.

    `//host`, `/\\host` and control characters leave the site in some browsers.
    """
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return ""
    if "\\" in wanted or not wanted.isprintable():
        return ""
    parts = urlsplit(wanted)
    return "" if parts.scheme or parts.netloc else wanted
