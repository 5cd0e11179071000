"""Where templates and static files are, and under which addresses browsers may keep them.

The version is part of the path (`/static/<version>/app.js`), so that a script's relative
imports stay within its version; every file can then be kept for ever.
"""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, send_from_directory, url_for
from werkzeug.security import safe_join

from webui.web.compression import smallest, takes_gzip
from webui.web.doors import public

_PACKAGE = Path(__file__).parents[1]
_YEAR = 31_536_000
_WHOLE = 200


def folder(name: str) -> Path:
    """Return `templates` or `static`: beside the package in the source tree, inside a wheel."""
    installed = _PACKAGE / "_assets" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def version_of(static: Path) -> str:
    """Return a short digest over all static files."""
    digest = hashlib.sha256()
    for path in sorted(static.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(static).as_posix().encode() + b"\0")
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _packed(answer: Response, small: bytes) -> Response:
    """Return the answer with its body packed, known by an ETag of its own."""
    answer.close()  # the file that would have been sent
    answer.direct_passthrough = False
    answer.set_data(small)
    answer.content_encoding = "gzip"
    answer.headers.pop("Accept-Ranges", None)
    tag, _ = answer.get_etag()
    answer.set_etag(f"{tag}-gzip")
    return answer


def icons_url() -> str:
    """Return where the icons are; a page has hundreds, and asks for the address once."""
    known: str | None = g.get("icons_url")
    if known is None:
        known = g.icons_url = url_for("static", filename="icons.svg")
    return known


def register(app: Flask) -> None:
    """Serve the static files at the endpoint `static`."""
    static = folder("static")
    current = version_of(static)

    @public
    def serve(version: str, filename: str) -> Response:
        answer = send_from_directory(static, filename, max_age=0)
        answer.vary.add("Accept-Encoding")
        # send_from_directory has made sure that the file is one of ours
        small = smallest(Path(safe_join(str(static), filename) or ""))
        if small is not None and answer.status_code == _WHOLE and takes_gzip():
            answer = _packed(answer, small)
        if version == current:
            answer.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
        else:  # a page of another release asks: give it what there is, and keep nothing
            answer.headers["Cache-Control"] = "no-cache"
        return answer

    app.add_url_rule("/static/<version>/<path:filename>", "static", serve)

    app.add_template_global(icons_url)

    @app.url_defaults
    def with_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("version", current)
