"""What can be wrong with a signed message, or with the secret that should check it."""

from enum import StrEnum

from webui.sentences import sentence

MISMATCH = sentence(
    "The signature does not match this message: it must be made with the secret that this source "
    "has now, and the body must arrive as it was signed."
)


def missing(header: str) -> str:
    """Return what is said where a header of the signature is not there."""
    return sentence(
        "The header %(header)s is missing: its sender does not sign, or signs in another way.",
        header=header,
    )


class Flaw(StrEnum):
    """Why a message is not believed."""

    MISSING = "signature_missing"
    MALFORMED = "signature_malformed"
    TOO_OLD = "timestamp_too_old"
    TOO_NEW = "timestamp_too_new"
    NO_MATCH = "signature_mismatch"


class NotSigned(Exception):
    """The message did not prove its sender. `detail` never speaks of the secret."""

    def __init__(self, flaw: Flaw, detail: str) -> None:
        """Keep the flaw for programs and the sentence for people."""
        super().__init__(detail)
        self.flaw = flaw
        self.detail = detail


class BadSecret(ValueError):
    """A secret that cannot protect anything: empty, too short, or not readable."""
