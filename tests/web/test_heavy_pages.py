"""Pages of the largest calls: the work that one asks for is counted, not timed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.previews import HOSTILE
from tests.plugins.desk import Browser, FileCall, House, SignedIn
from webui.languages import Language
from webui.preview import Call
from webui.web.tree_words import FLAGS

MOST_TAGS = 4
"""Elements of a page for each value of its call, icons and all."""
NO_MORE = 400
"""Translations that any page asks for, however many values its call has."""


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: nothing is counted that a database does."""
    return sqlite_database


@pytest.fixture
def ana(signed_in: SignedIn, house: House) -> Browser:
    return signed_in(house.ana)


@pytest.fixture
def filed(file_call: FileCall) -> Callable[[str], str]:
    """File one of the largest calls."""

    def file(name: str) -> str:
        return file_call(tool="look.at", arguments=dict(HOSTILE[name]()), risk="low")

    return file


def test_a_call_is_read_once_for_all_that_a_page_shows_of_it(
    ana: Browser, file_call: FileCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval_id = file_call(arguments={"secret": "x", "a": ["-p", "\u200b"]})
    read: list[Any] = []
    begin = Call.__init__

    def noted(self: Call, arguments: Any, *more: Any) -> None:
        read.extend(["secret"] if "secret" in arguments else [])
        begin(self, arguments, *more)

    monkeypatch.setattr(Call, "__init__", noted)
    for path in ("", "/full", "/panel"):
        read.clear()
        assert ana.get(f"/approvals/{approval_id}{path}").status_code == 200
        assert read == ["secret"], path


@pytest.mark.parametrize("name", ["secret numbers", "invisible items"])
def test_a_page_of_ten_thousand_values_has_few_elements_and_asks_for_few_translations(
    ana: Browser, filed: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(Language, "ngettext", _noting(Language.ngettext, asked))
    monkeypatch.setattr(Language, "gettext", _noting(Language.gettext, asked))
    page = ana.get(f"/approvals/{filed(name)}/full").get_data(as_text=True)
    values = sum(map(len, HOSTILE[name]().values()))
    assert values > 9_000
    assert len(re.findall("<[a-z]", page)) < MOST_TAGS * values + NO_MORE
    assert len(asked) < NO_MORE
    assert "form=" not in page, "buttons stand inside of their form"


def _noting(ask: Callable[..., str], asked: list[Any]) -> Callable[..., str]:
    def noted(*words: Any) -> str:
        asked.append(words[1])
        return ask(*words)

    return noted


def test_whoever_may_reveal_a_mask_in_a_row_presses_it(
    ana: Browser, filed: Callable[[str], str]
) -> None:
    approval_id = filed("secret numbers")
    page = ana.get(f"/approvals/{approval_id}/full").get_data(as_text=True)
    form = page[
        page.index('id="reveal"') : page.index("</form>", page.index('id="reveal"'))
    ]
    seal = re.search(r'name="seal" value="(\w+)"', form)
    assert seal is not None
    assert form.count('<button class="mask" name="at" value="arguments:0.') > 9_000
    at = "arguments:0.77"
    assert f'value="{at}"' in form
    shown = ana.send(f"/approvals/{approval_id}/reveal", at=at, seal=seal[1])
    text = shown.get_data(as_text=True)
    assert 'id="revealed"' in text
    assert "/password/77" in text
    assert f'value="{at}"' not in text
    assert 'id="confirm-approve"' in text


def test_every_flag_has_its_words() -> None:
    from webui.preview import notices  # noqa: PLC0415 - its table is its own

    assert {*notices._SENTENCES, "invisible", "redacted", "revealed"} == set(FLAGS)  # noqa: SLF001
