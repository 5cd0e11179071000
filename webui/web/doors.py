"""Which views a person may open without signing in: those that say so, and no other."""

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view as open to everybody."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def is_public(view: Callable[..., Any] | None) -> bool:
    """Say whether a view was marked. An address without a view answers 404 to everybody."""
    return view is None or getattr(view, "is_public", False)
