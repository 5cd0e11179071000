"""Where templates and static files are, and under which addresses browsers may keep them.

The version is part of the path (`/static/<version>/app.js`), so that a script's relative
imports stay within its version; every file can then be kept for ever.
"""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, send_from_directory

from webui.web.doors import public

_PACKAGE = Path(__file__).parents[1]
_YEAR = 31_536_000


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


def register(app: Flask) -> None:
    """Serve the static files at the endpoint `static`."""
    static = folder("static")
    current = version_of(static)

    @public
    def serve(version: str, filename: str) -> Response:
        answer = send_from_directory(static, filename, max_age=0)
        if version == current:
            answer.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
        else:  # a page of another release asks: give it what there is, and keep nothing
            answer.headers["Cache-Control"] = "no-cache"
        return answer

    app.add_url_rule("/static/<version>/<path:filename>", "static", serve)

    @app.url_defaults
    def with_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("version", current)
