"""Recipients of a message: each address, its domain, and names that pretend to be another."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from webui.preview.nodes import Piece
from webui.preview.reading import Value
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.domain_letters import look_at_letters
from webui.preview.renderers.domains import counted
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.rendering import Fact
from webui.preview.renderers.saying import Span, pieces_of, said
from webui.sentences import joined, number, sentence

_MOST_NAMED: Final = 20
MOST_READ: Final = 2_000
_ADDRESS: Final = re.compile(r"[^\s<>@,;:\"()\[\]]{1,64}@[^\s<>@,;:\"()]+")
_BEHIND_AT: Final = re.compile(r"@([^\s<>@,;:\"()]*)")
_HOST: Final = re.compile(r"[a-z0-9.-]+")
_SEPARATOR: Final = re.compile(r"[,;\n]")
_INNER: Final = ("email", "address", "mail", "emailAddress")
_NAMES: Final = ("name", "displayName", "display_name")


class Recipient(NamedTuple):
    """One of those who get a message, as the agent wrote them."""

    span: Span
    domain: str
    """In small letters; empty if there is none to be seen."""
    others: tuple[str, ...] = ()
    """What else stands behind an @: `"me@ours.example"@theirs.example` goes to theirs."""


def recipients(arguments: Arguments, *names: str) -> list[Recipient]:
    """Return those whom the first of these members names, up to a number nobody would read."""
    spans = islice(_spans(arguments, names), MOST_READ)
    return [recipient_of(span) for span in spans]


def _spans(arguments: Arguments, names: tuple[str, ...]) -> Iterator[Span]:
    value = arguments.value(*[name for name in names if _says(arguments.look(name))])
    if value is None:
        return
    members = value.children if value.kind == "array" else (value,)
    for member in members[: MOST_READ + 1]:
        yield from _inside(member)


def _says(value: Value | None) -> bool:
    """Say whether there is anything in a member: one that is empty stands for no other."""
    return (
        value is not None
        and value.kind != "null"
        and bool(value.children or value.segments)
    )


def _inside(member: Value) -> Iterator[Span]:
    """Yield the addresses of one member; of one in an unknown form all its texts."""
    if member.kind == "object":
        inner = Arguments(member.children)
        inner = inner.inside("emailAddress", "email_address") or inner
        texts = [text for name in _INNER if (text := inner.text(name)) is not None]
        for text in texts:
            yield from _split(text)
        if texts:
            return
    if member.kind in {"object", "array"}:
        for each in islice(member.children, MOST_READ):
            yield from _inside(each)
    else:
        yield from _split(text_of(member))


def _split(text: Text) -> Iterator[Span]:
    """Yield the addresses of a list; a separator inside quotation marks is part of a name."""
    plain = text.plain
    begin = 0
    quotes, counted = 0, 0
    for match in _SEPARATOR.finditer(plain):
        quotes += plain.count('"', counted, match.start())
        counted = match.start()
        if quotes % 2 and match[0] != "\n":
            continue
        if plain[begin : match.start()].strip():
            yield _trimmed(text, begin, match.start())
        begin = match.end()
    if plain[begin:].strip() or not begin:
        yield _trimmed(text, begin, len(plain))


def _trimmed(text: Text, begin: int, end: int) -> Span:
    plain = text.plain[begin:end]
    begin += len(plain) - len(plain.lstrip(" "))
    return Span(text, begin, max(begin, end - (len(plain) - len(plain.rstrip(" ")))))


def recipient_of(span: Span) -> Recipient:
    """Return a recipient with the domain of the address that counts: the last one."""
    plain = span.plain
    domain = _folded(_last_address(plain).rpartition("@")[2])
    named = dict.fromkeys(map(_folded, _BEHIND_AT.findall(plain)))
    return Recipient(
        span, domain, tuple(each for each in named if each not in {"", domain})
    )


def _folded(domain: str) -> str:
    """Return it in small letters. Those of other alphabets stay: ß and ss are two domains."""
    bare = domain.rstrip(".")
    return bare.lower() if bare.isascii() else bare


def _last_address(plain: str) -> str:
    bracket = plain.rfind("<")
    if bracket >= 0 and (match := _ADDRESS.search(plain, bracket)):
        return match[0]
    last = ""
    for match in _ADDRESS.finditer(plain[-400:]):
        last = match[0]
    return last


def facts_about(
    label: str, those: list[Recipient], own_domains: tuple[str, ...]
) -> list[Fact]:
    """Return a fact for each of them, and how many there are beyond those listed."""
    facts = [
        Fact(
            _numbered(label, at, len(those)),
            pieces_of(each.span, 160),
            not each.domain or is_outside(each, own_domains),
        )
        for at, each in enumerate(those[:_MOST_NAMED])
    ]
    if (rest := len(those) - _MOST_NAMED) > 0:
        words = sentence("%(rest)s more not shown", rest=number(rest))
        gap = Piece("gap", joined("", ("⟦… ", words, " …⟧")), words)
        facts.append(Fact(label, (gap,), is_alarming=True))
    return facts


def _numbered(label: str, at: int, count: int) -> str:
    if count == 1:
        return label
    return sentence(
        "%(label)s (%(at)s of %(count)s)", label=label, at=at + 1, count=number(count)
    )


def look_at_recipients(found: Findings, label: str, those: list[Recipient]) -> None:
    """Say what is odd about single recipients."""
    if len(those) == MOST_READ:
        words = sentence(
            "“%(label)s” names %(most)s recipients or more; no more were read.",
            label=label,
            most=number(MOST_READ),
        )
        found.danger(("unread", label), words)
    for each in those:
        _look_at_address(found, label, each)
        _look_at_names(found, each.span)
        look_at_letters(found, each.span, each.domain)


def _look_at_address(found: Findings, label: str, one: Recipient) -> None:
    if one.span.is_secret:
        words = sentence(
            "A recipient in “%(label)s” is masked in part: it may be anyone.", label=label
        )
        found.danger("masked-recipient", words)
    elif not one.domain:
        words = sentence(
            "%(recipient)s in “%(label)s” is no address of e-mail.",
            recipient=said(one.span),
            label=label,
        )
        found.danger("no-address", words)


def _look_at_names(found: Findings, span: Span) -> None:
    plain = span.plain
    bracket = max(0, plain.rfind("<"))
    goes_to = plain[bracket:].casefold()
    named = _ADDRESS.finditer(plain, 0, bracket)
    if any(each[0].casefold() not in goes_to for each in named):
        words = sentence(
            "The name in %(recipient)s holds another address than the one it goes to.",
            recipient=said(span, 100),
        )
        found.danger("display-name", words)
    if plain.count("@", bracket) > 1:
        words = sentence(
            "%(recipient)s holds more than one address.", recipient=said(span, 100)
        )
        found.danger("two-addresses", words)


def is_outside(one: Recipient, own_domains: tuple[str, ...]) -> bool:
    """Say whether a recipient is at none of the organization's domains or below one of them."""
    return bool(one.domain) and _foreign(one, own_domains) is not None


def _foreign(one: Recipient, own_domains: tuple[str, ...]) -> str | None:
    """Return what is not the organization's; of several, programs differ on which one counts."""
    if not own_domains:
        return None
    named = (one.domain, *one.others)
    return next((each for each in named if not _is_own(each, own_domains)), None)


def _is_own(domain: str, own_domains: tuple[str, ...]) -> bool:
    """Say so of plain names alone: nobody knows where `theirs.example/.ours.example` ends."""
    return _HOST.fullmatch(domain) is not None and any(
        domain == own or domain.endswith(f".{own}") for own in own_domains
    )


def look_outside(
    found: Findings, those: list[Recipient], own_domains: tuple[str, ...]
) -> None:
    """Say who is outside the organization, if it names its domains."""
    foreign = [_foreign(each, own_domains) for each in those if each.domain]
    outside = [each for each in foreign if each is not None]
    if not outside:
        return
    named = counted(outside)
    if len(those) == 1:
        words = sentence("It goes outside the organization: %(domains)s.", domains=named)
    else:
        words = sentence(
            "%(outside)s of %(all)s recipients are outside the organization: %(domains)s.",
            outside=number(len(outside)),
            all=number(len(those)),
            domains=named,
        )
    found.danger("outside", words)
