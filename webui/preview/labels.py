"""Names of values as they are shown, and how many masks are in them."""

from typing import NamedTuple

from webui.preview.redaction import Segment
from webui.preview.visible import inline


class Label(NamedTuple):
    """A name made visible, with the secrets in it masked."""

    shown: str
    segments: tuple[Segment, ...]
    """The name before it was made visible, if that changed it."""
    flags: frozenset[str]
    masks: int

    def flagged(self, flags: frozenset[str]) -> "Label":
        """Return it with more flags."""
        segments = self.segments or (Segment(self.shown),)
        return self._replace(segments=segments, flags=self.flags | flags)


def written(segments: tuple[Segment, ...]) -> str:
    """Return a name on one line, each stretch of it made visible and each secret a mask."""
    return "".join([mask or inline(text) for text, mask in segments])


def masks_in(segments: tuple[Segment, ...]) -> int:
    """Return how many of these are masks."""
    return sum([1 for segment in segments if segment.mask])
