"""What kinds of resources and members of manifests mean in Kubernetes, as sentences go on."""

from typing import Final

from webui.sentences import sentence

SYSTEM: Final = frozenset({"kube-system", "kube-public", "kube-node-lease"})
SWITCHES: Final = {
    "privileged": sentence("runs a privileged container: it is root on the node"),
    "hostNetwork": sentence("uses the network of the node"),
    "hostPID": sentence("sees the processes of the node"),
    "hostIPC": sentence("shares memory with the node"),
    "allowPrivilegeEscalation": sentence(
        "lets a process get more rights than it began with"
    ),
}
CAPABILITIES: Final = frozenset(
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
KINDS: Final = {
    "clusterrole": sentence("gives rights in the whole cluster"),
    "clusterrolebinding": sentence("gives somebody rights in the whole cluster"),
    "mutatingwebhookconfiguration": sentence(
        "lets a program change everything that is created"
    ),
    "validatingwebhookconfiguration": sentence(
        "lets a program refuse everything that is created"
    ),
    "apiservice": sentence(
        "puts a program in the place of a part of the cluster's interface"
    ),
    "podsecuritypolicy": sentence("changes what containers may do"),
    "certificatesigningrequest": sentence("asks for a certificate of the cluster"),
}
NOTED: Final = {
    "role": sentence("gives rights in a namespace"),
    "rolebinding": sentence("gives somebody rights in a namespace"),
    "daemonset": sentence("runs on every node"),
    "secret": sentence("holds secrets"),
    "customresourcedefinition": sentence("adds a kind of resource to the cluster"),
    "networkpolicy": sentence("changes who may reach whom"),
    "serviceaccount": sentence("is an identity that programs act with"),
}
FAR: Final = {
    **dict.fromkeys(
        ("namespace", "namespaces", "ns"),
        sentence("all that is in the namespace goes with it"),
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
        sentence("the data in it may be lost"),
    ),
    **dict.fromkeys(
        ("customresourcedefinition", "customresourcedefinitions", "crd", "crds"),
        sentence("all resources of that kind go with it"),
    ),
    **dict.fromkeys(("node", "nodes", "no"), sentence("what runs on it is moved or lost")),
    **dict.fromkeys(
        ("clusterrole", "clusterrolebinding", "clusterroles"),
        sentence("rights in the whole cluster end"),
    ),
    **dict.fromkeys(
        ("statefulset", "statefulsets", "sts"), sentence("what keeps data stops")
    ),
    **dict.fromkeys(("all", "*"), sentence("nearly everything in the namespace goes")),
    **dict.fromkeys(
        ("secret", "secrets", "storageclass", "storageclasses", "sc"),
        sentence("others may depend on it"),
    ),
}
VALUES: Final = {
    **{
        ("namespace", name): sentence(
            "is about %(name)s, where the cluster itself runs", name=name
        )
        for name in SYSTEM
    },
    **{
        ("replicas", zero): sentence("sets replicas to 0: nothing of it runs any more")
        for zero in ("0", "-0", "0.0", "0x0", "0o0", "00")
    },
    ("runAsUser", "0"): sentence("runs as root"),
    **{
        (key, "*"): sentence("gives rights to everything (“*”)")
        for key in ("verbs", "resources", "apiGroups")
    },
    ("name", "cluster-admin"): sentence("names cluster-admin, which may do everything"),
}
