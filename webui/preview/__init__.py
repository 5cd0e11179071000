"""Hostile arguments to safe, complete views for a person. Pure: standard library only.

Spec: preview.md; details.md, D.
"""

from webui.preview.secrets import Profile
from webui.preview.text import (
    canonical_pieces,
    line,
    masked_arguments,
    preview_hash,
    searchable_text,
)
from webui.preview.tree import PREVIEW_VERSION, Node, Preview, card, full, gate
from webui.preview.visible import Piece, pieces, visible

__all__ = [
    "PREVIEW_VERSION",
    "Node",
    "Piece",
    "Preview",
    "Profile",
    "canonical_pieces",
    "card",
    "full",
    "gate",
    "line",
    "masked_arguments",
    "pieces",
    "preview_hash",
    "searchable_text",
    "visible",
]
