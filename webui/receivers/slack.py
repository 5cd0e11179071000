"""Slack: clicks on messages that we posted. They decide; they file nothing.

Source: docs.slack.dev, "Verifying requests from Slack": `v0:timestamp:body`, HMAC-SHA-256.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from webui.approvals.call.strict_json import Document
from webui.approvals.errors import Fault, InvalidError
from webui.receivers.chat_config import chat_config, tolerance_ms
from webui.receivers.config import check_both, reject
from webui.receivers.kind import (
    Ignored,
    Inbound,
    SourceSecrets,
    Submission,
    Verified,
    misconfigured,
    refusal,
)
from webui.receivers.reading import check_size
from webui.sentences import sentence
from webui.signatures import hmac_header
from webui.signatures.errors import BadSecret, NotSigned
from webui.signatures.freshness import read_timestamp

name = "slack"
label = "Slack"
about = sentence(
    "A channel in Slack where calls are announced, approved and denied by linked people."
)
example: Mapping[str, Any] = {"channel": "C0123456789"}
token: str | None = sentence("The app's bot token (xoxb-...)")

_SIGNATURE, _TIMESTAMP = "X-Slack-Signature", "X-Slack-Request-Timestamp"
_TOKENS = "xox"
_SCHEME = hmac_header.Scheme(prefix="v0=")


def new_secret() -> str:
    """Return a secret in the form of Slack's; the app's own has to take its place."""
    return secrets.token_hex(16)


def check_source(source: SourceSecrets) -> None:
    """Raise InvalidError with every fault of config and secrets at once."""
    check_both(lambda: chat_config(name, source.config), _check_secret, source.secrets)
    if source.token is not None and not source.token.startswith(_TOKENS):
        reject([Fault("/token", sentence("is no token of Slack's: they begin with xox"))])


def _check_secret(secret: str) -> None:
    hmac_header.check_secret(secret)
    if secret.startswith(_TOKENS):
        raise BadSecret(
            sentence(
                "This is a token; the Signing Secret stands in the app's Basic Information."
            )
        )


def verify(delivery: Inbound, source: SourceSecrets, now: int) -> Verified:
    """Prove sender and time by Slack's two headers; raises Refused."""
    check_size(delivery.body)
    timestamp = delivery.headers.get(_TIMESTAMP.lower())
    try:
        tolerance = tolerance_ms(name, source)
        signed_at = read_timestamp(
            timestamp, now=now, tolerance_ms=tolerance, header=_TIMESTAMP
        )
        content = f"v0:{timestamp}:".encode() + delivery.body
        signature = delivery.headers.get(_SIGNATURE.lower())
        hmac_header.verify(_SCHEME, source.secrets, signature, content, named=_SIGNATURE)
    except NotSigned as error:
        raise refusal(error) from None
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
