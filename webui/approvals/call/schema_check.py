"""What the agent's own schema says of edited arguments.

The schema comes from an agent, so it is as hostile as the arguments are. Nothing it names is ever
fetched; its size with all references followed is counted before it is compiled; and the larger the
arguments, the simpler its regular expressions must be. In doubt it is unusable: such a call cannot
be edited, but it can be approved, denied, answered or handed back as before.

`format` is not asserted, as JSON Schema has it by default: what the words mean differs from one
validator to the next, and a refusal must be sure. Sentences never repeat a value, since values may
be secrets, nor what the schema says in words.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from webui.approvals.call.differing import step_to
from webui.approvals.errors import Fault, InvalidError
from webui.sentences import Sentence, joined, sentence

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

SECRET_WORDS: Final = ("writeOnly", '"password"')
"""One of these stands in every schema that calls a value secret."""
MOST_FAULTS: Final = 20
_MOST_NODES: Final = 10_000
"""Of a schema with all references followed; what tools send has a few hundred."""
_DEEPEST: Final = 100
_MOST_STEPS: Final = 2_000_000
"""Nodes of the schema times nodes of the arguments: a quarter of a second at the very most."""
_STEPS_FOR_ALL: Final = 10_000
"""Up to so many, every fault is told; past it only the first: each costs a copy of much."""
_PATTERN_WORK: Final = 1_000_000_000
"""Bytes of a compiled pattern times characters of the arguments times patterns."""
_LARGEST_PATTERN: Final = 1 << 20
_DIALECTS: Final = frozenset(
    {
        "http://json-schema.org/draft-06/schema",
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    }
)
_NEVER: Final = (
    "$dynamicRef",
    "$recursiveRef",
    "unevaluatedItems",
    "unevaluatedProperties",
)
"""Whose cost nobody can tell beforehand."""
_SENTENCES: Final = {
    "required": sentence("is required"),
    "additionalProperties": sentence("is no member that the schema knows"),
    "enum": sentence("is none of the values that the schema lists"),
    "const": sentence("is not the one value that the schema allows"),
    "pattern": sentence("does not match the schema's pattern"),
    "falseSchema": sentence("may not be here"),
    "uniqueItems": sentence("holds the same item twice"),
}


def faults_by_schema(schema: str | None, edited: Mapping[str, Any]) -> list[Fault] | None:
    """Return what is wrong with edited arguments by the agent's schema; none without one.

    Raises:
        InvalidError: `schema_unusable`; the schema is broken, or too complicated to be trusted.

    """
    if schema is None:
        return None
    # Imported here: it costs 40 ms of every start, and few calls are ever edited.
    import jsonschema_rs  # noqa: PLC0415

    read = json.loads(schema)
    size = _Size(read)
    arguments = _Extent(edited)
    steps = size.nodes * arguments.nodes
    if steps > _MOST_STEPS:
        raise _unusable(sentence("it is too complicated for arguments of this size"))
    pattern_size = _PATTERN_WORK // (max(arguments.characters, 1) * max(size.patterns, 1))
    try:
        validator = jsonschema_rs.validator_for(
            read,
            validate_formats=False,
            offline=True,
            # the engine without look-around and back-references: linear in the text
            pattern_options=jsonschema_rs.RegexOptions(
                size_limit=min(pattern_size, _LARGEST_PATTERN)
            ),
            mask="the value",
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
        raise _unusable(
            sentence(
                "it is no valid JSON Schema, or one of its patterns is too complicated"
            )
        ) from None
    if validator.is_valid(edited):
        return []
    if steps > _STEPS_FOR_ALL:
        try:
            validator.validate(edited)
        except jsonschema_rs.ValidationError as error:
            return list(_told(error))
    faults = [fault for error in validator.iter_errors(edited) for fault in _told(error)]
    return faults[:MOST_FAULTS]


def _unusable(why: str) -> InvalidError:
    return InvalidError(
        sentence(
            "This call cannot be edited by the schema that its agent sent: "
            "%(why)s. You can still approve or deny it as it is, answer it, or ask "
            "for changes.",
            why=why,
        ),
        code="schema_unusable",
    )


def _told(error: "ValidationError") -> Iterator[Fault]:
    pointer = ""
    for step in error.instance_path:
        pointer = step_to(pointer, step)
    word, about = error.kind.name, error.kind.as_dict()
    said = _SENTENCES.get(word) or sentence("does not fit the schema's %(word)s", word=word)
    if word == "type":
        said = joined(" ", [sentence("must be of the type"), _any_of(about["types"])])
    elif word == "falseSchema" and error.schema_path[-1:] == ["additionalProperties"]:
        said = sentence("may not have members")  # where no member is named at all
    elif "limit" in about:
        said = sentence("%(said)s of %(limit)s", said=said, limit=about["limit"])
    names = about["unexpected"] if word == "additionalProperties" else []
    if word == "required":
        names = [about["property"]]
    places = [step_to(pointer, name) for name in names] or [pointer]
    yield from (Fault(place, said) for place in places)


def _any_of(types: Sequence[str]) -> Sentence:
    return joined(
        " ", [types[0], *(sentence("or %(type)s", type=each) for each in types[1:])]
    )


class _Size:
    """How large a schema is with all its references followed; refuses what cannot be counted."""

    def __init__(self, schema: Any) -> None:
        self._root = schema
        self._known: dict[int, tuple[int, int, int]] = {}
        self._open: set[int] = set()
        _check_dialect(schema)
        self.nodes, self.patterns, _ = self._of(schema, 0)
        if self.nodes > _MOST_NODES:
            raise _unusable(sentence("it is too complicated"))

    def _of(self, node: Any, depth: int) -> tuple[int, int, int]:
        """Return nodes, patterns and height of a part; each part is looked at once."""
        if not isinstance(node, (dict, list)):
            return 1, 0, 0
        known = self._known.get(id(node))
        if known is None:
            if id(node) in self._open:
                raise _unusable(sentence("its references go round in a circle"))
            if depth > _DEEPEST:
                raise _unusable(sentence("it is nested too deeply"))
            self._open.add(id(node))
            known = self._known[id(node)] = self._sum(node, depth)
            self._open.discard(id(node))
        if depth + known[2] > _DEEPEST:
            raise _unusable(sentence("it is nested too deeply"))
        return known

    def _sum(self, node: dict[str, Any] | list[Any], depth: int) -> tuple[int, int, int]:
        inside = list(node.values() if isinstance(node, dict) else node)
        nodes, patterns, height = 1, 0, 0
        if isinstance(node, dict):
            inside += self._referred(node)
            patterns += isinstance(node.get("pattern"), str)
            more = node.get("patternProperties")
            patterns += len(more) if isinstance(more, dict) else 0
        for part in inside:
            size = self._of(part, depth + 1)
            nodes, patterns = nodes + size[0], patterns + size[1]
            height = max(height, size[2] + 1)
        return nodes, patterns, height

    def _referred(self, node: dict[str, Any]) -> list[Any]:
        """Return what a part refers to; a member of that name in `properties` is no text."""
        if any(isinstance(node.get(name), (str, bool, dict)) for name in _NEVER):
            raise _unusable(sentence("it uses words whose cost cannot be told beforehand"))
        if node is not self._root and isinstance(node.get("$id"), str):
            raise _unusable(sentence("it holds schemas with addresses of their own"))
        reference = node.get("$ref")
        return [self._at(reference)] if isinstance(reference, str) else []

    def _at(self, reference: str) -> Any:
        if reference != "#" and not reference.startswith("#/"):
            raise _unusable(sentence("it refers to something outside of itself"))
        found = self._root
        for step in unquote(reference).split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(name)] if isinstance(found, list) else found[name]
            except (LookupError, TypeError, ValueError):
                raise _unusable(
                    sentence("it refers to something that is not there")
                ) from None
        return found


def _check_dialect(schema: Mapping[str, Any]) -> None:
    dialect = schema.get("$schema")
    if dialect is None:
        return
    if not isinstance(dialect, str) or dialect.removesuffix("#") not in _DIALECTS:
        raise _unusable(sentence("it is written in a dialect that is not known here"))


class _Extent:
    """How much there is to look at in a value: its nodes, and the characters of its texts."""

    def __init__(self, value: Any) -> None:
        self.nodes = 0
        self.characters = 0
        self._count(value)

    def _count(self, value: Any) -> None:
        self.nodes += 1
        if isinstance(value, str):
            self.characters += len(value)
        elif isinstance(value, Mapping):
            self.characters += sum(map(len, value))
            for part in value.values():
                self._count(part)
        elif isinstance(value, list):
            for part in value:
                self._count(part)
