"""What of a WSGI request a yes is bound to: its address, its body, and headers that steer it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import quote

from countersign_client.problem import NotServed

Environ = dict[str, Any]

BOUND_HEADERS = (
    "content-type",
    "content-encoding",
    "content-range",
    "depth",
    "destination",
    "if",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "overwrite",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
)
"""Headers that change what a request does: where a WebDAV move goes, or the method itself."""
IN_MEMORY = 1024 * 1024
CHUNK = 64 * 1024
_PLAIN = "/:@!$&'()*+,;=~-._"
_PRINTED = "".join(chr(code) for code in range(0x21, 0x7F))


@dataclass(frozen=True, slots=True)
class Payload:
    """A body that was read once and can be read again, with what it is bound by."""

    body: IO[bytes]
    length: int
    hash: str

    def put_back(self, environ: Environ) -> None:
        """Let the service read exactly the bytes that were hashed."""
        environ["wsgi.input"] = self.body
        environ["wsgi.input_terminated"] = True
        environ["CONTENT_LENGTH"] = str(self.length)
        environ.pop("HTTP_TRANSFER_ENCODING", None)


def address(environ: Environ) -> str:
    """Path and query as the service gets them, percent-encoded where they must be."""
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    text = quote(path.encode("latin-1"), safe=_PLAIN) or "/"
    query = environ.get("QUERY_STRING", "")
    return f"{text}?{quote(query.encode('latin-1'), safe=_PRINTED)}" if query else text


def take(environ: Environ, limit: int, bound: Iterable[str]) -> Payload:
    """Read the body to its end, at most `limit` bytes; larger ones than a megabyte lie on disk.

    Raises NotServed: too large, cut off, or of a length that nobody can tell.
    """
    body: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed with the answer
    digest = hashlib.sha256()
    try:
        length = _copy(environ, limit, body, digest)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return Payload(body, length, _bind(environ, digest.digest(), bound))


def _copy(environ: Environ, limit: int, body: IO[bytes], digest: "hashlib._Hash") -> int:
    announced, length = _announced(environ), 0
    if announced is not None and announced > limit:
        raise _too_large(limit)
    while chunk := _read(environ, announced, length):
        length += len(chunk)
        if length > limit:
            raise _too_large(limit)
        digest.update(chunk)
        body.write(chunk)
    if announced is not None and length != announced:
        raise NotServed(400, "cut_off", "The body is shorter than its Content-Length.")
    return length


def _announced(environ: Environ) -> int | None:
    """The body's length; None when the server marks its end (PEP 3333's later `input_terminated`)."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        if environ.get("wsgi.input_terminated") is True:
            return None
        raise NotServed(411, "length_required", "Send the body with a Content-Length.")
    text = environ.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        raise NotServed(400, "bad_length", "The Content-Length is not a number.")
    return int(text)


def _read(environ: Environ, announced: int | None, done: int) -> bytes:
    size = CHUNK if announced is None else min(CHUNK, announced - done)
    chunk: bytes = environ["wsgi.input"].read(size) if size else b""
    return chunk


def _too_large(limit: int) -> NotServed:
    return NotServed(413, "too_large", f"The body is limited to {limit} bytes here.")


def _bind(environ: Environ, digest: bytes, bound: Iterable[str]) -> str:
    """One hash over the body and the headers that steer it, each with its length."""
    whole = hashlib.sha256(b"countersign-write-v1\n")
    for name in sorted({header.lower() for header in bound}):
        key = name.upper().replace("-", "_")
        value = environ.get(key if key == "CONTENT_TYPE" else f"HTTP_{key}")
        if value is not None:
            raw = str(value).encode("latin-1", "backslashreplace")
            whole.update(f"{name}:{len(raw)}:".encode() + raw + b"\n")
    whole.update(b"\n" + digest)
    return f"sha256:{whole.hexdigest()}"
