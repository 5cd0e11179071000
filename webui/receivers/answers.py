"""What became of one call, for those who wait for it in words of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of it: approve, edit, deny or respond."""

    verdict: str
    text: str = ""
    arguments: Mapping[str, Any] | None = None
