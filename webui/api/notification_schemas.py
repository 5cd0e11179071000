"""What the API takes and answers about one's own notifications."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from webui.asks import Body, Text
from webui.notices.wishes import ABOUT, EVERY, REMIND

Hour = Annotated[int, Field(ge=0, le=23)]
Clock = Annotated[Text, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Pattern = Annotated[Text, Field(min_length=1, max_length=200)]


class PlaceBody(Body):
    """A place where I want to be told."""

    kind: Literal["mail", "service", "browser"]
    url: Annotated[Text, Field(max_length=2_000)] = ""
    """Of a service; those are added on the page alone, and refused here."""


class WishBody(Body):
    """What I want to hear at a place; members that are left out stay as they are."""

    about: Literal["decide", "escalated", "alerts"] = "decide"
    risk_from: Literal["low", "medium", "high", "critical"] = "low"
    tools: Annotated[list[Pattern], Field(max_length=20, default_factory=list)]
    every: Literal[0, 15, 30, 60, 120, 240] = 0
    hours: Annotated[list[Hour], Field(max_length=24, default_factory=list)]
    quiet: Annotated[list[Clock], Field(min_length=2, max_length=2)] | None = None
    critical_at_once: bool = False
    remind_before: Literal[0, 1, 2, 5, 10, 30, 60] = 0
    sound: bool = False


class ZoneBody(Body):
    """The clock by which my hours are told."""

    zone: Annotated[Text, Field(max_length=100)]


_WORD: Final[dict[str, Any]] = {"type": "string"}
_MAYBE_WORD: Final[dict[str, Any]] = {"type": ["string", "null"]}
_FLAG: Final[dict[str, Any]] = {"type": "boolean"}


def _object(members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members)}


_PLACE: Final = _object(
    {
        "id": _WORD,
        "kind": {"enum": ["mail", "service", "browser"]},
        "name": _WORD,
        "status": {"enum": ["active", "paused", "removed"]},
        "about": {"enum": list(ABOUT)},
        "risk_from": _WORD,
        "tools": {"type": "array", "items": _WORD},
        "every": {"enum": [0, *EVERY]},
        "hours": {"type": "array", "items": {"type": "integer"}},
        "quiet": {"type": ["array", "null"], "items": _WORD},
        "critical_at_once": _FLAG,
        "remind_before": {"enum": [0, *REMIND]},
        "sound": _FLAG,
        "last_error": _MAYBE_WORD,
        "rests_until": _MAYBE_WORD,
    }
)
NOTIFICATION_ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "Place": _PLACE,
    "PlaceList": _object(
        {
            "items": {"type": "array", "items": _PLACE},
            "zone": _WORD,
            "mail": _FLAG,
            "services": {"type": "array", "items": _WORD},
        }
    ),
    "Tried": _object({"taken": _FLAG, "why": _MAYBE_WORD}),
    "Zone": _object({"zone": _WORD}),
}
