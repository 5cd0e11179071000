"""Which installation this is: selects only."""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.store.models import Install


class Installation(NamedTuple):
    """The identity of the installation and the generation of its data."""

    id: str
    generation: int

    def epoch(self, org_id: str) -> str:
        """Name an org's log as it is now; another one after a restore from a backup."""
        return f"{self.id}/{org_id}/{self.generation}"


_identity = select(Install.id, Install.generation)


def identity(session: Session) -> Installation:
    """Return the installation; a database without its row was never set up."""
    row = session.execute(_identity).one()
    return Installation._make(row)
