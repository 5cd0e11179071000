"""Refusals and failures as pages, once: what is wrong, and what to do about it."""

from dataclasses import dataclass

from flask import Flask, Response, redirect, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals.errors import DeskError
from webui.sentences import Sentence, joined, sentence
from webui.store.errors import StoreUnavailableError
from webui.web.mending import mend_of
from webui.web.render import page, part, wants_part
from webui.web.speaking import of_browser

MACHINES = (
    "/ws",
    "/healthz",
    "/readyz",
    "/metrics",
    "/.well-known/",
    "/hooks/",
    "/static/",
)
"""Addresses whose readers are programs: they get problem details."""
_FORM_TOO_OLD = sentence(
    "The form did not carry the mark of your present session, so nothing was changed."
)
_OPEN_AGAIN = sentence("Go back, load the page anew, and send the form once more.")
_MEND = {
    400: _OPEN_AGAIN,
    403: sentence("Ask somebody who runs this desk, if you should be able to do this."),
    404: sentence("Check the address; what is not in your organization is not shown."),
    405: _OPEN_AGAIN,
    408: sentence("Send it once more, over a better connection if there is one."),
    411: _OPEN_AGAIN,
    413: sentence("Send less at once."),
    414: sentence("Shorten what you search for, or open the page from the menu."),
    415: _OPEN_AGAIN,
    429: sentence("Wait a moment and try again."),
    500: sentence(
        "Try again; if it stays, whoever runs this desk finds the cause in its log."
    ),
    431: sentence("Delete this site's cookies in your browser, and sign in again."),
    501: _OPEN_AGAIN,
    503: sentence("Nothing was changed. Try again in a few seconds."),
}
_DETAIL = {
    400: sentence("The browser sent something that cannot be read."),
    404: sentence("There is nothing at this address."),
    405: sentence("This address takes another method."),
    408: sentence("What the browser sent came too slowly."),
    411: sentence("The browser did not say how much it sends."),
    413: sentence("That is more than this desk takes at once."),
    414: sentence("This address is too long."),
    415: sentence("The browser sent a kind of content that is not taken here."),
    431: sentence("The browser sent too many cookies or headers."),
    500: sentence("Something went wrong on our side."),
    501: sentence("The browser asked for something that this desk does not do."),
}
_REFUSED = sentence("The request was refused.")


@dataclass(frozen=True, slots=True)
class Problem:
    """What the error page says."""

    status: int
    title: str
    detail: str
    mend: str | None
    code: str | None


def register(app: Flask) -> None:
    """Answer all errors of the dashboard."""
    app.register_error_handler(DeskError, _of_desk_error)
    app.register_error_handler(StoreUnavailableError, _of_store_error)
    app.register_error_handler(CSRFError, _of_csrf_error)
    app.register_error_handler(HTTPException, _of_http_error)


def _answer(problem: Problem) -> tuple[str, int]:
    if wants_part():
        return part("_problem.html", problem=problem), problem.status
    return page("error.html", problem=problem), problem.status


def _problem(
    status: int, detail: str, code: str | None, mend: str | None = None
) -> Problem:
    title = problems.TITLES.get(status, problems.ERROR)
    return Problem(status, title, detail, mend or _MEND.get(status), code)


def _for_machines() -> bool:
    return request.path.startswith(MACHINES)


def _of_desk_error(error: DeskError) -> Response | tuple[str, int]:
    if _for_machines():
        return problems.of_desk_error(error)
    status, mend = problems.status_of(error), mend_of(error.code)
    return _answer(_problem(status, error.detail, error.code, mend))


def _of_store_error(error: StoreUnavailableError) -> Response | tuple[str, int]:
    """The frame of a page needs the database too, so this one does without any page."""
    if _for_machines() or wants_part():
        return problems.of_store_error(error)
    language = of_browser()
    said = joined(" ", (error.args[0], _MEND[503])).told(language)
    headers = {"Retry-After": str(error.retry_after), "Content-Language": language.code}
    return Response(f"{said}\n", 503, headers, content_type="text/plain; charset=utf-8")


def _of_csrf_error(_: CSRFError) -> Response | tuple[str, int]:
    if _for_machines():
        return problems.problem(400, "bad_csrf_token", _FORM_TOO_OLD)
    return _answer(_problem(400, _FORM_TOO_OLD, "bad_csrf_token", _OPEN_AGAIN))


def _of_http_error(error: HTTPException) -> BaseResponse | tuple[str, int]:
    status = error.code or 500
    if error.response is not None or status < 400:  # noqa: PLR2004 - redirects and ready answers
        return error.get_response()
    if status == 401:  # noqa: PLR2004 - HTTP 401
        return _signed_out()
    if _for_machines():
        return problems.of_http_error(error)
    said = error.description  # the framework's own is in English
    detail = said if isinstance(said, Sentence) else _DETAIL.get(status, _REFUSED)
    return _answer(_problem(status, detail, None))


def _signed_out() -> BaseResponse | tuple[str, int]:
    """Lead a person to the sign-in page and back; tell scripts plainly."""
    if _for_machines() or wants_part():
        return problems.problem(401, "signed_out", "Sign in again.")
    back = request.full_path.rstrip("?") if request.method == "GET" else ""
    if back in {"", "/"}:
        return redirect(url_for("session.sign_in"), 303)
    return redirect(url_for("session.sign_in", next=back), 303)
