"""The domains that a message goes to, with how many recipients each has."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.rendering import Fact
from webui.preview.visible import inline, pieces
from webui.sentences import Sentence, joined, number, sentence

_MOST_DOMAINS: Final = 6
_LONGEST_DOMAIN: Final = 60


def look_at_domains(found: Findings, domains: Sequence[str]) -> Fact | None:
    """Say to how many organizations a message goes, and return their domains, one a recipient."""
    different = len(set(domains) - {""})
    if not different:
        return None
    if different > 1:
        words = counted(domains)
        found.note(
            "domains",
            sentence(
                "It goes to %(count)s different domains: %(domains)s.",
                count=number(different),
                domains=words,
            ),
        )
    return Fact(sentence("Domains"), tuple(_marked(domains)))


def _marked(domains: Iterable[str]) -> Iterator[Piece]:
    """Yield the same as pieces: a letter of another script is marked where it stands."""
    named = _commonest(domains)
    for at, (domain, times) in enumerate(named[:_MOST_DOMAINS]):
        is_short = len(domain) <= _LONGEST_DOMAIN
        yield from pieces(domain) if is_short else (Piece("text", _cut(domain)),)
        last = at == len(named[:_MOST_DOMAINS]) - 1
        yield Piece("text", joined("", (" (", number(times), ")" if last else "), ")))
    if (rest := len(named) - _MOST_DOMAINS) > 0:
        yield Piece("text", sentence(" and %(rest)s more", rest=number(rest)))


def counted(domains: Iterable[str]) -> Sentence:
    """Return domains with how many recipients each has, the commonest first."""
    named = _commonest(domains)
    words = joined(
        ", ",
        [
            joined("", (_cut(domain), " (", number(times), ")"))
            for domain, times in named[:_MOST_DOMAINS]
        ],
    )
    rest = len(named) - _MOST_DOMAINS
    if rest <= 0:
        return words
    return sentence("%(domains)s and %(rest)s more", domains=words, rest=number(rest))


def _commonest(domains: Iterable[str]) -> list[tuple[str, int]]:
    times = Counter(domain for domain in domains if domain)
    return sorted(times.items(), key=lambda pair: (-pair[1], pair[0]))


def _cut(domain: str) -> str:
    shown = inline(domain)
    if len(shown) <= _LONGEST_DOMAIN:
        return shown
    return f"{inline(domain[:20])}⟦…⟧{inline(domain[-30:])}"
