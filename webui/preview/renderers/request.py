"""HTTP requests: to whom, by which method, with what, and what of the address misleads."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus

from webui.preview.nodes import Piece
from webui.preview.renderers.addresses_of_web import (
    NONE,
    USUAL_PORTS,
    address_of,
    concerns,
    host_fact,
)
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.json_texts import value_in
from webui.preview.renderers.languages import hosts
from webui.preview.renderers.marks import Mark
from webui.preview.renderers.rendering import Block, Fact, Line, Rendering, TokenKind
from webui.preview.renderers.sheets import listed
from webui.preview.renderers.values import member, pair, tree_block
from webui.sentences import sentence

TOOLS: Final = (
    "fetch", "*.fetch", "*__fetch", "*fetch_*", "*_fetch", "webfetch", "*http*request*", "*http_*", "*.http", "*web_fetch*", "*curl*",
    "*api_request*", "*rest_request*", "*browser_navigate*", "*navigate*", "*goto*", "*open_url*", "*download*", "*webhook*",
)  # fmt: skip
_URLS: Final = ("url", "uri", "endpoint", "address", "href", "link")
_BODIES: Final = ("body", "data", "json", "payload", "form", "content")
_PATHS: Final = frozenset({"path", "file_path", "old_string", "new_string"})
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SECRET: Final = re.compile(
    r"(?i)(?:^|[_-])(?:token|key|apikey|secret|password|passwd|pwd|auth|sig|signature|access|session|code|jwt|bearer)(?:$|[_-])"
)
_OFF: Final = frozenset({"false", "0", "no", "off", "none", "null"})
_ON: Final = frozenset({"true", "1", "yes", "on"})
_VERIFIES: Final = (
    "verify",
    "verify_ssl",
    "ssl_verify",
    "verifySsl",
    "rejectUnauthorized",
    "strict_ssl",
    "verify_tls",
)
_SKIPS: Final = (
    "insecure",
    "ignoreHTTPSErrors",
    "ignore_https_errors",
    "skip_verify",
    "insecureSkipVerify",
    "disable_ssl",
    "k",
)
_FOLLOWS: Final = (
    "follow_redirects",
    "followRedirects",
    "allow_redirects",
    "redirect",
    "follow",
)
_STEERING: Final = frozenset(
    {
        "host",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-http-method-override",
        "x-original-url",
        "proxy-authorization",
        "x-aws-ec2-metadata-token",
        "metadata-flavor",
        "metadata",
    }
)
_PROXIES: Final = ("proxy", "http_proxy", "https_proxy")
_SETTINGS: Final = frozenset({*_VERIFIES, *_SKIPS, *_FOLLOWS, *_PROXIES})
_MOST_LINES: Final = 100
_MOST_FORM: Final = 2_000


def fits(arguments: Arguments) -> bool:
    """Say whether there is a web address, and nothing of a file beside it."""
    text = arguments.text(*_URLS)
    names = arguments.names
    if text is None or not _PATHS.isdisjoint(names):
        return False
    return (
        re.match(r"\s*+(?:https?|wss?|ftp|file)[:/\\]", text.plain, re.IGNORECASE)
        is not None
    )


def render(_tool: str, arguments: Arguments) -> Rendering | None:
    """Return the request that would be sent."""
    text = arguments.text(*_URLS)
    if text is None or not text.plain.strip():
        return None
    return _Request(text, arguments).rendering()


class _Request:
    def __init__(self, text: Text, arguments: Arguments) -> None:
        self._text, self._arguments = text, arguments
        self._found = Findings()
        self._address = address_of(text)
        method = arguments.text("method", "verb", "http_method")
        has_body = any(name in arguments.names for name in _BODIES)
        written = method.plain.strip().upper() if method is not None else ""
        self._method = written or ("POST" if has_body else "GET")
        self._is_assumed = not written

    def rendering(self) -> Rendering:
        """Return all of it."""
        self._address_concerns()
        self._settings()
        blocks = [self._first_block()]
        blocks += self._query(), self._headers(), self._body()
        shown = tuple(block for block in blocks if block.lines)
        return Rendering(
            "request",
            sentence("HTTP request"),
            tuple(self._facts()),
            shown,
            self._found.sentences(),
        )

    def _facts(self) -> Iterator[Fact]:
        text, address = self._text, self._address
        method = text.words(self._method)
        words = (
            sentence("%(method)s (not named)", method=method)
            if self._is_assumed
            else method
        )
        yield Fact(sentence("Method"), (Piece("text", words),), self._method == "DELETE")
        yield host_fact(text, address)
        yield Fact(
            sentence("Scheme"),
            text.snippet(address.scheme) or (Piece("text", NONE),),
            address.scheme not in {"https", "wss"},
        )
        if address.port:
            yield Fact(
                sentence("Port"),
                text.snippet(address.port),
                address.port not in USUAL_PORTS,
            )
        yield Fact(sentence("Path"), text.snippet(address.path or "/", 200))
        if address.user:
            yield Fact(sentence("User before the host"), text.snippet(address.user), True)

    def _danger(self, words: str) -> None:
        self._found.danger(words, words)

    def _address_concerns(self) -> None:
        for severity, words in concerns(self._text, self._address):
            say = self._found.danger if severity == "danger" else self._found.note
            say(words, words)
        if self._method in _WRITES:
            words = sentence(
                "%(method)s asks the host to change something.", method=self._method
            )
            self._found.note("changes", words)

    def _settings(self) -> None:
        for name in self._arguments.names:
            value = self._arguments.value(name) if name in _SETTINGS else None
            if value is None or value.children:
                continue
            plain = text_of(value).plain.strip().lower()
            if (name in _VERIFIES and plain in _OFF) or (name in _SKIPS and plain in _ON):
                self._danger(
                    sentence(
                        "Does not check whom it talks to, as %(name)s is %(plain)s.",
                        name=name,
                        plain=plain,
                    )
                )
            elif name in _FOLLOWS and plain in {*_ON, "follow"}:
                words = sentence(
                    "Goes on to wherever the host sends it, as %(name)s is %(plain)s.",
                    name=name,
                    plain=plain,
                )
                self._found.note(words, words)
            elif name in _PROXIES and plain not in {"", "null"}:
                words = sentence(
                    "Sends all of it through a proxy, which sees what is not encrypted."
                )
                self._danger(words)

    # Blocks

    def _first_block(self) -> Block:
        text, host = self._text, self._address.host
        at = text.plain.find(host) if host else -1
        if at < 0:
            return listed(text)
        kind: TokenKind = (
            "danger" if any(hosts.concerns(host)) or self._address.user else "name"
        )
        return listed(text, (Mark(at, at + len(host), kind),), sentence("Address"))

    def _query(self) -> Block:
        text, fields = self._text, [each for each in self._address.query.split("&") if each]
        lines: list[Line] = []
        for field in fields:
            name, _, value = field.partition("=")
            hides = text.hides_in(field)
            if hides or (_SECRET.search(unquote_plus(name)) and value):
                words = sentence(
                    "A credential stands in the query, where logs keep it: %(name)s",
                    name=text.words(unquote_plus(name)),
                )
                self._danger(words)
            if len(lines) < _MOST_LINES:
                lines.append(pair(text, unquote_plus(name), unquote_plus(value), "="))
        given = self._arguments.inside("params", "query", "query_params")
        if given is not None:
            lines += [member(value, "=") for value in given.values[:_MOST_LINES]]
        count = len(fields) + (len(given.values) if given is not None else 0)
        return Block(sentence("Query"), tuple(lines), count - len(lines))

    def _headers(self) -> Block:
        given = self._arguments.inside("headers", "header")
        values = given.values if given is not None else ()
        for value in values:
            if value.name.lower() in _STEERING:
                words = sentence(
                    "The header %(name)s makes hosts treat this as another's request.",
                    name=self._text.words(value.name),
                )
                self._danger(words)
        lines = tuple(member(value, ": ") for value in values[:_MOST_LINES])
        return Block(sentence("Headers"), lines, len(values) - len(lines))

    def _body(self) -> Block:
        name = next((each for each in _BODIES if each in self._arguments.names), None)
        value = None if name is None else self._arguments.value(name)
        if value is None:
            return Block(sentence("Body"), ())
        if value.kind in {"object", "array"}:
            return tree_block(value, sentence("Body as JSON"))
        text = text_of(value)
        if (parsed := value_in(text)) is not None and parsed.children:
            return tree_block(parsed, sentence("Body as JSON, from a text"))
        if (
            re.fullmatch(r"[\w.%+\[\]-]+=[^\n\s]*", text.plain[:_MOST_FORM])
            and len(text.plain) < _MOST_FORM
        ):
            pairs = [each.partition("=") for each in text.plain.split("&")]
            lines = [
                pair(text, unquote_plus(one), unquote_plus(two), "=")
                for one, _, two in pairs
            ]
            return Block(
                sentence("Body as form fields"),
                tuple(lines[:_MOST_LINES]),
                max(0, len(lines) - _MOST_LINES),
            )
        return listed(text, title=sentence("Body"))
