"""Words that speak to the reviewer: that a call is approved, or harmless, or not to be looked at.

No list is complete, and what is written to deceive is no worse unflagged than unread: this makes
the common ones loud. Every pattern is linear: words are literal, and so is what may be between.
Specification: preview.md, "Made visible"; T26 of the threat table.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple


class Phrase(NamedTuple):
    """One way to say it; `needle` is in every match, for a quick look."""

    needle: str
    pattern: re.Pattern[str]
    names_a_setting: bool = False
    """Settings are called so too: as a text or a name of one word it says nothing."""

    def is_in(self, text: str) -> bool:
        """Say whether a folded text says it."""
        if self.needle not in text or self.pattern.search(text) is None:
            return False
        return not self.names_a_setting or len(text.split(maxsplit=1)) > 1


def _phrase(needle: str, pattern: str, *, names_a_setting: bool = False) -> Phrase:
    # `~` stands for what may be between two words.
    between = pattern.replace("~", r"[\s_*'\"-]{1,4}")
    return Phrase(needle, re.compile(between), names_a_setting)


_WHO: Final = "(?:security|admin|legal|your|compliance|it|management|policy|countersign)"
_CAUTION: Final = "(?:warning|alert|flag|notice|preview|mask)"
_ASKED: Final = (
    r"(?:please|kindly|just|click|press|hit|select|must|should|safe~to|ok~to|okay~to)"
)

_PHRASES: Final = (
    _phrase("approved", r"\bpre[\s_*-]{0,2}approved"),
    _phrase("approved", r"\b(?:already|been)~(?:[a-z]{2,12}~)?approved"),
    _phrase(
        "approved",
        r"\b(?:this|the|my)~(?:call|request|action|command|operation)~(?:was|is)~(?:[a-z]{2,12}~)?approved",
    ),
    _phrase("approved", rf"\bapproved~by~(?:the~|our~)?{_WHO}\b"),
    _phrase(
        "ignore",
        rf"\bignore~(?:[a-z]{{1,12}}~){{0,2}}{_CAUTION}s?\b(?!~from)",
    ),
    _phrase("disregard", rf"\bdisregard~(?:[a-z]{{1,12}}~){{0,2}}{_CAUTION}"),
    _phrase("worry", rf"\bworry~about~(?:the|this|any)~{_CAUTION}"),
    _phrase(
        "false",
        rf"\b{_CAUTION}s?~(?:above~|here~|below~)?(?:is|are)~(?:a~|an~)?(?:[a-z]{{1,12}}~)?false~(?:positive|alarm)",
    ),
    _phrase("approve", rf"\b{_ASKED}~(?:on~)?approve\b"),
    _phrase(
        "approve", r"\bapprove~(?:this|it|now|the~(?:call|request))\b(?!~[a-z]{1,12}~by)"
    ),
    _phrase("approved", r"\bauto[\s_*-]{0,2}approved"),
    # Behind a dash it is an option, as of `terraform apply`.
    _phrase("approv", r"(?<!-)\bauto[\s_*-]{0,2}approv", names_a_setting=True),
    _phrase("approval", r"\b(?:no|without)~(?:further~|human~|manual~)?approval"),
    _phrase("approval", r"\b(?:not|n't)~(?:require|need)~(?:any~|further~)?approval"),
    _phrase("approval", r"\bapproval~(?:is~)?not~(?:required|needed|necessary)"),
    _phrase(
        "review",
        r"\b(?:no|skip|without)~(?:the~|further~|human~|manual~)?review(?!s|~[a-z]{1,12}~by)\b",
    ),
    _phrase("review", r"\breview~(?:is~)?not~(?:required|needed|necessary)"),
    _phrase(
        "review",
        r"\b(?:dear|note~to(?:~the)?|to~the|attention|hey)[\s,:]{1,3}reviewer",
    ),
    _phrase(
        "approver",
        r"\b(?:dear|note~to(?:~the)?|to~the|attention|hey)[\s,:]{1,3}approver",
    ),
    _phrase("system", r"\bsystem~(?:notice|message|notification)\s?:"),
    _phrase("[system]", r"\[system\]"),
    _phrase(
        "countersign", r"countersign(?:~[a-z]{1,12})?(?:~has)?~(?:verified|checked|says)"
    ),
    _phrase("countersign", r"(?:verified|checked|approved)~by~countersign"),
    _phrase("verified", r"[✅✔☑]\ufe0f?\s{0,4}verified"),
    _phrase("approved", r"[✅✔☑]\ufe0f?\s{0,4}approved"),
    _phrase("approve", r"[\[<>]\s?approve\s?[\]<>]"),
    _phrase(
        "approve", r"\(\s{0,4}approve\s{0,4}\)\s{0,8}\(\s{0,4}(?:deny|reject)\s{0,4}\)"
    ),
    # The same in German.
    _phrase("genehmig", r"\bbitte~(?:[a-zäöü]{1,12}~){0,3}genehmig"),
    _phrase("genehmig", r"\b(?:bereits|schon)~(?:[a-zäöü]{1,12}~)?genehmigt"),
    _phrase("genehmig", r"\bklicken~(?:sie~)?(?:auf~)?genehmig"),
    _phrase(
        "freigegeben", r"\b(?:bereits|schon|sicherheitsteam|admin|compliance)~freigegeben"
    ),
    _phrase(
        "ignorier",
        r"\bignorieren~(?:sie~)?(?:den|die|das|diese[nrs]?)~(?:warnung|hinweis)",
    ),
    _phrase("ignorier", r"\b(?:warnung|warnungen|hinweis|hinweise)~(?:bitte~)?ignorier"),
    _phrase("prüfung", r"\b(?:keine|ohne)~(?:weitere~)?prüfung"),
    _phrase("system", r"\bsystem(?:meldung|hinweis|nachricht)\s?:"),
)


def phrases_in(folded: str, of: Iterable[Phrase] = _PHRASES) -> tuple[Phrase, ...]:
    """Return the phrases that a folded text, or any part of it, may hold."""
    return tuple(phrase for phrase in of if phrase.needle in folded)


def place_of_phrase(folded: str) -> int | None:
    """Return the middle of a phrase that a folded text holds; none without one."""
    for phrase in phrases_in(folded):
        if phrase.is_in(folded) and (match := phrase.pattern.search(folded)):
            return sum(match.span()) // 2
    return None


def speaks(text: str, phrases: Iterable[Phrase]) -> bool:
    """Say whether a folded text holds one of these phrases."""
    return any(phrase.is_in(text) for phrase in phrases)
