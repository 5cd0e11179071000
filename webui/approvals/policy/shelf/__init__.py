"""Ready policies to begin with, each with tests of its own; they are read, not imported."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from webui.sentences import sentence

TITLES: Final = {
    "aws": sentence("AWS: describe freely, ask before anything changes"),
    "browser": sentence("Browser: known sites freely, ask before anything is sent"),
    "filesystem": sentence("Filesystem: read freely, ask before files change"),
    "git": sentence("Git: look and commit, ask before history is lost"),
    "github": sentence("GitHub: read and discuss, ask before code or people change"),
    "kubernetes": sentence("Kubernetes: look freely, ask before the cluster changes"),
    "organization": sentence(
        "Organization operations: two people for what cannot be undone"
    ),
    "postgres": sentence("Postgres: look at the schema, ask before statements that write"),
    "slack": sentence("Slack: read, answer in known channels, ask before anything wider"),
    "stripe": sentence("Stripe: look freely, ask before money moves"),
}
"""What each is for; the comment on the first line of its text says the same."""


@dataclass(frozen=True, slots=True)
class ShelfPolicy:
    """A ready policy: its name, a line that says what it is for, and its text."""

    name: str
    title: str
    text: str


def shelf() -> tuple[ShelfPolicy, ...]:
    """Return the ready policies by name."""
    folder = files(__package__)
    return tuple(
        ShelfPolicy(name, title, folder.joinpath(f"{name}.yaml").read_text("utf-8"))
        for name, title in TITLES.items()
    )
