"""A person's places in plain values: as programs are shown them, and as they ask for changes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from webui.approvals.errors import Fault, InvalidError
from webui.approvals.states import Risk
from webui.audit.chain import rfc3339
from webui.notices.destinations import BROWSER, MAIL, SERVICE
from webui.notices.wishes import ABOUT, EVERY, REMIND, Wish, check_tools
from webui.preview import visible
from webui.sentences import sentence
from webui.settings import Settings
from webui.store.models import Destination

_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_LAST_HOUR: Final = 23


def document_of(place: Destination, now: int) -> dict[str, Any]:
    """Return a place with its wishes; of a service only the masked name, never its URL."""
    resting = place.open_until is not None and place.open_until > now
    quiet = None
    if place.quiet_from is not None and place.quiet_to is not None:
        quiet = [clock(place.quiet_from), clock(place.quiet_to)]
    return {
        "id": place.id,
        "kind": place.kind,
        "name": visible(place.name),
        "status": place.status,
        "about": place.about,
        "risk_from": place.risk_from,
        "tools": place.tools.split(),
        "every": place.every,
        "hours": [int(hour) for hour in place.hours.split()],
        "quiet": quiet,
        "critical_at_once": place.critical_at_once,
        "remind_before": place.remind_before,
        "sound": place.sound,
        "last_error": None if place.last_error is None else visible(place.last_error),
        "rests_until": rfc3339(place.open_until)
        if resting and place.open_until is not None
        else None,
    }


def check_offered(kind: str, settings: Settings) -> None:
    """Check that this desk tells people in a way.

    Raises:
        InvalidError: it does not.

    """
    known = {BROWSER, SERVICE} | ({MAIL} if settings.notify_mail else set())
    if kind not in known:
        raise InvalidError(sentence("This desk does not tell people in this way."))


def changed(wish: Wish, asked: Mapping[str, Any]) -> Wish:
    """Return what a person wants with some of it changed; what is not named stays.

    Raises:
        InvalidError: something that is asked for is not offered.

    """
    values: dict[str, Any] = {}
    for name, given in asked.items():
        values[name] = _CHECKS[name](given) if name in _CHECKS else given
    if values.get("hours"):
        values.setdefault("every", 0)
    elif values.get("every"):
        values.setdefault("hours", ())
    found = replace(wish, **values)
    if found.every and found.hours:
        raise _wrong("hours", "gather by minutes or by hours of the day, not by both")
    return found


def clock(minute: int) -> str:
    """Return a minute of the day as a clock shows it."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _about(given: Any) -> str:
    if given not in ABOUT:
        raise _wrong("about", f"choose one of {', '.join(ABOUT)}")
    return str(given)


def _risk(given: Any) -> Risk:
    if given not in set(Risk):
        raise _wrong("risk_from", f"choose one of {', '.join(Risk)}")
    return Risk(given)


def _tools(given: Sequence[str]) -> tuple[str, ...]:
    return check_tools(" ".join(given))


def _every(given: Any) -> int:
    if given not in {0, *EVERY}:
        raise _wrong("every", f"choose 0 or one of {', '.join(map(str, EVERY))} minutes")
    return int(given)


def _hours(given: Sequence[int]) -> tuple[int, ...]:
    if any(not 0 <= hour <= _LAST_HOUR for hour in given):
        raise _wrong("hours", "name hours of the day, 0 to 23")
    return tuple(sorted(set(given)))


def _quiet(given: Sequence[str] | None) -> tuple[int, int] | None:
    if given is None or not given:
        return None
    found = [_TIME.fullmatch(text) for text in given]
    if len(found) != 2 or None in found:  # noqa: PLR2004 - from and to
        raise _wrong("quiet", "write quiet hours as two times like 22:00 and 07:00")
    begin, end = (int(each[1]) * 60 + int(each[2]) for each in found if each)
    return begin, end


def _remind(given: Any) -> int:
    if given not in {0, *REMIND}:
        known = ", ".join(map(str, REMIND))
        raise _wrong("remind_before", f"choose 0 or one of {known} minutes")
    return int(given)


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "about": _about,
    "risk_from": _risk,
    "tools": _tools,
    "every": _every,
    "hours": _hours,
    "quiet": _quiet,
    "remind_before": _remind,
}


def _wrong(name: str, mend: str) -> InvalidError:
    return InvalidError(f"This cannot be saved: {mend}.", [Fault(f"/{name}", mend)])
