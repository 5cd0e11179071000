"""What every kind of source has in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from webui.approvals.call.strict_json import Document
from webui.sentences import sentence
from webui.signatures.errors import Flaw, NotSigned

Submission = dict[str, Any]
"""A body of `POST /api/v1/approvals`, and two members more.

`arguments_text`: the arguments as received. `reply_to` (optional, an object): what the kind
needs to send the decision back, such as the address and id that the upstream named.
"""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One delivery as it arrived. Header names are lower-case, the body is raw."""

    headers: Mapping[str, str]
    body: bytes
    address: str
    """Where it came from, for the record only: no address is a proof."""


@dataclass(frozen=True, slots=True)
class SourceSecrets:
    """What a source is checked with: the secrets valid now, newest first, and config."""

    secrets: tuple[str, ...]
    config: Mapping[str, Any]
    token: str | None = None
    """What we sign in with at the upstream, where we are its client too."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A delivery whose sender is proven, and how to know it again."""

    message_ids: tuple[str, ...]
    """One of them seen before means a known delivery; all are kept, the first is shown."""
    signed_at: int | None
    """ms. None: the sender signs no time, so keep the ids as long as the source lives."""

    @property
    def message_id(self) -> str:
        """Return the id that people see."""
        return self.message_ids[0]


class Refused(Exception):
    """The delivery is not taken; `detail` tells its sender how to mend it."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


class Ignored(Exception):
    """A good delivery about something that asks for no approval; `why` for the record."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Kind(Protocol):
    """What a kind's module offers."""

    @property
    def name(self) -> str:
        """Return the word used in URLs and the database."""

    @property
    def label(self) -> str:
        """Return the name people see."""

    @property
    def about(self) -> str:
        """Return one sentence: what sends this, and how the decision gets back to it."""

    @property
    def example(self) -> Mapping[str, Any]:
        """Return settings that work, to start from."""

    @property
    def token(self) -> str | None:
        """Return what the token is for us to sign in with at the upstream; None: no need."""

    def new_secret(self) -> str:
        """Return a fresh secret that this kind can use."""

    def check_source(self, source: SourceSecrets) -> None:
        """Raise InvalidError with every fault of config and secrets at once."""

    def verify(self, delivery: Inbound, source: SourceSecrets, now: int) -> Verified:
        """Prove the sender and the time; raises Refused. `now` is ms."""

    def to_submissions(
        self, body: Document, headers: Mapping[str, str], config: Mapping[str, Any]
    ) -> Sequence[Submission]:
        """Say what a verified delivery asks for: one call or several, in their order.

        Raises Refused or Ignored. Headers of a replayed delivery are those that were kept:
        none that is secret.
        """


def refusal(error: NotSigned) -> Refused:
    """Turn a signature's flaw into the answer its sender gets."""
    status = 400 if error.flaw is Flaw.MALFORMED else 401
    return Refused(status, error.flaw, error.detail)


def misconfigured() -> Refused:
    """Return the answer of a source whose own settings or secrets cannot be used."""
    return Refused(
        422,
        "source_misconfigured",
        sentence(
            "This source is not set up correctly; an admin of the organization can mend it."
        ),
    )
