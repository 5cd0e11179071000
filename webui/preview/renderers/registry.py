"""Which renderer reads which call: by the tool's name, or else by the shape of the arguments."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
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
from webui.preview.renderers.arguments import Arguments
from webui.preview.renderers.rendering import Rendering


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


def render(tool: str, values: Sequence[Value]) -> Rendering | None:
    """Return the call in the terms of what it does; None where only the tree can say it."""
    arguments = Arguments(values)
    folded = tool.casefold()
    named = [each for each in RENDERERS if _is_named(each, folded)]
    others = [each for each in RENDERERS if each not in named]
    for renderer in (*named, *others):
        is_named = renderer in named
        rendering = _rendered(renderer, tool, arguments, is_named=is_named)
        if rendering is not None:
            return rendering
    return None


def _rendered(
    renderer: Renderer, tool: str, arguments: Arguments, *, is_named: bool
) -> Rendering | None:
    """Return what one renderer says; one that fails says nothing, and the tree stands alone."""
    try:
        if is_named or renderer.fits(arguments):
            return renderer.render(tool, arguments)
    except Exception:  # noqa: BLE001  a fault of one renderer must not take the page away
        return None
    return None


def _is_named(renderer: Renderer, folded: str) -> bool:
    return any(fnmatchcase(folded, glob) for glob in renderer.tools)
