"""What a person can do about a refusal: said beside its sentence, which is the contract's."""

from webui.sentences import Sentence, sentence

_BY_CODE = {
    "missing_grant": sentence(
        "An admin of this organization can give it to you: a role under People, "
        "or this one permission under Access."
    ),
    "link_over": sentence(
        "If you joined by it already, sign in. Otherwise ask whoever invited you for "
        "a new link: each works once, for seven days."
    ),
}


def mend_of(code: str) -> Sentence | None:
    """Return what to do about a refusal, by its code or authorization's reason; often nothing."""
    return _BY_CODE.get(code.removeprefix("deny_"))
