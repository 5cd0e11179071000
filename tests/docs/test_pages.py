"""docs/pages.md shows every page of the dashboard: each by day, by night and on a phone."""

import re
from pathlib import Path

from tests.plugins.stocked import PICTURED, PICTURED_OUTSIDE

DOCS = Path(__file__).parents[2] / "docs"
LOOKS = ("light", "dark", "phone")
NAMES = PICTURED.keys() | PICTURED_OUTSIDE.keys()
ENOUGH = 6_000_000
"""Bytes of all pictures together."""


def test_every_page_has_its_pictures() -> None:
    wanted = {f"{name}-{look}.webp" for name in NAMES for look in LOOKS}
    kept = {path.name: path.stat().st_size for path in (DOCS / "pictures").iterdir()}
    assert kept.keys() == wanted
    assert sum(kept.values()) < ENOUGH


def test_every_page_has_its_section_and_a_sentence() -> None:
    _, *sections = re.split(
        r"^### ", (DOCS / "pages.md").read_text("utf-8"), flags=re.MULTILINE
    )
    shown = set()
    for section in sections:
        title, sentence = section.split("\n\n")[:2]
        assert sentence.endswith("."), title
        pictures = re.findall(r"\]\(pictures/(.+?)-(light|dark|phone)\.webp\)", section)
        assert tuple(look for _, look in pictures) == LOOKS, title
        (name,) = {name for name, _ in pictures}
        assert name not in shown, title
        shown.add(name)
    assert shown == NAMES
