"""What a person wants to hear, from a form's fields and into them."""

import re
from dataclasses import dataclass, replace
from typing import Final

from werkzeug.datastructures import MultiDict

from webui.approvals.errors import Fault, InvalidError
from webui.approvals.states import Risk
from webui.approvals.words import RISK_INSIDE
from webui.notices.destinations import BROWSER, MAIL
from webui.notices.wishes import ABOUT, EVERY, REMIND, Wish, check_tools
from webui.preview import visible
from webui.sentences import Sentence, joined, kept, sentence
from webui.store.models import Destination

_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
AT_ONCE, AT_HOURS = "0", "hours"


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place where one is told, with the fields of its form."""

    id: str
    kind: str
    name: str
    active: bool
    about: str
    risk_from: str
    tools: str
    pace: str
    hours: str
    quiet: bool
    quiet_from: str
    quiet_to: str
    critical: bool
    remind: int
    sound: bool
    in_browser: bool
    words: str
    """All of it in one sentence."""
    last_error: str
    rests_until: int | None
    refused: bool = False
    """What stands in the fields was typed, and not saved."""


def view_of(place: Destination, email: str, now: int) -> PlaceView:
    """Return a place as its form shows it."""
    quiet = place.quiet_from is not None and place.quiet_to is not None
    resting = place.open_until is not None and place.open_until > now
    return PlaceView(
        place.id,
        place.kind,
        _name(place, email),
        place.status == "active",
        place.about,
        place.risk_from,
        visible(place.tools),
        AT_HOURS if place.hours else str(place.every),
        place.hours,
        quiet,
        _clock(place.quiet_from if quiet else 22 * 60),
        _clock(place.quiet_to if quiet else 7 * 60),
        place.critical_at_once,
        place.remind_before,
        place.sound,
        place.kind == BROWSER,
        _sentence(place),
        kept(visible(place.last_error or "")),
        place.open_until if resting else None,
    )


def _name(place: Destination, email: str) -> str:
    if place.kind == MAIL:
        return sentence("E-mail to %(email)s", email=visible(email))
    return kept(place.name) if place.kind == BROWSER else visible(place.name)


def typed_view(view: PlaceView, form: MultiDict[str, str]) -> PlaceView:
    """Return a place with the fields as somebody typed them."""
    return replace(
        view,
        about=form.get("about", ""),
        risk_from=form.get("risk_from", ""),
        tools=visible(form.get("tools", "")),
        pace=form.get("pace", ""),
        hours=visible(form.get("hours", "")),
        quiet="quiet" in form,
        quiet_from=visible(form.get("quiet_from", "")),
        quiet_to=visible(form.get("quiet_to", "")),
        critical="critical" in form,
        sound="sound" in form,
        refused=True,
    )


def read_wish(form: MultiDict[str, str]) -> Wish:
    """Return what a form asks for.

    Raises:
        InvalidError: a field is not one that the form offers.

    """
    quiet = None
    if "quiet" in form:
        quiet = (_minute(form, "quiet_from"), _minute(form, "quiet_to"))
    pace = form.get("pace", AT_ONCE)
    if pace not in {AT_ONCE, AT_HOURS, *map(str, EVERY)}:
        raise _wrong("pace", sentence("choose how often you are told"))
    return Wish(
        about=_one_of(form, "about", ABOUT),
        risk_from=Risk(_one_of(form, "risk_from", [str(risk) for risk in Risk])),
        tools=check_tools(form.get("tools", "")),
        every=0 if pace == AT_HOURS else int(pace),
        hours=_hours(form.get("hours", "")) if pace == AT_HOURS else (),
        quiet=quiet,
        critical_at_once="critical" in form,
        remind_before=int(_one_of(form, "remind", ["0", *map(str, REMIND)])),
    )


def _one_of(form: MultiDict[str, str], name: str, known: object) -> str:
    given = form.get(name, "")
    if given not in known:  # type: ignore[operator]
        raise _wrong(
            name,
            sentence("choose one of those that the field %(field)s offers", field=name),
        )
    return given


def _hours(text: str) -> tuple[int, ...]:
    parts = text.replace(",", " ").split()
    good = all(part.isascii() and part.isdigit() and len(part) <= 2 for part in parts)  # noqa: PLR2004 - digits of an hour
    hours = sorted({int(part) for part in parts}) if good else []
    if not hours or hours[-1] > 23:  # noqa: PLR2004 - the last hour of a day
        raise _wrong(
            "hours", sentence("name the hours of the digests, 0 to 23, such as 9 13 17")
        )
    return tuple(hours)


def _minute(form: MultiDict[str, str], name: str) -> int:
    found = _TIME.fullmatch(form.get(name, ""))
    if found is None:
        raise _wrong(name, sentence("write quiet hours like 22:00"))
    return int(found[1]) * 60 + int(found[2])


def _clock(minute: int | None) -> str:
    hours, rest = divmod(minute or 0, 60)
    return f"{hours:02}:{rest:02}"


def _wrong(name: str, mend: str) -> InvalidError:
    detail = sentence("This cannot be saved: %(mend)s.", mend=mend)
    return InvalidError(detail, [Fault(f"/{name}", mend)])


def _sentence(place: Destination) -> str:
    if place.about == "alerts":
        return sentence("Only alarms, at once.")
    gathers = bool(place.hours or place.every)
    parts = [_what(place), _when(place)]
    if place.quiet_from is not None:
        begin, end = _clock(place.quiet_from), _clock(place.quiet_to)
        parts.append(sentence("quiet from %(begin)s to %(end)s", begin=begin, end=end))
    if place.critical_at_once and (place.quiet_from is not None or gathers):
        parts.append(sentence("critical ones always at once"))
    if place.remind_before:
        minutes = place.remind_before
        parts.append(
            sentence("reminded %(minutes)s min before the deadline", minutes=minutes)
        )
    return joined("", (joined("; ", parts), "."))


def _what(place: Destination) -> Sentence:
    escalated = sentence("Only what was escalated to you")
    what = escalated if place.about == "escalated" else sentence("All you may decide")
    if place.risk_from != Risk.LOW:
        risk = RISK_INSIDE[place.risk_from]
        what = sentence("%(what)s, from %(risk)s risk on", what=what, risk=risk)
    if place.tools:
        what = sentence("%(what)s, of %(tools)s", what=what, tools=visible(place.tools))
    return what


def _when(place: Destination) -> Sentence:
    if place.hours:
        hours = ", ".join(f"{hour}:00" for hour in place.hours.split())
        return sentence("gathered at %(hours)s", hours=hours)
    if place.every:
        return sentence("gathered every %(minutes)s minutes", minutes=place.every)
    return sentence("at once")
