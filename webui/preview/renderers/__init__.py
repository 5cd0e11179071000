"""Calls in the terms of what they do: a command as a command, a query as a query.

A rendering stands above the tree of the arguments and never in its place: it may be wrong, the
tree may not. Pure, deterministic and linear, as all of `preview`.
"""

from webui.preview.renderers.registry import render
from webui.preview.renderers.rendering import (
    Alarm,
    Block,
    Fact,
    Finding,
    Line,
    Rendering,
    Token,
)

__all__ = ["Alarm", "Block", "Fact", "Finding", "Line", "Rendering", "Token", "render"]
