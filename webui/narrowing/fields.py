"""What can be asked for, and in which words; the page of help and the completion read it too."""

from typing import Final, Literal, NamedTuple

from webui.sentences import Sentence, sentence

Kind = Literal["name", "pattern", "choice", "risk", "time"]


class Field(NamedTuple):
    """One word before the colon."""

    name: str
    kind: Kind
    """name: a whole name; pattern: with `*`; risk and time may be compared."""
    words: Sentence
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
    "dangerous",
)
SORTS: Final = ("urgency", "risk", "age", "deadline")
GROUPS: Final = ("agent", "session", "call")
EVERYBODYS: Final = (
    (sentence("Mine to decide"), "is:mine"),
    (sentence("High risk"), "risk:>=high"),
    (sentence("Ending soon"), "left:<5m"),
)
"""Views that nobody has to save; no saved one takes their names."""

FIELDS: Final = {
    field.name: field
    for field in (
        Field(
            "tool", "pattern", sentence("the tool, * for any characters"), "tool:github.*"
        ),
        Field("risk", "risk", sentence("the risk"), "risk:>=high", RISKS),
        Field(
            "is",
            "choice",
            sentence(
                "what it is: mine (you can decide it), claimed, unclaimed, edited, repeated, "
                "revised (changes were asked for), undelivered, dangerous (this desk sees a "
                "danger in it)"
            ),
            "is:mine",
            STATES,
        ),
        Field("agent", "name", sentence("the agent's name or id"), "agent:deploy-bot"),
        Field("for", "name", sentence("the person it acts for"), 'for:"Ana Lima"'),
        Field("claimed", "name", sentence("who claimed it"), "claimed:Ana"),
        Field("session", "name", sentence("the agent's session"), "session:run-7"),
        Field("source", "name", sentence("the source that filed it"), "source:ci"),
        Field("age", "time", sentence("how long ago it was asked"), "age:>10m"),
        Field("left", "time", sentence("how long it can still be decided"), "left:<5m"),
        Field(
            "sort",
            "choice",
            sentence("the order: urgency (deadline and risk), risk, age, deadline"),
            "sort:risk",
            SORTS,
        ),
        Field("group", "choice", sentence("what stands together"), "group:agent", GROUPS),
    )
}
ONCE: Final = frozenset({"sort", "group"})
"""Of these one counts, and none can be turned around."""
