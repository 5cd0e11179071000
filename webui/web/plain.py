"""Refusing a NUL in anything that a person's browser sends: no database keeps one in a text."""

from flask import Flask, abort, request

from webui.sentences import sentence
from webui.web.guard import RECEIVERS

_NOT_TEXT = sentence("The request holds a NUL character, which no text has.")


def register(app: Flask) -> None:
    """Refuse it before any view reads it. Receivers read their own bodies."""

    @app.before_request
    def only_text() -> None:
        if holds_nul(request.path, *request.args.values()):
            abort(400, _NOT_TEXT)
        if not request.path.startswith(RECEIVERS) and holds_nul(*request.form.values()):
            abort(400, _NOT_TEXT)


def holds_nul(*texts: str) -> bool:
    """Say whether one of these texts is none that a database keeps."""
    return any("\0" in text for text in texts)
