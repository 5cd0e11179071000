"""Every page by the keyboard alone, and as those see it who need other colours, spaces or no motion.

WCAG 2.2: 2.1.2 no trap, 2.4.1 and 2.4.7 a skip link and a ring, 2.4.11 nothing in front of what has
the focus, 1.4.10 and 1.4.12 reflow and text spacing, 2.2.2 nothing moves.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.plugins.served import At
from tests.plugins.stocked import FEW_ROWS, OPEN_SOME, OWNER, PAGES, Stocked, fits

pytestmark = pytest.mark.browser
MOST = 160
"""Stops of the keyboard that are walked on one page."""
STOP = """() => {
  const at = document.activeElement;
  if (!at || at === document.body || at.dataset.walked) return null;
  at.dataset.walked = "yes";
  const isRinged = (each) => {
    const {outlineStyle, outlineWidth} = getComputedStyle(each);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  };
  let ringed = false;
  for (let each = at; each; each = each.parentElement)
    ringed ||= isRinged(each) && each.matches(":focus-within");
  const {left, top, width, height} = at.getBoundingClientRect();
  const places = [[.5, .5], [.1, .2], [.9, .8], [.1, .8], [.9, .2]]
    .map(([x, y]) => document.elementFromPoint(left + width * x, top + height * y));
  const seen = places.some(each => each && (at.contains(each) || each.contains(at)));
  return {
    name: `${at.tagName} ${at.className} ${(at.innerText || at.name || "").slice(0, 40)}`,
    ringed, seen, skips: at.getAttribute("href") === "#main",
  };
}"""
SPACED = """
  * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
  p { margin-block-end: 2em !important; }
"""
CUT = """() => [...document.querySelectorAll("main *, .rail *")].filter(each => {
  if (each.closest("[aria-hidden=true]")) return false; // drawn behind a text that is all there
  const style = getComputedStyle(each);
  if (style.overflowX !== "hidden" || style.clipPath !== "none" || !each.offsetWidth) return false;
  if (style.visibility === "hidden" || each.matches(".code__numbers")) return false;
  return each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1;
}).map(each => `${each.tagName} ${each.className}`)"""
ALIKE = """() => [...document.querySelectorAll("[aria-current]")].filter(each => {
  const look = (one) => {
    const s = getComputedStyle(one);
    return [s.outlineStyle, s.borderBlockEndColor, s.borderInlineStartWidth].join();
  };
  const nav = each.closest("nav, .rows__list");
  const other = nav?.querySelector("a:not([aria-current])");
  if (!other) return false;
  const row = each.closest(".row"), next = other.closest(".row");
  return look(row ?? each) === look(next ?? other);
}).map(each => each.outerHTML.slice(0, 80))"""


def stops(page: Page, key: str) -> Iterator[dict[str, Any]]:
    """Press a key until the page ends or begins anew."""
    for _ in range(MOST):
        page.keyboard.press(key)
        stop: dict[str, Any] | None = page.evaluate(STOP)
        if stop is None:
            return
        yield stop
    pytest.fail(f"{page.url} has no end for the keyboard")


def stumbled_over(page: Page, address: str, key: str = "Tab") -> list[str]:
    """Walk one page and say what is wrong with its stops."""
    page.goto(address)
    page.evaluate(FEW_ROWS)
    page.evaluate(OPEN_SOME)
    faults = []
    for number, stop in enumerate(stops(page, key)):
        said = f"{address}: {stop['name']}"
        if number == 0 and key == "Tab" and not stop["skips"] and "confirm" not in address:
            faults.append(f"{said} comes first and skips nothing")
        if not stop["ringed"] and "INPUT" not in stop["name"]:
            faults.append(f"{said} has no ring")
        if not stop["seen"]:
            faults.append(f"{said} stands behind something, or outside the window")
    return faults


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_nothing_stands_in_front_of_what_has_the_focus_beside_an_open_decision(
    stocked: Stocked, at: At, key: str
) -> None:
    page = at(OWNER, stocked.desk, viewport={"width": 360, "height": 740})
    address = stocked.address("/approvals/{waiting}?decide=approve")
    assert stumbled_over(page, address, key) == []


@pytest.mark.sure
@pytest.mark.parametrize(("size", "key"), [((1440, 900), "Tab"), ((320, 640), "Shift+Tab")])
def test_every_page_is_walked_by_the_keyboard_alone(
    stocked: Stocked, at: At, size: tuple[int, int], key: str
) -> None:
    viewport: Any = {"width": size[0], "height": size[1]}
    page = at(
        OWNER, stocked.desk, viewport=viewport, reduced_motion="reduce", forgiven="404"
    )
    found = [
        said
        for patterns in PAGES.values()
        for pattern in patterns
        for said in stumbled_over(page, stocked.address(pattern), key)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.sure
def test_every_page_keeps_its_text_when_it_is_spaced_out(stocked: Stocked, at: At) -> None:
    page = at(
        OWNER,
        stocked.desk,
        viewport={"width": 320, "height": 740},
        bypass_csp=True,  # the reader's own style sheet is none of the page's
        forgiven="404",
    )
    cut = []
    for patterns in PAGES.values():
        for pattern in patterns:
            page.goto(stocked.address(pattern))
            page.evaluate(FEW_ROWS)
            page.add_style_tag(content=SPACED)
            fits(page)
            cut += [f"{pattern}: {each}" for each in page.evaluate(CUT)]
    assert cut == [], "\n".join(cut)


@pytest.mark.sure
def test_what_is_open_is_told_in_forced_colours_and_nothing_moves(
    stocked: Stocked, at: At
) -> None:
    page = at(
        OWNER,
        stocked.desk,
        viewport={"width": 1280, "height": 800},
        forced_colors="active",
        reduced_motion="reduce",
        forgiven="404",
    )
    found = []
    for patterns in PAGES.values():
        for pattern in patterns:
            page.goto(stocked.address(pattern))
            fits(page)
            found += [f"{pattern}: {each}" for each in page.evaluate(ALIKE)]
            if page.evaluate("document.getAnimations().length"):
                found.append(f"{pattern}: something moves")
    assert found == [], "\n".join(found)
