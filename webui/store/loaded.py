"""Rows that a prepared statement gave, as the toolkit would have loaded them."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy.orm import class_mapper

from webui.store.models import Model, table_of

Row = TypeVar("Row", bound=Model)


def as_loaded(model: type[Row], values: Mapping[str, Any]) -> Row:
    """Return a row's values as an object of its model: no second look, no change tracking.

    The constructor follows every column for a flush that never comes, which costs a twentieth
    of a whole filing. What is changed on the object is written by an UPDATE of one's own.
    """
    new, columns = _maker(model)
    row = new()
    row.__dict__.update(columns)
    row.__dict__.update(values)
    return cast("Row", row)


@cache
def _maker(model: type[Model]) -> tuple[Callable[[], Model], dict[str, None]]:
    columns = dict.fromkeys(column.key for column in table_of(model).columns)
    return class_mapper(model).class_manager.new_instance, columns
