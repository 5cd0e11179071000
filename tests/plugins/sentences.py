"""What a page says in sentences, to compare two languages of it."""

import re
from html.parser import HTMLParser

EXACT = {"code", "pre", "kbd", "script", "style", "textarea", "bdi"}
"""What stands in these is the same in every language; so is what has translate="no"."""
_EMPTY = {"input", "br", "use"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in EXACT or self._inside or dict(attrs).get("translate") == "no":
            self._inside += [] if tag in _EMPTY else [tag]

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside and re.search(r"[A-Za-z]{2,} [a-z]{2,}", data):
            self.found.add(" ".join(data.split()))


def sentences(page: str) -> set[str]:
    """Return what a page says in two words or more."""
    reader = _Reader()
    reader.feed(page)
    return reader.found
