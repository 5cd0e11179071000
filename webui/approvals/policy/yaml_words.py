"""What the YAML parser says of a text, for people: where it was, and what it met there."""

from typing import Final

from webui.sentences import Sentence, joined, sentence

_WHILE: Final = {
    "while parsing a block collection": sentence("while parsing a block collection"),
    "while parsing a block mapping": sentence("while parsing a block mapping"),
    "while parsing a flow mapping": sentence("while parsing a flow mapping"),
    "while parsing a flow sequence": sentence("while parsing a flow sequence"),
    "while parsing a flow node": sentence("while parsing a flow node"),
    "while parsing a node": sentence("while parsing a node"),
    "while parsing a block node": sentence("while parsing a block node"),
    "while parsing a quoted scalar": sentence("while parsing a quoted scalar"),
    "while scanning a block scalar": sentence("while scanning a block scalar"),
    "while scanning a plain scalar": sentence("while scanning a plain scalar"),
    "while scanning a quoted scalar": sentence("while scanning a quoted scalar"),
    "while scanning a simple key": sentence("while scanning a simple key"),
    "while scanning a tag": sentence("while scanning a tag"),
    "while scanning a directive": sentence("while scanning a directive"),
    "while scanning an alias": sentence("while scanning an alias"),
    "while scanning an anchor": sentence("while scanning an anchor"),
    "while scanning for the next token": sentence("while scanning for the next token"),
}
_MET: Final = {
    "block sequence entries are not allowed in this context": sentence(
        "block sequence entries are not allowed in this context"
    ),
    "control characters are not allowed": sentence("control characters are not allowed"),
    "could not find expected ':'": sentence("could not find expected ':'"),
    "did not find expected '-' indicator": sentence("did not find expected '-' indicator"),
    "did not find expected ',' or ']'": sentence("did not find expected ',' or ']'"),
    "did not find expected ',' or '}'": sentence("did not find expected ',' or '}'"),
    "did not find expected alphabetic or numeric character": sentence(
        "did not find expected alphabetic or numeric character"
    ),
    "did not find expected comment or line break": sentence(
        "did not find expected comment or line break"
    ),
    "did not find expected hexdecimal number": sentence(
        "did not find expected hexdecimal number"
    ),
    "did not find expected key": sentence("did not find expected key"),
    "did not find expected node content": sentence("did not find expected node content"),
    "did not find expected whitespace or line break": sentence(
        "did not find expected whitespace or line break"
    ),
    "found a tab character that violates indentation": sentence(
        "found a tab character that violates indentation"
    ),
    "found a tab character where an indentation space is expected": sentence(
        "found a tab character where an indentation space is expected"
    ),
    "found character that cannot start any token": sentence(
        "found character that cannot start any token"
    ),
    "found undefined tag handle": sentence("found undefined tag handle"),
    "found unexpected ':'": sentence("found unexpected ':'"),
    "found unexpected document indicator": sentence("found unexpected document indicator"),
    "found unexpected end of stream": sentence("found unexpected end of stream"),
    "found unknown escape character": sentence("found unknown escape character"),
    "mapping keys are not allowed in this context": sentence(
        "mapping keys are not allowed in this context"
    ),
    "mapping values are not allowed in this context": sentence(
        "mapping values are not allowed in this context"
    ),
}


def yaml_told(context: str | None, problem: str | None) -> Sentence:
    """Return both as a sentence; words of a parser that we do not know stay as they are."""
    parts = (_WHILE.get(context or "", context), _MET.get(problem or "", problem))
    return joined(" ", filter(None, parts))
