"""The risk of a call: as it was filed, and as it is handled for what its preview shows."""

from typing import Any, Final

from sqlalchemy import ColumnElement, case
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webui.approvals.states import Risk

_ONE_UP: Final[Any] = {str(risk): str(risk.raised) for risk in Risk}


class Handling:
    """Columns of an approval that say how carefully its call is handled.

    What its preview shows is read once, when it is filed, and kept here for lists, which show,
    sort and narrow many; whoever decides asks `gating.shown_of`, which reads the call itself.
    """

    risk: Mapped[str] = mapped_column(default="medium")
    """As it was filed: the rule's, raised by the agent's hint."""
    misleads: Mapped[bool | None] = mapped_column(default=None)
    """Something in it could mislead, so it is handled one step higher; none: not read yet."""
    dangers: Mapped[int | None] = mapped_column(default=None)
    """How much the reading of it warns of; none: not read yet."""
    read_by: Mapped[int | None] = mapped_column(default=None)
    """The `PREVIEW_VERSION` by which these two are true; none: they are to be read anew."""

    @hybrid_property
    def handled_as(self) -> str:
        """The risk that decides: who is told, what a yes asks for, where it stands."""
        return str(Risk(self.risk).raised) if self.misleads else self.risk

    @handled_as.inplace.expression
    @classmethod
    def _handled_as(cls) -> ColumnElement[str]:
        raised = case(_ONE_UP, value=cls.risk)
        return case((cls.misleads.is_(True), raised), else_=cls.risk)
