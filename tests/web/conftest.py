"""What the tests of pages share."""

import re
from collections.abc import Callable

import pytest

from tests.plugins.desk import Browser

_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
Form = dict[str, str]


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
