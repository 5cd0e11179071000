"""What in a manifest or a verb of Kubernetes reaches far beyond the thing it names."""

import re
from collections.abc import Sequence
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.renderers.arguments import Arguments
from webui.preview.renderers.cluster_words import (
    CAPABILITIES,
    FAR,
    KINDS,
    NOTED,
    SWITCHES,
    SYSTEM,
    VALUES,
)
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.manifests import Leaf
from webui.preview.renderers.rendering import Token
from webui.preview.renderers.saying import leaf, said, says_yes
from webui.preview.renderers.sheets import Sheet
from webui.preview.visible import inline
from webui.sentences import Sentence, joined, number, sentence, sentence_in

_LONGEST: Final = 60
_YES: Final = frozenset({"true", "yes", "on", "y"})
_NO_KIND: Final = sentence("no kind")
_NAMELESS: Final = sentence("without a name")
_TELLING: Final = frozenset({*SWITCHES, *(key for key, _ in VALUES), "kind", "type"})
_PRIVATE: Final = re.compile("[\U000f0000-\U000ffffd]")


def look_at_leaves(found: Findings, leaves: Sequence[Leaf]) -> None:
    """Say what containers and rights in a manifest can do."""
    for each in leaves:
        if each.path and (each.path[-1] in _TELLING or "hostPath" in each.path):
            _look_at_leaf(found, each)
        elif "capabilities" in each.path:
            _look_at_capability(found, each)


def _look_at_leaf(found: Findings, each: Leaf) -> None:
    key, value, line = each.path[-1], each.value.strip(), each.line
    at = _at(line)
    if "hostPath" in each.path:
        _look_at_host_path(found, each, at)
    elif words := SWITCHES.get(key):
        if value.casefold() in _YES or _PRIVATE.search(value):
            found.danger(
                key,
                sentence_in("a line of a manifest", "%(at)s %(does)s.", at=at, does=words),
                line,
            )
    elif key == "kind":
        _look_at_kind(found, value, at, line)
    elif (words := VALUES.get((key, value.casefold()))) is not None:
        found.danger(
            (key, value),
            sentence_in("a line of a manifest", "%(at)s %(does)s.", at=at, does=words),
            line,
        )
    elif key == "type" and value in {"LoadBalancer", "NodePort"}:
        found.note(
            "open",
            sentence(
                "%(at)s opens a service to the outside (%(kind)s).", at=at, kind=value
            ),
            line,
        )


def _look_at_host_path(found: Findings, each: Leaf, at: str) -> None:
    if each.path[-1] in {"hostPath", "path"}:
        found.danger(
            "hostPath",
            sentence("%(at)s reaches into the files of the node.", at=at),
            each.line,
        )
    if each.path[-1] == "path" and each.value:
        words = sentence(
            "The files of the node from %(path)s on are reached.", path=_cut(each.value)
        )
        found.danger(("path", each.value), words, each.line)


def _look_at_capability(found: Findings, each: Leaf) -> None:
    name = each.value.strip().upper().removeprefix("CAP_")
    if each.path[-1] == "add" and name in CAPABILITIES:
        at = _at(each.line)
        found.danger(
            ("capability", name),
            sentence("%(at)s adds the capability %(name)s.", at=at, name=name),
            each.line,
        )


def _look_at_kind(found: Findings, kind: str, at: str, line: int | None) -> None:
    folded = kind.casefold()
    if words := KINDS.get(folded):
        found.danger(
            ("kind", folded),
            sentence(
                "%(at)s is a %(kind)s: it %(does)s.", at=at, kind=_cut(kind), does=words
            ),
            line,
        )
    elif words := NOTED.get(folded):
        found.note(
            ("kind", folded),
            sentence(
                "%(at)s is a %(kind)s: it %(does)s.", at=at, kind=_cut(kind), does=words
            ),
            line,
        )


def resources(leaves: Sequence[Leaf], sheet: Sheet, found: Findings, verb: str) -> None:
    """Write a line for each resource that is described."""
    named: dict[int, dict[str, str]] = {}
    for each in leaves:
        if each.path in {
            ("kind",),
            ("metadata", "name"),
            ("metadata", "namespace"),
            ("metadata", "generateName"),
        }:
            named.setdefault(each.document, {})[each.path[-1]] = each.value
    for about in named.values():
        kind = about.get("kind", _NO_KIND)
        name = about.get("name") or about.get("generateName", "")
        if verb == "delete" and (words := FAR.get(kind.casefold())):
            found.danger(
                ("delete", kind, name),
                sentence(
                    "%(kind)s %(name)s is deleted: %(words)s.",
                    kind=_cut(kind),
                    name=_cut(name),
                    words=words,
                ),
            )
        if sheet.is_full:
            sheet.hidden += 1
            continue
        tokens = [
            Token("keyword", (Piece("text", _cut(kind) or _NO_KIND),)),
            Token("plain", (Piece("text", " "),)),
            Token("name", (Piece("text", _cut(name) if name else _NAMELESS),)),
        ]
        if space := about.get("namespace"):
            place = sentence_in("a namespace", "in %(namespace)s", namespace=_cut(space))
            tokens.append(Token("plain", (Piece("text", joined("", (" ", place))),)))
        sheet.write(tuple(tokens), "removed" if verb == "delete" else "plain")


def look_at_target(found: Findings, arguments: Arguments, verb: str) -> None:
    """Say how far a verb reaches, by what it is given beside a manifest."""
    space = leaf(arguments, "namespace", "ns")
    if space is not None and space.plain.strip() in SYSTEM:
        found.danger(
            ("system", space.plain),
            sentence(
                "It is about %(name)s, where the cluster itself runs.", name=said(space)
            ),
        )
    if says_yes(leaf(arguments, "allNamespaces", "all_namespaces")):
        found.danger("everywhere", sentence("It reaches all namespaces."))
    if verb in {"delete", "uninstall", "drain"}:
        _look_at_deletion(found, arguments, verb)
    scale = leaf(arguments, "replicas", "scale")
    if scale is not None and scale.plain.strip() in {"0", "-0", "0.0"}:
        found.danger(
            "replicas", sentence("It sets replicas to 0: nothing of it runs any more.")
        )
    file = leaf(arguments, "filename", "patchFile", "valuesFile")
    if file is not None:
        found.danger(
            "file",
            sentence(
                "What is in %(file)s is not in this call: it cannot be read here.",
                file=said(file),
            ),
        )
    context = leaf(arguments, "context", "cluster")
    if context is not None and "prod" in context.plain.casefold():
        found.note("context", sentence("The cluster is %(name)s.", name=said(context)))


def _look_at_deletion(found: Findings, arguments: Arguments, verb: str) -> None:
    kind = leaf(arguments, "resourceType", "resource_type", "kind")
    name = leaf(arguments, "name", "resourceName", "pod")
    selector = leaf(arguments, "labelSelector", "label_selector", "selector")
    if verb == "uninstall":
        found.danger("uninstall", sentence("All that the chart has made is removed."))
    if verb == "drain":
        found.danger("drain", sentence("All that runs on the node is stopped there."))
    if kind is not None and (
        words := FAR.get(kind.plain.strip().casefold().split(".")[0].split("/")[0])
    ):
        what = {"kind": said(kind), "words": words}
        found.danger(
            "far",
            sentence("%(kind)s is deleted: %(words)s.", **what)
            if name is None
            else sentence(
                "%(kind)s %(name)s is deleted: %(words)s.", name=said(name), **what
            ),
        )
    if selector is not None and name is None:
        found.danger(
            "selector",
            sentence(
                "All that fits %(selector)s is deleted, however many there are.",
                selector=said(selector),
            ),
        )
    elif kind is not None and name is None:
        found.danger(
            "unnamed",
            sentence(
                "It names no single %(kind)s: it may delete all of them.", kind=said(kind)
            ),
        )
    grace = leaf(arguments, "gracePeriodSeconds", "grace_period")
    if says_yes(leaf(arguments, "force")) or (grace is not None and grace.plain == "0"):
        found.danger("grace", sentence("It does not wait for what runs to end by itself."))


def _at(line: int | None) -> Sentence:
    if line is None:
        return sentence_in("this call", "It")
    return sentence("Line %(line)s", line=number(line))


def _cut(value: str) -> str:
    if len(value) <= _LONGEST:
        return inline(value)
    return f"{inline(value[:40])}⟦…⟧{inline(value[-20:])}"
