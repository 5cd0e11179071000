"""Calls that come seldom, for each renderer: what a reviewer is told even then."""

from typing import Any

import pytest

from tests.preview.renderers.calls import PROFILE, findings, rendered, text_of
from webui.preview import card

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
HUNK = "@@ -1 +1 @@\n-a\n+b\n"


def ops(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"patch": list(operations)}


def mail(**more: Any) -> dict[str, Any]:
    return {"to": "a@b.example", "subject": "S", "body": "B", **more}


CALLS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("send_email", mail(to=f"{TOKEN}@b.example"), "is masked in part: it may be anyone"),
    ("send_email", mail(to=[f"a@d{n}.example" for n in range(9)]), "and 3 more"),
    ("send_email", mail(to=["a@b.example", "a@" + "x" * 70 + ".example"]), "⟦…⟧"),
    ("send_email", mail(to="a@b.example,, b@b.example,"), "To (2 of 2): b@b.example"),
    ("send_email", mail(to=[{"x": 1}, ["a"], "a@b.example"]), "To (3 of 3): a@b.example"),
    ("send_email", mail(attachments=[{"x": 1}]), "something without a name"),
    ("send_email", mail(attachments=[f"/w/{n}" for n in range(80)]), "more"),
    ("create_draft_email", mail(), "as a draft"),
    ("slack_post_message", {"channel_id": "C1", "text": "<!here> hi"}, "calls everybody"),
    ("unheard.of", mail(to="a@b.example"), "Subject: S"),
    ("create_payment", {"amount": "10,5", "currency": "EUR"}, "with a comma for the point"),
    ("create_payment", {"amount": "1 000,50", "currency": "EUR"}, "without its gaps"),
    ("create_payment", {"amount": TOKEN, "currency": "EUR"}, "nobody can tell how much"),
    (
        "unheard.of",
        {"amount": {"value": "1.00", "currency": "EUR"}, "to": "x"},
        "1.00 EUR",
    ),
    (
        "create_transfer",
        {"amount": 1, "currency": "EUR", "to": {"iban": "DE1", "name": "N"}},
        "DE1",
    ),
    (
        "create_transfer",
        {"amount": 1, "currency": "EUR", "from_account": "a", "to_account": "a"},
        "to the same account",
    ),
    ("browser_fill_form", {"fields": [{"value": TOKEN}]}, "A secret is typed"),
    ("browser_fill_form", {"fields": ["a"] * 2_005}, "The last 5 fields were not read"),
    ("browser_evaluate", {"function": f"f('{TOKEN}')"}, "part of the program is masked"),
    ("browser_file_upload", {"paths": ["a"] * 101}, "It gives 101 files"),
    (
        "puppeteer_navigate",
        {"url": "https://a.example", "launchOptions": {"ignoreHTTPSErrors": True}},
        "takes a protection of the browser away",
    ),
    ("kubectl_apply", {"manifest": POD, "context": "prod-eu"}, "The cluster is prod-eu"),
    ("unheard.of", {"apiVersion": "v1", "kind": "Pod", "spec": {}}, "Pod"),
    ("unheard.of", {"manifest": POD}, "Pod a"),
    (
        "kubectl_apply",
        {"manifests": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "z"}}]},
        "Pod z",
    ),
    (
        "kubectl_apply",
        {"manifest": "kind: Service\nspec: {type: LoadBalancer}"},
        "opens a service to the outside (LoadBalancer)",
    ),
    (
        "kubectl_apply",
        {"manifest": "kind: List\nitems:\n- kind: Pod\n  metadata: {name: q}"},
        "Pod q",
    ),
    ("kubectl_apply", {"manifest": POD + "x: {y: !own {a: b}}"}, "a YAML tag of its own"),
    ("kubectl_apply", {"manifest": f"kind: {'K' * 90}"}, "⟦…⟧"),
    ("git_push", {"repo_path": "/w", "branch": TOKEN}, "it may be any"),
    ("git_push", {"repo_path": "/w", "force_with_lease": True}, "danger:"),
    (
        "merge_pull_request",
        {"owner": "a", "repo": "b", "pullNumber": 1, "delete_branch": True},
        "deleted afterwards",
    ),
    (
        "create_gist",
        {"description": "d", "files": [{"path": "a", "content": "x"}], "public": True},
        "everybody can read",
    ),
    (
        "push_files",
        {"owner": "a", "repo": "b", "branch": "t", "files": [{"content": "x"}]},
        "without a path",
    ),
    (
        "run_workflow",
        {"owner": "a", "repo": "b", "workflow_id": "w", "inputs": {"level": "9"}},
        "level",
    ),
    ("x", ops({"op": "move", "from": "/a"}), "Operation 1 has no path"),
    ("x", ops({"op": "remove", "path": f"/{TOKEN}"}), "masked in part"),
    (
        "x",
        ops(*[{"op": "remove", "path": f"/{n}"} for n in range(2_002)]),
        "more than 2,000 operations",
    ),
    ("json_merge_patch", {"patch": {}}, "It changes nothing"),
    ("x", {"merge_patch": {str(n): n for n in range(300)}}, "(100 more)"),
    ("terraform_apply", {"plan": "No changes."}, "No changes."),
    (
        "x",
        {
            "resource_changes": [
                {"address": f"aws_iam_role.{n}", "change": {"actions": ["delete"]}}
                for n in range(3_010)
            ]
        },
        "more than 3,000 changes",
    ),
    (
        "x",
        {
            "resource_changes": [
                {"address": f"db_iam.{n}", "change": {"actions": ["delete"]}}
                for n in range(3)
            ]
        },
        "may hold data that is lost with it. And 2 more like it.",
    ),
    (
        "edit_file",
        {"path": "a", "edits": [{"oldText": f"a{n}", "newText": "b"} for n in range(52)]},
        "Edit 1 of 52",
    ),
    (
        "Edit",
        {"file_path": "a", "old_string": "a", "new_string": "a"},
        "what it takes away",
    ),
    ("Edit", {"file_path": "a", "old_string": "", "new_string": "a"}, "names no old text"),
    (
        "str_replace_editor",
        {"command": "insert", "path": "/w/a", "insert_line": 3, "new_str": "zz"},
        "+zz",
    ),
    ("append_file", {"path": "/w/a", "content": "x"}, "Text put behind a file"),
    ("apply_patch", {"patch": f"--- a/x\n+++ b/x\n{HUNK}", "path": "/w"}, "File: /w"),
    (
        "apply_patch",
        {
            "patch": f"--- a/package.json\n+++ b/package.json\n{HUNK}"
            f'--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+"postinstall": "x"\n'
        },
        "runs when it is installed",
    ),
    ("apply_patch", {"input": "*** Begin Patch\n*** Delete File: a\n"}, "a"),
    ("apply_patch", {"patch": f"--- a/x\n+++ /dev/null\n{HUNK}"}, "Deleted"),
    ("apply_patch", {"patch": f"--- /dev/null\n+++ b/x\n{HUNK}"}, "Created"),
    (
        "apply_patch",
        {"patch": "diff --git a/x b/y\ncopy from x\ncopy to y\n--- a/x\n+++ b/y\n" + HUNK},
        "y",
    ),
    ("apply_patch", {"patch": f'--- "a/x y"  \n+++ "b/x y"  \n{HUNK}'}, "x y"),
    (
        "apply_patch",
        {"patch": f"hello\n--- a/x\n+++ b/x\n{HUNK}\\ No newline at end of file\n"},
        "Line 1 stands before the first file",
    ),
    ("Write", {"file_path": f"/w/{TOKEN}", "content": "x"}, "it may be any file"),
    ("Write", {"file_path": "/w/a", "content": "x\n" * 900}, "(700 more)"),
    ("Write", {"file_path": "/w/a", "content": "a\u200bb\nc\u200bd"}, "And 1 more like it"),
    ("Bash", {"command": "rm -rf $X"}, "What it removes is computed: $X"),
    ("Bash", {"command": "lua5.1 - <<E\nx\nE"}, "run by lua"),
    (
        "Bash",
        {"command": "osascript -e 'x'; ssh h <<< y"},
        "Runs text that is handed to ssh",
    ),
    ("Bash", {"command": "$'r\\155\\q' x"}, "rmq"),
    ("Bash", {"command": "\n".join(["x" * 1_900] * 9)}, "(4 more)"),
    ("process.start", {"command": "ls -l", "args": ["a b"]}, "ls -l 'a b'"),
    ("fetch", {"url": "https://a<b.example/?x"}, "holds characters that no host has"),
    ("fetch", {"url": "http://[64:ff9b::7f00:1]/"}, "this very machine"),
    ("fetch", {"url": "http://[2606:4700::1111]/"}, "a bare address without a name"),
    ("sql", {"sql": "DELETE FROM a WHERE 1 >= 1"}, "DELETE"),
    ("sql", {"sql": "DELETE FROM a WHERE 'x' <> 'y'"}, "DELETE"),
    ("read_file", {"path": "/../x"}, "goes up by .."),
    ("read_multiple_files", {"paths": ["", "/w/a"]}, "/w/a"),
    (
        "Bash",
        {"command": "echo $'\\q' \\\n x; ssh -p 1; (ls) | cat"},
        "Programs: echo, ssh",
    ),
    ("Bash", {"command": "x=1; nc :80 && source"}, "nc"),
    (
        "Bash",
        {"command": "a | b | c | d | e | f | g | sh"},
        "Runs what another command writes",
    ),
    ("sql", {"sql": "DELETE FROM a WHERE 2 <= 1;;"}, "DELETE"),
    ("fetch", {"url": "ftp://a.example/x"}, "The scheme is ftp"),
    ("kubectl_apply", {"manifest": {"kind": "ClusterRoleBinding"}}, "danger:"),
    ("create_invoice", {"amount": 10.5, "unit_amount": 1.5, "currency": "usd"}, "1.5"),
    ("create_price", {"price": "price_1", "amount": None, "currency": "usd"}, "price_1"),
    ("slack_post", {"channel": "C1", "text": "hi", "to": ""}, "hi"),
    (
        "apply_patch",
        {"patch": "--- a/x\n+++ b/x\n" + "@@ -1,900 +0,0 @@\n" + "-a\n" * 900},
        "more)",
    ),
    (
        "apply_patch",
        {"input": "*** Begin Patch\n*** Update File: a\n*** Move to: b\n-x\n+y\n"},
        "b",
    ),
    (
        "x",
        ops({"op": "replace", "path": "/a", "value": "v"}, {"op": "zap", "path": "/b"}),
        "zap",
    ),
)


@pytest.mark.parametrize(("tool", "arguments", "words"), CALLS)
def test_a_call_that_comes_seldom_is_read_too(
    tool: str, arguments: dict[str, Any], words: str
) -> None:
    said = findings(tool, arguments) + "\n" + text_of(rendered(tool, arguments))
    assert words in said


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("browser_wait", {"time": 3}),
        ("merge_patch_document", {"x": 1}),
        ("terraform_fmt", {}),
        ("postgres.query", {"sql": "hello"}),
        ("bash", {"command": "  "}),
        ("fetch", {"url": " "}),
        ("create_payment", {"memo": "x"}),
        ("send_email", {"subject": "S"}),
        ("send_email", {"to": "a@b.example"}),
        ("write_file", {"path": "/w/a"}),
        ("apply_patch", {"patch": "*** Begin Patch\n*** End Patch"}),
        ("read_file", {"path": ""}),
        ("kubectl_apply", {"x": [1]}),
    ],
)
def test_what_is_of_no_kind_stays_the_tree_alone(
    tool: str, arguments: dict[str, Any]
) -> None:
    found = card(tool, arguments, PROFILE)
    renderer = tool.partition("_")[0]
    assert found.rendering is None or found.rendering.renderer != renderer
