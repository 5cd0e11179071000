"""What the tests of pages share."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins.desk import Browser

_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
Form = dict[str, str]
ON_BOTH = {"test_queue.py", "test_history.py", "test_audit.py"}
"""Pages with selects of their own shape: `make test` opens them on both databases."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the other pages on PostgreSQL to `make sure`.

    What differs between the databases lies under the verbs and the queries, and those are
    tested on both by every `make test`.
    """
    for item in items:
        here = item.path.is_relative_to(Path(__file__).parent)
        if here and item.path.name not in ON_BOTH and item.get_closest_marker("postgres"):
            item.add_marker("sure")


def _form(page: str, verdict: str) -> Form:
    start = page.index(f'id="confirm-{verdict}"')
    fields = _FIELD.findall(page[start : page.index("</form>", start)])
    return dict(fields)


@pytest.fixture
def decide_form() -> Callable[[Browser, str, str], Form]:
    """Read the decide form that a page really carries: (browser, address, verdict)."""

    def read(browser: Browser, path: str, verdict: str = "approve") -> Form:
        return _form(browser.get(path).get_data(as_text=True), verdict)

    return read
