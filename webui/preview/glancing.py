"""What a call's views warn of, without laying one out: for lists, which show many calls."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from webui.preview.lines import line_of
from webui.preview.reading import Call
from webui.preview.redaction import Profile
from webui.preview.renderers import render


class Glance(NamedTuple):
    """What is to be said of a whole call in a list."""

    flags: frozenset[str]
    """As every view of it has them, but for "nested", which says what a card cuts."""
    dangers: int
    line: str
    """The call on one line: what is flagged is in it."""


def glance(
    tool: str,
    arguments: Mapping[str, Any],
    profile: Profile,
    *,
    received: str | None = None,
) -> Glance:
    """Return what the views of a call warn of; arguments and errors as of `preview`."""
    return glance_of(tool, Call(arguments, profile, received))


def glance_of(tool: str, call: Call) -> Glance:
    """Return the same of a call that was read already."""
    rendering = render(tool, call.values, call.own_domains)
    dangers = () if rendering is None else rendering.dangers
    written = line_of(tool, call, rendering)
    return Glance(frozenset(+call.tally.flags), len(dangers), written)
