"""Operations of git and of the places where repositories are kept."""

import re
from collections.abc import Callable
from typing import Final

from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.file_texts import add_whole, look_at_text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.git_branches import look_at_branch, look_at_force
from webui.preview.renderers.git_operations import OPERATIONS, operation_of
from webui.preview.renderers.member_names import FILE_LISTS, FILES, FOLDERS
from webui.preview.renderers.rendering import Fact, Rendering
from webui.preview.renderers.saying import (
    fact,
    facts_of,
    leaf,
    name_said,
    said,
    says_yes,
    whole,
)
from webui.preview.renderers.sensitive_files import look_at_path
from webui.preview.renderers.sheets import Sheets, add_lines
from webui.preview.renderers.tool_names import globs, squeezed
from webui.sentences import number, sentence, sentence_in

TOOLS: Final = globs(", ".join(each.phrases for each in OPERATIONS))
_ADMIN: Final = frozenset({"admin", "maintain", "owner", "write", "push"})
_FACTS: Final = (
    (sentence("Folder"), ("repo_path", "repository_path", *FOLDERS)),
    (sentence("Remote"), ("remote", "remote_url", "url")),
    (
        sentence("Number"),
        (
            *("pullNumber", "pull_number", "pr_number", "pr", "number"),
            *("merge_request_iid", "iid", "issue_iid", "issue_number"),
        ),
    ),
    (
        sentence("From"),
        ("head", "source_branch", "from_branch", "base_branch", "source", "from"),
    ),
    (
        sentence_in("where something goes", "To"),
        ("base", "target_branch", "target", "into"),
    ),
    (sentence("Branch"), ("branch", "branch_name", "ref", "refspec")),
    (
        sentence("Revision"),
        ("sha", "commit", "revision", "commit_sha", "expected_head_sha"),
    ),
    (sentence("Method"), ("merge_method", "mergeMethod", "mode", "method", "event")),
    (sentence("Tag"), ("tag_name", "tag")),
    (sentence("Workflow"), ("workflow_id", "workflow")),
    (sentence("Run"), ("run_id",)),
    (sentence("Who"), ("username", "collaborator", "user", "login", "new_owner")),
    (sentence("Permission"), ("permission", "role", "access_level")),
    (sentence("Title"), ("title", "commit_title", "name")),
    (sentence("File"), FILES),
)
_OPEN: Final = frozenset({"false", "public"})
_SWITCHES: Final[tuple[tuple[str, tuple[str, ...], Callable[[Text], bool]], ...]] = (
    (sentence("Private"), ("private",), lambda text: text.plain in _OPEN),
    (sentence("Visibility"), ("visibility",), lambda text: text.plain in _OPEN),
    (sentence("Force"), ("force", "force_with_lease", "forced"), says_yes),
    (sentence("Draft"), ("draft",), lambda _: False),
    (sentence("Pre-release"), ("prerelease",), lambda _: False),
)
_OF_A_REPOSITORY: Final = (
    "owner",
    "repo",
    "repository",
    "project_id",
    "repo_path",
    "branch",
)
_MESSAGES: Final = ("message", "commit_message", "body", "description")
_MOST_FILES: Final = 500


def fits(_: Arguments) -> bool:
    """Return no: no shape alone says that a call is of git: the tool has to."""
    return False


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return what is done to which repository and branch."""
    name = squeezed(tool)
    method = leaf(arguments, "method")
    operation = operation_of(name, "" if method is None else method.plain[:60])
    if operation is None or not _is_about_a_repository(name, arguments):
        return None
    found, sheets = Findings(), Sheets()
    facts = [*_repository(arguments), *facts_of(arguments, _FACTS), *_switches(arguments)]
    if operation.danger:
        found.danger("operation", operation.danger)
    look_at_branch(found, arguments, name)
    look_at_force(found, arguments, name)
    _look_at_visibility(found, arguments, name)
    _look_at_people(found, arguments)
    _files(found, arguments, sheets)
    _messages(arguments, sheets)
    return Rendering(
        "git",
        operation.title,
        tuple(facts),
        sheets.blocks(sentence("more files")),
        found.sentences(),
        alarms=found.alarms,
    )


def _is_about_a_repository(name: str, arguments: Arguments) -> bool:
    """Say whether a tool such as `delete_file` is not one of a file system."""
    known = any(
        word in name for word in ("git", "gist", "repo", "pullrequest", "mergerequest")
    )
    return known or arguments.value(*_OF_A_REPOSITORY) is not None


def _repository(arguments: Arguments) -> list[Fact]:
    owner, repo = (
        leaf(arguments, "owner", "organization", "org"),
        leaf(arguments, "repo", "repository", "project_id"),
    )
    found = []
    if owner is not None:
        found.append(fact(sentence("Owner"), owner))
    if repo is not None:
        found.append(fact(sentence("Repository"), repo))
    return found


def _switches(arguments: Arguments) -> list[Fact]:
    found = []
    for label, names, alarms in _SWITCHES:
        text = leaf(arguments, *names)
        if text is not None:
            found.append(fact(label, text, is_alarming=alarms(text)))
    return found


def _look_at_visibility(found: Findings, arguments: Arguments, name: str) -> None:
    private, visibility = leaf(arguments, "private"), leaf(arguments, "visibility")
    is_public = (private is not None and private.plain == "false") or (
        visibility is not None and visibility.plain.casefold() == "public"
    )
    if is_public:
        found.danger("public", sentence("It is public: everybody can read what is in it."))
    elif "createrepo" in name and private is None and visibility is None:
        found.danger(
            "public",
            sentence("It does not say “private”: many servers then make it public."),
        )
    public = leaf(arguments, "public")
    if "gist" in name and says_yes(public):
        found.danger("public", sentence("It is public: everybody can read what is in it."))


def _look_at_people(found: Findings, arguments: Arguments) -> None:
    permission = leaf(arguments, "permission", "role")
    if permission is not None and permission.plain.casefold() in _ADMIN:
        found.danger(
            "rights",
            sentence(
                "The right that is given is %(right)s: it can change code.",
                right=said(permission),
            ),
        )
    bypass = leaf(arguments, "bypass", "admin", "bypass_rules")
    if says_yes(bypass):
        found.danger(
            "bypass", sentence("It asks to pass by the rules that protect the branch.")
        )
    url = leaf(arguments, "remote_url", "url", "config")
    if url is not None and re.search(r"ext::|--upload-pack|(?:^|\s)-", url.plain[:2000]):
        found.danger(
            "url", sentence("The address %(address)s can run a command.", address=said(url))
        )
    event = leaf(arguments, "event")
    if event is not None and event.plain.upper() == "APPROVE":
        found.danger(
            "approve",
            sentence("It approves the pull request in the name of whoever runs the agent."),
        )


def _files(found: Findings, arguments: Arguments, sheets: Sheets) -> None:
    one = leaf(arguments, *FILES)
    content = leaf(arguments, "content")
    if one is not None:
        look_at_path(found, whole(one), in_a_tree=True)
        if content is not None:
            _file(found, one, content, sheets)
    files = arguments.items("files", "actions") or ()
    for each in files[:_MOST_FILES]:
        path, text = each.text(*FILES), each.text("content")
        if path is None:
            found.danger(
                "no-path", sentence("A file is pushed without a path that can be read.")
            )
            continue
        look_at_path(found, whole(path), in_a_tree=True)
        _file(found, path, text or Text("", {}), sheets)
    if len(files) > _MOST_FILES:
        found.danger(
            "files",
            sentence(
                "It has %(files)s files; the first %(most)s were looked at.",
                files=number(len(files)),
                most=_MOST_FILES,
            ),
        )
    for path in (arguments.texts(*FILE_LISTS) or ())[:_MOST_FILES]:
        look_at_path(found, whole(path), in_a_tree=False)


def _file(found: Findings, path: Text, content: Text, sheets: Sheets) -> None:
    sheet = sheets.start(sentence("Written whole"))
    sheet.say("", whole(path))
    add_whole(sheet, content)
    sheets.keep(sheet)
    look_at_text(found, content, whole(path))


def _messages(arguments: Arguments, sheets: Sheets) -> None:
    for name in _MESSAGES:
        text = arguments.text(name)
        if text is not None and text.plain:
            sheet = sheets.start(
                sentence("Commit message") if "message" in name else sentence("Description")
            )
            add_lines(sheet, whole(text), first=None)
            sheets.keep(sheet)
    inputs = arguments.inside("inputs", "workflow_inputs", "client_payload")
    if inputs is not None:
        sheet = sheets.start(sentence("Inputs of the workflow"))
        for name in inputs.names:
            value = leaf(inputs, name)
            sheet.say(
                f"{name_said(name)}:", whole(value) if value is not None else None, "plain"
            )
        sheets.keep(sheet)
