"""Sources, deliveries, agents and what they work on, in German."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugins.desk import Browser, House, SignedIn

GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}


@pytest.fixture
def ana(signed_in: SignedIn, house: House) -> Browser:
    return signed_in(house.ana)


@pytest.mark.parametrize(
    ("path", "german", "english"),
    [
        ("/sources", "Die erste Quelle anlegen", "Make the first source"),
        ("/sources/new?kind=standard", "Einstellungen als JSON", "Settings, as JSON"),
        ("/deliveries", "Noch nichts wurde zugestellt.", "Nothing was delivered yet."),
        (
            "/deliveries/new",
            "Ein Aufruf wartet auf ein Urteil",
            "A call waits for a verdict",
        ),
        ("/agents", "Agent mit Schlüssel anlegen", "Make the agent and its key"),
        ("/access/work", "Noch kein Projekt.", "No project yet."),
        ("/access/tree", "Berichtsbaum", "Reporting tree"),
    ],
)
def test_a_page_speaks_the_browsers_language(
    ana: Browser, path: str, german: str, english: str
) -> None:
    page = ana.get(path, headers=GERMAN).get_data(as_text=True)
    assert '<html lang="de">' in page
    assert german in page
    assert english not in page
    page = ana.get(path).get_data(as_text=True)
    assert '<html lang="en">' in page
    assert english in page


def test_what_is_wrong_with_a_source_is_said_in_german(ana: Browser) -> None:
    fields = {"csrf_token": ana.csrf_token(), "kind": "hmac", "name": "g", "config": "{}"}
    answer = ana.post("/sources", data=fields, headers=GERMAN)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Diese Quelle kann noch nicht arbeiten" in page
    assert "wird gebraucht" in page
