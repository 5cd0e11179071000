"""The operators: what a condition may ask of the value it sees, one function each.

An operator takes the value written in the policy, says with BadValueError what is wrong with
it, and returns the question: seen value in, one of three answers out. A new one is a function
and a line in OPERATORS. What is missing or null never reaches a question but `exists`.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from webui.approvals.policy.answers import (
    CANNOT_TELL,
    YES,
    Answer,
    every,
    opposite,
    some,
    told,
)
from webui.approvals.policy.facts import MISSING
from webui.approvals.policy.faults import BadValueError, kind_of, meant
from webui.approvals.policy.hosts import Test, cidr, url_host
from webui.approvals.policy.paths import read_steps, walk
from webui.approvals.policy.patterns import Pattern, climbs, glob_expression
from webui.approvals.policy.plain import is_number, plain_text, single, text_of
from webui.sentences import sentence


def _eq(value: Any) -> Test:
    return _equals_any([single(value)])


def _neq(value: Any) -> Test:
    same = _eq(value)
    return lambda seen: opposite(same(seen))


def _in(value: Any) -> Test:
    if not isinstance(value, list | tuple):
        raise BadValueError(
            sentence('must be a list, not %(kind)s. Write ["a", "b"].', kind=kind_of(value))
        )
    return _equals_any([single(each, f"/{index}") for index, each in enumerate(value)])


def _not_in(value: Any) -> Test:
    among = _in(value)
    return lambda seen: opposite(among(seen))


def _lt(value: Any) -> Test:
    return _compared(operator.lt, value)


def _lte(value: Any) -> Test:
    return _compared(operator.le, value)


def _gt(value: Any) -> Test:
    return _compared(operator.gt, value)


def _gte(value: Any) -> Test:
    return _compared(operator.ge, value)


def _regex(value: Any) -> Test:
    return Pattern(plain_text(value)).found_in


def _contains(value: Any) -> Test:
    wanted = single(value)
    same = _equals_any([wanted])

    def test(seen: Any) -> Answer:
        if isinstance(seen, list | tuple):
            return some(map(same, seen))
        if isinstance(seen, str) and isinstance(wanted, str):
            return told(wanted in seen)
        return CANNOT_TELL

    return test


def _exists(value: Any) -> Test:
    if not isinstance(value, bool):
        raise BadValueError(
            sentence("must be true or false, not %(kind)s.", kind=kind_of(value))
        )
    return lambda seen: told((seen is not MISSING and seen is not None) is value)


def _starts_with(value: Any) -> Test:
    start = plain_text(value)
    return lambda seen: (
        told(seen.startswith(start)) if isinstance(seen, str) else CANNOT_TELL
    )


def _ends_with(value: Any) -> Test:
    end = plain_text(value)
    return lambda seen: told(seen.endswith(end)) if isinstance(seen, str) else CANNOT_TELL


def _glob(value: Any) -> Test:
    text = plain_text(value)
    if not text.isprintable():
        raise BadValueError(
            sentence("has an invisible character. Remove it, or use regex.")
        )
    found_in = Pattern(glob_expression(text)).found_in
    is_path = "/" in text

    def test(seen: Any) -> Answer:
        if is_path and isinstance(seen, str) and climbs(seen):
            return CANNOT_TELL
        return found_in(seen)

    return test


def _any(value: Any) -> Test:
    ask = _of_each(value)
    return lambda seen: (
        some(map(ask, seen)) if isinstance(seen, list | tuple) else CANNOT_TELL
    )


def _all(value: Any) -> Test:
    ask = _of_each(value)

    def test(seen: Any) -> Answer:
        # of nothing at all one may say anything, so nothing is told
        if not isinstance(seen, list | tuple) or not seen:
            return CANNOT_TELL
        return every(map(ask, seen))

    return test


OPERATORS: Final[Mapping[str, Callable[[Any], Test]]] = {
    "eq": _eq,
    "neq": _neq,
    "in": _in,
    "not_in": _not_in,
    "lt": _lt,
    "lte": _lte,
    "gt": _gt,
    "gte": _gte,
    "regex": _regex,
    "contains": _contains,
    "exists": _exists,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "glob": _glob,
    "any": _any,
    "all": _all,
    "cidr": cidr,
    "url_host": url_host,
}
OF_NUMBERS: Final = frozenset({"lt", "lte", "gt", "gte"})
OF_LISTS: Final = frozenset({"any", "all"})
OF_TEXT: Final = frozenset(
    {"regex", "starts_with", "ends_with", "glob", "cidr", "url_host"}
)


def read_operator(op: Any, value: Any) -> Test:
    """Return the question of an operator and its value.

    Raises BadValueError; its pointer begins with /op or /value.
    """
    if not isinstance(op, str) or op not in OPERATORS:
        named = f'"{op[:40]}"' if isinstance(op, str) else kind_of(op)
        guess = meant(op, OPERATORS) if isinstance(op, str) else "."
        listed = sentence(" Use one of %(names)s.", names=", ".join(OPERATORS))
        known = "" if guess != "." else listed
        raise BadValueError(
            sentence(
                "there is no operator %(named)s%(guess)s%(known)s",
                named=named,
                guess=guess,
                known=known,
            ),
            "/op",
        )
    try:
        return OPERATORS[op](value)
    except BadValueError as error:
        said = sentence("the value of %(op)s %(said)s", op=op, said=error.sentence)
        raise BadValueError(said, f"/value{error.pointer}") from None


def _equals_any(values: list[Any]) -> Test:
    """Return whether a value equals one of some: as numbers if both are, else as text."""
    numbers = {each for each in values if is_number(each)}
    texts = {text_of(each) for each in values if not is_number(each)}
    all_texts = texts | {text_of(each) for each in numbers}

    def test(seen: Any) -> Answer:
        if is_number(seen):
            if seen in numbers:
                return YES
            written = text_of(seen)
            if written is None and texts:
                return CANNOT_TELL
            return told(written in texts)
        written = text_of(seen)
        return CANNOT_TELL if written is None else told(written in all_texts)

    return test


def _compared(compare: Callable[[Any, Any], bool], value: Any) -> Test:
    if not is_number(value):
        raise BadValueError(
            sentence(
                "must be a number, not %(kind)s. Write it without quotes.",
                kind=kind_of(value),
            )
        )
    single(value)
    return lambda seen: told(compare(seen, value)) if is_number(seen) else CANNOT_TELL


def _of_each(value: Any) -> Test:
    """Return the question asked of each item: `{op, value}`, and a path below the item."""
    if not isinstance(value, Mapping):
        raise BadValueError(
            sentence(
                "must be a mapping of op and value, not %(kind)s.", kind=kind_of(value)
            )
        )
    for key in value:
        if key not in {"op", "value", "path"}:
            raise BadValueError(
                sentence(
                    "has a key %(key)s%(guess)s",
                    key=repr(key),
                    guess=meant(str(key), ("op", "value", "path")),
                ),
                f"/{key}",
            )
    if value.get("op") in tuple(OF_LISTS):  # of any kind, so perhaps not hashable
        raise BadValueError(
            sentence("holds any or all itself. Ask of one list at a time."), "/op"
        )
    steps: tuple[str, ...] = ()
    if "path" in value:
        try:
            steps = read_steps(plain_text(value["path"]))
        except BadValueError as error:
            raise BadValueError(
                sentence("has a path that %(said)s", said=error.sentence), "/path"
            ) from None
    test = read_operator(value.get("op"), value.get("value"))
    asks_presence = value.get("op") == "exists"

    def ask(item: Any) -> Answer:
        seen = walk(item, steps)
        if (seen is MISSING or seen is None) and not asks_presence:
            return CANNOT_TELL
        return test(seen)

    return ask
