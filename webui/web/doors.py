"""Which views a person may open without signing in: those that say so, and no other."""

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view as open to everybody."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def open_while_held_up(view: View) -> View:
    """Mark a view as open to who still has to set up a second factor."""
    view.is_open_while_held_up = True  # type: ignore[attr-defined]
    return view


def open_to_agents(view: View) -> View:
    """Mark a form as open to an agent acting in a person's session, which else only reads."""
    view.is_open_to_agents = True  # type: ignore[attr-defined]
    return view


def is_open_to_agents(view: Callable[..., Any] | None) -> bool:
    """Say whether a form was marked so; what everybody may send, they may too."""
    return is_public(view) or getattr(view, "is_open_to_agents", False)


def is_open_while_held_up(view: Callable[..., Any] | None) -> bool:
    """Say whether a view was marked so; what everybody may open, they may too."""
    return is_public(view) or getattr(view, "is_open_while_held_up", False)


def is_public(view: Callable[..., Any] | None) -> bool:
    """Say whether a view was marked. An address without a view answers 404 to everybody."""
    return view is None or getattr(view, "is_public", False)
