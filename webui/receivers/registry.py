"""Every kind of source there is. A new kind is its module and one line here."""

from webui.receivers import (
    ctrlrun,
    discord,
    github,
    helio,
    hmac_kind,
    opencode,
    slack,
    claude_code,
    cloudevents,
    ctrlrun,
    github,
    helio,
    hmac_kind,
    langgraph,
    standard,
)
from webui.receivers.kind import Kind
from webui.receivers.way_back import WayBack

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (standard, hmac_kind, helio, ctrlrun, github, opencode, slack, discord)
}
_KINDS: tuple[Kind, ...] = (
    standard,
    hmac_kind,
    helio,
    ctrlrun,
    github,
    claude_code,
    langgraph,
    cloudevents,
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}

WAYS_BACK: dict[str, WayBack] = {
    kind.name: kind for kind in (helio, ctrlrun, github, opencode)
}
"""Kinds whose upstream settles what it asked itself, and is told our verdict (`way_back.py`)."""
