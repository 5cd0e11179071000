"""Answers of the guards: RFC 9457 problem details made before any application runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served: `detail` says what is wrong and how to mend it."""

    status: int
    code: str
    detail: str
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def phrase(self) -> str:
        """The reason phrase of the status."""
        return HTTPStatus(self.status).phrase

    def all_headers(self) -> list[tuple[str, str]]:
        """Headers of the answer, without its length."""
        return [
            ("Content-Type", MEDIA_TYPE),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *self.headers,
        ]

    def body(self, instance: str) -> bytes:
        """The problem document; `instance` is the path that was asked for."""
        problem = {
            "type": "about:blank",
            "title": self.phrase,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
        }
        return json.dumps(problem).encode()

    def respond(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        body = self.body(environ.get("PATH_INFO", ""))
        headers = [*self.all_headers(), ("Content-Length", str(len(body)))]
        start_response(f"{self.status} {self.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
