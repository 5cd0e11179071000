"""Operations of git: on which repository and branch, from where to where, and how public."""

import pytest

from tests.preview.renderers.calls import PROFILE, findings, rendered, text_of
from webui.preview.reading import Call
from webui.preview.renderers import git
from webui.preview.renderers.arguments import Arguments

HERE = {"owner": "northwind", "repo": "shop"}


def test_a_pull_request_shows_from_where_to_where() -> None:
    arguments = {**HERE, "title": "Fix", "head": "fix", "base": "main", "body": "Why\nso"}
    shown = text_of(rendered("mcp__github__create_pull_request", arguments))
    assert shown == (
        "New pull request\nOwner: northwind\nRepository: shop\nFrom: fix\nTo: main\nTitle: Fix"
        "\n[Description]\n Why\n so"
    )


@pytest.mark.parametrize(
    "name", ["pullNumber", "pull_number", "pr_number", "number", "iid", "issue_number"]
)
def test_a_pull_request_shows_its_number_however_it_is_called(name: str) -> None:
    shown = text_of(rendered("github.merge_pull_request", HERE | {name: 1482}))
    assert shown.endswith("Repository: shop\nNumber: 1482")


def test_files_that_are_pushed_are_shown_with_their_content() -> None:
    files = [{"path": "a.py", "content": "x = 1\n"}, {"path": "b.py", "content": "y"}]
    arguments = {**HERE, "branch": "topic", "message": "Add", "files": files}
    shown = text_of(rendered("push_files", arguments))
    assert "[Written whole]\n@a.py\n+x = 1\n[Written whole]\n@b.py\n+y" in shown
    assert findings("push_files", arguments) == ""


@pytest.mark.parametrize(
    "spelt", ["createPullRequest", "create-pull-request", "gh.create_pull_request"]
)
def test_a_tool_is_known_however_its_server_spells_it(spelt: str) -> None:
    assert rendered(spelt, {**HERE, "head": "a", "base": "b"}).title == "New pull request"


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        (
            "git_push",
            {"branch": "main"},
            "It writes to main, a branch that others build on",
        ),
        (
            "git_push",
            {"refspec": "topic:refs/heads/master"},
            "a branch that others build on",
        ),
        ("git_push", {"branch": "topic", "force": True}, "It is forced"),
        ("git_push", {"branch": "+topic:topic"}, "It is forced"),
        ("git_push", {"branch": "t", "args": ["--force-with-lease"]}, "It is forced"),
        ("git_push", {"branch": ":topic"}, "deletes the branch in the remote"),
        ("git_push", {"remote": "origin"}, "does not say which branch"),
        ("git_reset", {"mode": "hard"}, "throws away changes"),
        ("git_remote", {"url": "ext::sh -c id"}, "can run a command"),
        (
            "merge_pull_request",
            {**HERE, "pullNumber": 7},
            "puts its changes into the branch",
        ),
        (
            "merge_pull_request",
            {**HERE, "pullNumber": 7, "admin": True},
            "pass by the rules",
        ),
        (
            "delete_branch",
            {**HERE, "branch": "release/2.0"},
            "a branch that others build on",
        ),
        ("create_repository", {"name": "x", "private": False}, "everybody can read"),
        ("create_repository", {"name": "x"}, "does not say “private”"),
        ("update_repository", {**HERE, "visibility": "public"}, "everybody can read"),
        (
            "add_collaborator",
            {**HERE, "username": "eve", "permission": "admin"},
            "is admin",
        ),
        (
            "run_workflow",
            {**HERE, "workflow_id": "deploy.yml", "ref": "main"},
            "rights and secrets",
        ),
        ("create_release", {**HERE, "tag_name": "v1"}, "what others download"),
        (
            "pull_request_review_write",
            {**HERE, "event": "APPROVE"},
            "approves the pull request",
        ),
        (
            "create_or_update_file",
            {
                **HERE,
                "path": ".github/workflows/x.yml",
                "content": "on: push",
                "branch": "t",
            },
            "leads to what the build server runs",
        ),
        (
            "push_files",
            {**HERE, "branch": "t", "files": [{"path": "../x", "content": ""}]},
            "leads out of its folder",
        ),
        (
            "push_files",
            {
                **HERE,
                "branch": "t",
                "files": [{"path": "a", "content": "a" + " " * 99 + "b"}],
            },
            "off to the right",
        ),
        ("remove_branch_protection", {**HERE, "branch": "main"}, "loses its protection"),
        (
            "git_add",
            {"repo_path": "/w", "files": [".env"]},
            "leads to secrets of a program",
        ),
    ],
)
def test_an_operation_that_reaches_far_is_found(
    tool: str, arguments: dict[str, object], words: str
) -> None:
    assert words in findings(tool, arguments)


def test_a_tool_of_a_file_system_is_not_taken_for_one_of_git() -> None:
    arguments = Arguments(Call({"path": "/w/a.txt"}, PROFILE).values)
    assert git.render("filesystem.delete_file", arguments) is None
