"""What in a manifest or a verb of Kubernetes reaches far beyond the thing it names."""

import re
from collections.abc import Sequence
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.renderers.arguments import Arguments
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.manifests import Leaf
from webui.preview.renderers.rendering import Token
from webui.preview.renderers.saying import leaf, said, says_yes
from webui.preview.renderers.sheets import Sheet
from webui.preview.visible import inline
from webui.sentences import sentence

_SYSTEM: Final = frozenset({"kube-system", "kube-public", "kube-node-lease"})
_YES: Final = frozenset({"true", "yes", "on", "y"})
_SWITCHES: Final = {
    "privileged": "runs a privileged container: it is root on the node",
    "hostNetwork": "uses the network of the node",
    "hostPID": "sees the processes of the node",
    "hostIPC": "shares memory with the node",
    "allowPrivilegeEscalation": "lets a process get more rights than it began with",
}
_CAPABILITIES: Final = frozenset(
    {
        "ALL",
        "SYS_ADMIN",
        "SYS_PTRACE",
        "SYS_MODULE",
        "NET_ADMIN",
        "DAC_OVERRIDE",
        "SYS_RAWIO",
        "BPF",
    }
)
_KINDS: Final = {
    "clusterrole": "gives rights in the whole cluster",
    "clusterrolebinding": "gives somebody rights in the whole cluster",
    "mutatingwebhookconfiguration": "lets a program change everything that is created",
    "validatingwebhookconfiguration": "lets a program refuse everything that is created",
    "apiservice": "puts a program in the place of a part of the cluster's interface",
    "podsecuritypolicy": "changes what containers may do",
    "certificatesigningrequest": "asks for a certificate of the cluster",
}
_NOTED: Final = {
    "role": "gives rights in a namespace",
    "rolebinding": "gives somebody rights in a namespace",
    "daemonset": "runs on every node",
    "secret": "holds secrets",
    "customresourcedefinition": "adds a kind of resource to the cluster",
    "networkpolicy": "changes who may reach whom",
    "serviceaccount": "is an identity that programs act with",
}
_FAR: Final = {
    **dict.fromkeys(
        ("namespace", "namespaces", "ns"), "all that is in the namespace goes with it"
    ),
    **dict.fromkeys(
        (
            "persistentvolume",
            "persistentvolumes",
            "pv",
            "persistentvolumeclaim",
            "pvc",
            "persistentvolumeclaims",
        ),
        "the data in it may be lost",
    ),
    **dict.fromkeys(
        ("customresourcedefinition", "customresourcedefinitions", "crd", "crds"),
        "all resources of that kind go with it",
    ),
    **dict.fromkeys(("node", "nodes", "no"), "what runs on it is moved or lost"),
    **dict.fromkeys(
        ("clusterrole", "clusterrolebinding", "clusterroles"),
        "rights in the whole cluster end",
    ),
    **dict.fromkeys(("statefulset", "statefulsets", "sts"), "what keeps data stops"),
    **dict.fromkeys(("all", "*"), "nearly everything in the namespace goes"),
    **dict.fromkeys(
        ("secret", "secrets", "storageclass", "storageclasses", "sc"),
        "others may depend on it",
    ),
}
_LONGEST: Final = 60
_VALUES: Final = {
    **{
        ("namespace", name): f"is about {name}, where the cluster itself runs"
        for name in _SYSTEM
    },
    **{
        ("replicas", zero): "sets replicas to 0: nothing of it runs any more"
        for zero in ("0", "-0", "0.0", "0x0", "0o0", "00")
    },
    ("runAsUser", "0"): "runs as root",
    **{
        (key, "*"): "gives rights to everything (“*”)"
        for key in ("verbs", "resources", "apiGroups")
    },
    ("name", "cluster-admin"): "names cluster-admin, which may do everything",
}
_TELLING: Final = frozenset({*_SWITCHES, *(key for key, _ in _VALUES), "kind", "type"})
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
    at = "It" if line is None else f"Line {line:,}"
    if "hostPath" in each.path:
        _look_at_host_path(found, each, at)
    elif words := _SWITCHES.get(key):
        if value.casefold() in _YES or _PRIVATE.search(value):
            found.danger(key, f"{at} {words}.", line)
    elif key == "kind":
        _look_at_kind(found, value, at, line)
    elif (words := _VALUES.get((key, value.casefold()))) is not None:
        found.danger((key, value), f"{at} {words}.", line)
    elif key == "type" and value in {"LoadBalancer", "NodePort"}:
        found.note(
            "open",
            sentence(
                "%(at)s opens a service to the outside (%(value)s).", at=at, value=value
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
            "The files of the node from %(value)s on are reached.", value=_cut(each.value)
        )
        found.danger(("path", each.value), words, each.line)


def _look_at_capability(found: Findings, each: Leaf) -> None:
    name = each.value.strip().upper().removeprefix("CAP_")
    if each.path[-1] == "add" and name in _CAPABILITIES:
        at = "It" if each.line is None else f"Line {each.line:,}"
        found.danger(
            ("capability", name),
            sentence("%(at)s adds the capability %(name)s.", at=at, name=name),
            each.line,
        )


def _look_at_kind(found: Findings, kind: str, at: str, line: int | None) -> None:
    folded = kind.casefold()
    if words := _KINDS.get(folded):
        found.danger(
            ("kind", folded),
            sentence(
                "%(at)s is a %(value)s: it %(words)s.", at=at, value=_cut(kind), words=words
            ),
            line,
        )
    elif words := _NOTED.get(folded):
        found.note(
            ("kind", folded),
            sentence(
                "%(at)s is a %(value)s: it %(words)s.", at=at, value=_cut(kind), words=words
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
        kind = about.get("kind", "no kind")
        name = about.get("name") or about.get("generateName", "")
        if verb == "delete" and (words := _FAR.get(kind.casefold())):
            found.danger(
                ("delete", kind, name),
                sentence(
                    "%(value)s %(value2)s is deleted: %(words)s.",
                    value=_cut(kind),
                    value2=_cut(name),
                    words=words,
                ),
            )
        if sheet.is_full:
            sheet.hidden += 1
            continue
        tokens = [
            Token("keyword", (Piece("text", _cut(kind) or "no kind"),)),
            Token("plain", (Piece("text", " "),)),
            Token("name", (Piece("text", _cut(name) if name else "without a name"),)),
        ]
        if space := about.get("namespace"):
            tokens.append(Token("plain", (Piece("text", f" in {_cut(space)}"),)))
        sheet.write(tuple(tokens), "removed" if verb == "delete" else "plain")


def look_at_target(found: Findings, arguments: Arguments, verb: str) -> None:
    """Say how far a verb reaches, by what it is given beside a manifest."""
    space = leaf(arguments, "namespace", "ns")
    if space is not None and space.plain.strip() in _SYSTEM:
        found.danger(
            ("system", space.plain),
            sentence(
                "It is about %(value)s, where the cluster itself runs.", value=said(space)
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
                "What is in %(value)s is not in this call: it cannot be read here.",
                value=said(file),
            ),
        )
    context = leaf(arguments, "context", "cluster")
    if context is not None and "prod" in context.plain.casefold():
        found.note("context", sentence("The cluster is %(value)s.", value=said(context)))


def _look_at_deletion(found: Findings, arguments: Arguments, verb: str) -> None:
    kind = leaf(arguments, "resourceType", "resource_type", "kind")
    name = leaf(arguments, "name", "resourceName", "pod")
    selector = leaf(arguments, "labelSelector", "label_selector", "selector")
    if verb == "uninstall":
        found.danger("uninstall", sentence("All that the chart has made is removed."))
    if verb == "drain":
        found.danger("drain", sentence("All that runs on the node is stopped there."))
    if kind is not None and (
        words := _FAR.get(kind.plain.strip().casefold().split(".")[0].split("/")[0])
    ):
        of = f" {said(name)}" if name is not None else ""
        found.danger(
            "far",
            sentence(
                "%(value)s%(of)s is deleted: %(words)s.",
                value=said(kind),
                of=of,
                words=words,
            ),
        )
    if selector is not None and name is None:
        found.danger(
            "selector",
            sentence(
                "All that fits %(value)s is deleted, however many there are.",
                value=said(selector),
            ),
        )
    elif kind is not None and name is None:
        found.danger(
            "unnamed",
            sentence(
                "It names no single %(value)s: it may delete all of them.", value=said(kind)
            ),
        )
    grace = leaf(arguments, "gracePeriodSeconds", "grace_period")
    if says_yes(leaf(arguments, "force")) or (grace is not None and grace.plain == "0"):
        found.danger("grace", sentence("It does not wait for what runs to end by itself."))


def _cut(value: str) -> str:
    if len(value) <= _LONGEST:
        return inline(value)
    return f"{inline(value[:40])}⟦…⟧{inline(value[-20:])}"
