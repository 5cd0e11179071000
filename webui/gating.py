"""What a reviewer is shown of a call, and what a yes asks for first: one rule for all doors.

Pages, tokens and the command line ask here, so that none of them is the easy way in.
Specification: details.md, section D, P5 and P11.
"""

import hmac
import json
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy.orm import Session

from webui.approvals.answering.reviewing import seal_of
from webui.approvals.asking.ask import UPSTREAM_REF
from webui.approvals.call.arguments import effective_arguments
from webui.approvals.errors import NotAllowedError
from webui.approvals.states import Risk
from webui.approvals.words import RISK_INSIDE
from webui.masking import profile_for
from webui.preview import (
    PREVIEW_VERSION,
    Call,
    Place,
    Preview,
    Profile,
    card_of,
    full_of,
    gate,
    path_of,
    place_in,
)
from webui.sentences import sentence
from webui.store.keyring import Keyring
from webui.store.models import Approval

NOT_MISLEADING: Final = frozenset({"redacted", "nested"})
"""Masks and cuts have a rule of their own: the full view."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A call in one view: its arguments, and where and how it runs."""

    call: Preview
    place: Preview
    risk: Risk
    """As the call was filed, one step up if something in it could mislead."""

    @property
    def is_raised(self) -> bool:
        """Whether a flag is why `risk` is what it is."""
        return bool((self.call.flags | self.place.flags) - NOT_MISLEADING)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the sentences of both parts; each says which of them it speaks of."""
        return (
            *self.call.warnings,
            *(
                sentence("Where and how it runs: %(warning)s", warning=words)
                for words in self.place.warnings
            ),
        )

    @property
    def truncated(self) -> bool:
        """Whether anything is not shown in this view."""
        return self.call.truncated or self.place.truncated

    @property
    def needs_full_view(self) -> bool:
        """Whether a yes needs the proof that all of it was shown."""
        return gate(self.call, self.risk) or gate(self.place, self.risk)

    @property
    def dangers(self) -> tuple[str, ...]:
        """Return what the reading of the call warns of."""
        reading = self.call.rendering
        return () if reading is None else reading.dangers

    @property
    def cautions(self) -> tuple[str, ...]:
        """Return what nobody says yes to without having been told: dangers, and what misleads."""
        return (*self.dangers, *(self.warnings if self.is_raised else ()))

    @property
    def why_alone(self) -> str | None:
        """Why no yes to this call can be one among several; None if it can be."""
        risk = RISK_INSIDE[self.risk]
        if self.is_severe and self.is_raised:
            return sentence(
                "It could mislead, so it counts as a call of %(risk)s risk and is approved on "
                "its own page only.",
                risk=risk,
            )
        if self.is_severe:
            return sentence(
                "A call of %(risk)s risk is approved on its own page only.", risk=risk
            )
        if self.needs_full_view:
            return sentence(
                "It is too long to be seen at once; it is approved on its own page only."
            )
        if self.dangers:
            return sentence(
                "This desk sees a danger in it; it is approved on its own page only."
            )
        return None

    @property
    def is_severe(self) -> bool:
        """Whether a yes needs a fresh sign-in, which only a page can ask for."""
        return self.risk.level >= Risk.HIGH.level


class Reveal(NamedTuple):
    """Which masked value is to be shown in the clear."""

    part: Literal["arguments", "place"]
    place: Place

    @classmethod
    def read(cls, text: str) -> "Reveal":
        """Read what a form says, as in "arguments:3.0"; raises LookupError."""
        part, _, place = text.partition(":")
        if part == "arguments":
            return cls("arguments", place_in(place))
        if part == "place":
            return cls("place", place_in(place))
        raise LookupError(text)


def path_to(session: Session, keyring: Keyring, approval: Approval, reveal: Reveal) -> str:
    """Return the JSON pointer of a masked value, for the record; raises LookupError."""
    profile = profile_for(session, keyring, approval)
    if reveal.part == "place":
        return path_of(place_of(approval), replace(profile, schemas=()), reveal.place)
    stored = effective_arguments(session, keyring, approval)
    return path_of(stored.value, profile, reveal.place)


def call_of(
    session: Session, keyring: Keyring, approval: Approval, profile: Profile | None = None
) -> Call:
    """Return what would run, read for all views of one answer.

    `profile` is how it is masked, where that is known.
    """
    stored = effective_arguments(session, keyring, approval)
    profile = profile or profile_for(session, keyring, approval)
    return Call(stored.value, profile, stored.received.decode() or None)


def shown_of(
    session: Session,
    keyring: Keyring,
    approval: Approval,
    view: Literal["card", "full"] = "card",
    reveal: Reveal | None = None,
    call: Call | None = None,
) -> Shown:
    """Return what stands on an approval's page: what is shown is what would run.

    In the full view one masked value may be shown in the clear. `call` is what would run, where
    it was read before.

    Raises:
        LookupError: nothing is masked at the place of `reveal`.

    """
    read = call_of(session, keyring, approval) if call is None else call
    around = replace(read.profile, schemas=())
    runs = Call(place_of(approval), around)
    if view == "card":
        shown, place = card_of(approval.tool, read), card_of(approval.tool, runs)
    else:
        part, at = (None, None) if reveal is None else reveal
        inner, outer = (at, None) if part == "arguments" else (None, at)
        shown = full_of(approval.tool, read, inner)
        place = full_of(approval.tool, runs, outer)
    risk = Risk(approval.risk)
    flags = (shown.flags | place.flags) - NOT_MISLEADING
    return Shown(shown, place, risk.raised if flags else risk)


def place_of(approval: Approval) -> dict[str, Any]:
    """Return what an approval is bound or answers to besides its arguments; often nothing."""
    ctx = json.loads(approval.ctx)
    if approval.reply_state is not None:
        ctx.pop(UPSTREAM_REF, None)  # it is the source_ref
    place = {
        "scope": approval.scope,
        "tool_def": approval.tool_def,
        "ctx": ctx or None,
        "source": approval.source_id,
        "source_ref": approval.source_ref,
        "callback_url": approval.callback_url,
        "revision_of": approval.revision_of,
    }
    return {name: value for name, value in place.items() if value is not None}


class UntoldError(NotAllowedError):
    """A yes without a page to a call with a danger that its giver was not told; tells them."""

    def __init__(self, cautions: tuple[str, ...], seen: str) -> None:
        self.cautions, self.seen = cautions, seen
        super().__init__(
            "danger_unseen",
            f"This desk warns of this call: {self.told} Whoever approves it has to read that "
            "first; then send the same again with the `seen` of this answer.",
        )

    @property
    def told(self) -> str:
        """Return all that is warned of, in one line."""
        return " ".join(self.cautions)


def proof_of(
    keyring: Keyring, approval: Approval, shown: Shown, user_id: str
) -> str | None:
    """Return what proves that a person was told the cautions of this content; none without any.

    It goes where the cautions go in words, and nowhere else, as the full page's nonce does.
    """
    if not shown.cautions:
        return None
    about = [user_id, approval.id, seal_of(approval, PREVIEW_VERSION), *shown.cautions]
    return keyring.tag("danger-seen", json.dumps(about))


def refuse_unseen(
    session: Session,
    keyring: Keyring,
    approval: Approval,
    user_id: str,
    seen: str | None,
) -> str:
    """Refuse a yes that comes without a page: where all was shown and the person signed in.

    Returns the seal of what was looked at: whoever decides has to find that still there.

    Args:
        session: to read in.
        keyring: opens the arguments.
        approval: which.
        user_id: who says yes.
        seen: what they bring as proof that they were told of its dangers.

    Raises:
        NotAllowedError: `full_view_required`.
        UntoldError: `danger_unseen`.

    """
    shown = shown_of(session, keyring, approval)
    if shown.is_severe:
        why = sentence(
            "A call of %(risk)s risk is approved on its page only, after its full arguments "
            "were shown.",
            risk=RISK_INSIDE[shown.risk],
        )
    elif shown.needs_full_view:
        why = sentence(
            "This call is too long to be seen at once; it is approved on its page only, "
            "after its full arguments were shown."
        )
    else:
        proof = proof_of(keyring, approval, shown, user_id)
        if proof is not None and not hmac.compare_digest(
            proof.encode(), (seen or "").encode(errors="replace")
        ):
            raise UntoldError(shown.cautions, proof)
        return seal_of(approval, PREVIEW_VERSION)
    raise NotAllowedError("full_view_required", why)


def refuse_among_others(session: Session, keyring: Keyring, approval: Approval) -> None:
    """Refuse a yes to several calls at once for one that wants a page of its own.

    Raises:
        NotAllowedError: `full_view_required`.

    """
    why = shown_of(session, keyring, approval).why_alone
    if why is not None:
        raise NotAllowedError("full_view_required", why)
