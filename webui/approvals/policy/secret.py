"""The webhook's secret in a policy's text: the desk keeps the text without it.

Who may read a policy must not see it, and whose text is hashed must not be guessed by its hash:
so it is taken out of the text before anything is kept, and nothing has to be masked later.
"""

from typing import Any, Final

from webui.approvals.policy.yaml_text import Source, read_yaml

KEPT: Final = "(kept by the desk)"
"""What stands in a text in place of the secret; sent back, it means the one that is kept."""
_WHERE: Final = ("approvals", "notify", "webhook")
POINTER: Final = "/" + "/".join((*_WHERE, "secret"))


def without_secret(source: Source, text: str) -> str | None:
    """Return a text that has a secret as it may be kept; none if that cannot be done surely."""
    place = source.places[POINTER]
    if place.raw == KEPT:
        return text
    start, end = place.span
    after = "\n" if text[start:end].endswith(("\n", "\r")) else ""  # a block ends its line
    kept = f'{text[:start]}"{KEPT}"{after}{text[end:]}'
    again, faults = read_yaml(kept)
    same = not faults and again.value == _with(source.value, KEPT)
    return kept if same else None


def _with(value: Any, secret: str) -> Any:
    """Return the values of a text with another secret in them."""
    below = {**value["approvals"]["notify"]["webhook"], "secret": secret}
    for name in reversed(_WHERE[1:]):
        below = {**_at(value, name), name: below}
    return {**value, "approvals": below}


def _at(value: Any, name: str) -> Any:
    for step in _WHERE[: _WHERE.index(name)]:
        value = value[step]
    return value
