"""Which stretches of a text look like secrets, whatever their key.

Each shape has a few literal beginnings: a text with none of them is never searched, which
makes plain calls cheap. Every pattern is linear: a run is entered at its beginning only and
never given back.
Specification: details.md, section D, P9; preview.md, "Secrets".
"""

import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of secret. The group `secret`, or else the whole match, is masked.

    A match that ends in the group `code` is none: it is matched all the same, so that a run
    that is no secret is passed at once and not searched again from each of its signs.
    """

    needles: tuple[str, ...]
    """Literal texts, one of which every match has inside it."""
    pattern: re.Pattern[str]
    folded: bool = False
    """The needles are in lower case and the text is folded before they are looked for."""
    proves: Callable[[str], bool] | None = None
    """What a match must be besides, where the secret carries a proof of itself."""

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where the secrets begin and end."""
        group = "secret" if "secret" in self.pattern.groupindex else 0
        for match in self.pattern.finditer(text):
            proved = self.proves is None or self.proves(match[group])
            if proved and match.lastgroup != "code":
                yield match.span(group)


_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM_DIGITS: Final = 6


def has_own_checksum(token: str) -> bool:
    """Say whether a token of GitHub or npm ends in the CRC-32 of the rest, in base 62.

    Such a one is a secret even in the middle of a word. One that does not fit is masked by its
    looks where it stands alone: older ones have none.
    """
    random = token.partition("_")[2]
    number = zlib.crc32(random[:-_CHECKSUM_DIGITS].encode())
    digits = ""
    for _ in range(_CHECKSUM_DIGITS):
        number, digit = divmod(number, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits == random[-_CHECKSUM_DIGITS:]


def _token(beginning: str, rest: str) -> re.Pattern[str]:
    """Return a pattern that is found by its literal beginning, at the start of a word."""
    return re.compile(rf"{beginning}(?<![A-Za-z0-9]{beginning}){rest}")


def _any_case(word: str) -> str:
    """Return a pattern for a word in any case that the engine can still look for quickly."""
    return "".join(
        f"[{sign}{sign.upper()}]" if sign.isalpha() else re.escape(sign) for sign in word
    )


def _assigned(name: str) -> Shape:
    """Return the shape of `name=value` and `"name": "value"` inside a longer text.

    The value must look like one: paths, variables and calls (`$(...)`) are not masked, as
    hiding them would hide what runs.
    """
    spelt = "[_-]?".join(map(_any_case, name.split("_")))
    quote = r"[\\\"']"
    assigns = (
        rf"(?:{quote}{{0,2}}={quote}{{0,2}}"
        rf"|{quote}{{0,2}}[ ]?[=:][ ]?{quote}{{1,2}}"
        r"|[ ]=[ ](?=[^\s\"'(\[]{0,200}[0-9]))"  # else it is code that names a variable
    )
    value = r"(?P<secret>[A-Za-z0-9+_!@#%^*][A-Za-z0-9._~+/=!@#%^*:-]{2,}+)(?P<code>[(\[])?"
    return Shape(
        tuple(name.split("_")[:1]), re.compile(spelt + assigns + value), folded=True
    )


RUNS: Final = r";,\"'\\$`|&<>(){}"
"""Signs of a shell, as they stand in a class: a mask over them could hide what runs."""

_CREDENTIALS: Final = r"(?:[A-Za-z-]{1,20}[ ])?(?P<secret>[A-Za-z0-9._~+/=:-]{6,}+)"
_ONE_COOKIE: Final = rf"[^\s=:{RUNS}]{{1,64}}=[^\s{RUNS}]{{1,4096}}+"
_HEADERS: Final = (
    ("authorization", _CREDENTIALS),
    ("x-api-key", _CREDENTIALS),
    ("x-auth-token", _CREDENTIALS),
    ("cookie", rf"(?P<secret>{_ONE_COOKIE}(?:;[ ]?{_ONE_COOKIE})*+)"),
)


def _header(name: str, value: str) -> Shape:
    """Return the shape of a header line inside a longer text, such as a command."""
    return Shape((name,), re.compile(rf"{_any_case(name)}[ ]?:[ ]?{value}"), folded=True)


# A key is long words of base64: anything else could be a script. The last two lines may be
# short, but only right before the end and without blanks in them.
_BREAK: Final = r"(?:\s|\\[nrt])"
_LINE: Final = r"(?:(?:[\r\n]|\\[nr])[ \t]*+)"
_WORD: Final = "[A-Za-z0-9+/=]"
_PEM_END: Final = (
    rf"(?:{_LINE}++{_WORD}{{1,39}}+){{0,2}}{_BREAK}*+-----END [A-Z0-9 ]{{0,60}}-----"
)
_PEM: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----"
    rf"(?:{_BREAK}*+(?:Proc-Type|DEK-Info|Version|Comment):[A-Za-z0-9 ,.:@/()+-]{{0,100}})*+"
    rf"(?:(?:{_BREAK}*+{_WORD}{{40,}}+)++(?:{_PEM_END})?|{_PEM_END})"
)

_OTHER_TOKENS: Final = (
    ("hf_", "[A-Za-z0-9]{30,}+"),
    ("glrt-", "[A-Za-z0-9_-]{16,}+"),
    ("gldt-", "[A-Za-z0-9_-]{16,}+"),
    ("glcbt-", "[A-Za-z0-9_-]{16,}+"),
    ("pypi-AgE", "[A-Za-z0-9_-]{50,}+"),
    ("dop_v1_", "[a-f0-9]{60,}+"),
    ("shpat_", "[A-Fa-f0-9]{32,}+"),
    ("shpss_", "[A-Fa-f0-9]{32,}+"),
    ("whsec_", "[A-Za-z0-9+/=]{20,}+"),
    ("GOCSPX-", "[A-Za-z0-9_-]{20,}+"),
    ("ya29.", "[A-Za-z0-9_-]{20,}+"),
    ("hvs.", "[A-Za-z0-9_-]{20,}+"),
    ("dapi", "[a-f0-9]{32}(?![A-Za-z0-9])"),
    ("lin_api_", "[A-Za-z0-9]{30,}+"),
    ("sntrys_", "[A-Za-z0-9_=+/-]{30,}+"),
    ("SG.", r"[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+"),
    ("AGE-SECRET-KEY-1", "[A-Z0-9]{50,}+"),
    ("ATATT3x", "[A-Za-z0-9_=-]{40,}+"),
    ("tskey-", "[A-Za-z0-9-]{20,}+"),
    ("dckr_pat_", "[A-Za-z0-9_-]{20,}+"),
)
"""Beginnings that issuers gave their tokens for them to be found by."""

_CARD: Final = re.compile(r"[2-6](?<![\d.][2-6])\d{3}(?:[ -]?+\d){8,15}+(?!\d)")
_ISSUED: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17}"
)
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

SHAPES: Final = (
    Shape(("PRIVATE KEY",), _PEM),
    Shape(
        ("eyJ",),
        re.compile(
            r"eyJ(?<![A-Za-z0-9_-]eyJ)[A-Za-z0-9_-]{5,}+\.eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]*+"
        ),
    ),
    Shape(("AKIA",), _token("AKIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])")),
    Shape(("ASIA",), _token("ASIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])")),
    Shape(
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        re.compile(r"gh[pousr]_(?<![A-Za-z0-9]gh[pousr]_)[A-Za-z0-9_]{20,}+"),
    ),
    Shape(("github_pat_",), _token("github_pat_", r"[A-Za-z0-9_]{22,}+")),
    Shape(("glpat-",), _token("glpat-", r"[A-Za-z0-9_-]{16,}+")),
    Shape(("xox",), _token("xox", r"[a-z]-[A-Za-z0-9-]{10,}+")),
    Shape(("xapp-",), _token("xapp-", r"[A-Za-z0-9-]{10,}+")),
    Shape(("sk-",), _token("sk-", r"[A-Za-z0-9_-]{20,}+")),
    Shape(("sk_",), _token("sk_", r"(?:live|test)_[A-Za-z0-9]{10,}+")),
    Shape(("rk_",), _token("rk_", r"(?:live|test)_[A-Za-z0-9]{10,}+")),
    Shape(("AIza",), _token("AIza", r"[A-Za-z0-9_-]{30,}+")),
    Shape(("npm_",), _token("npm_", r"[A-Za-z0-9]{30,}+")),
    Shape(
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_"),
        re.compile(r"(?:gh[pousr]|npm)_[A-Za-z0-9]{36}"),
        proves=has_own_checksum,
    ),
    *(Shape((start,), _token(start, rest)) for start, rest in _OTHER_TOKENS),
    Shape(
        ("hooks.slack.com/",),
        re.compile(
            r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[A-Za-z0-9/_-]{20,}+)"
        ),
    ),
    Shape(
        ("/api/webhooks/",),
        re.compile(r"/api/webhooks/[0-9]{15,22}/(?P<secret>[A-Za-z0-9_-]{40,}+)"),
    ),
    Shape(
        (":AA",),
        re.compile(
            r"[0-9](?<![A-Za-z0-9][0-9])[0-9]{7,11}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"
        ),
    ),
    Shape(
        ("jdbc:oracle:thin:",),
        re.compile(
            rf"jdbc:oracle:thin:[^\s/@{RUNS}]{{1,128}}/(?P<secret>[^\s/@{RUNS}]{{1,256}})@"
        ),
    ),
    Shape(
        ("csk_", "csp_"), re.compile(r"cs[kp]_(?<![A-Za-z0-9]cs[kp]_)[A-Za-z0-9_]{20,}+")
    ),
    Shape(
        ("://",),
        re.compile(rf"://[^\s/?#:@]{{0,256}}+:(?P<secret>[^\s/?#{RUNS}]{{1,1024}})@"),
    ),
    Shape(
        ("bearer",),
        re.compile(_any_case("bearer") + r"[ ]{1,4}(?P<secret>[A-Za-z0-9._~+/=-]{12,}+)"),
        folded=True,
    ),
    *(_header(name, value) for name, value in _HEADERS),
    *map(
        _assigned,
        (
            "password",
            "passwd",
            "passphrase",
            "pwd",
            "secret",
            "token",
            "api_key",
            "access_key",
            "account_key",
            "shared_access_key",
        ),
    ),
)


_SIGNS: Final = "_-:"
"""One of these stands in most needles; looking for one sign is the quickest look there is."""


def _by_sign(*, folded: bool) -> list[tuple[str, list[tuple[str, Shape]]]]:
    """Return needles and shapes under the sign that is in the needles; "" is in every text."""
    found: dict[str, list[tuple[str, Shape]]] = {}
    for shape in SHAPES:
        for needle in shape.needles if shape.folded == folded else ():
            sign = next((sign for sign in _SIGNS if sign in needle), "")
            found.setdefault(sign, []).append((needle, shape))
    return list(found.items())


# Flat, as every filed call is looked through for all of them.
_AS_WRITTEN: Final = _by_sign(folded=False)
_FOLDED: Final = _by_sign(folded=True)


def active_shapes(text: str) -> tuple[Shape, ...]:
    """Return the shapes that `text`, or any part of it, may hold."""
    found: list[Shape] = []
    for looked, needles in ((text, _AS_WRITTEN), (text.lower(), _FOLDED)):
        for sign, some in needles:
            if sign in looked:
                found += [shape for needle, shape in some if needle in looked]
    return tuple(dict.fromkeys(found))


def card_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where payment card numbers are: a known issuer, the right length, and Luhn."""
    for match in _CARD.finditer(text):
        if is_card_number(match[0].replace(" ", "").replace("-", "")):
            yield match.span()


def is_card_number(digits: str) -> bool:
    """Whether these digits are a card number (ISO/IEC 7812-1, annex B)."""
    if _ISSUED.fullmatch(digits) is None:
        return False
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_DOUBLED[digit] for digit in numbers[1::2])) % 10 == 0


LEAST_RANDOM: Final = 20  # characters; shorter ones are words, ids and dates
_OPAQUE: Final = re.compile(rf"[A-Za-z0-9+/=_-]{{{LEAST_RANDOM},512}}")
_LEAST_BITS: Final = (
    3.5  # of Shannon entropy a character; English words in snake case have less
)


def looks_random(text: str) -> bool:
    """Whether `text` looks like a generated key: one word, letters and digits, high entropy."""
    if not _OPAQUE.fullmatch(text) or text.isalpha() or not re.search("[0-9]", text):
        return False
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares) >= _LEAST_BITS


def has_card(text: str) -> bool:
    """Whether `text`, or any part of it, may hold a card number."""
    return _CARD.search(text) is not None
