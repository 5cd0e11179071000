"""Domains of recipients that are written with other letters than they seem to be."""

import re
from typing import Final

from webui.preview.lookalikes import shape_of
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.saying import Span, said
from webui.preview.scripts import letter_named
from webui.sentences import Sentence, joined, sentence

_HOST: Final = re.compile(r"[a-z0-9.-]+")
_MOST_LETTERS: Final = 4


def look_at_letters(found: Findings, span: Span, domain: str) -> None:
    """Say what the domain (in small letters) of a recipient is not, though it looks like it."""
    if domain and not domain.isascii():
        found.danger("domain-letters", _letters_of(span, domain))
    elif "xn--" in domain:
        words = sentence(
            "The domain of %(recipient)s stands for letters outside ASCII.",
            recipient=said(span),
        )
        found.danger("domain-letters", words)


def _letters_of(span: Span, domain: str) -> Sentence:
    shape = shape_of(domain)
    if not _HOST.fullmatch(shape):
        return sentence(
            "The domain of %(recipient)s has letters outside ASCII.", recipient=said(span)
        )
    odd = [sign for sign in dict.fromkeys(domain) if not sign.isascii()]
    return sentence(
        "The domain of %(recipient)s looks like %(shape)s and is another: %(letters)s.",
        recipient=said(span),
        shape=shape,
        letters=joined("; ", [letter_named(sign) for sign in odd[:_MOST_LETTERS]]),
    )
