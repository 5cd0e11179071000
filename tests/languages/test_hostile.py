"""What strangers wrote, and what was drawn for another reader, on pages in German."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

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


def test_a_row_drawn_for_one_reader_is_no_other_readers(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    call = file_call(house.deploy_bot)  # its owner may not decide it
    bo, rae, zoe = (signed_in(each) for each in (house.bo, house.rae, house.zoe))
    for _ in range(2):  # the second time from what was kept
        german = row_of(rae.get("/", headers=GERMAN), call)
        english = row_of(rae.get("/"), call)
        owners = row_of(bo.get("/"), call)
        assert ("bis " in german, "until " in german) == (True, False)
        assert ("bis " in english, "until " in english) == (False, True)
        assert ("disabled" in english, "disabled" in owners) == (False, True)
        assert call not in zoe.get("/").get_data(as_text=True)
    assert rae.send(f"/approvals/{call}/claim").status_code == 303
    assert "claimed by" in row_of(bo.get("/"), call)
    assert "q=tool" not in row_of(rae.get("/"), call)
    assert "q=tool" in row_of(rae.get("/?q=tool:shell.run"), call)
    assert "csrf" not in owners


def row_of(answer: TestResponse, call: str) -> str:
    page = answer.get_data(as_text=True)
    return page.split(f'id="row-{call}"')[1].split("</li>")[0]
