"""What is sent compressed, and what never is (decision 0006)."""

import gzip
from contextlib import closing
from pathlib import Path

import pytest

from tests.plugins.desk import FileCall, House, SignedIn
from webui.web import assets, compression
from webui.web.app import PAGES

GZIP = {"Accept-Encoding": "gzip, br"}


@pytest.mark.parametrize("path", ["/", "/history", "/audit"])
def test_a_page_is_compressed_for_who_takes_it_and_is_the_same_page(
    signed_in: SignedIn, house: House, path: str
) -> None:
    browser = signed_in(house.ana)
    small = browser.get(path, headers=GZIP)
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.vary
    plain = gzip.decompress(small.get_data()).decode()
    assert plain.lstrip().startswith("<!DOCTYPE html>")
    assert len(small.get_data()) * 2 < len(plain)
    assert "Content-Encoding" not in browser.get(path).headers


def test_how_long_a_page_is_says_nothing_exact_about_what_is_in_it(
    signed_in: SignedIn, house: House
) -> None:
    browser = signed_in(house.ana)
    packed = [browser.get("/help", headers=GZIP).get_data() for _ in range(12)]
    assert len({body.index(b"\0", 10) for body in packed}) > 1  # the name in its head


@pytest.mark.parametrize("path", ["/account", "/agents", "/sources", "/people"])
def test_rooms_that_show_new_secrets_are_never_compressed(
    signed_in: SignedIn, house: House, path: str
) -> None:
    answer = signed_in(house.ana).get(path, headers=GZIP)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers


def test_no_room_that_is_compressed_takes_a_secret_to_show() -> None:
    packed = [page for page in PAGES if page.blueprint.name in compression.ROOMS]
    assert len(packed) == len(compression.ROOMS)
    for page in packed:
        assert page.__file__ is not None
        assert ".once." not in Path(page.__file__).read_text(encoding="utf-8")


def test_the_answer_to_a_form_is_never_compressed(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    browser = signed_in(house.ana)
    form = {"csrf_token": browser.csrf_token(), "at": "nothing"}
    answer = browser.post(f"/approvals/{file_call()}/reveal", data=form, headers=GZIP)
    assert "Content-Encoding" not in answer.headers


def test_static_files_are_compressed_once_for_all_and_kept_for_ever(
    signed_in: SignedIn, house: House
) -> None:
    browser = signed_in(house.ana)
    version = assets.version_of(assets.folder("static"))
    small = browser.get(f"/static/{version}/app.css", headers=GZIP)
    with closing(browser.get(f"/static/{version}/app.css")) as plain:
        plain.get_data()
    assert gzip.decompress(small.get_data()) == plain.get_data()
    assert len(small.get_data()) * 3 < len(plain.get_data())
    assert small.headers["Cache-Control"].endswith("immutable")
    assert small.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in small.vary
    assert "Accept-Encoding" in plain.vary
