"""Addresses of lists, which keep their filters."""

from collections.abc import Mapping
from typing import Any

from flask import url_for


def link(endpoint: str, given: Mapping[str, str], **more: str | int) -> str:
    """Return the address of a list with the filters given, and more."""
    values: dict[str, Any] = {**given, **more}
    return url_for(endpoint, **values)
