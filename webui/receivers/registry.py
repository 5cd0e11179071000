"""Every kind of source there is. A new kind is its module and one line here."""

from webui.receivers import (
    claude_code,
    cloudevents,
    ctrlrun,
    discord,
    github,
    helio,
    hmac_kind,
    langgraph,
    opencode,
    slack,
    standard,
)
from webui.receivers.kind import Kind
from webui.receivers.way_back import WayBack

_KINDS: tuple[Kind, ...] = (
    standard,
    hmac_kind,
    cloudevents,
    claude_code,
    opencode,
    langgraph,
    github,
    helio,
    ctrlrun,
    slack,
    discord,
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}

WAYS_BACK: dict[str, WayBack] = {
    kind.name: kind for kind in (helio, ctrlrun, github, opencode)
}
"""Kinds whose upstream settles what it asked itself, and is told our verdict (`way_back.py`)."""
