"""How the tests of renderers ask for a rendering, and read it."""

from collections.abc import Mapping
from typing import Any

from webui.preview import Profile, card
from webui.preview.renderers import Rendering

PROFILE = Profile(mask_key=b"an org's key, 32 bytes or so long")


def rendered(tool: str, arguments: Mapping[str, Any]) -> Rendering:
    """Return the rendering of a call, which has to have one."""
    found = card(tool, arguments, PROFILE).rendering
    assert found is not None, f"{tool} has no rendering"
    return found


def findings(tool: str, arguments: Mapping[str, Any]) -> str:
    """Return what is found in a call, each finding as its severity and words on a line."""
    found = rendered(tool, arguments).findings
    return "\n".join(f"{each.severity}: {each.words}" for each in found)


def text_of(rendering: Rendering) -> str:
    """Return all that a rendering shows, one fact or line of a block on a line."""
    facts = [
        f"{fact.label}: " + "".join(piece.text for piece in fact.pieces)
        for fact in rendering.facts
    ]
    lines = []
    for block in rendering.blocks:
        lines.append(f"[{block.title}]")
        for line in block.lines:
            sign = {"added": "+", "removed": "-", "head": "@"}.get(line.kind, " ")
            shown = ["".join(piece.text for piece in token.pieces) for token in line.tokens]
            lines.append(sign + "".join(shown))
        if block.hidden:
            lines.append(f"({block.hidden} more)")
    return "\n".join([rendering.title, *facts, *lines])
