"""What can be asked for, and in which words; the page of help and the completion read it too."""

from typing import Final, Literal, NamedTuple

Kind = Literal["name", "pattern", "choice", "risk", "time"]


class Field(NamedTuple):
    """One word before the colon."""

    name: str
    kind: Kind
    """name: a whole name; pattern: with `*`; risk and time may be compared."""
    words: str
    """What it narrows to."""
    example: str
    choices: tuple[str, ...] = ()


RISKS: Final = ("low", "medium", "high", "critical")
STATES: Final = (
    "mine",
    "claimed",
    "unclaimed",
    "edited",
    "repeated",
    "revised",
    "undelivered",
)
SORTS: Final = ("urgency", "risk", "age", "deadline")
GROUPS: Final = ("agent", "session", "call")
EVERYBODYS: Final = (
    ("Mine to decide", "is:mine"),
    ("High risk", "risk:>=high"),
    ("Ending soon", "left:<5m"),
)
"""Views that nobody has to save; no saved one takes their names."""

FIELDS: Final = {
    field.name: field
    for field in (
        Field("tool", "pattern", "the tool, * for any characters", "tool:github.*"),
        Field("risk", "risk", "the risk", "risk:>=high", RISKS),
        Field(
            "is",
            "choice",
            "what it is: mine (you can decide it), claimed, unclaimed, edited, repeated, "
            "revised (changes were asked for), undelivered",
            "is:mine",
            STATES,
        ),
        Field("agent", "name", "the agent's name or id", "agent:deploy-bot"),
        Field("for", "name", "the person it acts for", 'for:"Ana Lima"'),
        Field("claimed", "name", "who claimed it", "claimed:Ana"),
        Field("session", "name", "the agent's session", "session:run-7"),
        Field("source", "name", "the source that filed it", "source:ci"),
        Field("age", "time", "how long ago it was asked", "age:>10m"),
        Field("left", "time", "how long it can still be decided", "left:<5m"),
        Field(
            "sort",
            "choice",
            "the order: urgency (deadline and risk), risk, age, deadline",
            "sort:risk",
            SORTS,
        ),
        Field("group", "choice", "what stands together", "group:agent", GROUPS),
    )
}
ONCE: Final = frozenset({"sort", "group"})
"""Of these one counts, and none can be turned around."""
