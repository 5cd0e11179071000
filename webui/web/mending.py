"""What a person can do about a refusal: said beside its sentence, which is the contract's."""

_BY_CODE = {
    "missing_grant": "An admin of this organization can give it to you: a role under People, "
    "or this one permission under Access.",
    "link_over": "If you joined by it already, sign in. Otherwise ask whoever invited you for "
    "a new link: each works once, for seven days.",
}


def mend_of(code: str) -> str | None:
    """Return what to do about a refusal, by its code or authorization's reason; often nothing."""
    return _BY_CODE.get(code.removeprefix("deny_"))
