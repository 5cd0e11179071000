"""What every page tells somebody who does not see it: headings, landmarks, names, tables."""

import pytest
from flask import Flask

from tests.plugins.desk import Browser, FileCall, House, SignedIn
from tests.plugins.outline import faults_of, outline
from tests.plugins.places import routes, things
from webui.store.store import Store

MORE = {
    "queue.page": ("?q=risk:severe", "?q=group:agent", "?selected={approval_id}"),
    "approval.page": tuple(
        f"?decide={verb}"
        for verb in ("approve", "deny", "edit", "respond", "request_changes")
    ),
    "approval.full": ("?decide=approve", "?decide=edit"),
    "bulk.page": ("?id={approval_id}",),
    "audit.page": ("?verify=1", "?actor=nobody"),
    "history.page": ("?q=nothing",),
    "views.new": ("?q=risk:high",),
    "sources.new": tuple(f"?kind={kind}" for kind in ("standard", "hmac", "slack")),
    "policy.page": ("?shelf=github",),
    "questions.page": ("?type=user&actor=nobody&action=audit:read&kind=org",),
}
"""States of pages that are in their addresses."""


@pytest.fixture
def ids(house: House, file_call: FileCall, store: Store) -> dict[str, str]:
    words = {"version": "0", "code": "de"}
    return things(house.ci, file_call, store, house.org_id, house.ana.id) | words


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_page_is_told_to_whoever_does_not_see_it(
    dashboard: Flask, signed_in: SignedIn, house: House, ids: dict[str, str]
) -> None:
    browser = signed_in(house.ana)
    found, seen = [], 0
    for route in routes(dashboard, "GET", **ids):
        for query in ("", *MORE.get(route.endpoint, ())):
            answer = browser.get(route.path + query.format(**ids))
            text = answer.get_data(as_text=True)
            if "Location" in answer.headers or "<html" not in text:
                continue  # a way on, a part of a page, or no page at all
            seen += 1
            found += [
                f"{route.endpoint} {query}: {said}" for said in faults_of(outline(text))
            ]
    assert found == [], "\n".join(found)
    assert seen > 60


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_page_of_the_way_in_is_told_too(browser: Browser, house: House) -> None:
    for path in ("/sign-in", "/sign-in/sso", "/join/nothing", "/joined", "/no/such/page"):
        text = browser.get(path).get_data(as_text=True)
        assert list(faults_of(outline(text))) == [], path
