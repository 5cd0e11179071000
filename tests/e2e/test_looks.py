"""Every page in every width and scheme: nothing wider than the window, nothing refused or broken.

With COUNTERSIGN_SCREENSHOTS=1 the pictures of the README and the documentation are made anew, those
of docs/pages.md among them: `COUNTERSIGN_SCREENSHOTS=1 pytest tests/e2e/test_looks.py -k picture`.
"""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from countersign_client import Client
from playwright.sync_api import Page, expect

from tests.plugins.served import At, Reviewer
from tests.plugins.stocked import (
    OWNER,
    PAGES,
    PICTURED,
    PICTURED_OUTSIDE,
    Stocked,
    fits,
    set_up_an_app,
)
from webui.demo.history import KEYS
from webui.demo.stories import STORIES

pytestmark = pytest.mark.browser
DOCS = Path(__file__).parents[2] / "docs"
DESK: Any = {"width": 1280, "height": 800}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
}
QUALITY = 55
"""Of WebP: a page is some 40 kB, and its smallest text has no halo."""
needs_asking = pytest.mark.skipif(
    os.environ.get("COUNTERSIGN_SCREENSHOTS") != "1",
    reason="makes the pictures of the documentation; set COUNTERSIGN_SCREENSHOTS=1",
)


@pytest.fixture(scope="module")
def told(stocked: Stocked) -> Stocked:
    """A desk where some more of the demo's calls wait."""
    keys = json.loads((stocked.desk.folder / "instance" / KEYS).read_text("utf-8"))["keys"]
    for story in STORIES[3:]:
        said: dict[str, Any] = {"reason": story.reason} if story.reason else {}
        if story.risk is not None:
            said["risk"] = story.risk
        arguments = story.arguments | {"request": "NW-9104"}
        asked = Client(stocked.desk.agents, keys[story.agent]).ask(
            story.tool, arguments, summary=story.summary, session=story.session, **said
        )
        stocked.known[story.tool] = asked.id
    return stocked


@pytest.mark.sure  # test_access.py looks whether each page fits the narrowest window
@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (320, "light"),
        (390, "dark"),
        (768, "light"),
        (830, "dark"),  # the first at which tables have columns
        (1106, "light"),  # the first at which the rail has words
        (1440, "dark"),
    ],
)
def test_every_page_fits_its_window_and_breaks_nothing(
    told: Stocked, at: At, width: int, scheme: Any
) -> None:
    page = at(
        OWNER,
        told.desk,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        forgiven="404",
    )
    for patterns in PAGES.values():
        for pattern in patterns:
            page.goto(told.address(pattern))
            expect(page.locator("h1").first).to_be_attached()
            fits(page)
    outside = at(
        None, told.desk, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    outside.goto("/sign-in")
    fits(outside)


def settle(page: Page, address: str) -> None:
    """Open a page and wait until it shows what it is going to show."""
    page.goto(address)
    connection = page.locator("#connection")
    if connection.count() and not connection.get_attribute("hidden"):
        expect(connection).to_have_text("Live")


def keep(page: Page, name: str) -> None:
    """Keep what the window shows as a small picture; the browser alone knows the format."""
    session = page.context.new_cdp_session(page)
    wanted = {"format": "webp", "quality": QUALITY}
    shown = session.send("Page.captureScreenshot", wanted)["data"]
    session.detach()
    (DOCS / "pictures").mkdir(exist_ok=True)
    (DOCS / "pictures" / f"{name}.webp").write_bytes(base64.b64decode(shown))


@needs_asking
@pytest.mark.parametrize("look", LOOKS)
def test_pictures_of_every_page(
    told: Stocked, at: At, enter: Callable[[Page, Reviewer], None], look: str
) -> None:
    page = at(OWNER, told.desk, forgiven="404", **LOOKS[look])
    for name, pattern in PICTURED.items():
        settle(page, told.address(pattern))
        keep(page, f"{name}-{look}")
    person = told.desk.add(f"Tess{look}", "viewer")
    page = at(None, told.desk, forgiven="404", **LOOKS[look])
    enter(page, person)
    set_up_an_app(page)
    page.context.clear_cookies()
    enter(page, person)
    for name, pattern in PICTURED_OUTSIDE.items():
        settle(page, told.address(pattern))
        keep(page, f"{name}-{look}")


@needs_asking
@pytest.mark.parametrize(
    ("name", "look", "pattern"),
    [
        ("queue", "light", "/?selected={postgres.execute}"),
        ("full", "dark", "/approvals/{gated}/full"),
        ("history", "light", "/history"),
        ("phone", "phone", "/approvals/{postgres.execute}"),
    ],
)
def test_pictures_for_the_readme(
    told: Stocked, at: At, name: str, look: str, pattern: str
) -> None:
    page = at(OWNER, told.desk, **LOOKS[look])
    settle(page, told.address(pattern))
    kept = DOCS / "screenshots" / f"{name}.png"
    page.screenshot(path=kept)
    assert kept.stat().st_size < 300_000
