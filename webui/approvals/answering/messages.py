"""One line of the conversation about an approval: what may be said, and how it is kept."""

from sqlalchemy import insert, update

from webui.approvals.desk import facts, subject
from webui.approvals.errors import InvalidError
from webui.sentences import Sentence, sentence
from webui.store.ids import new_id
from webui.store.models import Approval, Message, table_of
from webui.store.transaction import Transaction

TEXT_MAX = 4_000
EMPTY_MESSAGE = sentence("The message is empty; write it.")
LONG_MESSAGE = sentence(
    "The message is longer than %(most)s characters; shorten it.", most=TEXT_MAX
)
_approvals = table_of(Approval)
_messages = table_of(Message)


def check_text(
    text: str, empty: Sentence = EMPTY_MESSAGE, long: Sentence = LONG_MESSAGE
) -> None:
    """Check what is to be said.

    Args:
        text: what.
        empty: the refusal where nothing stands there.
        long: the refusal of what is longer than `TEXT_MAX`.

    Raises:
        InvalidError: it is empty or too long.

    """
    if not text.strip():
        raise InvalidError(empty, code="text_required")
    if len(text) > TEXT_MAX:
        raise InvalidError(long, code="text_too_long")


def keep(tx: Transaction, approval: Approval, sender: str, text: str) -> None:
    """Keep one message and its event."""
    tx.execute(
        insert(_messages),
        {
            "id": new_id("msg", tx.now),
            "org_id": approval.org_id,
            "approval_id": approval.id,
            "sender": sender,
            "text": text,
            "at": tx.now,
        },
    )
    approval.message_count += 1
    tx.execute(
        update(_approvals)
        .where(_approvals.c.id == approval.id)
        .values(message_count=approval.message_count)
    )
    tx.record(
        approval.org_id,
        sender,
        "approval.message",
        subject(approval.id),
        facts(approval) | {"text": text},
    )
