"""Clusters: which resources, and what in them reaches the node or the whole cluster."""

import pytest

from tests.preview.renderers.calls import findings, rendered, text_of

HEAD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n"


def pod(body: str, head: str = HEAD) -> dict[str, str]:
    return {"manifest": head + body}


def test_a_manifest_of_several_documents_names_each_resource() -> None:
    text = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n---\n"
        "metadata:\n  name: web\nkind: Deployment\napiVersion: apps/v1\n"
    )
    shown = text_of(rendered("kubectl_apply", {"manifest": text}))
    assert "[What it describes]\n Service web in shop\n Deployment web\n" in shown


def test_a_manifest_may_be_an_object_or_a_list_too() -> None:
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    several = {"apiVersion": "v1", "kind": "List", "items": [item, item]}
    assert "ConfigMap a" in text_of(
        rendered("resources_create_or_update", {"resource": item})
    )
    assert text_of(rendered("x", {"manifest": several})).count("ConfigMap") == 2


def test_looking_at_a_cluster_has_no_rendering() -> None:
    with pytest.raises(AssertionError, match="has no rendering"):
        rendered("kubectl_get", {"resourceType": "pods", "namespace": "shop"})


def test_a_long_manifest_is_searched_to_its_end() -> None:
    body = "".join(f"  key{number}: value\n" for number in range(3_000))
    arguments = pod(body + "  privileged: true\n", HEAD.replace("name: web", "name: web"))
    said = findings("kubectl_apply", arguments)
    assert "danger: Line 3,005 runs a privileged container" in said
    assert "the rest was searched line by line" in said


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        (
            "kubectl_apply",
            pod("  namespace: kube-system\n"),
            "kube-system, where the cluster",
        ),
        (
            "kubectl_apply",
            pod("spec: {hostNetwork: yes}\n"),
            "uses the network of the node",
        ),
        ("kubectl_apply", pod("spec: {hostPID: true}\n"), "sees the processes of the node"),
        (
            "kubectl_apply",
            pod('spec: {"privileged": !!bool "true"}\n'),
            "is root on the node",
        ),
        ("kubectl_apply", pod("a: &x true\nprivileged: *x\n"), "is root on the node"),
        ("kubectl_apply", pod("spec:\n  privileged: True\n"), "is root on the node"),
        (
            "kubectl_apply",
            pod("v: [{hostPath: {path: /}}]\n"),
            "The files of the node from / on",
        ),
        (
            "kubectl_apply",
            pod("v:\n- hostPath: {}\n"),
            "reaches into the files of the node",
        ),
        ("kubectl_apply", pod("capabilities: {add: [CAP_SYS_ADMIN]}\n"), "SYS_ADMIN"),
        ("kubectl_apply", pod("spec: {replicas: 0}\n"), "sets replicas to 0"),
        ("kubectl_apply", pod("runAsUser: 0\n"), "runs as root"),
        ("kubectl_apply", pod("rules: [{verbs: ['*']}]\n"), "gives rights to everything"),
        (
            "kubectl_apply",
            pod("---\nkind: ClusterRole\n"),
            "gives rights in the whole cluster",
        ),
        (
            "kubectl_apply",
            pod("---\nkind: ClusterRoleBinding\nroleRef: {name: cluster-admin}\n"),
            "names cluster-admin",
        ),
        (
            "kubectl_apply",
            pod("---\nkind: MutatingWebhookConfiguration\n"),
            "change everything",
        ),
        ("kubectl_apply", pod("a: [\n"), "It is no YAML that can be read here"),
        ("kubectl_apply", pod("a: [\nprivileged: true\n"), "is root on the node"),
        ("kubectl_apply", pod("a: " + "[" * 500), "too deep to be read"),
        ("kubectl_apply", pod("a: &a [b]\n" + "c: *a\n" * 60), "it may be made to grow"),
        ("kubectl_apply", {"filename": "/srv/x.yaml"}, "is not in this call"),
        (
            "kubectl_delete",
            {"resourceType": "ns", "name": "prod"},
            "all that is in the namespace",
        ),
        (
            "kubectl_delete",
            {"resourceType": "pv", "name": "a"},
            "the data in it may be lost",
        ),
        (
            "kubectl_delete",
            {"resourceType": "crd", "name": "a"},
            "all resources of that kind",
        ),
        (
            "kubectl_delete",
            {"resourceType": "pods", "labelSelector": "app"},
            "All that fits app",
        ),
        (
            "kubectl_delete",
            {"resourceType": "pods", "name": "a", "force": True},
            "does not wait",
        ),
        (
            "kubectl_delete",
            {"resourceType": "pods", "allNamespaces": True},
            "all namespaces",
        ),
        (
            "kubectl_delete",
            pod("---\nkind: Namespace\nmetadata: {name: x}\n"),
            "Namespace x is",
        ),
        (
            "resources_delete",
            {"apiVersion": "v1", "kind": "Node", "name": "n"},
            "moved or lost",
        ),
        ("kubectl_scale", {"name": "web", "replicas": 0}, "nothing of it runs any more"),
        (
            "resources_scale",
            {"apiVersion": "v1", "kind": "D", "name": "w", "scale": 0},
            "to 0",
        ),
        ("pods_exec", {"name": "p", "command": ["sh"]}, "A command runs in p"),
        (
            "exec_in_pod",
            {"name": "p", "namespace": "kube-system", "command": "id"},
            "kube-system",
        ),
        (
            "kubectl_patch",
            {"name": "w", "patchData": {"spec": {"hostIPC": True}}},
            "memory",
        ),
        (
            "uninstall_helm_chart",
            {"name": "shop", "namespace": "a"},
            "that the chart has made",
        ),
        (
            "kubectl_generic",
            {"command": "delete", "resourceType": "namespaces", "name": "a"},
            "goes",
        ),
        (
            "node_management",
            {"operation": "drain", "nodeName": "n1"},
            "All that runs on the node",
        ),
    ],
)
def test_what_reaches_the_node_or_the_whole_cluster_is_found(
    tool: str, arguments: dict[str, object], words: str
) -> None:
    assert words in findings(tool, arguments)


@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("kubectl_delete", {"action": "get"}),
        ("kubectl_generic", {"command": "get", "subCommand": "delete"}),
        ("kubernetes_pods_get_and_evict", {}),
        ("k8s_list_then_nuke", {}),
    ],
)
def test_one_word_of_reading_takes_no_reading_away(tool: str, more: dict[str, str]) -> None:
    call = {"resourceType": "deployment", "name": "web", "namespace": "prod", **more}
    shown = text_of(rendered(tool, call))
    assert "Deletion in a cluster" in shown or "delete" not in f"{tool} {more}"
    assert "Namespace: prod" in shown
