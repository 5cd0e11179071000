"""Finding what is packed in a text: base64, hex, percent escapes, and gzip inside of them.

What a shell or a server would unpack again, a reviewer must be able to read. Random bytes are
left alone: a payload is what unpacks to text. Everything is bounded, since a few bytes may
unpack to very many, and linear: every run is entered at its beginning and never given back.
Specification: preview.md, "Made visible".
"""

import base64
import re
import zlib
from collections.abc import Iterable, Iterator
from heapq import merge
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from webui.sentences import sentence, sentence_in

MOST_LEVELS: Final = 3
_MOST_FOUND: Final = 400
_MOST_INFLATED: Final = 262_144
"""Bytes in the whole call, as many as a call itself may have."""
_MOST_RATIO: Final = 100
"""Text shrinks to a tenth; what shrinks to less than a hundredth was made to burst."""
_LEAST_RATIO_BYTES: Final = 4096

_LONG: Final = 24  # characters; shorter runs must be plainer to count
_SHORT: Final = 16  # and still shorter ones must be padded
_SURE_BYTES: Final = 18
_WORDS: Final = "A-Za-z0-9+/_-"
_RUN: Final = re.compile(
    rf"(?<![{_WORDS}])[{_WORDS}]{{11,}}+(?:\r?\n[{_WORDS}]{{4,}}+)*+={{0,2}}"
)
_ONE_LINE: Final = re.compile(rf"[{_WORDS}]{{{_SHORT},}}+={{0,2}}")
_ONE_WORD: Final = re.compile(r"[A-Za-z0-9+]{16,}+={0,2}")
_HEX: Final = re.compile(r"(?:0[xX])?((?:[0-9A-Fa-f]{2}){8,}+)")
_ESCAPES: Final = re.compile(r"(?:\\x[0-9A-Fa-f]{2}){4,}+")
_NO_BLANK: Final = re.compile(r"[^\s\"'<>]++")
_PERCENT: Final = re.compile("%[0-9A-Fa-f]{2}")
_LEAST_PERCENT: Final = 3
_OTHER_ALPHABET: Final = str.maketrans("-_", "+/", "\r\n")
_CONTROLS: Final = bytes(code for code in range(32) if code not in b"\t\n\r\x1b")


class Packed(NamedTuple):
    """A stretch of a text that unpacks to another text."""

    begin: int
    end: int
    how: str
    """In our words: "base64", "gzip in base64"."""
    text: str


class Unpacker:
    """Unpacks the texts of one call, up to limits that hold for all of them together."""

    def __init__(self) -> None:
        self._left = _MOST_FOUND
        self._bytes_left = _MOST_INFLATED
        self.gave_up = False
        """Whether anything was found since this was last set to False and not unpacked."""

    @staticmethod
    def may_hold(whole: str) -> bool:
        """Say whether any part of a text may have something packed in it."""
        return "%" in whole or "\\x" in whole or _RUN.search(whole) is not None

    def found_in(self, text: str) -> Iterator[Packed]:
        """Yield what is packed in a text, in order, none of it inside another."""
        done = 0
        found: Iterable[Packed] = sorted(self._candidates(text))
        if text.count("%") >= _LEAST_PERCENT:
            found = merge(
                _percent_escapes(text), found
            )  # read as far as they are asked for
        for packed in found:
            if packed.begin < done:
                continue
            if self._left == 0:
                self.gave_up = True
                return
            self._left -= 1
            done = packed.end
            yield packed

    def _candidates(self, text: str) -> Iterator[Packed]:
        if "\\x" in text:
            yield from _hex_escapes(text)
        found = 0
        for match in _RUN.finditer(text):
            for packed in self._in_run(text, *match.span()):
                yield packed
                found += 1
            if found > self._left:
                return  # one too many, by which it is told

    def _in_run(self, text: str, begin: int, end: int) -> Iterator[Packed]:
        """Yield the whole run, or what its lines, or words between signs, unpack to."""
        if begin and text[begin - 1] == "\\":
            begin += 1  # the letter of an escape, as in \\n
        whole = self._run(text, begin, end)
        if whole is not None:
            yield whole
            return
        if text[begin:end].isalnum():
            return  # one word
        for line in _ONE_LINE.finditer(text, begin, end):
            packed = self._run(text, *line.span()) if line.span() != (begin, end) else None
            if packed is not None:
                yield packed
                continue
            for word in _ONE_WORD.finditer(text, *line.span()):
                packed = self._run(text, *word.span()) if word[0] != line[0] else None
                if packed is not None:
                    yield packed

    def _run(self, text: str, begin: int, end: int) -> Packed | None:
        run = text[begin:end]
        hexed = _HEX.fullmatch(run)
        if hexed:
            return self._read(begin, end, "hex", bytes.fromhex(hexed[1]), sure=True)
        raw = _from_base64(run)
        if raw is None:
            return None
        return self._read(begin, end, "base64", raw, sure=len(run) >= _LONG)

    def _read(
        self, begin: int, end: int, how: str, raw: bytes, *, sure: bool
    ) -> Packed | None:
        text = _text_of(raw, sure=sure)
        name = _packing_of(raw)
        inflated = self._inflated(raw) if name else None
        if text is not None:
            # It begins like zlib ("x^"), and a shell may run it as it is: show that.
            self.gave_up = self.gave_up or bool(inflated)
        elif inflated is not None:
            text = _text_of(inflated, sure=True)
            how = sentence_in("how it is packed", "%(name)s in %(how)s", name=name, how=how)
        return None if text is None else Packed(begin, end, how, text)

    def _inflated(self, raw: bytes) -> bytes | None:
        most = min(self._bytes_left, max(_LEAST_RATIO_BYTES, _MOST_RATIO * len(raw)))
        machine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib
        try:
            found = machine.decompress(raw, most + 1)
        except zlib.error:
            return None
        if len(found) > most:
            self.gave_up = True
            self._bytes_left -= min(self._bytes_left, most)
            return None
        self._bytes_left -= len(found)
        if machine.unused_data or (found and not machine.eof):
            self.gave_up = True  # of what stands behind it, or of what is missing
        return found


def _from_base64(run: str) -> bytes | None:
    plain = run.translate(_OTHER_ALPHABET).rstrip("=")
    if len(plain) < _LONG and not (_is_mixed(plain) and len(run) >= _least(run)):
        return None
    if len(plain) % 4 == 1:
        plain = plain[:-1]
    return base64.b64decode(plain + "=" * (-len(plain) % 4))


def _least(run: str) -> int:
    return _SHORT // 2 if run.endswith("=") else _SHORT


def _is_mixed(run: str) -> bool:
    """Say whether a run is more than one word: base64 of a text always has both cases."""
    return not (run.islower() or run.isupper())


def _packing_of(raw: bytes) -> str:
    if raw[:3] == b"\x1f\x8b\x08":
        return "gzip"
    is_zlib = len(raw) > 2 and raw[0] == 0x78 and int.from_bytes(raw[:2]) % 31 == 0  # noqa: PLR2004  RFC 1950
    return "zlib" if is_zlib else ""


def _text_of(raw: bytes, *, sure: bool) -> str | None:
    """Return what bytes say; none if they are no text.

    Few bytes may look like text by chance, so of them it must be plain ASCII.
    """
    if raw[1::2].count(0) * 10 >= len(raw[1::2]) * 8 and len(raw) >= 16:  # noqa: PLR2004
        raw = raw.decode("utf-16-le", "replace").encode("utf-8", "replace")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    if not sure or len(raw) < _SURE_BYTES:
        return text if text.isascii() and _is_printable(text) else None
    controls = len(raw) - len(raw.translate(None, _CONTROLS))
    return None if controls * 20 > len(raw) else text


def _is_printable(text: str) -> bool:
    return text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable()


def _percent_escapes(text: str) -> Iterator[Packed]:
    for match in _NO_BLANK.finditer(text):
        if match[0].count("%") >= _LEAST_PERCENT:
            found = _PERCENT.findall(match[0])
            if len(found) >= _LEAST_PERCENT:
                raw = unquote_to_bytes(match[0])
                yield Packed(
                    *match.span(),
                    sentence("percent escapes"),
                    raw.decode(errors="backslashreplace"),
                )


def _hex_escapes(text: str) -> Iterator[Packed]:
    for match in _ESCAPES.finditer(text):
        raw = bytes.fromhex(match[0].replace("\\x", ""))
        yield Packed(
            *match.span(), sentence("hex escapes"), raw.decode(errors="backslashreplace")
        )
