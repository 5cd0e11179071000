"""Masking secrets by name and by value (details.md D, P8-P10).

A mask keeps length, whether there are spaces, and a keyed tag: a field called `password` must
not become a place to hide a payload (research: security.md, F12).
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

NAMES = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "auth",
    "authorization",
    "credential",
    "credentials",
    "private_key",
    "privatekey",
    "bearer",
    "cookie",
    "session",
    "client_secret",
    "mysql_pwd",
    "otp",
)
# These are parts of harmless words ("author", "option"), so they count as whole words only.
_WHOLE_WORDS = frozenset({"auth", "otp", "session", "token", "secret", "cookie", "bearer"})
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")

_VALUE = re.compile(
    r"""
    (?P<pem>-----BEGIN[ ][A-Z0-9 ]{0,40}PRIVATE[ ]KEY-----
        (?:(?!-----END)[\s\S])*(?:-----END[ ][A-Z0-9 ]{0,40}-----)?)
    | (?P<jwt>\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*)
    | (?P<aws>\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)
    | (?P<github>\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}))
    | (?P<slack>\bxox[a-z]-[A-Za-z0-9-]{10,})
    | (?P<openai>\bsk-[A-Za-z0-9_-]{16,})
    | (?P<own>\bcs[kp]_[A-Za-z0-9]{12}_[A-Za-z0-9]{20,})
    | (?P<userinfo>(?<=://)[^\s/?\#@:]{0,200}:[^\s/?\#@]{1,200}(?=@))
    | (?P<card>(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-]))
    """,
    re.VERBOSE,
)
_MAYBE = re.compile(
    r"-----BEGIN|eyJ|AKIA|ASIA|gh[pousr]_|github_pat_|xox|sk-|cs[kp]_|://|\d{4}"
)
_CARD_DIGITS = range(13, 20)


@dataclass(frozen=True, slots=True)
class Profile:
    """How an org's previews mask."""

    mask_key: bytes
    """Of the org: the same value looks the same, and cannot be guessed without the key."""
    names: tuple[str, ...] = NAMES


class Segment(NamedTuple):
    """A stretch of a string: shown as it is, or masked."""

    text: str
    masked: bool


@lru_cache(maxsize=4096)
def is_secret_name(name: str, names: tuple[str, ...] = NAMES) -> bool:
    """Say whether a member of this name is masked, whatever it holds."""
    flat = name.lower().replace("-", "_")
    words = {word.lower() for word in _WORD.findall(name)}
    words |= {word.removesuffix("s") for word in words}
    return any(
        wanted in words if wanted in _WHOLE_WORDS else wanted.replace("-", "_") in flat
        for wanted in names
    )


def mask(text: str, profile: Profile) -> str:
    """Return what stands in the place of a secret."""
    tag = hmac.new(profile.mask_key, text.encode(), hashlib.sha256).hexdigest()[:8]
    spaces = " contains spaces" if any(character.isspace() for character in text) else ""
    return f"⟦redacted {len(text)} chars{spaces} tag {tag}⟧"


def segments(text: str) -> Iterator[Segment]:
    """Split a string into what is shown and what looks like a secret."""
    if not _MAYBE.search(text):
        yield Segment(text, masked=False)
        return
    done = 0
    for found in _VALUE.finditer(text):
        if found.lastgroup == "card" and not _is_card(found.group()):
            continue
        if found.start() > done:
            yield Segment(text[done : found.start()], masked=False)
        yield Segment(found.group(), masked=True)
        done = found.end()
    if done < len(text) or not text:
        yield Segment(text[done:], masked=False)


def _is_card(text: str) -> bool:
    """Check a number by Luhn's sum, as payment cards keep it."""
    digits = [int(digit) for digit in text if digit.isdigit()]
    if len(digits) not in _CARD_DIGITS:
        return False
    doubled = [
        sum(divmod(digit * 2, 10)) if place % 2 else digit
        for place, digit in enumerate(reversed(digits))
    ]
    return sum(doubled) % 10 == 0
