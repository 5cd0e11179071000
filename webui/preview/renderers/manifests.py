"""Manifests of Kubernetes as flat lists of leaves, from YAML texts or from values of the call.

Only the events of the YAML parser are used: nothing is built, no alias is followed, and no tag
makes an object. So it takes linear time whatever the text is.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from webui.preview.reading import Value
from webui.preview.renderers.arguments import Text, text_of
from webui.preview.renderers.findings import Findings
from webui.sentences import number, sentence

_MOST_YAML: Final = 16 * 1024
"""Characters: the parser takes a second for a megabyte."""
_DEEPEST: Final = 64
_MOST_ALIASES: Final = 50
_MOST_SEARCHED: Final = 1_000
_LISTS: Final = frozenset({"add", "verbs", "resources", "apiGroups"})
"""Lists whose items are words that matter."""
_KEYS: Final = (
    "kind|namespace|privileged|hostNetwork|hostPID|hostIPC|hostPath|replicas"
    "|allowPrivilegeEscalation|runAsUser"
)
_VALUE: Final = r"""[ \t]*:[ \t]*(?:!!\w{1,20} |&\w{1,20} )?["']?([^\s"'#,}\]]{0,80})"""
_LINE: Final = re.compile(
    rf"""^[ \t]*(?:- {{1,9}}){{0,9}}["']?({_KEYS})["']?{_VALUE}""", re.MULTILINE
)
_FLOW: Final = re.compile(rf"""[{{,]\s*["']?({_KEYS})["']?{_VALUE}""")


class Leaf(NamedTuple):
    """A value without parts, and the names that lead to it; lists have none."""

    document: int
    path: tuple[str, ...]
    value: str
    line: int | None = None


def of_values(values: Sequence[Value]) -> list[Leaf]:
    """Return the leaves of a manifest that is given as an object, those that matter in lists."""
    leaves: list[Leaf] = []
    _add_members(leaves, values, (), 0)
    return leaves


def _add_members(
    leaves: list[Leaf], values: Sequence[Value], path: tuple[str, ...], document: int
) -> None:
    for value in values:
        here = (*path, value.name)
        if value.kind == "object":
            leaves.append(Leaf(document, here, ""))
            _add_members(leaves, value.children, here, document)
        elif value.kind == "array":
            _add_items(leaves, value.children, here, document)
        else:
            leaves.append(Leaf(document, here, text_of(value).plain))


def _add_items(
    leaves: list[Leaf], items: Sequence[Value], path: tuple[str, ...], document: int
) -> None:
    matters = path[-1] in _LISTS
    for at, item in enumerate(items):
        if item.kind == "object":
            is_own = path == ("items",)
            _add_members(
                leaves, item.children, () if is_own else path, document + is_own * (at + 1)
            )
        elif item.kind == "array":
            _add_items(leaves, item.children, path, document)
        elif matters:
            leaves.append(Leaf(document, path, text_of(item).plain))


def of_text(text: Text, found: Findings) -> list[Leaf]:
    """Return the leaves of a YAML or JSON text; of a long one the rest is read line by line."""
    plain = text.plain
    end = len(plain)
    if end > _MOST_YAML:
        end = plain.rfind("\n", 0, _MOST_YAML) + 1 or _MOST_YAML
        line = plain.count("\n", 0, end)
        words = sentence(
            "Only the first %(line)s lines were read as YAML; the rest was "
            "searched line by line.",
            line=number(line),
        )
        found.note("long", words)
    events = _Events(found)
    is_whole = events.read(plain[:end])
    if not is_whole:
        end = 0
    return [*events.leaves, *_searched(plain, end, found)]


def _searched(plain: str, begin: int, found: Findings) -> Iterator[Leaf]:
    """Yield what looks like a member worth knowing, in a text that is not parsed."""
    seen: set[tuple[str, str]] = set()
    for pattern in (_LINE, _FLOW):
        line, counted = plain.count("\n", 0, begin) + 1, begin
        for match in pattern.finditer(plain, begin):
            key, value = match.groups()
            if (key, value) in seen:
                continue
            seen.add((key, value))
            if len(seen) > _MOST_SEARCHED:
                found.danger(
                    "too-many", sentence("It is too long to be searched to its end.")
                )
                return
            line += plain.count("\n", counted, match.start())
            counted = match.start()
            path = ("metadata", key) if key == "namespace" else (key,)
            yield Leaf(-1, path, value, line)


class _Frame:
    __slots__ = ("expects_key", "is_map", "key", "path")

    def __init__(self, path: tuple[str, ...], *, is_map: bool) -> None:
        self.path = path
        self.is_map = is_map
        self.expects_key = is_map
        self.key = ""


class _Events:
    """Collects the leaves of a stream of documents."""

    def __init__(self, found: Findings) -> None:
        self.leaves: list[Leaf] = []
        self._found = found
        self._frames: list[_Frame] = []
        self._anchors: dict[str, str] = {}
        self._aliases = 0
        self._document = 0

    def read(self, plain: str) -> bool:
        """Read a text; say whether it is YAML to its end."""
        import yaml  # noqa: PLC0415  only for such calls

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            for event in yaml.parse(plain, Loader=loader):
                if not self._take(type(event).__name__, event):
                    self._found.danger(
                        "deep", sentence("It is nested too deep to be read here.")
                    )
                    return False
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            words = (
                sentence("It is no YAML that can be read here.")
                if mark is None
                else sentence(
                    "It is no YAML that can be read here after line %(line)s.",
                    line=number(mark.line + 1),
                )
            )
            self._found.danger("yaml", words)
            return False
        return True

    def _take(self, kind: str, event: Any) -> bool:
        if kind == "DocumentStartEvent":
            self._document += 1000
            self._frames = []
        elif kind in {"MappingStartEvent", "SequenceStartEvent"}:
            if len(self._frames) >= _DEEPEST:
                return False
            self._start(is_map=kind == "MappingStartEvent", event=event)
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self._frames.pop()
            self._filled()
        elif kind == "ScalarEvent":
            if event.anchor:
                self._anchors[event.anchor] = event.value
            self._scalar(event.value, event.start_mark.line + 1)
        elif kind == "AliasEvent":
            self._alias(event)
        return True

    def _start(self, *, is_map: bool, event: Any) -> None:
        path = self._here()
        if self._frames and not self._frames[-1].is_map and path == ("items",) and is_map:
            self._document += 1
            path = ()
        if path:
            self.leaves.append(Leaf(self._document, path, "", event.start_mark.line + 1))
        if event.tag and not event.tag.startswith("tag:yaml.org,2002:"):
            self._found.note("tag", sentence("It holds a YAML tag of its own."))
        self._frames.append(_Frame(path, is_map=is_map))

    def _here(self) -> tuple[str, ...]:
        if not self._frames:
            return ()
        frame = self._frames[-1]
        return (*frame.path, frame.key) if frame.is_map else frame.path

    def _filled(self) -> None:
        if self._frames and self._frames[-1].is_map:
            self._frames[-1].expects_key = not self._frames[-1].expects_key

    def _scalar(self, value: str, line: int) -> None:
        frame = self._frames[-1] if self._frames else None
        if frame is not None and frame.is_map and frame.expects_key:
            frame.key = value
            frame.expects_key = False
            return
        self.leaves.append(Leaf(self._document, self._here(), value, line))
        self._filled()

    def _alias(self, event: Any) -> None:
        self._aliases += 1
        if self._aliases == _MOST_ALIASES:
            words = sentence(
                "It repeats parts of itself more than %(most)s times: it may "
                "be made to grow.",
                most=_MOST_ALIASES,
            )
            self._found.danger("aliases", words)
        self._found.note(
            "alias",
            sentence(
                "It repeats parts of itself by aliases, which are not shown in place."
            ),
        )
        self._scalar(self._anchors.get(event.anchor, ""), event.start_mark.line + 1)
