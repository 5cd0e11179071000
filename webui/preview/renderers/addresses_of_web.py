"""Web addresses as a browser takes them, not as they look."""

import ipaddress
import re
from typing import Final, NamedTuple

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.rendering import Fact
from webui.preview.renderers.saying import Span, fact, said

_SCHEME: Final = re.compile(r"[\x00-\x20]{0,50}([A-Za-z][A-Za-z0-9+.-]{0,30}):")
_AUTHORITY: Final = re.compile(r"[/\\]{0,20}([^/\\?#]{0,2000})")
_STRIPPED: Final = re.compile(r"[\t\n\r]")
_RUNS: Final = frozenset({"javascript", "data", "vbscript", "blob", "filesystem"})
_LOCAL_FILES: Final = frozenset(
    {"file", "chrome", "about", "view-source", "chrome-extension", "devtools", "edge"}
)
_INSIDE: Final = re.compile(
    r"localhost|.*\.localhost|.*\.local|.*\.internal|.*\.svc(?:\..*)?|metadata(?:\..*)?|host\.docker\.internal",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(
    r"(?:0x[0-9a-f]{1,8}|\d{1,12})(?:\.(?:0x[0-9a-f]{1,8}|\d{1,12})){0,3}", re.IGNORECASE
)
_USUAL: Final = frozenset({"", "80", "443"})
_LONG: Final = 1000
_DOTS: Final = re.compile("[\u3002\uff0e\uff61]")


class _Parts(NamedTuple):
    scheme: str
    user: str
    host: Span | None
    port: str


def facts_of_url(url: Text) -> list[Fact]:
    """Return the host set apart from the whole address."""
    parts = _parts(url)
    facts = []
    if parts.host is not None:
        facts.append(fact("Host", parts.host, is_alarming=bool(parts.user)))
    return [*facts, fact("Address", url)]


def look_at_url(found: Findings, url: Text) -> None:
    """Say what is odd about an address."""
    scheme, user, host, port = _parts(url)
    plain = url.plain
    if _STRIPPED.search(plain) or "\\" in plain[:2000]:
        found.danger(
            "signs", "The address holds signs that a browser drops or turns into others."
        )
    if scheme in _RUNS:
        found.danger(
            "scheme",
            f"An address that begins with {scheme}: is itself a program or a page.",
        )
    elif scheme in _LOCAL_FILES:
        found.danger(
            "scheme", f"An address that begins with {scheme}: reaches the machine itself."
        )
    elif not scheme:
        found.note("scheme", "The address does not say how it is reached.")
    if user:
        found.danger(
            "user",
            "The address has a user name before its host: what stands first is not the host.",
        )
    if url.hides(0, len(plain)):
        found.danger(
            "secret",
            "The address holds a secret, which its host gets and keeps in its logs.",
        )
    if host is not None:
        _look_at_host(found, host, scheme)
    if port not in _USUAL:
        found.note("port", f"It uses port {port}.")
    if len(plain) > _LONG:
        found.note(
            "long",
            f"The address is {len(plain):,} characters long: it may carry data to its host.",
        )


def _look_at_host(found: Findings, host: Span, scheme: str) -> None:
    plain = host.plain.strip().rstrip(".").casefold()
    if not plain.isascii() or "xn--" in plain or _DOTS.search(plain):
        found.danger(
            "letters",
            f"The host {said(host)} has letters outside ASCII, or stands for some.",
        )
    if "%" in plain:
        found.danger("percent", f"The host {said(host)} is written with escapes.")
    address = _address(plain)
    if address is not None and (
        address.is_private or address.is_loopback or address.is_link_local
    ):
        found.danger(
            "inside",
            f"{said(host)} is an address inside: of this machine, its network or its cloud.",
        )
    elif _INSIDE.fullmatch(plain[:253]):
        found.danger(
            "inside",
            f"{said(host)} is a name inside: of this machine, its network or its cloud.",
        )
    elif address is not None:
        found.note("number", f"The host {said(host)} is a number and not a name.")
    if scheme in {"http", "ws"} and address is None and not _INSIDE.fullmatch(plain[:253]):
        found.note("open", "What goes to that host is not encrypted.")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if host.startswith("["):
        try:
            address = ipaddress.IPv6Address(host.strip("[]").partition("%")[0])
        except ValueError:
            return None
        return address.ipv4_mapped or address
    if not _NUMBER.fullmatch(host):
        return None
    parts = [_number(part) for part in host.split(".")]
    if any(part is None for part in parts):
        return None
    numbers = [part or 0 for part in parts]
    last = numbers.pop()
    value = 0
    for at, number in enumerate(numbers):
        value |= (number & 0xFF) << (24 - 8 * at)
    return ipaddress.IPv4Address((value + last) & 0xFFFFFFFF)


def _number(part: str) -> int | None:
    try:
        if part.startswith("0x"):
            return int(part, 16)
        return int(part, 8) if len(part) > 1 and part.startswith("0") else int(part)
    except ValueError:
        return None


def _parts(url: Text) -> _Parts:
    plain = url.plain
    match = _SCHEME.match(plain)
    scheme = match[1].casefold() if match else ""
    if scheme in _RUNS or (scheme in _LOCAL_FILES and scheme != "file"):
        return _Parts(scheme, "", None, "")
    authority = _AUTHORITY.match(plain, match.end() if match else 0)
    if authority is None or not authority[1]:
        return _Parts(scheme, "", None, "")
    begin, end = authority.span(1)
    at = plain.rfind("@", begin, end)
    user = plain[begin:at] if at >= 0 else ""
    begin = at + 1 if at >= 0 else begin
    colon = plain.rfind(":", begin, end)
    port = ""
    if colon >= 0 and plain[colon + 1 : end].isdecimal():
        port, end = plain[colon + 1 : end][:10], colon
    return _Parts(scheme, user, Span(url, begin, end), port)
