"""A source whose upstream settles what it asks: `upstream` asks, answers and loses things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.plugins.desk import NO_LIMITS
from tests.plugins.rules import Desk
from webui.approvals.asking import intake
from webui.approvals.senders import sources
from webui.approvals.upstream import attempts, settled
from webui.approvals.upstream.attempts import Claimed
from webui.inbox.opening import open_source, prepared
from webui.receivers.way_back import Conversation, End, Heard, Outcome, Outgoing
from webui.store.models import Approval

APP_KEY = (
    rsa.generate_private_key(65_537, 2_048)
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    .decode()
)
"""A private key such as GitHub makes for an App; another in each process."""
CONFIRMED = Outcome(End.CONFIRMED)
TRANSIENT = Outcome(End.TRANSIENT, "The source answered 503.")
PERMANENT = Outcome(End.PERMANENT, "The source refused it with 403.")
GONE = Outcome(End.GONE, "The source waits for it no more.")


def converse(conversation: Conversation, *answers: Heard) -> tuple[list[Outgoing], Outcome]:
    """Have a kind tell its upstream, which answers so; return what was sent and how it ended."""
    sent = [next(conversation)]
    for each in answers:
        try:
            sent.append(conversation.send(each))
        except StopIteration as ended:
            return sent, ended.value
    raise AssertionError("it asked for one more answer")


@dataclass(frozen=True)
class Upstream:
    """One source, and what may happen on its side; each verb is a transaction."""

    desk: Desk
    source_id: str

    def ask(self, ref: str = "t-1", command: str = "echo hello", **more: Any) -> str:
        """Ask for a call as a delivery or a bridge does; return the approval's id."""
        store = self.desk.store
        with store.reading() as session:
            source = open_source(session, store.keyring, self.source_id, store.now())
        assert source is not None
        submission = {
            "tool": "shell.run",
            "arguments": {"command": command},
            "arguments_text": '{"command":"' + command + '"}',
            "source_ref": ref,
            "reply_to": {"ticket": ref},
            **more,
        }
        asked = prepared(source, submission)
        filed = store.write(lambda tx: intake.submit(tx, source.filer, asked, NO_LIMITS))
        return filed.approval.id

    def claim(self) -> list[Claimed]:
        """Take what is to be told now."""
        return self.desk.store.write(lambda tx: attempts.claim(tx, 10))

    def take(self) -> Claimed:
        """Take the one message that is to be told now."""
        (one,) = self.claim()
        return one

    def finish(self, claimed: Claimed, outcome: Outcome = CONFIRMED) -> None:
        """Write down how an attempt ended."""
        self.desk.store.write(lambda tx: attempts.finish(tx, claimed, outcome))

    def says(self, ref: str = "t-1", *, approved: bool, **more: Any) -> Approval | None:
        """Let the upstream settle it by itself."""
        return self.desk.store.write(
            lambda tx: settled.settled_upstream(
                tx, self.source_id, ref, approved=approved, **more
            )
        )

    def loses(self, ref: str = "t-1") -> Approval | None:
        """Let the upstream know it no more."""
        return self.desk.store.write(
            lambda tx: settled.gone_upstream(tx, self.source_id, ref)
        )

    def lists(self, *refs: str, **more: Any) -> list[str]:
        """Hear which questions the upstream says are waiting."""
        return self.desk.store.write(
            lambda tx: settled.reconcile(tx, self.source_id, refs, **more)
        )

    def dispose(self) -> list[str]:
        """Shut the source down."""
        return self.desk.store.write(lambda tx: settled.dispose(tx, self.source_id))

    def stands(self, approval_id: str) -> tuple[str, str | None, str | None]:
        """Return status, how far it came and how it ended."""
        row = self.desk.row(approval_id)
        return str(row.status), row.reply_state, row.resolution


@pytest.fixture
def upstream(desk: Desk) -> Upstream:
    """A source that settles itself what it asks, over the database at hand."""
    made = desk.store.write(
        lambda tx: sources.create_source(
            tx,
            desk.house.org_id,
            kind="helio",
            name="proxy",
            agent=desk.house.ci.name,
            config={"api_url": "http://127.0.0.1:9"},
            token="a token of some length",
        )
    )
    return Upstream(desk, made.source_id)
