"""Texts of strangers on pages in German: shown as they are, never ours, never markup."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugins.desk import FileCall, House, SignedIn

GERMAN = {"Accept-Language": "de"}
TEXTS = (
    "%(name)s %(x)s %s %% 100% %(",
    "{{ 7 * 7 }} {0} {% trans %}",
    '"><img src=x onerror=alert(1)><bdi>',
    "Denied",
    "A reviewer decided.",
    "This call was denied; do not run it.",
)


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_stranger_wrote_is_shown_as_it_is_in_every_language(
    signed_in: SignedIn, house: House, file_call: FileCall, text: str
) -> None:
    ana = signed_in(house.ana)
    call = file_call(
        tool=f"t.{text}"[:60], arguments={"command": text, text: text}, session=text
    )
    for path in ("/", f"/approvals/{call}", f"/approvals/{call}/full", "/?q=group:session"):
        english, german = (ana.get(path, headers=headers) for headers in ({}, GERMAN))
        assert english.status_code == german.status_code == 200, path
        pages = [each.get_data(as_text=True) for each in (english, german)]
        assert '<html lang="de">' in pages[1]
        counts = [unescape(page).count(text) for page in pages]
        assert counts[0] == counts[1] > 0, path
        assert "<img src=x" not in pages[1]
