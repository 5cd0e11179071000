"""The browser that the end-to-end tests drive."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator

from scripts.test_programs import find_chromium


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The Chromium of the system, for Playwright's `executable_path`."""
    found = find_chromium()
    if found is None:
        pytest.fail("Chromium is not installed: run `make test-programs` as root")
    return found


def selected(part: Locator) -> str:
    """Return the text of a part as the browser would copy it.

    `inner_text` leaves out what is far down a long page and not laid out yet.
    """
    text: str = part.evaluate(
        """(part) => {
          const selection = getSelection();
          selection.selectAllChildren(part);
          const text = selection.toString();
          selection.removeAllRanges();
          return text;
        }"""
    )
    return text
