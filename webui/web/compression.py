"""Answers made smaller for browsers that take gzip; decided in docs/decisions/0006.

How small a page gets tells what is in it, to whoever can watch the line and have something of
his own written into the page (BREACH). So only pages of these rooms are made smaller, none of
which ever shows a new secret; never the answer to a form, which may show a revealed value; and
each gets a random length more, as Django does it.
"""

import gzip
import io
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Flask, Response, request

ROOMS: Final = frozenset({"queue", "approval", "history", "grants", "audit", "help"})
LEAST_BYTES: Final = 1_000
_MOST_PADDED: Final = 100
_QUICK, _SMALLEST = 4, 9
_TEXTS: Final = frozenset({".css", ".js", ".svg", ".webmanifest"})


def register(app: Flask) -> None:
    """Compress what may be."""

    @app.after_request
    def compress(answer: Response) -> Response:
        if request.blueprint not in ROOMS or answer.mimetype != "text/html":
            return answer
        answer.vary.add("Accept-Encoding")
        if request.method != "GET" or not takes_gzip() or answer.is_streamed:
            return answer
        body = answer.get_data()
        if len(body) >= LEAST_BYTES:
            answer.set_data(_padded(body))
            answer.content_encoding = "gzip"
        return answer


def takes_gzip() -> bool:
    """Say whether the browser that asks takes gzip."""
    return request.accept_encodings["gzip"] > 0


@lru_cache(maxsize=128)
def smallest(path: Path) -> bytes | None:
    """Return a static file as small as it gets; none if that is no smaller."""
    if path.suffix not in _TEXTS or not path.is_file():
        return None
    plain = path.read_bytes()
    small = gzip.compress(plain, _SMALLEST, mtime=0)
    return small if len(small) < len(plain) else None


def _padded(body: bytes) -> bytes:
    """Return it with a file name of random length in its head, which browsers pass over."""
    name = "a" * secrets.randbelow(_MOST_PADDED + 1)
    kept = io.BytesIO()
    with gzip.GzipFile(name, "wb", _QUICK, kept, mtime=0) as packed:
        packed.write(body)
    return kept.getvalue()
