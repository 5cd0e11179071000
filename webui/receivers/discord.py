"""Discord: clicks on messages that we posted. They decide; they file nothing.

Source: docs.discord.com, "Interactions": Ed25519 over timestamp and body.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from webui.approvals.call.strict_json import Document
from webui.approvals.errors import InvalidError
from webui.receivers.chat_config import chat_config, tolerance_ms
from webui.receivers.config import check_both
from webui.receivers.kind import (
    Ignored,
    Inbound,
    Refused,
    SourceSecrets,
    Submission,
    Verified,
    misconfigured,
)
from webui.receivers.reading import check_size
from webui.sentences import sentence
from webui.signatures import ed25519
from webui.signatures.errors import BadSecret, NotSigned
from webui.signatures.freshness import read_timestamp

name = "discord"
label = "Discord"
about = sentence(
    "A channel in Discord where calls are announced, approved and denied by linked people."
)
example: Mapping[str, Any] = {"channel": "1234567890123456789"}
token: str | None = sentence("The bot's token")

_SIGNATURE, _TIMESTAMP = "X-Signature-Ed25519", "X-Signature-Timestamp"


def new_secret() -> str:
    """Return a public key that believes nothing; the application's own has to take its place."""
    return ed25519.nobodys_key()


def check_source(source: SourceSecrets) -> None:
    """Raise InvalidError with every fault of config and secrets at once."""
    check_both(lambda: chat_config(name, source.config), ed25519.read_key, source.secrets)


def verify(delivery: Inbound, source: SourceSecrets, now: int) -> Verified:
    """Prove sender and time by Discord's two headers; raises Refused."""
    check_size(delivery.body)
    timestamp = delivery.headers.get(_TIMESTAMP.lower())
    try:
        tolerance = tolerance_ms(name, source)
        signed_at = read_timestamp(
            timestamp, now=now, tolerance_ms=tolerance, header=_TIMESTAMP
        )
        content = str(timestamp).encode() + delivery.body
        signature = delivery.headers.get(_SIGNATURE.lower())
        ed25519.verify(source.secrets, signature, content, named=_SIGNATURE)
    except NotSigned as error:
        # Discord tries an endpoint with bad signatures and wants this very status
        raise Refused(401, error.flaw, error.detail) from None
    except (BadSecret, InvalidError):
        raise misconfigured() from None
    return Verified(("sha256:" + hashlib.sha256(content).hexdigest(),), signed_at)


def to_submissions(
    body: Document,  # noqa: ARG001 - every kind takes the same
    headers: Mapping[str, str],  # noqa: ARG001
    config: Mapping[str, Any],  # noqa: ARG001
) -> list[Submission]:
    """File nothing; raises Ignored."""
    raise Ignored(sentence("A click decides; it files nothing."))
