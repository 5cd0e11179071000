"""What every table shares: a naming convention, and times kept as whole milliseconds."""

from typing import Any, cast

from sqlalchemy import BigInteger, MetaData, Table
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Millis = int
"""Milliseconds since the epoch, UTC. One integer type that both databases keep exactly."""


class Model(DeclarativeBase):
    """The base of all rows."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {int: BigInteger}  # noqa: RUF012 - SQLAlchemy's own declaration form


def table_of(model: type[Model]) -> Table:
    """Return the table of a model, for the statements that go past the ORM."""
    return cast("Table", cast("Any", model).__table__)
