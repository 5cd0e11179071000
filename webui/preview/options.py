"""Which words of a list are secrets because of the option before them: `["--password", "x"]`.

Programs are started with lists of words, where no key says what a word is. A mask must hide
nothing but the secret, so a word is one only if it looks like one value: signs of a shell and blanks
stay readable, as do words that may be options themselves, and all after an option that may be a
switch. In doubt nothing is masked here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from webui.preview.shapes import RUNS

Span = tuple[int, int]
Naming = Callable[[str], bool]

_OPTION: Final = re.compile(r"--?([A-Za-z][A-Za-z0-9_.-]{0,80})(=)?")
_VALUE: Final = re.compile(rf"[^\s{RUNS}-][^\s{RUNS}]{{0,4095}}")
_YES_OR_NO: Final = frozenset({"true", "false", "yes", "no", "on", "off", "0", "1"})
_SWITCH: Final = re.compile(
    r"(?i)(?:no|not|without|with|use|ask|prompt|skip|require|enable|disable|allow|show|print|list"
    r"|get|rotate|revoke|renew|delete|remove|reset|generate|gen|hide|check|verify|validate|keep"
    r"|forget|clear|force|save|is|has)[-_.].*"
    r"|auth|oauth|authentication|session"
)
"""Options of which nobody knows whether a value follows; with `=` one does."""
_WRAPPERS: Final = frozenset({"sudo", "doas", "env", "nohup", "time", "exec", "command"})
_ASSIGNED: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_JOINED: Final = frozenset(
    f"{name}{part}"
    for name in ("mysql", "mariadb")
    for part in ("", "dump", "admin", "import", "check", "show", "-dump", "-admin")
)
"""Programs whose `-pVALUE` is a password, wherever it stands."""
_FIRST: Final = {"sshpass": "-p"}
"""Programs whose first word is it, joined or not; all after it is another program's."""


def secret_words(words: Sequence[Any], names_secret: Naming) -> Mapping[int, Span]:
    """Return which items of a list are secrets, in part or whole: from where to where.

    `names_secret` says whether an option of this name takes a secret. Items that are no texts
    are looked through by themselves; a number after such an option is its value.
    """
    if not may_hold_secrets(words):
        return {}
    found = _by_program(words)
    awaited = False
    for at, word in enumerate(words):
        if awaited and (span := _whole(word)) is not None:
            found[at], awaited = span, False
            continue
        awaited = False
        if type(word) is not str or at in found:
            continue
        option = _OPTION.match(word)
        if option is None or not _takes_secret(option[1], word, names_secret):
            continue
        if option[2]:
            value = word[option.end() :]
            if _VALUE.fullmatch(value) and value.lower() not in _YES_OR_NO:
                found[at] = (option.end(), len(word))
        else:
            awaited = option.end() == len(word) and not _SWITCH.fullmatch(option[1])
    return found


def may_hold_secrets(words: Sequence[Any]) -> bool:
    """Say, quickly, whether any item may be one; in doubt, yes."""
    return any(type(word) is str and word[:1] == "-" for word in words)


def _takes_secret(name: str, word: str, names_secret: Naming) -> bool:
    if not names_secret(name):
        return False
    # `-psecret` is an option of one letter with its value, and names nothing
    return word.startswith("--") or not (name.isalpha() and names_secret(name[1:]))


def _whole(word: Any) -> Span | None:
    if type(word) is str:
        return (0, len(word)) if _VALUE.fullmatch(word) else None
    return (0, 0) if type(word) in {int, float} else None


def _by_program(words: Sequence[Any]) -> dict[int, Span]:
    """Return the passwords joined to options of programs that are known for it."""
    found: dict[int, Span] = {}
    at, end = _program(words, 0), len(words)
    while at < end and (option := _FIRST.get(_base(words[at]))) is not None:
        first = _first(words, at + 1, option)
        if first is None:
            return found
        found[first[0]] = first[1]
        at = _program(words, first[0] + 1)
    if at < end and _base(words[at]) in _JOINED:
        for after in range(at + 1, end):
            if (span := _joined(words[after], "-p")) is not None:
                found[after] = span
    return found


def _program(words: Sequence[Any], begin: int) -> int:
    """Return where the next program's name stands; the end if there is none."""
    at = begin
    while at < len(words) and _goes_before(words[at]):
        at += 1
    return at


def _goes_before(word: Any) -> bool:
    return type(word) is str and (
        _base(word) in _WRAPPERS or _ASSIGNED.fullmatch(word) is not None
    )


def _base(word: Any) -> str:
    return word.rpartition("/")[2] if type(word) is str else ""


def _first(words: Sequence[Any], at: int, option: str) -> tuple[int, Span] | None:
    if at < len(words) and (span := _joined(words[at], option)) is not None:
        return at, span
    alone = at + 1 < len(words) and words[at] == option
    span = _whole(words[at + 1]) if alone else None
    return None if span is None else (at + 1, span)


def _joined(word: Any, option: str) -> Span | None:
    if type(word) is not str or not word.startswith(option):
        return None
    begin = len(option)
    return (begin, len(word)) if _VALUE.fullmatch(word[begin:]) else None
