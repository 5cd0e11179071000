"""From a decide form to a verdict: what the form must prove before the desk is asked."""

import hashlib
import hmac
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from webui.approvals.answering.deciding import decide
from webui.approvals.answering.editing import Edit
from webui.approvals.answering.quorum import YESES
from webui.approvals.answering.reviewing import Decided, Look
from webui.approvals.errors import InvalidError, NotAllowedError
from webui.approvals.grants.granting import GrantWish
from webui.approvals.states import Verdict
from webui.approvals.words import RISK_INSIDE
from webui.gating import Shown
from webui.preview import PREVIEW_VERSION
from webui.sentences import sentence
from webui.store.models import Approval
from webui.together import cascade
from webui.web.access import me
from webui.web.context import house
from webui.web.detail import needs_confirming

_LONGEST_LOOK = 86_400


@dataclass(frozen=True, slots=True)
class DecideForm:
    """What a decide form carries."""

    verdict: Verdict
    reason: str
    seal: str
    nonce: str
    seconds: int | None
    answer: str | None = None
    """With respond: what the agent gets in place of a run."""
    break_glass: bool = False
    grant: bool = False
    """Allow calls like it too: the box of the standing grant is ticked."""
    option: str | None = None
    """How it goes back, where the source knows several ways."""
    cascade: bool = False
    """Deny the other waiting calls of the session too."""

    @classmethod
    def read(cls, form: MultiDict[str, str]) -> "DecideForm":
        """Read it.

        Raises:
            InvalidError: it says nothing that can be decided.

        """
        wanted, seal = form.get("verdict", ""), form.get("seal", "")
        if wanted not in set(Verdict):
            raise InvalidError(
                sentence("The form says nothing that can be decided; open it again.")
            )
        if not seal:
            raise InvalidError(
                sentence("The form does not say what was shown; open it again.")
            )
        return cls(
            Verdict(wanted),
            _prose(form.get("reason", "")) or _prose(form.get("chosen", "")),
            seal,
            form.get("nonce", ""),
            _seconds(form.get("seconds", "")),
            answer=_prose(form.get("answer", "")) if wanted == Verdict.RESPOND else None,
            break_glass=form.get("break_glass") == "1",
            grant=form.get("grant") == "1",
            option=form.get("option") or None,
            cascade=form.get("cascade") == "1",
        )


def _prose(text: str) -> str:
    return text.strip().replace("\r\n", "\n")


def _seconds(text: str) -> int | None:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(_LONGEST_LOOK)):
        return None
    return min(int(text), _LONGEST_LOOK)


def nonce_of(approval_id: str, seal: str) -> str:
    """Return what only the end of the full page carries, for this session and this content."""
    proved = f"{me().session_hash}|{approval_id}|{seal}".encode()
    key = house().keyring.derive("full-view")
    return hmac.new(key, proved, hashlib.sha256).hexdigest()


def was_opened(approval_id: str, form: DecideForm) -> bool:
    """Say whether a form comes from the end of the full page."""
    proof = nonce_of(approval_id, form.seal)
    return hmac.compare_digest(form.nonce.encode(), proof.encode())


def give(
    approval: Approval,
    form: DecideForm,
    shown: Shown,
    edit: Edit | None = None,
    grant: GrantWish | None = None,
) -> Decided:
    """Give this person's verdict.

    Args:
        approval: that they may see.
        form: what they sent.
        shown: what the card says of it, which is what a yes asks for.
        edit: with edit, the arguments that are to run.
        grant: with a yes, what is to be allowed beyond the one call.

    Raises:
        DeskError: it was refused; nothing was changed.

    """
    opened = was_opened(approval.id, form)
    if form.verdict in YESES:
        _refuse_unseen(shown, opened=opened, always_fresh=form.break_glass)
    person, org_id = me().reviewer(), me().org_id
    look = Look(form.seal, PREVIEW_VERSION, opened_full=opened, seconds=form.seconds)
    decided = house().store.write(
        lambda tx: decide(
            tx,
            person,
            org_id,
            approval.id,
            form.verdict,
            form.reason,
            look,
            answer=form.answer,
            edit=edit,
            grant=grant,
            break_glass=form.break_glass,
            option=form.option,
        )
    )
    if decided.refusal is not None and not decided.late:
        raise decided.refusal
    if form.cascade and form.verdict is Verdict.DENY and decided.denies:
        cascade(house().store, person, decided.approval, form.reason)
    return decided


def _refuse_unseen(shown: Shown, *, opened: bool, always_fresh: bool) -> None:
    if shown.needs_full_view and not opened:
        raise NotAllowedError(
            "full_view_required",
            sentence(
                "This call is approved at the end of its full arguments only; read "
                "them first."
            ),
        )
    if always_fresh and not me().is_fresh(house().store.now()):
        raise NotAllowedError(
            "confirm_first",
            sentence(
                "Break-glass asks that you proved who you are within the last 15 "
                "minutes; confirm on your account's page that it is you."
            ),
        )
    if needs_confirming(shown):
        raise NotAllowedError(
            "confirm_first",
            sentence(
                "Approving a call of %(risk)s risk asks that you proved who you are "
                "within the last 15 minutes; confirm on your account's page that it is "
                "you.",
                risk=RISK_INSIDE[shown.risk],
            ),
        )
