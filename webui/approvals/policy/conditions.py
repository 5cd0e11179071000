"""One question about one call, with three answers: yes, no, cannot tell.

Policies and grants ask with the same conditions: `{path, op, value}`, all of which must hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from webui.approvals.errors import Fault
from webui.approvals.policy.answers import CANNOT_TELL, Answer, every
from webui.approvals.policy.facts import MISSING, Facts
from webui.approvals.policy.faults import BadValueError, kind_of, meant
from webui.approvals.policy.hosts import Test
from webui.approvals.policy.operators import read_operator
from webui.approvals.policy.paths import ROOTS, Look, read_path
from webui.sentences import sentence

MOST_CONDITIONS: Final = 100
_KEYS: Final = ("path", "op", "value")


@dataclass(frozen=True, slots=True)
class Condition:
    """A place in a call, an operator and its value, read and ready to be asked."""

    path: str
    op: str
    value: Any
    look: Look = field(repr=False, compare=False)
    test: Test = field(repr=False, compare=False)

    def seen(self, facts: Facts) -> Any:
        """Return what lies at the path, or MISSING."""
        return self.look(facts)

    def answer(self, facts: Facts) -> Answer:
        """Ask. What is missing or null, or of the wrong kind, cannot be told."""
        seen = self.look(facts)
        if (seen is MISSING or seen is None) and self.op != "exists":
            return CANNOT_TELL
        return self.test(seen)

    def as_document(self) -> dict[str, Any]:
        """Return it as it is written."""
        return {"path": self.path, "op": self.op, "value": self.value}


def holds(conditions: Iterable[Condition], facts: Facts) -> Answer:
    """Return whether all conditions hold; of none at all, yes."""
    return every(condition.answer(facts) for condition in conditions)


def read_conditions(
    documents: Any, roots: Iterable[str] = ROOTS
) -> tuple[tuple[Condition, ...], list[Fault]]:
    """Return the conditions in a list of `{path, op, value}`, and what is wrong with others.

    Args:
        documents: as JSON or YAML gives it, of any kind.
        roots: what paths may begin with. A grant counts for itself, so it asks of no `state`.

    """
    if not isinstance(documents, list | tuple):
        return (), [
            Fault(
                "",
                sentence(
                    "must be a list of conditions, not %(kind)s.", kind=kind_of(documents)
                ),
            )
        ]
    if len(documents) > MOST_CONDITIONS:
        return (), [
            Fault(
                "",
                sentence(
                    "has more than %(most)s conditions. Split it into several.",
                    most=MOST_CONDITIONS,
                ),
            )
        ]
    allowed = frozenset(roots)
    conditions: list[Condition] = []
    faults: list[Fault] = []
    for index, document in enumerate(documents):
        found, wrong = _read(document, allowed)
        faults += [Fault(f"/{index}{place}", said) for place, said in wrong]
        if found is not None and not wrong:
            conditions.append(found)
    return tuple(conditions), faults


def _read(
    document: Any, roots: frozenset[str]
) -> tuple[Condition | None, Sequence[tuple[str, str]]]:
    if not isinstance(document, Mapping):
        return None, [
            (
                "",
                sentence(
                    "must be a mapping of path, op and value, not %(kind)s.",
                    kind=kind_of(document),
                ),
            )
        ]
    faults: list[tuple[str, str]] = [
        (
            f"/{key}",
            sentence(
                "a condition has no key %(key)s%(guess)s",
                key=repr(str(key)[:40]),
                guess=meant(str(key), _KEYS),
            ),
        )
        for key in document
        if key not in _KEYS
    ]
    faults += [
        ("", sentence("the condition needs %(key)s.", key=key))
        for key in _KEYS
        if key not in document
    ]
    look = test = None
    if "path" in document:
        try:
            look = read_path(_text(document["path"]), roots)
        except BadValueError as error:
            faults.append(("/path", sentence("the path %(said)s", said=error.sentence)))
    if "op" in document and "value" in document:
        try:
            test = read_operator(document["op"], document["value"])
        except BadValueError as error:
            faults.append((error.pointer, error.sentence))
    if look is None or test is None:
        return None, faults
    value = _frozen(document["value"])
    return Condition(document["path"], document["op"], value, look, test), faults


def _frozen(value: Any) -> Any:
    """Return the value in a copy of its own, its lists as tuples."""
    if isinstance(value, Mapping):
        return {key: _frozen(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_frozen(each) for each in value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValueError(
            sentence("must be text such as args.amount, not %(kind)s.", kind=kind_of(value))
        )
    return value
