"""What kinds have in common whose sender signs the body alone: `sha256=` and a hex digest."""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from webui.approvals.errors import Fault, InvalidError
from webui.receivers.config import read_config, reject
from webui.receivers.kind import (
    Inbound,
    Refused,
    SourceSecrets,
    Verified,
    misconfigured,
    refusal,
)
from webui.receivers.reading import check_size
from webui.sentences import sentence
from webui.signatures import hmac_header
from webui.signatures.errors import BadSecret, NotSigned

_SCHEME = hmac_header.Scheme(prefix="sha256=")


class UpstreamConfig(BaseModel):
    """The settings of every kind whose upstream settles what it asked."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    on_shutdown: Literal["reject", "keep"] = "keep"
    """What a shutdown of the desk does to what is open."""


Settings = TypeVar("Settings", bound=BaseModel)


def check_settings(
    model: type[Settings],
    source: SourceSecrets,
    *,
    token_needed: bool = False,
    shortest_secret: int = hmac_header.MIN_SECRET,
) -> None:
    """Raise InvalidError with every fault of settings, secrets and token at once."""
    faults: list[Fault] = []
    try:
        read_config(model, source.config)
    except InvalidError as error:
        faults += error.faults
    if any(len(secret.encode()) < shortest_secret for secret in source.secrets or ("",)):
        faults.append(
            Fault(
                "/secret",
                sentence(
                    "must have at least %(shortest_secret)s characters",
                    shortest_secret=shortest_secret,
                ),
            )
        )
    if token_needed and not source.token:
        faults.append(Fault("/token", sentence("is needed: with it the verdict goes back")))
    reject(faults)


def verify_body(delivery: Inbound, source: SourceSecrets, header: str) -> Verified:
    """Prove the sender by the digest in a header; raises Refused.

    No time is signed, so what was signed is its own id, for good.
    """
    check_size(delivery.body)
    try:
        presented = delivery.headers.get(header)
        hmac_header.verify(_SCHEME, source.secrets, presented, delivery.body, named=header)
    except NotSigned as error:
        raise refusal(error) from None
    except BadSecret:
        raise misconfigured() from None
    digest = "sha256:" + hashlib.sha256(delivery.body).hexdigest()
    return Verified((digest,), None)


def settings_of(model: type[Settings], config: Mapping[str, Any]) -> Settings:
    """Return the settings of a source; raises Refused if they cannot be used."""
    try:
        return read_config(model, config)
    except InvalidError:
        raise misconfigured() from None


def member(document: Any, *path: str) -> Any:
    """Return what lies at a path of members; raises Refused if it is not there."""
    found = document
    for step in path:
        if not isinstance(found, dict) or found.get(step) is None:
            raise Refused(
                422,
                "field_missing",
                sentence("The body has no member %(path)s.", path=f"{'.'.join(path)!r}"),
            )
        found = found[step]
    return found
