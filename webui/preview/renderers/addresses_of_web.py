"""What is to say of a web address, for a request and for a page in a browser alike."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from webui.preview.nodes import Piece
from webui.preview.renderers.arguments import Text
from webui.preview.renderers.languages import hosts
from webui.preview.renderers.languages.hosts import Address
from webui.preview.renderers.rendering import Fact, Severity
from webui.sentences import number, sentence, sentence_in

MOST_ADDRESS: Final = 16_384
NONE: Final = sentence("(none)")
"""Stands where an address has no such part."""
_LONG: Final = 1_000
_RUNS: Final = frozenset({"javascript", "data", "vbscript", "blob", "filesystem"})
_MACHINE: Final = frozenset(
    {"file", "chrome", "about", "view-source", "chrome-extension", "devtools", "edge"}
)
_SECURE: Final = frozenset({"https", "wss"})
USUAL_PORTS: Final = frozenset({"", "80", "443", "8080", "8443"})
_CLIMBS: Final = re.compile(r"(?:^|[/\\])(?:\.|%2e){2}(?:[/\\]|%2f|$)", re.IGNORECASE)
_DROPPED: Final = dict.fromkeys(map(ord, "\t\n\r"))
_EDGES: Final = "".join(map(chr, range(0x21)))
_CONTROLS: Final = re.compile(r"[\s\x00-\x1f]")


class Concern(NamedTuple):
    """A sentence about an address."""

    severity: Severity
    words: str


def address_of(url: Text) -> Address:
    """Split an address as a browser does, which drops line ends and tabs inside it first."""
    plain = url.plain.strip(_EDGES)[:MOST_ADDRESS]
    return hosts.split(plain.translate(_DROPPED))


def host_fact(url: Text, address: Address) -> Fact:
    """Return the host, set apart from the rest of the address."""
    alarms = bool(address.user) or any(hosts.concerns(address.host))
    shown = url.snippet(address.host) or (Piece("text", NONE),)
    return Fact(sentence("Host"), shown, alarms)


def concerns(url: Text, address: Address) -> Iterator[Concern]:
    """Yield what a person must know of an address before anything is sent there."""
    yield from _of_host(url, address)
    yield from _of_scheme(url, address)
    yield from _of_spelling(url, address)
    if url.hides(0, len(url.plain)):
        words = sentence(
            "The address holds a secret, which its host gets and keeps in its logs."
        )
        yield Concern("danger", words)


def _of_host(url: Text, address: Address) -> Iterator[Concern]:
    shown = url.words(address.host)
    if address.host:
        for concern in hosts.concerns(address.host):
            words = sentence(
                "The host %(host)s %(concern)s.",
                host=shown,
                concern=hosts.shown(concern, url),
            )
            yield Concern("danger", words)
    elif address.scheme not in _RUNS | _MACHINE:
        words = sentence("The address has no host, so whom it speaks to cannot be told.")
        yield Concern("danger", words)
    if address.user:
        words = sentence(
            "Before the host %(host)s stands a user name; what is before the @ is no host.",
            host=shown,
        )
        yield Concern("danger", words)


def _of_spelling(url: Text, address: Address) -> Iterator[Concern]:
    plain = url.plain
    if "\\" in plain:
        words = sentence("Holds a backslash: programs differ in where the host ends.")
        yield Concern("danger", words)
    if _CONTROLS.search(plain):
        words = sentence(
            "Holds blanks or control characters, which programs leave out or not."
        )
        yield Concern("danger", words)
    if address.port not in USUAL_PORTS:
        words = sentence(
            "The port %(port)s is not a usual one for the web.",
            port=url.words(address.port),
        )
        yield Concern("danger", words)
    if _CLIMBS.search(address.path):
        words = sentence("The path climbs up by .. and ends elsewhere than it seems.")
        yield Concern("danger", words)
    if len(plain) > MOST_ADDRESS:
        words = sentence(
            "The address has %(chars)s characters and is read up to %(most)s.",
            chars=number(len(plain)),
            most=number(MOST_ADDRESS),
        )
        yield Concern("danger", words)
    elif len(plain) > _LONG:
        words = sentence(
            "The address has %(chars)s characters: it may carry data to its host.",
            chars=number(len(plain)),
        )
        yield Concern("note", words)


def _of_scheme(url: Text, address: Address) -> Iterator[Concern]:
    scheme = address.scheme
    if scheme in _RUNS:
        words = sentence(
            "An address that begins with %(scheme)s: is itself a program or a page.",
            scheme=scheme,
        )
        yield Concern("danger", words)
    elif scheme in _MACHINE:
        words = sentence(
            "An address that begins with %(scheme)s: reads the machine itself, and "
            "no website.",
            scheme=scheme,
        )
        yield Concern("danger", words)
    elif scheme in {"http", "ws"}:
        words = sentence("Nothing is encrypted: anybody on the way can read and change it.")
        yield Concern("danger", words)
    elif scheme not in _SECURE:
        shown = url.words(scheme) or sentence_in("scheme of an address", "none")
        words = sentence("The scheme is %(scheme)s, and not https.", scheme=shown)
        yield Concern("danger", words)
