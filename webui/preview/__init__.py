"""Hostile arguments made safe to look at: pure, deterministic, linear, and versioned."""

from webui.preview.claims import other_sums
from webui.preview.glancing import Glance, glance, glance_of
from webui.preview.hiding import HIDDEN, Hider, without_secrets
from webui.preview.json_text import canonical_of, canonical_pieces
from webui.preview.lines import arguments_told, line, line_of, line_told
from webui.preview.lookalikes import looks_like
from webui.preview.masked import (
    StillMaskedError,
    masked_arguments,
    masked_name,
    masked_of,
    plain_arguments,
    searchable_text,
    unmasked,
)
from webui.preview.names import SENSITIVE_NAMES
from webui.preview.nodes import (
    PREVIEW_VERSION,
    Decoded,
    Node,
    Piece,
    Preview,
    gate,
    preview_hash,
)
from webui.preview.reading import Call, in_order
from webui.preview.redaction import Profile
from webui.preview.revealing import Place, path_of, place_in, place_of, value_at
from webui.preview.views import card, card_of, full, full_of, preview
from webui.preview.visible import inline, pieces, visible

__all__ = [
    "HIDDEN",
    "PREVIEW_VERSION",
    "SENSITIVE_NAMES",
    "Call",
    "Decoded",
    "Glance",
    "Hider",
    "Node",
    "Piece",
    "Place",
    "Preview",
    "Profile",
    "StillMaskedError",
    "arguments_told",
    "canonical_of",
    "canonical_pieces",
    "card",
    "card_of",
    "full",
    "full_of",
    "gate",
    "glance",
    "glance_of",
    "in_order",
    "inline",
    "line",
    "line_of",
    "line_told",
    "looks_like",
    "masked_arguments",
    "masked_name",
    "masked_of",
    "other_sums",
    "path_of",
    "pieces",
    "place_in",
    "place_of",
    "plain_arguments",
    "preview",
    "preview_hash",
    "searchable_text",
    "unmasked",
    "value_at",
    "visible",
    "without_secrets",
]
