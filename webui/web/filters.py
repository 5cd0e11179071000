"""How times look: exact, in UTC; the page's script adds "4 min ago"."""

from datetime import UTC, datetime
from functools import lru_cache
from shlex import quote

from flask import Flask

from webui.approvals.words import RISK, RISK_INSIDE, ROLE
from webui.preview.nodes import KIND
from webui.web.brief import brief
from webui.web.speaking import spoken

_DAY = 86_400_000


@lru_cache(maxsize=4096)
def iso(ms: int) -> str:
    """Return ms since the epoch as RFC 3339."""
    return f"{_moment(ms):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def utc(ms: int) -> str:
    """Return ms since the epoch for people, in their language: `21 Nov 2026, 05:55:22 UTC`."""
    return spoken().moment(ms)


def day_start(text: str) -> int | None:
    """Return the ms at which a day (`2026-11-21`, UTC) begins; none for anything else."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(day.timestamp()) * 1000


def day_end(text: str) -> int | None:
    """Return the ms at which the day after begins."""
    start = day_start(text)
    return None if start is None else start + _DAY


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def register(app: Flask) -> None:
    """Give the templates these filters."""
    app.add_template_filter(brief)
    app.add_template_filter(iso)
    app.add_template_filter(utc)
    app.add_template_filter(lambda risk: RISK[risk], "risk_word")
    app.add_template_filter(lambda role: ROLE.get(role, role), "role_word")
    app.add_template_filter(lambda risk: RISK_INSIDE[risk], "risk_inside")
    app.add_template_filter(lambda kind: KIND[kind], "kind_word")
    app.add_template_filter(quote, "shell")
