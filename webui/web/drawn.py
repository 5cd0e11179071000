"""Rows of the queue as they were drawn before: most are shown again, to the same and to others."""

from functools import lru_cache
from typing import Final

from flask import Flask, get_template_attribute, request

from webui.web.assets import icons_url
from webui.web.rows import RowView
from webui.web.speaking import spoken

_KEPT: Final = 1_000
"""Rows; each takes some 3 KB."""


def register(app: Flask) -> None:
    """Let templates ask for rows."""
    app.add_template_global(drawn)


def drawn(row: RowView, selected_id: str | None) -> str:
    """Return a row of the queue. It is made of what stands in `row`, and of nothing else."""
    where = (request.script_root, icons_url(), spoken().code)
    return _drawn(row, where, is_selected=row.id == selected_id)


@lru_cache(maxsize=_KEPT)
def _drawn(row: RowView, _where: tuple[str, str, str], *, is_selected: bool) -> str:
    item = get_template_attribute("queue/_item.html", "item")
    found: str = item(row, row.id if is_selected else None)
    return found
