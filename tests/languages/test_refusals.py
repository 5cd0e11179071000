"""What is refused before any view: each error has a page in its reader's language."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

from flask import abort
from werkzeug.exceptions import default_exceptions

from tests.languages.test_calls import GERMAN
from webui.sentences import sentence
from webui.store.errors import StoreUnavailableError
from webui.web.doors import public

if TYPE_CHECKING:
    from flask import Flask

    from tests.plugins.desk import Browser

OWN = {400, 403, 404, 405, 408, 411, 413, 414, 415, 429, 431, 500, 501, 503}
"""Those that a browser can meet here: each says what to do, too."""


def test_the_page_of_every_error_is_german(dashboard: Flask, browser: Browser) -> None:
    dashboard.add_url_rule("/raised/<int:code>", view_func=public(abort))
    for status in sorted(set(default_exceptions) - {401}):  # that leads to the sign-in
        raised = default_exceptions[status]()
        answer = browser.get(f"/raised/{status}", headers=GERMAN)
        page = unescape(answer.get_data(as_text=True))
        assert answer.status_code == status
        assert '<html lang="de">' in page
        assert str(raised.description) not in page
        assert raised.name not in page or status not in OWN
        assert ("Was Sie tun können:" in page) is (status in OWN), status


def test_without_a_database_a_browser_is_answered_in_its_language(
    dashboard: Flask, browser: Browser
) -> None:
    def away() -> str:
        raise StoreUnavailableError(sentence("The database did not answer; ask again."))

    dashboard.add_url_rule("/away", view_func=public(away))
    german = browser.get("/away", headers=GERMAN)
    assert german.status_code == 503
    assert german.headers["Content-Language"] == "de"
    assert german.get_data(as_text=True) == (
        "Die Datenbank hat nicht geantwortet; fragen Sie noch einmal. "
        "Nichts wurde geändert. Versuchen Sie es in ein paar Sekunden noch einmal.\n"
    )
    english = browser.get("/away")
    assert english.get_data(as_text=True) == (
        "The database did not answer; ask again. "
        "Nothing was changed. Try again in a few seconds.\n"
    )
    part = browser.get("/away", headers=GERMAN | {"HX-Request": "true"})
    assert part.get_json()["detail"] == "The database did not answer; ask again."


def test_a_request_that_is_no_text_is_refused_in_german(browser: Browser) -> None:
    page = unescape(browser.get("/sign-in?x=%00", headers=GERMAN).get_data(as_text=True))
    assert "NUL-Zeichen" in page
