"""File paths: where they lead, and what lies there."""

from collections.abc import Callable
from typing import Any

import pytest

Dangers = Callable[[str, dict[str, Any]], list[str]]
Facts = Callable[[str, dict[str, Any]], dict[str, str]]

ATTACKS = [
    ("../../x", "climbs above the folder where it begins and leads to ../../x"),
    ("a/../../x", "climbs above the folder where it begins and leads to ../x"),
    ("a/b/../c", "goes up by .. and leads to a/c"),
    ("src/../../../etc/passwd", "climbs above the folder"),
    ("/etc/passwd", "leads to settings of the whole machine"),
    ("/var/../etc/shadow", "leads to accounts and keys of the machine"),
    ("~/.ssh/id_ed25519", "leads to keys and hosts of SSH"),
    ("/home/a/.aws/credentials", "leads to credentials of a cloud or cluster"),
    (".env.production", "leads to secrets of a program"),
    (".git/hooks/pre-commit", "leads to programs that git runs by itself"),
    ("x/.GIT/Hooks/pre-push", "leads to programs that git runs by itself"),
    ("~/.zshrc", "leads to a file that every new shell or program runs"),
    ("/etc/cron.d/x", "leads to a plan of what runs by itself"),
    (".github/workflows/a.yml", "leads to what the build server runs"),
    ("/proc/self/environ", "leads to memory or environment of a process"),
    ("/proc/self/root/etc/x", "leads to memory or environment of a process"),
    ("C:\\Windows\\System32\\x", "leads to programs of the whole machine"),
    ("\\\\evil\\share\\x", "leads to another machine on the network"),
    ("\\\\?\\C:\\x", "is a device path of Windows"),
    ("a\\..\\..\\x", "climbs above the folder"),
    ("ok.png\0.sh", "holds a NUL, at which many programs end the name"),
    ("a/file.txt. ", "ends in a dot or space, which Windows leaves out"),
    ("aux.txt", "names a device of Windows"),
    ("a.txt:hidden", "holds a colon"),
    ("PROGRA~1/x", "may be a short name of Windows"),
    ("%2e%2e%2fx", "holds percent signs that some programs turn into dots and slashes"),
    ("．．／x", "holds look-alikes of dots or slashes"),
    ("src/*", "is a pattern and may stand for many files"),
    ("a/" * 3_000, "is longer than any system takes"),
    ("$HOME/x", "holds a variable: where it leads is computed"),
    ("/srv/docker.sock", "leads to the door to all containers"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "said"), ATTACKS, ids=[repr(each[0]) for each in ATTACKS])
def test_each_attack_is_named(dangers: Dangers, path: str, said: str) -> None:
    found = dangers("filesystem.read_file", {"path": path})
    assert any(said in words for words in found), found


def test_a_usual_path_has_no_danger(dangers: Dangers) -> None:
    for path in (
        "src/app.py",
        "./docs/README.md",
        "a/b.c/d-e_f",
        ".gitignore",
        "environment.md",
    ):
        assert dangers("filesystem.read_file", {"path": path}) == []


def test_a_path_is_resolved_against_its_root(dangers: Dangers, facts: Facts) -> None:
    call = {
        "root": "/srv/app",
        "paths": ["src/a", "../other/b", "/srv/app/../x", "/srv/application"],
    }
    found = dangers("read_multiple_files", call)
    assert [words for words in found if "leaves its root" in words] == [
        "The path ../other/b leaves its root and leads to /srv/other/b.",
        "The path /srv/app/../x leaves its root and leads to /srv/x.",
        "The path /srv/application leaves its root and leads to /srv/application.",
    ]
    assert (
        facts("read_file", {"cwd": "/srv", "path": "a/./b"})["Leads to (path)"]
        == "/srv/a/b"
    )


def test_removing_a_whole_folder_is_named(dangers: Dangers) -> None:
    found = dangers("fs.delete_directory", {"path": "/home/ann"})
    assert "The path /home/ann is a whole machine, home or folder." in found


def test_very_many_paths_are_all_looked_at(dangers: Dangers, read: Any) -> None:
    call = {"paths": [f"a/./{n}" for n in range(60)] + ["../x"]}
    assert any(
        "../x climbs above" in words for words in dangers("read_multiple_files", call)
    )
    notes = [each.words for each in read("read_multiple_files", call).findings]
    assert "11 more paths are not shown here; all of them were looked at." in notes


FOLLOWED = "leads to instructions that agents follow"


@pytest.mark.parametrize(
    ("tool", "call"),
    [
        ("filesystem.read_file", {"path": "CLAUDE.md"}),
        ("Read", {"file_path": "/srv/app/AGENTS.md"}),
        ("mcp__fs__getFileInfo", {"path": "docs/../GEMINI.md"}),
        ("read_multiple_files", {"paths": ["a", ".github/copilot-instructions.md"]}),
        ("mcp__my_files__read_text_file", {"path": "CLAUDE.md", "head": 20}),
        ("fs.copy_file", {"source": "CLAUDE.md", "destination": "notes.md"}),
    ],
)
def test_reading_what_agents_follow_is_no_danger(
    read: Any, tool: str, call: dict[str, Any]
) -> None:
    reading = read(tool, call)
    assert [each for each in reading.findings if FOLLOWED in each.words] == []
    kinds = {
        token.kind
        for block in reading.blocks
        for line in block.lines
        for token in line.tokens
    }
    assert kinds == {"name"}


@pytest.mark.parametrize(
    ("tool", "call"),
    [
        ("fs.delete_file", {"path": "CLAUDE.md"}),
        ("fs.create_file", {"path": "AGENTS.md"}),
        ("fs.copy_file", {"source": "notes.md", "destination": "CLAUDE.md"}),
        ("fs.move_file", {"source": "notes.md", "destination": "CLAUDE.md"}),
        ("fs.move_file", {"source": "CLAUDE.md", "destination": "notes.md"}),
        ("fs.rename_file", {"old_path": "a.md", "new_path": "sub/agents.md"}),
        ("fs.frobnicate", {"path": "CLAUDE.md"}),  # nobody can tell what it does
        ("fs.read_or_write_file", {"path": "CLAUDE.md"}),
        ("find_and_overwrite", {"path": "CLAUDE.md"}),
        ("get_or_patch_file", {"path": "CLAUDE.md"}),
        ("mcp__read__erase", {"path": "CLAUDE.md"}),
        ("read_удалить", {"path": "CLAUDE.md"}),
        ("open_file", {"path": "CLAUDE.md", "mode": "w"}),
        ("read_file", {"path": "CLAUDE.md", "data": "obey"}),
        ("get_file", {"path": "a", "destination": "CLAUDE.md"}),
        ("get_file", {"source": "a", "path": "a", "to": "AGENTS.md"}),
        ("copy_swap", {"source": "CLAUDE.md", "path": "a", "destination": "b"}),
    ],
)
def test_changing_what_agents_follow_is_a_danger(
    dangers: Dangers, tool: str, call: dict[str, Any]
) -> None:
    assert any(FOLLOWED in words for words in dangers(tool, call))


def test_reading_what_holds_secrets_stays_a_danger(dangers: Dangers) -> None:
    assert dangers("read_file", {"path": ".claude/settings.json"}) != []
    assert dangers("read_file", {"path": ".env"}) != []


def test_a_path_that_is_given_twice_is_spoken_of_once(dangers: Dangers) -> None:
    call = {"paths": ["../x", "../x"]}
    assert dangers("read_multiple_files", call) == [
        "The path ../x climbs above the folder where it begins and leads to ../x."
    ]
