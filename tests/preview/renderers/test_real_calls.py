"""Calls as well-known MCP servers and agents make them: each finds its renderer by its name."""

from typing import Any

import pytest

from tests.preview.renderers.calls import PROFILE, rendered, text_of
from webui.preview import card

REPO = {"owner": "northwind", "repo": "shop"}
CALLS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    # modelcontextprotocol/servers, filesystem
    ("mcp__filesystem__write_file", {"path": "/w/a.txt", "content": "a\n"}, "patch", "+a"),
    (
        "filesystem.edit_file",
        {"path": "/w/a.txt", "edits": [{"oldText": "a", "newText": "b"}], "dryRun": True},
        "patch",
        "-a\n+b",
    ),
    (
        "filesystem.move_file",
        {"source": "/w/a", "destination": "/w/b"},
        "path",
        "[Source]\n /w/a\n[Destination]\n /w/b",
    ),
    ("mcp__filesystem__read_multiple_files", {"paths": ["/w/a"]}, "path", "/w/a"),
    ("mcp__filesystem__read_text_file", {"path": "/w/a", "head": 5}, "path", "/w/a"),
    (
        "mcp__filesystem__directory_tree",
        {"path": "/w", "excludePatterns": ["*.log"]},
        "path",
        "/w",
    ),
    # modelcontextprotocol/servers, fetch and postgres
    (
        "mcp__fetch__fetch",
        {"url": "https://a.example/x", "max_length": 5000, "raw": False},
        "request",
        "Host: a.example",
    ),
    ("mcp__postgres__query", {"sql": "SELECT a FROM b"}, "sql", "Tables read: b"),
    # Claude Code and the text editor of the API
    (
        "Edit",
        {"file_path": "/w/a", "old_string": "a", "new_string": "b", "replace_all": False},
        "patch",
        "-a\n+b",
    ),
    (
        "MultiEdit",
        {"file_path": "/w/a", "edits": [{"old_string": "a", "new_string": ""}]},
        "patch",
        "-a",
    ),
    ("Write", {"file_path": "/w/a", "content": "x"}, "patch", "+x"),
    (
        "str_replace_based_edit_tool",
        {"command": "insert", "path": "/w/a", "insert_line": 3, "insert_text": "x"},
        "patch",
        "after line 3",
    ),
    # Codex
    (
        "apply_patch",
        {"input": "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch"},
        "patch",
        "Created: 1 added",
    ),
    # modelcontextprotocol/servers, git
    ("git_commit", {"repo_path": "/w", "message": "Fix it"}, "git", "Fix it"),
    ("git_checkout", {"repo_path": "/w", "branch_name": "topic"}, "git", "Branch: topic"),
    (
        "git_create_branch",
        {"repo_path": "/w", "branch_name": "b", "base_branch": "main"},
        "git",
        "From: main",
    ),
    # github/github-mcp-server
    (
        "mcp__github__create_or_update_file",
        {**REPO, "path": "a.py", "content": "x", "message": "m", "branch": "t", "sha": "1"},
        "git",
        "File: a.py",
    ),
    (
        "mcp__github__push_files",
        {**REPO, "branch": "t", "files": [{"path": "a", "content": "x"}], "message": "m"},
        "git",
        "+x",
    ),
    (
        "mcp__github__create_pull_request",
        {**REPO, "title": "T", "head": "t", "base": "main", "draft": False},
        "git",
        "From: t\nTo: main",
    ),
    (
        "mcp__github__merge_pull_request",
        {**REPO, "pullNumber": 7, "merge_method": "squash"},
        "git",
        "Number: 7",
    ),
    (
        "mcp__github__create_branch",
        {**REPO, "branch": "b", "from_branch": "main"},
        "git",
        "From",
    ),
    (
        "mcp__github__delete_file",
        {**REPO, "path": "a", "message": "m", "branch": "t"},
        "git",
        "a",
    ),
    ("mcp__github__fork_repository", REPO, "git", "Fork of a repository"),
    (
        "mcp__github__create_repository",
        {"name": "n", "private": True},
        "git",
        "Private: true",
    ),
    (
        "mcp__github__actions_run_trigger",
        {**REPO, "method": "run_workflow", "workflow_id": "ci.yml", "ref": "main"},
        "git",
        "Workflow: ci.yml",
    ),
    (
        "mcp__github__actions_run_trigger",
        {**REPO, "method": "delete_workflow_run_logs", "run_id": 991},
        "git",
        "Deletion of a workflow's logs",
    ),
    (
        "mcp__github__actions_run_trigger",
        {**REPO, "method": "cancel_workflow_run", "run_id": 991},
        "git",
        "Run: 991",
    ),
    (
        "mcp__github__run_workflow",
        {**REPO, "workflow_id": "ci.yml", "ref": "main", "inputs": {}},
        "git",
        "Workflow: ci.yml",
    ),
    (
        "mcp__github__create_gist",
        {"filename": "a.py", "content": "x", "description": "d", "public": False},
        "git",
        "+x",
    ),
    # Slack, of modelcontextprotocol and of korotovsky
    ("slack_post_message", {"channel_id": "C1", "text": "hi"}, "message", "hi"),
    (
        "slack_reply_to_thread",
        {"channel_id": "C1", "thread_ts": "1.2", "text": "hi"},
        "message",
        "Answers: 1.2",
    ),
    (
        "conversations_add_message",
        {"channel_id": "#general", "payload": "hi", "content_type": "text/plain"},
        "message",
        "#general",
    ),
    # Gmail
    (
        "gmail_send_email",
        {"to": ["a@b.example"], "subject": "S", "body": "B", "mimeType": "text/plain"},
        "message",
        "Subject: S",
    ),
    (
        "send_gmail_message",
        {"to": "a@b.example", "subject": "S", "body": "B"},
        "message",
        "To: a@b.example",
    ),
    # Microsoft Graph
    (
        "outlook_send_mail",
        {
            "message": {
                "subject": "S",
                "body": "B",
                "toRecipients": [{"emailAddress": {"address": "a@b.example"}}],
            }
        },
        "message",
        "To: a@b.example",
    ),
    # Flux159/mcp-server-kubernetes
    (
        "kubectl_apply",
        {"manifest": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}", "namespace": "n"},
        "kubernetes",
        "Pod a",
    ),
    (
        "kubectl_delete",
        {"resourceType": "pod", "name": "a", "namespace": "n", "gracePeriodSeconds": 30},
        "kubernetes",
        "Kind: pod",
    ),
    (
        "kubectl_scale",
        {"name": "a", "namespace": "n", "replicas": 3, "resourceType": "deployment"},
        "kubernetes",
        "Replicas: 3",
    ),
    (
        "kubectl_patch",
        {"resourceType": "deployment", "name": "a", "patchData": {"spec": {"x": 1}}},
        "kubernetes",
        "Kind: deployment",
    ),
    (
        "exec_in_pod",
        {"name": "a", "namespace": "n", "command": ["ls", "-l"]},
        "kubernetes",
        " ls\n -l",
    ),
    # containers/kubernetes-mcp-server
    (
        "resources_create_or_update",
        {"resource": '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}'},
        "kubernetes",
        "Pod a",
    ),
    (
        "resources_delete",
        {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "n", "name": "a"},
        "kubernetes",
        "Deletion in a cluster",
    ),
    ("pods_delete", {"name": "a", "namespace": "n"}, "kubernetes", "Deletion in a cluster"),
    ("pods_exec", {"name": "a", "command": ["ls"]}, "kubernetes", "Command in a container"),
    ("pods_run", {"image": "nginx", "name": "a"}, "kubernetes", "Image: nginx"),
    (
        "resources_scale",
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a", "scale": 2},
        "kubernetes",
        "Replicas: 2",
    ),
    # microsoft/playwright-mcp
    ("browser_navigate", {"url": "https://a.example/"}, "browser", "Host: a.example"),
    ("browser_click", {"element": "OK", "ref": "e1"}, "browser", "Element: e1"),
    (
        "browser_type",
        {"element": "Name", "ref": "e1", "text": "Ana", "submit": False},
        "browser",
        "Ana",
    ),
    ("browser_evaluate", {"function": "() => 1"}, "browser", "() => 1"),
    ("browser_press_key", {"key": "Enter"}, "browser", "Key: Enter"),
    (
        "browser_select_option",
        {"element": "Size", "ref": "e2", "values": ["XL"]},
        "browser",
        "XL",
    ),
    (
        "browser_mouse_click_xy",
        {"element": "Pay", "x": 10, "y": 20},
        "browser",
        "The agent calls it: Pay",
    ),
    (
        "mcp__playwright__browser_fill_form",
        {"fields": [{"name": "N", "type": "textbox", "ref": "e", "value": "v"}]},
        "browser",
        "N := v",
    ),
    ("browser_file_upload", {"paths": ["/w/a.pdf"]}, "browser", "File: /w/a.pdf"),
    # modelcontextprotocol, puppeteer
    ("puppeteer_navigate", {"url": "https://a.example"}, "browser", "Host: a.example"),
    ("puppeteer_fill", {"selector": "#a", "value": "v"}, "browser", "v"),
    ("puppeteer_evaluate", {"script": "1"}, "browser", "1"),
    # Stripe and PayPal
    (
        "create_refund",
        {"payment_intent": "pi_3", "amount": 1050, "reason": "duplicate"},
        "money",
        "To (payment intent): pi_3",
    ),
    (
        "stripe.create_price",
        {"product": "prod_1", "unit_amount": 1050, "currency": "usd"},
        "money",
        "10.50 USD",
    ),
    (
        "create_order",
        {
            "currencyCode": "USD",
            "items": [
                {"name": "a", "unit_amount": {"value": "1.00", "currency_code": "USD"}}
            ],
        },
        "money",
        "1.00 USD",
    ),
    # Terraform
    (
        "terraform_apply",
        {"workingDirectory": "/w", "auto_approve": True},
        "terraform",
        "Approve by itself: true",
    ),
)


@pytest.mark.parametrize(
    ("tool", "arguments", "renderer", "shown"), CALLS, ids=[call[0] for call in CALLS]
)
def test_a_call_of_a_known_server_is_read_in_its_own_terms(
    tool: str, arguments: dict[str, Any], renderer: str, shown: str
) -> None:
    rendering = rendered(tool, arguments)
    assert rendering.renderer == renderer
    assert shown in text_of(rendering)


@pytest.mark.parametrize(
    "tool", ["pods_log", "pods_list_in_namespace", "pods_get", "nodes_stats_summary"]
)
def test_a_look_into_a_cluster_is_no_change_of_it(tool: str) -> None:
    preview = card(f"mcp__kubernetes__{tool}", {"namespace": "shop", "name": "a"}, PROFILE)
    assert preview.rendering is None


def test_a_method_that_a_tool_does_not_have_hides_nothing_of_what_it_does() -> None:
    call = {**REPO, "method": "cancel_workflow_run"}
    plain, dressed = (rendered("delete_repository", each) for each in (REPO, call))
    assert dressed.title == plain.title
    assert dressed.findings[: len(plain.findings)] == plain.findings
