"""Edits, whole files and patches: what changes in which file, and what tries to be overlooked."""

import pytest

from tests.preview.renderers.calls import findings, rendered, text_of
from webui.preview.renderers.comparing import compare

GIT = """diff --git a/src/pay.py b/src/pay.py
index 3f1c2aa..9d0e1bb 100644
--- a/src/pay.py
+++ b/src/pay.py
@@ -10,4 +10,5 @@ def pay():
 total = 0
-rate = 1
+rate = 2
+note = "x"
 return total
 # end
"""
ENVELOPE = """*** Begin Patch
*** Update File: src/app.py
*** Move to: src/main.py
@@ def run():
 a = 1
-b = 2
+b = 3
*** Add File: docs/new.md
+# New
*** Delete File: old.txt
*** End Patch
"""


def diff(path: str, body: str = "@@ -1 +1 @@\n-a\n+b\n", head: str = "") -> dict[str, str]:
    return {
        "patch": f"diff --git a/{path} b/{path}\n{head}--- a/{path}\n+++ b/{path}\n{body}"
    }


def edit(**changed: object) -> dict[str, object]:
    return {"file_path": "/w/a.py", "old_string": "one\n", "new_string": "two\n", **changed}


def test_a_unified_diff_is_shown_by_file_with_the_numbers_of_both_sides() -> None:
    rendering = rendered("apply_diff", {"patch": GIT})
    (block,) = rendering.blocks
    assert block.title == "Changed: 2 added, 1 removed"
    shown = [(line.kind, line.before, line.number) for line in block.lines]
    assert shown == [
        ("head", None, None),
        ("head", None, None),
        ("plain", 10, 10),
        ("removed", 11, 11),
        ("added", None, 11),
        ("added", None, 12),
        ("plain", 12, 13),
        ("plain", 13, 14),
    ]
    assert rendering.findings == ()


def test_the_sides_of_a_patch_stand_beside_each_other_row_by_row() -> None:
    (block,) = rendered("apply_diff", {"patch": GIT}).blocks
    rows = [
        (old and (old.kind, old.before), new and (new.kind, new.number))
        for old, new in block.sides
    ]
    assert rows[2:] == [
        (("plain", 10), ("plain", 10)),
        (("removed", 11), ("added", 11)),
        (None, ("added", 12)),
        (("plain", 12), ("plain", 13)),
        (("plain", 13), ("plain", 14)),
    ]


def test_an_envelope_of_apply_patch_tells_made_moved_and_deleted_files_apart() -> None:
    rendering = rendered("apply_patch", {"input": ENVELOPE})
    titles = [block.title for block in rendering.blocks]
    assert titles == [
        "Renamed: 1 added, 1 removed",
        "Created: 1 added, 0 removed",
        "Deleted: 0 added, 0 removed",
    ]
    shown = text_of(rendering)
    assert "from src/app.py" in shown
    assert "to src/main.py" in shown
    assert "note: old.txt is deleted." in findings("apply_patch", {"input": ENVELOPE})


def test_an_edit_shows_what_goes_and_what_comes_with_lines_around_it() -> None:
    old = "".join(f"line {number}\n" for number in range(30))
    new = old.replace("line 15\n", "line 15, changed\n")
    shown = text_of(rendered("Edit", edit(old_string=old, new_string=new)))
    assert "-line 15\n+line 15, changed\n" in shown
    assert "⟦… 12 lines that stay as they are …⟧" in shown
    assert "line 11\n" not in shown


def test_lines_that_hold_a_secret_never_count_as_the_same() -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    both = f"key = {token}\n"
    shown = text_of(
        rendered("Edit", edit(old_string=both + "a\n", new_string=both + "b\n"))
    )
    assert shown.count("key = ⟦redacted 40 chars") == 2
    assert token not in shown


def test_what_does_not_fit_is_counted_and_still_searched() -> None:
    content = "x = 1\n" * 500 + " " * 80 + "evil()\n"
    rendering = rendered("Write", {"file_path": "/w/a.py", "content": content})
    (block,) = rendering.blocks
    assert len(block.lines) == 200
    assert block.hidden == 301
    said = findings("Write", {"file_path": "/w/a.py", "content": content})
    assert "danger: Line 501 has text after a run of 80 blanks" in said


def test_a_rendering_of_many_files_has_an_end() -> None:
    patch = "".join(diff(f"src/{number}.py")["patch"] for number in range(100))
    rendering = rendered("apply_diff", {"patch": patch})
    assert rendering.blocks[-1].title == "80 more files"
    assert "Files: 100 changed, 100 lines added, 100 removed" in text_of(rendering)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("a", ""),
        ("", "a"),
        ("abcabba", "cbabac"),
        ("xaxbxcx", "abc"),
        ("aaaa" * 200, "abab" * 200),
        ("ab" * 300, "ba" * 300),
    ],
)
def test_a_difference_gives_both_texts_back(old: str, new: str) -> None:
    runs = compare(old, new)
    kept = [run for run in runs if run.side != "new"]
    assert "".join(old[run.old : run.old + run.length] for run in kept) == old
    made = [run for run in runs if run.side != "old"]
    assert "".join(new[run.new : run.new + run.length] for run in made) == new
    for run in runs:
        if run.side == "both":
            end = run.old + run.length
            assert old[run.old : end] == new[run.new : run.new + run.length]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("x", diff(".github/workflows/ci.yml"), "leads to what the build server runs"),
        ("x", diff(".GitHub/Workflows/ci.yml"), "leads to what the build server runs"),
        ("x", diff("sub/.git/hooks/pre-commit"), "programs that git runs by itself"),
        ("x", diff("GIT~1/hooks/post-checkout"), "programs that git runs by itself"),
        ("x", diff(".g\u200cit/config"), "git"),
        ("x", diff(".env.production"), "leads to secrets of a program"),
        ("x", diff("package-lock.json"), "nobody reads it"),
        ("x", diff("CODEOWNERS"), "who must review a change"),
        ("x", diff("../../outside.py"), "leads out of its folder"),
        ("x", diff("src/./.././../x"), "leads out of its folder"),
        ("x", diff("src\\..\\..\\x"), "leads out of its folder"),
        ("x", diff("/etc/passwd"), "is not a path inside the project"),
        ("x", diff("C:/Windows/x"), "is not a path inside the project"),
        ("x", diff("\\056env"), "is spelt with escapes"),
        (
            "Write",
            {"file_path": "~/.ssh/authorized_keys", "content": "k"},
            "who may sign in",
        ),
        ("Write", {"file_path": "/home/a/.bashrc", "content": "k"}, "every new shell"),
        (
            "Write",
            {"file_path": "/w/CLAUDE.md", "content": "k"},
            "instructions that agents follow",
        ),
        ("Write", {"file_path": "/w/a.py", "content": ""}, "becomes an empty file"),
        ("Write", {"file_path": "/w/a.py", "content": "a\rb"}, "a control character"),
        ("Write", {"file_path": "/w/a.py", "content": "a\u202eb"}, "nobody sees"),
        ("Write", {"file_path": "/w/a.py", "content": "x" * 3000}, "3,000 characters long"),
        (
            "Write",
            {"file_path": "/w/package.json", "content": '{"scripts":{"postinstall": "x"}}'},
            "runs when it is installed",
        ),
        ("Edit", edit(replace_all=True, old_string="a"), "so short a text is in many"),
        (
            "Edit",
            edit(replace_all=True, old_string="a_long_name"),
            "Every place that holds",
        ),
        (
            "Edit",
            edit(old_string="x\n" * 300, new_string=""),
            "300 lines of /w/a.py are removed",
        ),
        (
            "Edit",
            edit(new_string="a\n" + " " * 70 + "b"),
            "Line 2 has text after a run of 70",
        ),
        ("x", diff("a", "@@ -1,2 +1,2 @@\n-a\n+b\n"), "do not fit the lines that follow"),
        ("x", diff("a", "@@ -1 +1 @@\n-a\n+b\n+c\n"), "in no part that the patch counts"),
        (
            "x",
            diff("a", "@@ -1,9 +1,1 @@\n-a\n--- a/b\n+++ b/.env\n"),
            "name of another file",
        ),
        ("x", diff("a", "@@ odd @@\n-a\n"), "without numbers that can be checked"),
        ("x", diff("a", head="new mode 100755\n"), "becomes a program that can be run"),
        ("x", diff("a", head="new file mode 120000\n"), "becomes a link to another file"),
        ("x", diff("a", head="new file mode 160000\n"), "a whole other repository"),
        (
            "x",
            {
                "patch": "diff --git a/x b/x\nindex 1..2\nGIT binary patch\nliteral 9\nzcmV\n"
            },
            "nobody can read it here",
        ),
        (
            "x",
            {"patch": "diff --git a/x b/y\n--- a/x\n+++ b/z\n@@ -1 +1 @@\n-a\n+b\n"},
            "names its file twice and not alike",
        ),
        (
            "apply_patch",
            {"input": ENVELOPE + "*** Add File: .env\n+a\n"},
            "after “*** End Patch”",
        ),
        (
            "apply_patch",
            {"input": ENVELOPE.replace(" a = 1", "?a")},
            "how it applies is open",
        ),
        ("x", diff("a", "@@ -1 +1 @@\n-a\n+b\n" + "\n" * 4000), "only the names of files"),
    ],
)
def test_a_change_that_reaches_further_than_it_looks_is_found(
    tool: str, arguments: dict[str, object], words: str
) -> None:
    assert words in findings(tool, arguments)


def test_a_file_behind_what_is_read_is_named_all_the_same() -> None:
    patch = diff("a", "@@ -1 +1 @@\n-a\n+b\n" + "\n" * 4000 + "--- a/.env\n+++ b/.env\n")
    assert "danger: .env leads to secrets of a program." in findings("x", patch)


def test_reading_a_file_is_no_change() -> None:
    with pytest.raises(AssertionError, match="has no rendering"):
        rendered("str_replace_based_edit_tool", {"command": "view", "path": "/w/a.py"})


def test_a_part_that_counts_too_little_does_not_swallow_the_next_file() -> None:
    body = "@@ -1,1 +1,2 @@\n a\n b\n--- a/.env\n+++ b/.env\n@@ -1 +1 @@\n-a\n+b\n"
    said = findings("x", diff("a", body))
    assert "do not fit the lines that follow" in said
    assert "danger: .env leads to secrets of a program." in said
