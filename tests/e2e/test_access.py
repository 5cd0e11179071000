"""Every page in both schemes and three widths, examined by axe-core: not one violation.

One of each kind in `make test`, at the narrowest; all of them in `make sure`. And none is wider
than its window; what fills pages with more is looked at in test_looks.py.

The list of pages is held against the application's own addresses, so that none is left out.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import axe_playwright_python
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.plugins.served import At, Reviewer, ServedDesk
from tests.plugins.stocked import (
    FEW_ROWS,
    OPEN_SOME,
    OUTSIDE,
    OWNER,
    PAGES,
    PICTURED,
    Stocked,
    fits,
    set_up_an_app,
)
from webui.chat import codes
from webui.chat.codes import Claim
from webui.runtime import open_store
from webui.settings import Settings
from webui.store.models import Source

pytestmark = pytest.mark.browser
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
PHONE = (320,)
WIDER = pytest.param((1280, 2560), marks=pytest.mark.sure)
"""At the narrowest the page is folded up and has most to break; the others are in `make sure`."""
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
COLOURFUL = {
    "queue",
    "approval-approve",
    "approval-edit",
    "policy_versions-one",
    "insights",
}
"""Rows, flags, buttons, fields, code and charts: `make test` looks at the dark of these alone."""
NO_PAGES = {
    "static",
    "live",
    "approval.panel",  # a part of the queue's page, examined there
    "queue.rows",
    "queue.row",
    "queue.new",
    "queue.writes",
    "queue.offered",
    "ringing.ring",
    "audit.export",
    "insights.export",
    "sso.start",  # these send the browser on to a provider, or back from there
    "sso.back",
    "linking.confirm",
    "speaking.texts",
    "health.healthz",
    "health.readyz",
    "health.well_known",
    "health.metrics",
}
SEEN_BY_COLOUR = ("color-contrast", "link-in-text-block")
"""The rules that a scheme, which sets nothing but colours, can break."""
RULES = {
    "light": {"type": "tag", "values": TAGS},
    "dark": {"type": "rule", "values": SEEN_BY_COLOUR},
}
EXAMINE = """async only => {
  const found = await axe.run(document, {runOnly: only, resultTypes: ["violations"]});
  return found.violations.flatMap(({id, nodes}) => nodes.map(node =>
    id + ": " + node.target.join(" ") + " " + node.any.map(each => each.message).join("; ")));
}"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_page_of_the_dashboard_is_examined(dashboard: Flask) -> None:
    asked = {
        rule.endpoint
        for rule in dashboard.url_map.iter_rules()
        if "GET" in (rule.methods or ())
    }
    assert asked == PAGES.keys() | OUTSIDE.keys() | NO_PAGES


def violations(
    page: Page,
    address: str,
    widths: tuple[int, ...] = PHONE,
    schemes: tuple[Scheme, ...] = SCHEMES,
) -> Iterator[str]:
    """Examine one page in each scheme and width; it is loaded and read once."""
    page.set_viewport_size({"width": widths[0], "height": 900})
    page.goto(address)
    for said in examined(page, widths, schemes):
        yield f"{address} {said}"


def examined(
    page: Page, widths: tuple[int, ...], schemes: tuple[Scheme, ...] = SCHEMES
) -> Iterator[str]:
    """Examine what a browser shows."""
    expect(page.locator("h1").first).to_be_attached()
    fits(page)
    page.evaluate(OPEN_SOME)
    page.evaluate(FEW_ROWS)
    # Evaluated by the debugger: the page's own policy forbids it, and stays in force.
    page.evaluate(AXE.read_text("utf-8"))
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            for said in page.evaluate(EXAMINE, RULES[scheme]):
                yield f"{scheme} {width}: {said}"


def test_axe_finds_nothing_on_a_page_of_each_kind(stocked: Stocked, at: At) -> None:
    assert PICTURED.keys() >= COLOURFUL
    page = at(OWNER, stocked.desk, forgiven="404")
    found = [
        said
        for name, pattern in PICTURED.items()
        for said in violations(
            page,
            stocked.address(pattern),
            schemes=SCHEMES if name in COLOURFUL else ("light",),
        )
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("widths", [pytest.param(PHONE, marks=pytest.mark.sure), WIDER])
def test_axe_finds_nothing_on_any_page(
    stocked: Stocked, at: At, widths: tuple[int, ...]
) -> None:
    page = at(OWNER, stocked.desk, forgiven="404")
    addresses = [stocked.address(pattern) for each in PAGES.values() for pattern in each]
    addresses.append("/no/such/page")
    found = [said for address in addresses for said in violations(page, address, widths)]
    assert found == [], "\n".join(found)


def type_in_chat(desk: ServedDesk, source_id: str, code: str) -> None:
    """Type a code as the chat does that is not there; how a click gets so far is tested elsewhere."""
    store = open_store(Settings(instance=desk.folder / "instance"))
    claim = Claim(source_id, "slack", "T0123456789", "U0123456789", "Ana", "northwind")
    try:
        with store.reading() as session:
            org_id = session.get_one(Source, source_id).org_id
        store.write(lambda tx: codes.type_in(tx, org_id, code, claim))
    finally:
        store.close()


@pytest.mark.parametrize("widths", [PHONE, WIDER])
def test_axe_finds_nothing_while_a_chat_user_is_linked(
    stocked: Stocked, at: At, widths: tuple[int, ...]
) -> None:
    page = at(OWNER, stocked.desk)
    page.goto("/account")
    page.get_by_role("link", name="Link a chat account").click()
    page.get_by_role("button", name="Get a code").click()
    code = page.locator("strong.mono").inner_text()
    found = [*examined(page, widths)]
    type_in_chat(stocked.desk, stocked.known["chat"], code)
    page.get_by_role("link", name="I typed it").click()
    expect(page.get_by_role("heading", name="Is this you?")).to_be_visible()
    found += examined(page, widths)
    page.get_by_role("button", name="No, that is not me").click()
    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("widths", [PHONE, WIDER])
def test_axe_finds_nothing_on_the_way_in(
    stocked: Stocked,
    at: At,
    enter: Callable[[Page, Reviewer], None],
    widths: tuple[int, ...],
) -> None:
    name = f"Tess{widths[0]}"
    page, person = at(None, stocked.desk, forgiven="404"), stocked.desk.add(name, "viewer")
    enter(page, person)
    set_up_an_app(page)
    page.context.clear_cookies()
    enter(page, person)
    assert page.url.endswith("/sign-in/second")
    addresses = [stocked.address(pattern) for each in OUTSIDE.values() for pattern in each]
    found = [said for address in addresses for said in violations(page, address, widths)]
    assert found == [], "\n".join(found)
