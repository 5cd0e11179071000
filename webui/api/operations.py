"""The table of calls: what each takes and answers. Routes and OpenAPI are made from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Query:
    """One parameter of the query string."""

    name: str
    schema: dict[str, Any]
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API."""

    method: str
    path: str
    name: str
    summary: str
    view: View
    body: type[BaseModel] | None = None
    body_optional: bool = False
    alternative: type[BaseModel] | None = None
    """A second form of the body."""
    queries: tuple[Query, ...] = ()
    answers: dict[int, str] = field(default_factory=dict)
    """Status to the name of the answer's schema in `openapi.ANSWERS`; empty: no body."""
    reviewer: bool = False
    """For people's tokens, not agents' keys."""
    stream: bool = False
    """Answers with a stream of events that does not end by itself."""
    admin_api: bool = False
    """Served only where the small admin API is switched on."""


OPERATIONS: list[Operation] = []
BY_NAME: dict[str, Operation] = {}


def operation(method: str, path: str, summary: str, **more: Any) -> Callable[[View], View]:
    """Enter a view into the table; `path` in Flask's spelling."""

    def entering(view: View) -> View:
        entered = Operation(method, path, view.__name__, summary, view, **more)
        OPERATIONS.append(entered)
        BY_NAME[entered.name] = entered
        return view

    return entering
