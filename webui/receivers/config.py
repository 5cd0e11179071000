"""Reading a source's settings so that every fault is told at once."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError

from webui.approvals.call.json_faults import step
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.misfits import misfit
from webui.sentences import joined, sentence
from webui.signatures.errors import BadSecret

_PLAIN_WORDS = {
    "extra_forbidden": sentence("is no setting of this kind"),
    "missing": sentence("is needed"),
}
_Model = TypeVar("_Model", bound=BaseModel)


def read_config(
    model: type[_Model], config: Mapping[str, Any], contradictions: Sequence[Fault] = ()
) -> _Model:
    """Return the settings as the model has them.

    `contradictions` are faults between fields, found by the kind in the raw settings so
    that they are told together with the rest. Raises InvalidError with all of them.
    """
    faults = list(contradictions)
    try:
        settings = model.model_validate(dict(config))
    except ValidationError as error:
        faults = [_fault(one) for one in error.errors(include_url=False)] + faults
    reject(faults)
    return settings


def check_both(
    settings: Callable[[], object], secret: Callable[[str], object], secrets: Sequence[str]
) -> None:
    """Read a source's settings and each of its secrets, as its kind does both.

    `settings` raises InvalidError, `secret` BadSecret; no secret at all is an empty one.
    Raises InvalidError with every fault of both at once.
    """
    faults: list[Fault] = []
    try:
        settings()
    except InvalidError as error:
        faults += error.faults
    for one in secrets or ("",):
        try:
            secret(one)
        except BadSecret as error:
            faults.append(Fault("/secret", error.args[0]))
    reject(faults)


def reject(faults: Sequence[Fault]) -> None:
    """Raise InvalidError if there is any fault."""
    if faults:
        listed = joined("; ", (joined(": ", (at or "/", said)) for at, said in faults))
        raise InvalidError(
            sentence("This source cannot work: %(listed)s", listed=listed),
            faults,
            "source_invalid",
        )


def spelled(pattern: str, words: str) -> AfterValidator:
    """Return what lets a text of this pattern alone pass; `words` say to people what it must be."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(words)
        return text

    return AfterValidator(check)


WEB_ADDRESS = spelled(
    r"https?://[^\s?#]+",
    sentence("must be an address that begins with http:// or https://"),
)


def _fault(error: Mapping[str, Any]) -> Fault:
    # pydantic marks a fault in a member's name by a last step of its own
    pointer = "".join(step(part) for part in error["loc"] if part != "[key]")
    return Fault(pointer, _PLAIN_WORDS.get(error["type"]) or misfit(error))
