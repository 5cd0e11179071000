"""The part of a yes that allows calls like it: what may be chosen, and the wish that comes back.

Each argument stays exactly as it is unless somebody frees it. A masked value is freed whole or
not at all: whoever may not see a secret could otherwise ask by refusals how it begins.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from webui.approvals.answering.quorum import YESES
from webui.approvals.answering.reviewing import owner_now
from webui.approvals.authorization import ASSIGN, ASSIGN_SCOPE
from webui.approvals.call.differing import kind_of
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.grants.granting import HOUR, MOST_USES, GrantWish, lasts_at_most
from webui.approvals.states import Risk, Status, Verdict
from webui.preview import masked_of, visible
from webui.preview.editable import has_mask, spelt
from webui.preview.reading import in_order
from webui.sentences import Sentence, capital, number, plural, sentence
from webui.store.models import Approval, Org
from webui.web.access import may_grant
from webui.web.context import house
from webui.web.editor import MOST_FIELDS
from webui.web.readings import read_call

How = Literal["same", "any", "start", "most"]
SHORTER: Final = (
    ("15m", sentence("15 minutes"), HOUR // 4),
    ("1h", sentence("1 hour"), HOUR),
    ("8h", sentence("8 hours"), 8 * HOUR),
)
LONGEST: Final = "longest"
_HOWS: Final[Mapping[How, str]] = {
    "same": sentence("exactly as here"),
    "any": sentence("any value"),
    "start": sentence("starting with …"),
    "most": sentence("at most …"),
}
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?")
_LONGEST_START: Final = 1_000
_UNITS: Final = (
    (24 * HOUR, lambda count: plural("%(number)s day", "%(number)s days", count)),
    (HOUR, lambda count: plural("%(number)s hour", "%(number)s hours", count)),
    (60_000, lambda count: plural("%(number)s minute", "%(number)s minutes", count)),
    (1_000, lambda count: plural("%(number)s second", "%(number)s seconds", count)),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One argument, and how far calls like this one may differ in it."""

    at: int
    real: str
    """Its name, as conditions write it."""
    label: str
    hows: tuple[tuple[How, str], ...]
    how: str = "same"
    value: str = ""
    fault: str = ""

    @property
    def takes_value(self) -> bool:
        """Say whether one of the choices needs to be told how far."""
        return any(how in {"start", "most"} for how, _ in self.hows)


@dataclass(frozen=True, slots=True)
class GrantOffer:
    """What a form offers to allow beyond the one call, with what was typed into it."""

    choices: tuple[Choice, ...]
    times: tuple[tuple[str, str], ...]
    session: str | None
    """Of the call, as visible text; only then can a grant be kept within it."""
    ticked: bool = False
    uses: str = "10"
    until: str = "1h"
    within_session: bool = False
    faults: Mapping[str, str] = field(default_factory=dict)
    """What is wrong, by the field's name."""
    touched: bool = False
    """Something of it was sent before, so it opens unfolded."""


def wish_of(
    session: Session,
    approval: Approval,
    verdict: Verdict,
    handled_as: Risk,
    form: Mapping[str, str],
) -> GrantWish:
    """Return what a form whose box is ticked asks for.

    Where the desk will refuse it anyway (no yes, too late, not theirs to grant) it is an empty
    wish, so that the refusal is the desk's and stands in the record.

    Raises:
        InvalidError: nothing can be granted with this call, or a field holds nothing usable.

    """
    late = approval.status != Status.PENDING
    theirs = may_grant(approval, owner_now(session, approval)).allowed
    if late or verdict not in YESES or not theirs:
        return GrantWish()
    offer = offer_for(session, approval, handled_as)
    if offer is None:
        raise InvalidError(
            sentence(
                "No standing grant can be given with this call; decide it without one."
            ),
            [Fault("/grant", sentence("cannot be given for this call"))],
            code="grant_not_offered",
        )
    return read_wish(offer, form, house().store.now())


def offer_for(session: Session, approval: Approval, handled_as: Risk) -> GrantOffer | None:
    """Return what may be granted with a yes to this call; none where nothing can be.

    Whether this person may grant is asked elsewhere.
    """
    severe = handled_as.level >= Risk.HIGH.level
    once = approval.tool in {ASSIGN, ASSIGN_SCOPE}
    lasts = lasts_at_most(approval, session.get_one(Org, approval.org_id).grant_hours)
    waits = approval.status == Status.PENDING and approval.approvals_required <= 1
    if severe or once or not waits or lasts == 0:
        return None
    call = read_call(session, approval)
    return GrantOffer(
        _choices(call.arguments, masked_of(call)),
        _times(lasts),
        None if approval.session is None else visible(approval.session),
        until="1h" if lasts > HOUR else LONGEST,
    )


def _times(lasts: int) -> tuple[tuple[str, str], ...]:
    shorter = [(name, word) for name, word, ms in SHORTER if ms < lasts]
    fits = next((each for each in _UNITS if lasts % each[0] == 0), _UNITS[-1])
    most = sentence("%(length)s, the longest here", length=fits[1](lasts // fits[0]))
    return (*shorter, (LONGEST, most))


def _choices(arguments: Mapping[str, Any], masked: Mapping[str, Any]) -> tuple[Choice, ...]:
    if len(masked) > MOST_FIELDS or len(masked) != len(arguments):
        return ()
    pairs = enumerate(zip(masked, in_order(arguments), strict=True))
    return tuple(
        Choice(
            at,
            real,
            visible(key) if has_mask(key) else visible(real),
            tuple((how, _HOWS[how]) for how in _hows(real, arguments[real], masked[key])),
        )
        for at, (key, real) in pairs
    )


def _hows(name: str, value: Any, masked: Any) -> Sequence[How]:
    if not name or "." in name or value is None:  # no path leads there; null is no value
        return ("same",)
    if has_mask(spelt(masked)):
        return ("same", "any")
    kind = kind_of(value)
    if kind == "string" and value:
        return ("same", "any", "start")
    return ("same", "any", "most") if kind == "number" else ("same", "any")


def retyped(
    offer: GrantOffer, form: Mapping[str, str], faults: Sequence[Fault] = ()
) -> GrantOffer:
    """Return an offer with what was sent in its form, and what was wrong with that."""
    told = {fault.pointer.removeprefix("/grant/"): fault.detail for fault in faults}
    choices = tuple(
        replace(
            choice,
            how=form.get(f"grant-how-{choice.at}", "same"),
            value=form.get(f"grant-value-{choice.at}", ""),
            fault=capital(told.get(f"arguments/{choice.at}", "")),
        )
        for choice in offer.choices
    )
    again = replace(
        offer,
        choices=choices,
        ticked=form.get("grant") == "1",
        uses=form.get("grant-uses", offer.uses),
        until=form.get("grant-until", offer.until),
        within_session=form.get("grant-session") == "1",
        faults=told,
    )
    freed = any(choice.how != "same" for choice in choices)
    return replace(again, touched=again.ticked or freed or bool(told))


def read_wish(offer: GrantOffer, form: Mapping[str, str], now: int) -> GrantWish:
    """Return what a form asks for.

    Raises:
        InvalidError: some field holds nothing that can be granted; each is named.

    """
    typed, faults = retyped(offer, form), []
    uses = _whole(typed.uses)
    if uses is None or not 1 <= uses <= MOST_USES:
        faults.append(
            Fault(
                "/grant/uses",
                sentence("must be a number from 1 to %(most)s", most=number(MOST_USES)),
            )
        )
    if typed.until not in {name for name, _ in typed.times}:
        faults.append(Fault("/grant/until", sentence("must be one of those offered")))
    conditions = []
    for choice in typed.choices:
        try:
            conditions += _condition(choice)
        except _MistypedError as error:
            faults.append(Fault(f"/grant/arguments/{choice.at}", error.words))
    if faults:
        raise InvalidError(
            sentence(
                "Nothing was decided: see what is said beside the fields of the "
                "standing grant."
            ),
            faults,
            code="grant_form",
        )
    ms = {name: length for name, _, length in SHORTER}.get(typed.until)
    until = None if ms is None else now + ms
    within = typed.within_session and offer.session is not None
    return GrantWish(uses, until, within, tuple(conditions))


class _MistypedError(Exception):
    """What is wrong with one choice."""

    def __init__(self, words: Sentence) -> None:
        super().__init__(words)
        self.words = words


def _condition(choice: Choice) -> list[dict[str, Any]]:
    if choice.how not in {how for how, _ in choice.hows}:
        raise _MistypedError(sentence("must be one of the choices offered"))
    if choice.how == "same":
        return []
    path, text = f"args.{choice.real}", choice.value.replace("\r\n", "\n")
    if choice.how == "any":
        return [{"path": path, "op": "exists", "value": True}]
    if choice.how == "start":
        if not text or len(text) > _LONGEST_START or "\0" in text:
            raise _MistypedError(
                sentence(
                    "say what it starts with, in at most %(most)s characters",
                    most=number(_LONGEST_START),
                )
            )
        return [{"path": path, "op": "starts_with", "value": text}]
    if not _NUMBER.fullmatch(text.strip()):
        raise _MistypedError(sentence("say a number that it is at most, such as 12 or 0.5"))
    most = float(text) if "." in text else int(text)
    return [{"path": path, "op": "lte", "value": most}]


def _whole(text: str) -> int | None:
    digits = text.strip()
    plain = digits.isascii() and digits.isdigit() and len(digits) <= len(str(MOST_USES))
    return int(digits) if plain else None
