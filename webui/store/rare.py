"""Conditions that few rows fit, said so that SQLite knows it.

Its statistics hold how many rows a value has on average. Where nearly all approvals are settled
in one way, it would expect as many to be open, and walk all of them rather than look those up.
"""

from typing import Any

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Rare(FunctionElement[bool]):
    name = "rare"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> "_Rare":  # noqa: ARG002 - of the base
        """Stay as it is: compared with 1, no index would serve it."""
        return self


def rare(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition that few rows fit, whatever statistics say."""
    return _Rare(condition)


@compiles(_Rare)
def _plainly(element: _Rare, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


@compiles(_Rare, "sqlite")
def _as_likelihood(element: _Rare, compiler: SQLCompiler, **more: Any) -> str:
    return f"likelihood({compiler.process(element.clauses, **more)}, 0.0001)"
