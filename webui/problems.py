"""Domain errors to HTTP, once: RFC 9457 problem details for programs, a status for pages."""

import json
from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException

from webui.approvals.call.json_faults import Unreadable
from webui.approvals.errors import (
    ConflictError,
    DeniedByRuleError,
    DeskError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    TooManyError,
)
from webui.approvals.ruling.policies import PolicyRefusedError
from webui.gating import UntoldError
from webui.refusals import MEDIA_TYPE
from webui.sentences import sentence
from webui.store.errors import StoreUnavailableError

STATUS: tuple[tuple[type[DeskError], int], ...] = (
    (NotFoundError, 404),
    (InvalidError, 422),
    (NotAllowedError, 403),
    (ConflictError, 409),
    (TooManyError, 429),
)
TITLES = {
    400: sentence("Bad Request"),
    401: sentence("Unauthorized"),
    403: sentence("Forbidden"),
    404: sentence("Not Found"),
    405: sentence("Method Not Allowed"),
    406: sentence("Not Acceptable"),
    408: sentence("Request Timeout"),
    409: sentence("Conflict"),
    411: sentence("Length Required"),
    412: sentence("Precondition Failed"),
    413: sentence("Content Too Large"),
    414: sentence("URI Too Long"),
    415: sentence("Unsupported Media Type"),
    422: sentence("Unprocessable Content"),
    429: sentence("Too Many Requests"),
    431: sentence("Request Header Fields Too Large"),
    500: sentence("Internal Server Error"),
    501: sentence("Not Implemented"),
    503: sentence("Service Unavailable"),
}
ERROR = sentence("Error")


def status_of(error: DeskError) -> int:
    """Return the HTTP status of a domain error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    retry_after: int | None = None,
    **more: Any,
) -> Response:
    """Answer with problem details; `more` are further members."""
    document = {
        "type": "about:blank",
        "title": TITLES.get(status, ERROR),
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
        **more,
    }
    if retry_after is not None:
        document["retry_after"] = retry_after
    response = Response(json.dumps(document), status, content_type=MEDIA_TYPE)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def of_desk_error(error: DeskError) -> Response:
    """Answer a refusal of the desk."""
    more: dict[str, Any] = {}
    if isinstance(error, InvalidError) and error.faults:
        more["errors"] = [fault._asdict() for fault in error.faults]
    if isinstance(error, PolicyRefusedError):
        more["errors"] = [
            {"pointer": fault.path, "detail": fault.sentence}
            | {"line": fault.line, "column": fault.column}
            for fault in error.wrong
        ]
    if isinstance(error, DeniedByRuleError):
        more |= {"reason": error.detail, "rule": error.rule, "proceed": False}
    if isinstance(error, UntoldError):
        more |= {"cautions": list(error.cautions), "seen": error.seen}
    return problem(
        status_of(error),
        error.code,
        error.detail,
        retry_after=getattr(error, "retry_after", None),
        **more,
    )


def of_unreadable(error: Unreadable) -> Response:
    """Answer a body that is not JSON as we read it."""
    place = [{"pointer": error.pointer, "detail": error.detail}]
    return problem(error.status, error.code, error.detail, errors=place)


def of_store_error(error: StoreUnavailableError) -> Response:
    """Answer that nothing was changed and that the same request is welcome again."""
    return problem(
        503, "unavailable", str(error), retry_after=error.retry_after, proceed=False
    )


def of_http_error(error: HTTPException) -> Response:
    """Answer what the framework itself refused."""
    status = error.code or 500
    codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    details = {
        404: "There is nothing at this address.",
        405: "This address takes another method.",
    }
    response = problem(
        status,
        codes.get(status, TITLES.get(status, "error").lower().replace(" ", "_")),
        details.get(status, error.description or "The request was refused."),
    )
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    return response
