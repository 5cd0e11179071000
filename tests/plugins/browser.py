"""The browser that the end-to-end tests drive."""

from pathlib import Path

import pytest

from scripts.test_programs import find_chromium


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The Chromium of the system, for Playwright's `executable_path`."""
    found = find_chromium()
    if found is None:
        pytest.fail("Chromium is not installed: run `make test-programs` as root")
    return found
