"""What is wrong with a value that does not fit its schema, in sentences of ours.

Pydantic names each kind of misfit by a word of its own; its English for them speaks to
programmers, and is said only where we have none.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from webui.sentences import Sentence, forms, number, sentence

_TEXT: Final = sentence("must be a text")
_WHOLE: Final = sentence("must be a whole number")
_NUMBER: Final = sentence("must be a number")
_TRUTH: Final = sentence("must be true or false")
_LIST: Final = sentence("must be a list")
_OBJECT: Final = sentence("must be an object")
_PLAIN: Final[Mapping[str, Sentence]] = {
    "missing": sentence("is required"),
    "extra_forbidden": sentence(
        "is not a member of this body; remove it, or mend its name"
    ),
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "mapping_type": _OBJECT,
    "none_required": sentence("must be null"),
}
_LEAST_SIGNS: Final = forms(
    "must have at least %(number)s character", "must have at least %(number)s characters"
)
_MOST_SIGNS: Final = forms(
    "must have at most %(number)s character", "must have at most %(number)s characters"
)
_LEAST_ENTRIES: Final = forms(
    "must have at least %(number)s entry", "must have at least %(number)s entries"
)
_MOST_ENTRIES: Final = forms(
    "must have at most %(number)s entry", "must have at most %(number)s entries"
)
_MEASURED: Final[Mapping[str, Callable[[Mapping[str, Any]], Sentence]]] = {
    "string_too_short": lambda about: _LEAST_SIGNS.of(about["min_length"]),
    "string_too_long": lambda about: _MOST_SIGNS.of(about["max_length"]),
    "too_short": lambda about: _LEAST_ENTRIES.of(about["min_length"]),
    "too_long": lambda about: _MOST_ENTRIES.of(about["max_length"]),
    "greater_than": lambda about: sentence(
        "must be more than %(limit)s", limit=number(about["gt"])
    ),
    "greater_than_equal": lambda about: sentence(
        "must be at least %(limit)s", limit=number(about["ge"])
    ),
    "less_than": lambda about: sentence(
        "must be less than %(limit)s", limit=number(about["lt"])
    ),
    "less_than_equal": lambda about: sentence(
        "must be at most %(limit)s", limit=number(about["le"])
    ),
    "string_pattern_mismatch": lambda about: sentence(
        "must fit the pattern %(pattern)s", pattern=about["pattern"]
    ),
    "literal_error": lambda about: _one_of(about["expected"]),
    "enum": lambda about: _one_of(about["expected"]),
}


def misfit(error: Mapping[str, Any]) -> str:
    """Return what is wrong, without its place; `error` is one of Pydantic's, with its context.

    What a check of ours raised is said as it was raised.
    """
    kind, about = error["type"], error.get("ctx", {})
    if kind == "value_error":
        said: str = about["error"].args[0]
        return said
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _MEASURED:
        return _MEASURED[kind](about)
    return sentence("does not fit (“%(english)s”)", english=error["msg"])


def _one_of(expected: str) -> Sentence:
    known = ", ".join(re.findall(r"'([^']*)'", expected)) or expected
    return sentence("must be one of %(known)s", known=known)
