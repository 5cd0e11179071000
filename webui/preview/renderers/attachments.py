"""What is attached to a message."""

import re
from collections.abc import Iterator
from typing import Final

from webui.preview.reading import Value
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.rendering import Fact
from webui.preview.renderers.saying import fact, leaf, own_fact, said
from webui.sentences import Sentence, number, sentence

_MOST: Final = 20
_DANGEROUS: Final = re.compile(
    r"\.(?:exe|scr|js|vbs|bat|cmd|com|msi|ps1|hta|lnk|iso|jar|docm|xlsm)$|\.env(?:\.|$)|id_rsa"
    r"|id_ed25519|\.pem$|\.key$|/\.ssh/|/\.aws/|/etc/|\.kdbx$|credentials|shadow$",
    re.IGNORECASE,
)
_ATTACHED: Final = sentence("Attached")
_LONGEST_NUMBER: Final = 15  # digits


def facts_of_attachments(value: Value | None, found: Findings) -> Iterator[Fact]:
    """Yield a fact for each that a person may want to know of, and say which are dangerous."""
    if value is None or value.kind == "null":
        return
    members = value.children if value.kind == "array" else (value,)
    for at, member in enumerate(members):
        name, size = _name_and_size(member)
        alarming = name is None or _is_alarming(name)
        if at < _MOST:
            yield _shown(name, size, is_alarming=alarming)
        if name is not None and alarming:
            words = sentence(
                "%(name)s is attached: a program, a secret or a system file.",
                name=said(name),
            )
            found.danger("attached", words)
    if (rest := len(members) - _MOST) > 0:
        words = sentence("%(number)s more", number=number(rest))
        yield own_fact(_ATTACHED, words, is_alarming=True)


def _is_alarming(name: Text) -> bool:
    return bool(_DANGEROUS.search(name.plain[-300:])) or ".." in name.plain


def _shown(name: Text | None, size: Sentence | None, *, is_alarming: bool) -> Fact:
    if name is None and size is None:
        words = sentence("something without a name")
        return own_fact(_ATTACHED, words, is_alarming=is_alarming)
    if name is None:
        words = sentence("something without a name (%(size)s)", size=size)
        return own_fact(_ATTACHED, words, is_alarming=is_alarming)
    label = _ATTACHED if size is None else sentence("Attached (%(size)s)", size=size)
    return fact(label, name, is_alarming=is_alarming)


def _name_and_size(member: Value) -> tuple[Text | None, Sentence | None]:
    if member.kind != "object":
        return (None if member.kind == "array" else text_of(member)), None
    inner = Arguments(member.children)
    name = inner.text("filename", "name", "path", "file_name", "url", "title", "file")
    content = inner.text("content", "data", "base64", "contentBytes")
    given = leaf(inner, "size", "length")
    if (
        given is not None
        and given.plain.isdecimal()
        and len(given.plain) <= _LONGEST_NUMBER
    ):
        size = number(int(given.plain))
        return name, sentence("%(number)s bytes, it says", number=size)
    if content is None:
        return name, None
    return name, sentence("%(number)s characters", number=number(len(content.plain)))
