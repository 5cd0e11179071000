"""Ready policies to begin with, each with tests of its own; they are read, not imported."""

from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class ShelfPolicy:
    """A ready policy: its name, a line that says what it is for, and its text."""

    name: str
    title: str
    text: str


def shelf() -> tuple[ShelfPolicy, ...]:
    """Return the ready policies by name; the title is the comment on a text's first line."""
    folder = files(__package__)
    names = sorted(
        each.name.removesuffix(".yaml")
        for each in folder.iterdir()
        if each.name.endswith(".yaml")
    )
    return tuple(_taken(name) for name in names)


def _taken(name: str) -> ShelfPolicy:
    text = files(__package__).joinpath(f"{name}.yaml").read_text("utf-8")
    return ShelfPolicy(name, text.partition("\n")[0].removeprefix("#").strip(), text)
