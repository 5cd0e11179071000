"""Which renderer reads which call: by the tool's name, or else by the shape of the arguments."""

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, NamedTuple

from webui.preview.reading import Value
from webui.preview.renderers import (
    browser,
    code,
    git,
    json_patch,
    kubernetes,
    messages,
    money,
    patch,
    path,
    request,
    shell,
    sql,
    terraform,
)
from webui.preview.renderers.arguments import Arguments, text_of
from webui.preview.renderers.rendering import Finding, Rendering
from webui.preview.visible import on_one_line
from webui.sentences import joined, sentence


class Renderer(NamedTuple):
    """One way to read a call."""

    name: str
    tools: tuple[str, ...]
    """Globs over the tool's folded name; no match is no veto: the shape may still fit."""
    fits: Callable[[Arguments], bool]
    """Whether arguments of this shape are of this kind whatever the tool's name is."""
    render: Callable[[str, Arguments], Rendering | None]
    """From the tool's name and its arguments; None if they turn out not to be of this kind."""


RENDERERS: Final[tuple[Renderer, ...]] = (
    Renderer("patch", patch.TOOLS, patch.fits, patch.render),
    Renderer("git", git.TOOLS, git.fits, git.render),
    Renderer("terraform", terraform.TOOLS, terraform.fits, terraform.render),
    Renderer("kubernetes", kubernetes.TOOLS, kubernetes.fits, kubernetes.render),
    Renderer("browser", browser.TOOLS, browser.fits, browser.render),
    Renderer("json-patch", json_patch.TOOLS, json_patch.fits, json_patch.render),
    Renderer("money", money.TOOLS, money.fits, money.render),
    Renderer("message", messages.TOOLS, messages.fits, messages.render),
    Renderer("shell", shell.TOOLS, shell.fits, shell.render),
    Renderer("sql", sql.TOOLS, sql.fits, sql.render),
    Renderer("request", request.TOOLS, request.fits, request.render),
    Renderer("code", code.TOOLS, code.fits, code.render),
    Renderer("path", path.TOOLS, path.fits, path.render),
)
"""In order: the first that gives a rendering is taken, those named by the tool come first."""


_DECIDE: Final = frozenset(
    {"command", "commands", "cmd", "script", "scripts", "code", "argv", "args", "arguments", "stdin", "sql", "query",
     "queries", "statement", "statements", "operations", "patch", "edits", "url", "urls", "uri", "to", "recipients",
     "content", "contents", "text", "file_text", "body", "html", "old_string", "new_string", "old_str", "new_str", "paths",
     "cc", "bcc", "recipient", "forward_to", "forwardto", "to_recipients", "torecipients", "cc_recipients", "ccrecipients",
     "bcc_recipients", "bccrecipients", "to_addresses", "toaddresses", "cc_addresses", "ccaddresses", "bcc_addresses",
     "bccaddresses"}
)  # fmt: skip
"""Names of what a call does: left out of a reading, they may be what runs."""
_MOST_NAMES: Final = 8
_LONGEST_NAME: Final = 60
_WORD: Final = re.compile(r"[A-Za-z0-9._:/@+-]{1,40}")


def render(
    tool: str, values: Sequence[Value], own_domains: tuple[str, ...] = ()
) -> Rendering | None:
    """Return the call in the terms of what it does; None where only the tree can say it."""
    for renderer, is_named in _ordered(tool.casefold(), RENDERERS):
        arguments = Arguments(values, own_domains)
        rendering = _rendered(renderer, tool, arguments, is_named=is_named)
        if rendering is not None:
            return _with_unread(rendering, arguments)
    return None


def _rendered(
    renderer: Renderer, tool: str, arguments: Arguments, *, is_named: bool
) -> Rendering | None:
    """Return what one renderer says; one that fails says nothing, and the tree stands alone."""
    try:
        if is_named or renderer.fits(arguments):
            arguments.put_back()
            return renderer.render(tool, arguments)
    except Exception:  # noqa: BLE001  a fault of one renderer must not take the page away
        return None
    return None


def _with_unread(rendering: Rendering, arguments: Arguments) -> Rendering:
    """Say which arguments a reading leaves out: first those that may be what runs instead."""
    left = arguments.unread
    risky = [
        name for name in left if name in arguments.passed_over or name.casefold() in _DECIDE
    ]
    rest = [name for name in left if name not in risky]
    said = rendering.findings
    if risky:
        words = sentence(
            "This reading leaves out what may be what is done: %(names)s.",
            names=_listed(risky),
        )
        said = (Finding("danger", words), *said)
    if rest:
        words = sentence(
            "Also part of the call: %(names)s.", names=_listed(rest, arguments)
        )
        said = (*said, Finding("note", words))
    return rendering._replace(findings=said)


def _listed(names: Sequence[str], arguments: Arguments | None = None) -> str:
    shown = [_named(name, arguments) for name in names[:_MOST_NAMES]]
    more = (
        [sentence("%(number)s more", number=len(names) - _MOST_NAMES)]
        if names[_MOST_NAMES:]
        else []
    )
    return joined(", ", (*shown, *more))


def _named(name: str, arguments: Arguments | None) -> str:
    """Return a name, with its value where that is one plain word and so no sentence of its own."""
    value = arguments.look(name) if arguments else None
    if value is None or value.kind in {"object", "array"} or value.is_masked:
        return _short(name)
    text = text_of(value)
    is_word = not text.masks and _WORD.fullmatch(text.plain) is not None
    return f"{_short(name)}: {text.plain}" if is_word else _short(name)


def _short(name: str) -> str:
    return on_one_line(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")


@lru_cache(maxsize=256)
def _ordered(
    folded: str, renderers: tuple[Renderer, ...]
) -> tuple[tuple[Renderer, bool], ...]:
    """Return all of them, those named by a tool first; agents call few tools many times."""
    named = [(each, _is_named(each, folded)) for each in renderers]
    return tuple(sorted(named, key=lambda each: not each[1]))


def _is_named(renderer: Renderer, folded: str) -> bool:
    return any(fnmatchcase(folded, glob) for glob in renderer.tools)
