"""Every page, told in a language of marks: what is not marked never went through the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from tests.plugins.places import routes, things
from webui.languages import Language
from webui.web import filters, speaking, tree_words

if TYPE_CHECKING:
    from flask import Flask

    from tests.plugins.desk import FileCall, House, SignedIn
    from webui.store.store import Store

OPEN, CLOSE = "\u2039", "\u203a"
EXACT = {"code", "pre", "kbd", "samp", "script", "style", "svg", "bdi", "textarea"}
SAME = re.compile(
    r"""
    Countersign|\(\d+\)|·                                # the name, and what joins titles
    |\b[a-z_]+:[a-z_]+\b|\b(?:approval|apr_)[.\w*…]*     # permissions, events, ids
    |\b\w+@example\.com\b|https?://\S+                  # addresses
    |CTRLRun|Claude\ Code|CloudEvents|Discord|GitHub\ deployments|HMAC\ header|Helio
    |LangGraph|OpenCode|Slack|Standard\ Webhooks|Deutsch|English      # names
    |\b(?:object|string)\b                                # JSON's
    |\b(?:Acme|Ana|In|On\ call|a\ test|shell\.run)\b       # of this test
    |command:\ "echo\ \w+"
    """,
    re.VERBOSE,
)
"""What is the same in every language, or was put in by the test."""
SEEN = ("aria-label", "title", "placeholder", "alt", "data-label", "data-says")


class Marked(Language):
    """English, with a mark around whatever came from the catalogue."""

    def gettext(self, message: str) -> str:
        return f"{OPEN}{message}{CLOSE}" if message else ""

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)

    def moment(self, ms: int) -> str:
        return f"{OPEN}{super().moment(ms)}{CLOSE}"


class Reader(HTMLParser):
    """Collects the texts of a page that nobody marked."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._depth = 0
        self._exact: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._exact and tag == self._exact[0]:
            self._exact.append(tag)
        elif not self._exact and (
            tag in EXACT
            or given.get("translate") == "no"
            or "mono" in (given.get("class") or "").split()
        ):
            self._exact = [tag]
        if not self._exact:
            for name in SEEN:
                if given.get(name):
                    self._note(given[name] or "", 0)

    def handle_endtag(self, tag: str) -> None:
        if self._exact and tag == self._exact[0]:
            self._exact.pop()

    def handle_data(self, data: str) -> None:
        if self._exact:
            self._depth += data.count(OPEN) - data.count(CLOSE)
        else:
            self._depth = self._note(data, self._depth)

    def _note(self, text: str, depth: int) -> int:
        bare = ""
        for sign in text:
            depth += (sign == OPEN) - (sign == CLOSE)
            bare += sign if depth == 0 and sign != CLOSE else " "
        if re.search(r"[A-Za-z]{2}", SAME.sub("", bare)):
            self.found.append(" ".join(bare.split()))
        return depth


def unmarked(page: str) -> Iterator[str]:
    reader = Reader()
    reader.feed(page)
    reader.close()
    yield from reader.found


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (speaking, filters, tree_words):
        monkeypatch.setattr(module, "spoken", lambda: Marked("en", "English"))


def test_no_page_says_anything_past_the_catalogue(
    dashboard: Flask,
    signed_in: SignedIn,
    house: House,
    file_call: FileCall,
    store: Store,
    marked: None,
) -> None:
    ids = things(house.ci, file_call, store, house.org_id, house.ana.id)
    browser = signed_in(house.ana)
    left: dict[str, set[str]] = {}
    for route in routes(dashboard, "GET", **ids):
        answer = browser.get(route.path)
        if answer.mimetype == "text/html" and answer.status_code != 303:
            for text in unmarked(answer.get_data(as_text=True)):
                left.setdefault(text, set()).add(route.path)
    assert not left
