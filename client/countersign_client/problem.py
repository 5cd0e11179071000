"""Answers that keep a request from a WSGI service, as problem details (RFC 9457)."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse


class NotServed(Exception):
    """The request is not served. code: a stable word. more: further members of the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        more: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.status = HTTPStatus(status)
        self.retry_after = retry_after
        self.problem = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": status,
            "detail": detail,
            "code": code,
            **(more or {}),
        }
        super().__init__(detail)

    def respond(
        self, environ: Mapping[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        body = json.dumps(self.problem).encode()
        headers = [
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        if self.retry_after is not None:
            headers.append(("Retry-After", str(int(self.retry_after))))
        start_response(f"{self.status.value} {self.status.phrase}", headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]
