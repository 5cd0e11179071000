"""What may accompany a tool call, and which of it is part of what a yes is bound to."""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

Risk = Literal["low", "medium", "high", "critical"]


class Binding(TypedDict, total=False):
    """Besides tool and arguments, what the fingerprint covers: sent when asking and when consuming.

    scope: where the call belongs upstream. tool_def: the tool's own definition. ctx: whatever else
    shapes the run (cwd, named environment values, target host, credential id, hashes of files).
    """

    scope: str
    tool_def: dict[str, Any]
    ctx: dict[str, Any]


class Plain(Binding, total=False):
    """The optional fields of an approval but its summary. Times are RFC 3339, durations seconds."""

    reason: str
    context: dict[str, Any]
    risk: Risk
    session: str
    run: str
    run_deadline: str
    on_behalf_of: str
    triggered_by: str
    source_ref: str
    expires_in: int
    allowed_decisions: list[str]
    arguments_schema: dict[str, Any]
    revision_of: str
    trace: list[dict[str, Any]]
    callback_url: str


class Fields(Plain, total=False):
    """All optional fields of an approval (`POST /api/v1/approvals`)."""

    summary: str


BINDING = frozenset(Binding.__annotations__)
PLAIN = frozenset(Plain.__annotations__)
FIELDS = frozenset(Fields.__annotations__)


WITHOUT_REVISION = ("approve", "deny", "edit", "respond")
"""What helpers offer that can carry an edit and an answer, but have nobody to answer a question."""


def known(fields: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """`fields` without the unset (None) ones. A name we do not know raises TypeError.

    A typo must not silently drop a safeguard, so it fails before anything is asked.
    """
    if unknown := sorted(fields.keys() - names):
        raise TypeError(
            f"unknown field {', '.join(unknown)}; known are {', '.join(sorted(names))}"
        )
    return {name: value for name, value in fields.items() if value is not None}
