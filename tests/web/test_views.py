"""Saved views of the queue (spec: dashboard.md, "saved views, shared in the org")."""

import re

import pytest

from tests.plugins.desk import Browser, House, SignedIn


def save(browser: Browser, name: str, line: str, *, shared: bool = False) -> int:
    more = {"shared": "yes"} if shared else {}
    return browser.send("/views", name=name, q=line, **more).status_code


def views(browser: Browser) -> dict[str, str]:
    text = browser.get("/").get_data(as_text=True)
    bar = text[
        text.index('aria-label="Views"') : text.index(
            "</nav>", text.index('aria-label="Views"')
        )
    ]
    return {
        name: url
        for url, name in re.findall(r'href="(/\?q=[^"]+)"[^>]*><bdi>(.*?)</bdi>', bar)
    }


def view_id(browser: Browser, name: str) -> str | None:
    text = browser.get("/").get_data(as_text=True)
    found = re.search(
        rf'action="/views/(viw_\w+)/remove">(?:(?!</form>).)*<bdi>{name}</bdi>',
        text,
        re.DOTALL,
    )
    return found and found[1]


def test_a_view_is_saved_under_a_name_and_seen_by_whoever_saved_it(
    signed_in: SignedIn, house: House
) -> None:
    vi, ana = signed_in(house.vi), signed_in(house.ana)
    assert save(vi, "Deploys", "tool:deploy.*  risk:>=high") == 303
    assert views(vi)["Deploys"] == "/?q=tool:deploy.*+risk:%3E%3Dhigh"
    assert "Deploys" not in views(ana)


def test_a_shared_view_is_seen_by_everybody_in_the_org_and_by_nobody_else(
    signed_in: SignedIn, house: House
) -> None:
    save(signed_in(house.vi), "Ours", "agent:ci", shared=True)
    assert "Ours" in views(signed_in(house.ana))
    assert "Ours" not in views(signed_in(house.zoe))


def test_the_same_name_again_takes_the_place_of_ones_own(
    signed_in: SignedIn, house: House
) -> None:
    vi = signed_in(house.vi)
    save(vi, "Night", "age:>1h")
    save(vi, " night ", "age:>2h")
    assert [views(vi)[name] for name in ("night",)] == ["/?q=age:%3E2h"]
    assert "Night" not in views(vi)


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("", "tool:x", "A view has a name of 1 to 60 characters."),
        ("x" * 61, "tool:x", "A view has a name of 1 to 60 characters."),
        ("x", "", "The whole queue needs no saved view; narrow it first."),
        ("x", "risk:severe", "risk: takes one of low, medium, high, critical"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    signed_in: SignedIn, house: House, name: str, line: str, words: str
) -> None:
    vi = signed_in(house.vi)
    answer = vi.send("/views", name=name, q=line)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in text
    assert f'value="{name}"' in text


def test_a_name_that_somebody_else_shares_is_taken(
    signed_in: SignedIn, house: House
) -> None:
    save(signed_in(house.vi), "Ours", "agent:ci", shared=True)
    assert save(signed_in(house.ana), "ours", "agent:x", shared=True) == 422
    assert save(signed_in(house.ana), "ours", "agent:x") == 303


@pytest.mark.parametrize(
    "name",
    ["High risk", "mine  TO decide", "Highrisk", "\u041cine to decide", "High\u200brisk", "\u202eksir"],
    ids=ascii,
)  # fmt: skip
def test_no_view_takes_the_name_of_one_that_is_always_there(
    signed_in: SignedIn, house: House, name: str
) -> None:
    assert save(signed_in(house.vi), name, "tool:none", shared=True) == 422
    assert [url for each, url in views(signed_in(house.ana)).items() if "isk" in each] == [
        "/?q=risk:%3E%3Dhigh"
    ]


def test_one_removes_ones_own_view_and_who_manages_members_a_shared_one(
    signed_in: SignedIn, house: House
) -> None:
    vi, ana = signed_in(house.vi), signed_in(house.ana)
    save(vi, "Ours", "agent:ci", shared=True)
    save(vi, "Mine", "agent:x")
    own, shared = view_id(vi, "Mine"), view_id(ana, "Ours")
    assert ana.send(f"/views/{own}/remove").status_code == 404
    assert ana.send(f"/views/{shared}/remove").status_code == 303
    assert vi.send(f"/views/{own}/remove").status_code == 303
    assert not {"Ours", "Mine"} & set(views(vi))


def test_nobody_else_removes_a_shared_view(signed_in: SignedIn, house: House) -> None:
    save(signed_in(house.ana), "Ours", "agent:ci", shared=True)
    vi = signed_in(house.vi)
    shared = view_id(signed_in(house.ana), "Ours")
    assert view_id(vi, "Ours") is None
    assert vi.send(f"/views/{shared}/remove").status_code == 404
    assert "Ours" in views(vi)
