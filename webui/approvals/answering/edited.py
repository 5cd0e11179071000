"""An edit as it lands on its approval: ruled on as if it had been asked, and never looser."""

from webui.approvals import policy
from webui.approvals.answering.editing import Edit
from webui.approvals.answering.votes import check_reason
from webui.approvals.call.arguments import seal_edit
from webui.approvals.errors import ConflictError
from webui.approvals.policy import Ruling
from webui.approvals.ruling.rulings import ruling_on_edit
from webui.approvals.ruling.terms import tightened
from webui.sentences import sentence
from webui.store.models import Approval
from webui.store.transaction import Transaction


def ruled_edit(
    tx: Transaction, approval: Approval, edit: Edit
) -> tuple[Ruling | None, ConflictError | None]:
    """Return what the policy says of an edited call, and the refusal if it denies it."""
    ruling = ruling_on_edit(tx, approval, edit.value)
    if ruling is None or ruling.verdict is not policy.Verdict.DENY:
        return ruling, None
    said = ruling.message or ruling.sentence
    detail = sentence("The policy refuses the call as you edited it: %(said)s", said=said)
    return ruling, ConflictError("policy_denies", detail)


def columns_of(
    tx: Transaction, approval: Approval, edit: Edit, ruling: Ruling | None, reason: str
) -> dict[str, object]:
    """Return the columns that an edit sets; what was asked stays beside it.

    The terms of its ruling hold from here on, for the vote that comes with the edit too.

    Raises:
        InvalidError: the rule of the edited call wants a reason.

    """
    terms = {} if ruling is None else tightened(tx, approval, ruling)
    approval.__dict__.update(terms)
    check_reason(approval, reason)
    return terms | {
        "sealed_edit": seal_edit(tx.session, tx.keyring, approval, edit.canonical),
        "edited_hash": edit.arguments_hash,
        "edited_fingerprint": edit.fingerprint,
        "edits": approval.edits + 1,
        **edit.told,
    }
