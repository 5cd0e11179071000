"""Sources that sign as Standard Webhooks says and send what our API takes.

The body is the body of `POST /api/v1/approvals`, word for word.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webui.approvals.call.strict_json import Document
from webui.approvals.errors import InvalidError
from webui.receivers.config import check_both, read_config
from webui.receivers.kind import (
    Inbound,
    Refused,
    SourceSecrets,
    Submission,
    Verified,
    misconfigured,
    refusal,
)
from webui.receivers.reading import check_size, received_arguments
from webui.sentences import sentence
from webui.signatures import standard
from webui.signatures.errors import BadSecret, NotSigned

name = "standard"
label = "Standard Webhooks"
about = sentence(
    "Programs that sign as Standard Webhooks says and send what the API takes."
)
example: Mapping[str, Any] = {}
token: str | None = None
new_secret = standard.generate_secret


class _Config(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    tolerance_seconds: int = Field(default=300, ge=1, le=3600)


def check_source(source: SourceSecrets) -> None:
    """Raise InvalidError with every fault of config and secrets at once."""
    check_both(
        lambda: read_config(_Config, source.config), standard.read_secret, source.secrets
    )


def verify(delivery: Inbound, source: SourceSecrets, now: int) -> Verified:
    """Prove sender and time by the three `webhook-` headers; raises Refused."""
    check_size(delivery.body)
    try:
        tolerance_ms = read_config(_Config, source.config).tolerance_seconds * 1000
        signed = standard.verify(
            source.secrets,
            delivery.headers,
            delivery.body,
            now=now,
            tolerance_ms=tolerance_ms,
        )
    except NotSigned as error:
        raise refusal(error) from None
    except (BadSecret, InvalidError):
        raise misconfigured() from None
    return Verified((signed.message_id,), signed.signed_at)


def to_submissions(
    body: Document,
    headers: Mapping[str, str],  # noqa: ARG001 - every kind takes the same
    config: Mapping[str, Any],  # noqa: ARG001
) -> list[Submission]:
    """Hand the body on as it is; the API's own schema checks it."""
    return [submission_of(body)]


def submission_of(body: Document) -> Submission:
    """Return an object that is the body of `POST /api/v1/approvals`; raises Refused."""
    submission = dict(body.value)
    # ours alone: a sender's members of these names must not pass for them
    for ours in ("arguments_text", "reply_to"):
        if ours in submission:
            raise Refused(
                422,
                "schema",
                sentence('There is no member "%(ours)s"; leave it out.', ours=ours),
            )
    if "arguments" in submission:
        submission["arguments_text"] = received_arguments(body.raw("arguments"))
    return submission
