"""How HumanLayer's clients are told what became of a call."""

from collections.abc import Mapping, Sequence
from typing import Any

from webui.receivers.answers import Answer


def status_of_call(
    answer: Answer | None, options: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return whether a call may run; null while nobody answered."""
    nothing: dict[str, Any] = {"approved": None, "comment": None}
    nothing |= {"reject_option_name": None, "slack_message_ts": None}
    if answer is None:
        return nothing
    if answer.verdict == "approve":
        return nothing | {"approved": True}
    # an edit cannot be carried, so it is not offered; whatever else it is, it is no yes
    chosen = _chosen(answer.text, options)
    return nothing | {
        "approved": False,
        "comment": answer.text,
        "reject_option_name": chosen,
    }


def status_of_contact(
    answer: Answer | None, options: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what people said; null while nobody did."""
    if answer is None:
        return {"response": None, "response_option_name": None}
    return {"response": answer.text, "response_option_name": _chosen(answer.text, options)}


def _chosen(text: str, options: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the option that a reviewer named: its name, its title or the text it fills in."""
    said = text.rpartition("A reviewer denied this call: ")[2].strip().casefold()
    for option in options:
        words = (option.get(name) for name in ("name", "title", "prompt_fill"))
        if said in {word.strip().casefold() for word in words if isinstance(word, str)}:
            return str(option["name"])
    return None
