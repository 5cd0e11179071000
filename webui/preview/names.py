"""Which keys name a secret.

Specification: details.md, section D, P8; the list is Sentry's with cookies, sessions and
one-time passwords added.
"""

import fnmatch
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

SENSITIVE_NAMES: Final = (
    "password",
    "passwd",
    "passphrase",
    "pass",
    "secret",
    "token",
    "api_key",
    "auth",
    "oauth",
    "authorization",
    "authentication",
    "credential",
    "private_key",
    "bearer",
    "cookie",
    "session",
    "mysql_pwd",
    "otp",
)

_LONGEST_WHOLE_WORD: Final = 4  # "otp" must not match "footprint", nor "auth" "author"
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MEASURE: Final = re.compile(
    r"(?<![a-z])(?:max|min|limit|count|total|num|size|length|ttl|timeout|expir[a-z]*|age"
    r"|seconds|secs|ms|tokens)(?![a-z])"
)
_OPAQUE_NAME: Final = re.compile(
    r"(?<![a-z])(?:key|sig|signature|nonce|salt|hmac|seed|pin|access|refresh|webhook)(?![a-z])"
)


@lru_cache(maxsize=256)
def secret_names(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Return what says whether a value under a key is masked.

    A pattern with `*` or `?` is compared with the whole key; one of at most four letters
    with each word of it; a longer one may stand anywhere in it. Case does not count, and
    `api_key` also finds `apiKey` and `api-key`.
    """
    words, globs, _ = _compiled(patterns)
    if any(map(_is_glob, patterns)):
        return lambda name: bool(words.search(_folded(name)) or globs.match(name.lower()))
    return lambda name: words.search(_folded(name)) is not None


@lru_cache(maxsize=1024)
def is_secret_option(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether an option of this name takes a secret: what it names is at the end of its name.

    So `--db-password` takes one, `--password-file` a path, and `--max-tokens` a number.
    """
    _, globs, ends = _compiled(patterns)
    named = ends.search(_folded(name)) or globs.match(name.lower())
    return bool(named) and not is_measure(name)


def is_measure(name: str) -> bool:
    """Whether a number under this key counts something, as `max_tokens` does."""
    return _MEASURE.search(_folded(name)) is not None


@lru_cache(maxsize=1024)
def is_opaque(name: str) -> bool:
    """Whether a random-looking text under this key is probably a secret."""
    return _OPAQUE_NAME.search(_folded(name)) is not None


def _folded(name: str) -> str:
    folded = name.lower()
    return folded if folded == name else _CAMEL.sub("_", name).lower()


@lru_cache(maxsize=256)
def _compiled(
    patterns: tuple[str, ...],
) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    lowered = [pattern.lower() for pattern in patterns]
    words = [_words(pattern) for pattern in lowered if not _is_glob(pattern)]
    globs = [fnmatch.translate(pattern) for pattern in lowered if _is_glob(pattern)]
    ends = [rf"(?:{word})s?$" for word in words]
    return _either(words), _either(globs), _either(ends)


def _is_glob(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _words(pattern: str) -> str:
    words = "[^a-z0-9]?".join(map(re.escape, re.split(r"[_\-. ]", pattern)))
    if len(pattern) > _LONGEST_WHOLE_WORD:
        return words
    first = re.escape(pattern[:1])
    if not words.startswith(first):
        return rf"(?<![a-z]){words}(?![a-z])"
    # All begin with a letter as it is: the engine looks for these letters, and tries nothing elsewhere.
    return rf"{first}(?<![a-z]{first}){words[len(first) :]}(?![a-z])"


def _either(patterns: list[str]) -> re.Pattern[str]:
    """Return a pattern for any of these; for none of them it matches nothing."""
    return re.compile("|".join(patterns) or "(?!)")
