"""Hostile arguments made safe to look at: pure, deterministic, linear, and versioned."""

from webui.preview.json_text import canonical_pieces
from webui.preview.lines import line
from webui.preview.masked import (
    StillMaskedError,
    masked_arguments,
    masked_name,
    searchable_text,
    unmasked,
)
from webui.preview.names import SENSITIVE_NAMES
from webui.preview.nodes import PREVIEW_VERSION, Node, Piece, Preview, gate, preview_hash
from webui.preview.reading import in_order
from webui.preview.redaction import Profile
from webui.preview.views import card, full, preview
from webui.preview.visible import inline, pieces, visible

__all__ = [
    "PREVIEW_VERSION",
    "SENSITIVE_NAMES",
    "Node",
    "Piece",
    "Preview",
    "Profile",
    "StillMaskedError",
    "canonical_pieces",
    "card",
    "full",
    "gate",
    "in_order",
    "inline",
    "line",
    "masked_arguments",
    "masked_name",
    "pieces",
    "preview",
    "preview_hash",
    "searchable_text",
    "unmasked",
    "visible",
]
