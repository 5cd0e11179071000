"""What a person typed into a form that was refused: it comes back with the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webui.approvals.errors import Fault


@dataclass(frozen=True, slots=True)
class Typed:
    """A form of a call's page, as it was sent or is to be opened."""

    verdict: str | None = None
    """Whose form it is."""
    reason: str = ""
    answer: str = ""
    option: str = ""
    """How it was to go back, where there is a choice."""
    arguments: Mapping[str, str] | None = None
    """All fields of an editor; none if it was not sent."""
    faults: Sequence[Fault] = field(default=())

    @classmethod
    def sent(cls, form: Mapping[str, str], faults: Sequence[Fault] = ()) -> "Typed":
        """Return what a decide form held."""
        return cls(
            form.get("verdict"),
            form.get("reason", ""),
            form.get("answer", ""),
            form.get("option", ""),
            form,
            faults,
        )


NOTHING = Typed()
