"""Whom an address speaks to: the host set apart, and what could mislead about it."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote

from webui.preview.renderers.arguments import Text
from webui.sentences import Sentence, sentence

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}:")
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]{0,16}|[0-9]{1,16}")
_LEADING: Final = re.compile(r"(?:com|org|net|io|dev|app|gov|edu|co|ai)")
_SHARED: Final = frozenset({"uk", "au", "jp", "br", "nz", "za", "kr", "in", "tr", "mx", "il", "cn", "tw", "sg", "hk"})  # fmt: skip
_METADATA_NAMES: Final = (
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "metadata",
)
_METADATA: Final = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")))  # fmt: skip
_INSIDE_NAMES: Final = (
    ".local",
    ".internal",
    ".lan",
    ".home",
    ".corp",
    ".intranet",
    ".localdomain",
    ".svc",
)
_CARRYING_NAMES: Final = (".nip.io", ".sslip.io", ".xip.io", ".localtest.me", ".lvh.me")
_DOTS: Final = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61\u2024", "."))
_LONGEST: Final = 253
_SHOWN: Final = 140
_LONGEST_ADDRESS: Final = 100
_NUMBERS: Final = 4
_BYTE: Final = 0xFF

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


class Address(NamedTuple):
    """A web address in its parts, each as written; a part that is not there is empty."""

    scheme: str
    user: str
    host: str
    port: str
    path: str
    query: str
    fragment: str


def split(url: str) -> Address:
    """Split an address as a browser does: a backslash before the path is a slash too."""
    match = _SCHEME.match(url)
    scheme = url[: match.end() - 1] if match else ""
    rest = url[match.end() :] if match else url
    slashes = len(rest) - len(rest.lstrip("/\\"))
    if match and not slashes:
        return Address(scheme.lower(), "", "", "", rest, "", "")
    rest = rest[min(slashes, 2) :] if scheme.lower() == "file" else rest[slashes:]
    stop = next((at for at, sign in enumerate(rest) if sign in "/\\?#"), len(rest))
    authority, tail = rest[:stop], rest[stop:]
    user, _, place = authority.rpartition("@")
    if place.startswith("[") and "]" in place:
        host, _, after = place.partition("]")
        host, port = host[1:], after.removeprefix(":")
    else:
        host, _, port = place.partition(":")
    tail, _, fragment = tail.partition("#")
    path, _, query = tail.partition("?")
    return Address(scheme.lower(), user, host, port, path, query, fragment)


def plain_host(host: str) -> str:
    """Return a host as a resolver takes it: decoded, composed, lower case, no last dot."""
    decoded = unquote(host) if "%" in host else host
    return unicodedata.normalize("NFKC", decoded.translate(_DOTS)).lower().rstrip(".")


def ip_of(host: str) -> IP | None:
    """Return the address that a host is, in whatever spelling a resolver understands."""
    bare = plain_host(host).partition("%")[0]
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        return _spelt_otherwise(bare)


def _spelt_otherwise(host: str) -> IP | None:
    """Read an address as inet_aton does: one to four numbers, each of any base."""
    parts = host.split(".") if len(host) < _LONGEST_ADDRESS else []
    if not 1 <= len(parts) <= _NUMBERS or not all(
        _NUMBER.fullmatch(part) for part in parts
    ):
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    *first, last = numbers
    if any(number > _BYTE for number in first) or last >= 256 ** (
        _NUMBERS + 1 - len(parts)
    ):
        return None
    value = last + sum(number << (8 * (3 - at)) for at, number in enumerate(first))
    return ipaddress.IPv4Address(value)


def _number(part: str) -> int:
    if part[:2].lower() == "0x":
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


def inner(address: IP) -> IP:
    """Return the IPv4 address that an IPv6 address wraps, or the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in ipaddress.IPv6Network("64:ff9b::/96"):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def shown(concern: Sentence, text: Text) -> Sentence:
    """Return what is said of a host of a text as it may stand in a sentence."""
    return concern.changed(lambda host: text.words(host, _SHOWN))


def concerns(host: str) -> Iterator[Sentence]:
    """Yield what a person must know of a host; the sentences go on after its name."""
    if not host:
        return
    plain = plain_host(host)
    address = ip_of(host)
    if address is not None:
        yield from _of_address(host, address)
        return
    yield from _of_spelling(host, plain)
    yield from _of_name(plain)


def _of_address(host: str, address: IP) -> Iterator[Sentence]:
    real = inner(address)
    if str(address) != host.lower().partition("%")[0] or real != address:
        yield sentence("is another spelling of %(real)s", real=real)
    if real in _METADATA:
        yield sentence("is the metadata service of a cloud, which hands out credentials")
    elif real.is_loopback or real.is_unspecified:
        yield sentence("is this very machine (loopback)")
    elif real.is_link_local:
        yield sentence("is an address of the local link")
    elif real.is_private:
        yield sentence("is a private address inside the network")
    elif not real.is_global:
        yield sentence("is no public address")
    else:
        yield sentence("is a bare address without a name")


def _of_spelling(host: str, plain: str) -> Iterator[Sentence]:
    if "%" in host:
        yield sentence(
            "is written with percent signs; it means %(host)s", host=plain[:_LONGEST]
        )
    if not plain.isascii():
        yield sentence("holds letters beyond ASCII; it is %(host)s", host=_punycode(plain))
    elif host.lower().rstrip(".") != plain and "%" not in host:
        yield sentence(
            "is written with look-alike characters; it means %(host)s",
            host=plain[:_LONGEST],
        )
    if "xn--" in plain:
        meant = _unicode(plain)
        yield (
            sentence(
                "is punycode and is shown elsewhere as %(host)s, with letters beyond ASCII",
                host=meant,
            )
            if meant
            else sentence("is broken punycode")
        )
    if re.search(r"[\s\\<>^`{|}\x00-\x1f\"']", host):
        yield sentence(
            "holds characters that no host has: programs differ in where it ends"
        )
    if len(plain) > _LONGEST:
        yield sentence("is longer than any name may be")


def _of_name(plain: str) -> Iterator[Sentence]:
    labels = plain.split(".")
    if plain in _METADATA_NAMES:
        yield sentence("is the metadata service of a cloud, which hands out credentials")
    elif plain == "localhost" or plain.endswith(".localhost"):
        yield sentence("is this very machine (loopback)")
    elif plain.endswith(_CARRYING_NAMES):
        yield sentence("leads to the address that is written in the name")
    elif plain.endswith(_INSIDE_NAMES) or len(labels) == 1:
        yield sentence("is a name inside the network")
    depth = 3 if labels[-1] in _SHARED else 2
    fronts = labels[:-depth]
    if len(labels) > depth and any(_LEADING.fullmatch(label) for label in fronts[1:]):
        domain = ".".join(labels[-depth:])
        yield sentence("belongs to %(domain)s, whatever it begins with", domain=domain)


def _punycode(plain: str) -> str:
    try:
        return plain[:_LONGEST].encode("idna").decode()
    except UnicodeError:
        return sentence("not a valid name")


def _unicode(plain: str) -> str:
    try:
        return plain[:_LONGEST].encode().decode("idna")
    except UnicodeError:
        return ""
