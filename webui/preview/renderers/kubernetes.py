"""What is done to a cluster of Kubernetes."""

from typing import Final

from webui.preview.reading import Value
from webui.preview.renderers.arguments import Arguments, text_of
from webui.preview.renderers.cluster_rules import look_at_leaves, look_at_target, resources
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.manifests import Leaf, of_text, of_values
from webui.preview.renderers.rendering import Rendering
from webui.preview.renderers.saying import facts_of, leaf, said, whole
from webui.preview.renderers.sheets import Sheets, add_lines
from webui.preview.renderers.tool_names import globs, squeezed, words_of
from webui.sentences import sentence

TOOLS: Final = globs(
    "kubectl, k8s, kubernetes, exec in pod, pods exec, pods delete, pods run, "
    "resources create or update, resources delete, resources scale, helm chart, "
    "helm install, helm upgrade, helm uninstall, node management, scale deployment, "
    "delete namespace, delete pod, delete deployment, apply manifest, drain node"
)
_VERBS: Final = (
    *(
        "delete",
        "uninstall",
        "drain",
        "exec",
        "scale",
        "patch",
        "rollout",
        "upgrade",
        "install",
    ),
    *("apply", "create", "replace", "edit", "run", "cordon", "taint", "label", "annotate"),
    *("cp", "portforward", "restart", "set"),
)
_READS: Final = frozenset(
    {"get", "list", "describe", "logs", "log", "stats", "explain", "top", "version", "view"}
)
_COMMANDS: Final = ("command", "operation", "action", "subCommand")
_BESIDE: Final = frozenset(
    {"mcp", "kubectl", "kubernetes", "k", "s", "generic", "helm", "api", "cluster", "info", "all", "in", "context", "contexts",
     "config", "configuration", "resource", "resources", "pod", "pods", "node", "nodes", "namespace", "namespaces", "event",
     "events", "container", "containers", "deployment", "deployments", "service", "services", "job", "jobs", "cronjob",
     "cronjobs", "release", "releases", "history", "status", "summary"}
)  # fmt: skip
"""Words that may stand beside one that reads; whatever else does may change something."""
_TITLES: Final = {
    "delete": sentence("Deletion in a cluster"),
    "uninstall": sentence("Removal of a chart from a cluster"),
    "drain": sentence("A node is emptied"),
    "exec": sentence("Command in a container"),
    "scale": sentence("Change of scale in a cluster"),
    "patch": sentence("Patch of a resource in a cluster"),
    "apply": sentence("Manifest applied to a cluster"),
    "create": sentence("Creation in a cluster"),
}
_MANIFESTS: Final = (
    "manifest",
    "resource",
    "yaml",
    "manifests",
    "definition",
    "content",
    "body",
)
_PATCHES: Final = ("patchData", "patch", "patch_data", "values", "spec")
_FACTS: Final = (
    (sentence("Cluster"), ("context", "cluster", "kubeconfig")),
    (sentence("Namespace"), ("namespace", "ns")),
    (sentence("Kind"), ("resourceType", "resource_type", "kind", "resource_kind")),
    (
        sentence("Name"),
        (
            "name",
            "resourceName",
            "pod",
            "pod_name",
            "nodeName",
            "node",
            "release",
            "deployment",
        ),
    ),
    (sentence("Container"), ("container",)),
    (sentence("Image"), ("image",)),
    (sentence("Selector"), ("labelSelector", "label_selector", "selector")),
    (sentence("Replicas"), ("replicas", "scale")),
    (sentence("File on the server"), ("filename", "patchFile", "valuesFile")),
    (sentence("Chart"), ("chart", "repo", "chartPath")),
    (sentence("Dry run"), ("dryRun", "dry_run")),
    (sentence("Force"), ("force",)),
    (sentence("Grace period"), ("gracePeriodSeconds", "grace_period")),
    (sentence("All namespaces"), ("allNamespaces", "all_namespaces")),
)


def fits(arguments: Arguments) -> bool:
    """Say whether this is a manifest whatever the tool is called."""
    if arguments.text("apiVersion") is not None and arguments.text("kind") is not None:
        return True
    inner = arguments.inside(*_MANIFESTS)
    if inner is not None:
        return None not in (inner.text("apiVersion"), inner.text("kind"))
    text = arguments.text(*_MANIFESTS)
    if text is None:
        return False
    begin = text.plain[:4000]
    return "apiVersion" in begin and "kind" in begin


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return what is done to which resources."""
    verb = _verb(tool, arguments)
    if verb in _READS:
        return None
    found, sheets = Findings(), Sheets()
    leaves = _manifest(arguments, found)
    patched = _patched(arguments, found) if verb in {"patch", "install", "upgrade"} else []
    facts = facts_of(arguments, _FACTS)
    if not leaves and not facts:
        return None
    if leaves:
        sheet = sheets.start(
            sentence("What is deleted")
            if verb == "delete"
            else sentence("What it describes")
        )
        resources(leaves, sheet, found, verb)
        sheets.keep(sheet)
    look_at_leaves(found, [*leaves, *patched])
    look_at_target(found, arguments, verb)
    _command(arguments, found, sheets, verb)
    for name in (*_MANIFESTS, *_PATCHES):
        text = arguments.text(name)
        if text is not None and text.plain:
            sheet = sheets.start(sentence("As it is written"))
            add_lines(sheet, whole(text))
            sheets.keep(sheet)
    title = _TITLES.get(verb, sentence("Change in a cluster"))
    return Rendering("kubernetes", title, tuple(facts), sheets.blocks(), found.sentences())


def _verb(tool: str, arguments: Arguments) -> str:
    """Return what is done; it only reads if neither a name nor an argument says otherwise."""
    words = words_of(tool)
    leaf(arguments, *_COMMANDS)  # the others stay among what is left out
    there = [each for name in _COMMANDS if (each := arguments.look(name)) is not None]
    given = [text_of(each).plain[:40].strip().casefold() for each in there]
    acts = [word for word in given if word in _VERBS]
    if acts:
        return acts[0]
    name = squeezed(tool).removeprefix("mcp")
    for system in ("kubectl", "kubernetes", "k8s"):
        name = name.replace(system, " ")
    if "createorupdate" in name:
        return "apply"
    reads = [word for word in (*given, *sorted(words)) if word in _READS]
    if reads and tool.isascii() and words <= _READS | _BESIDE:
        return reads[0]  # `pods_log` changes nothing
    return next((verb for verb in _VERBS if verb in name), "apply")


def _manifest(arguments: Arguments, found: Findings) -> list[Leaf]:
    if (
        arguments.text("apiVersion") is not None
        and arguments.inside("metadata") is not None
    ):
        return of_values(
            [value for name in arguments.names if (value := arguments.value(name))]
        )
    for name in _MANIFESTS:
        value = arguments.value(name)
        if value is None:
            continue
        if value.kind == "object":
            return of_values(value.children)
        if value.kind == "array":
            return _of_list(value)
        text = arguments.text(name)
        if text is not None and ":" in text.plain:
            return of_text(text, found)
    return []


def _of_list(value: Value) -> list[Leaf]:
    leaves: list[Leaf] = []
    for at, child in enumerate(value.children):
        leaves += [
            each._replace(document=at * 1000 + each.document)
            for each in of_values(child.children)
        ]
    return leaves


def _patched(arguments: Arguments, found: Findings) -> list[Leaf]:
    for name in _PATCHES:
        value = arguments.value(name)
        if value is not None and value.kind in {"object", "array"}:
            return of_values((value,))
        text = arguments.text(name)
        if text is not None and ":" in text.plain:
            return of_text(text, found)
    return []


def _command(arguments: Arguments, found: Findings, sheets: Sheets, verb: str) -> None:
    if verb not in {"exec", "run"}:
        return
    words = arguments.texts("command", "args", "cmd")
    one = arguments.text("command", "cmd")
    sheet = sheets.start(sentence("What runs in the container"))
    if words is not None:
        for word in words:
            sheet.add(whole(word), look="string")
    elif one is not None:
        add_lines(sheet, whole(one))
    sheets.keep(sheet)
    pod = leaf(arguments, "name", "pod", "pod_name")
    effect = (
        sentence("A command runs, with what that container may do.")
        if pod is None
        else sentence(
            "A command runs in %(pod)s, with what that container may do.", pod=said(pod)
        )
    )
    found.danger("exec", effect)
