"""Operations of git and of the places where repositories are kept."""

import re
from typing import Final

from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.file_texts import add_whole, look_at_text
from webui.preview.renderers.findings import Findings
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
from webui.sentences import sentence

TOOLS: Final = globs(", ".join(each.phrases for each in OPERATIONS))
_PROTECTED: Final = re.compile(
    r"(?:refs/heads/|origin/)?(?:main|master|trunk|default|develop|prod(?:uction)?|live|stable"
    r"|gh-pages|releases?(?:[/-].*)?|hotfix/.*|v?\d+\.\d+(?:\.x)?)",
    re.IGNORECASE,
)
_FORCES: Final = re.compile(
    r"--force|-f\b|\+[\w/.-]+:|--mirror|--delete|--prune|-d\b", re.IGNORECASE
)
_ADMIN: Final = frozenset({"admin", "maintain", "owner", "write", "push"})
_FACTS: Final = (
    ("Folder", ("repo_path", "repository_path", *FOLDERS)),
    ("Remote", ("remote", "remote_url", "url")),
    (
        "Number",
        ("pullNumber", "pull_number", "pr_number", "merge_request_iid", "issue_number"),
    ),
    ("From", ("head", "source_branch", "from_branch", "base_branch", "source", "from")),
    ("To", ("base", "target_branch", "target", "into")),
    ("Branch", ("branch", "branch_name", "ref", "refspec")),
    ("Revision", ("sha", "commit", "revision", "commit_sha", "expected_head_sha")),
    ("Method", ("merge_method", "mergeMethod", "mode", "method", "event")),
    ("Tag", ("tag_name", "tag")),
    ("Workflow", ("workflow_id", "workflow")),
    ("Run", ("run_id",)),
    ("Who", ("username", "collaborator", "user", "login", "new_owner")),
    ("Permission", ("permission", "role", "access_level")),
    ("Title", ("title", "commit_title", "name")),
    ("File", FILES),
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
_BRANCHES: Final = (
    "branch",
    "branch_name",
    "ref",
    "base",
    "target_branch",
    "refspec",
    "target",
)
_WRITES: Final = (
    "push",
    "merge",
    "delete",
    "createorupdate",
    "file",
    "reset",
    "rebase",
    "protection",
)
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
    _look_at_branch(found, arguments, name)
    _look_at_force(found, arguments, name)
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
    for label, names in (
        ("Private", ("private",)),
        ("Visibility", ("visibility",)),
        ("Force", ("force", "force_with_lease", "forced")),
        ("Draft", ("draft",)),
        ("Pre-release", ("prerelease",)),
    ):
        text = leaf(arguments, *names)
        if text is not None:
            alarming = (label == "Force" and says_yes(text)) or (
                text.plain in {"false", "public"} and label in {"Private", "Visibility"}
            )
            found.append(fact(label, text, is_alarming=alarming))
    return found


def _look_at_branch(found: Findings, arguments: Arguments, name: str) -> None:
    if not any(word in name for word in _WRITES):
        return
    is_pull_request = "createpullrequest" in name or "createmergerequest" in name
    for key in _BRANCHES:
        text = leaf(arguments, key)
        if text is None or is_pull_request:
            continue
        last = text.plain[:300].rpartition(":")[2]
        if text.hides(0, len(text.plain)):
            found.danger("masked-branch", sentence("The branch is masked: it may be any."))
        elif _PROTECTED.fullmatch(last):
            found.danger(
                ("branch", last),
                sentence(
                    "It writes to %(value)s, a branch that others build on.",
                    value=said(text),
                ),
            )
    if "gitpush" in name and not any(leaf(arguments, key) for key in _BRANCHES):
        found.note("no-branch", sentence("It does not say which branch is pushed."))
    if "gitreset" in name and "hard" in "".join(
        text.plain[:100] for text in _texts(arguments, ("mode", "args", "flags", "options"))
    ):
        found.danger(
            "hard", sentence("A hard reset throws away changes that were not committed.")
        )


def _look_at_force(found: Findings, arguments: Arguments, name: str) -> None:
    forced = says_yes(leaf(arguments, "force", "forced", "force_push"))
    spelt = list(_texts(arguments, ("args", "flags", "options", "refspec", "branch")))
    if forced or any(_FORCES.search(text.plain[:2000]) for text in spelt):
        found.danger(
            "force",
            sentence("It is forced: commits that others made may be overwritten or lost."),
        )
    elif says_yes(leaf(arguments, "force_with_lease")):
        found.danger(
            "force",
            sentence("It is forced, with lease: commits in the branch are replaced."),
        )
    refspec = leaf(arguments, "refspec", "branch")
    if "push" in name and refspec is not None and refspec.plain.startswith(":"):
        found.danger("deletes", sentence("It deletes the branch in the remote repository."))
    if says_yes(leaf(arguments, "delete_branch", "remove_source_branch", "delete")):
        found.note("deletes-branch", sentence("The branch is deleted afterwards."))


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
                "The right that is given is %(value)s: it can change code.",
                value=said(permission),
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
            "url", sentence("The address %(value)s can run a command.", value=said(url))
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
                "It has %(files)s files; the first %(most_files)s were looked at.",
                files=f"{len(files):,}",
                most_files=_MOST_FILES,
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


def _texts(arguments: Arguments, names: tuple[str, ...]) -> list[Text]:
    single = [leaf(arguments, name) for name in names]
    several = [text for name in names for text in arguments.texts(name) or ()][:100]
    return [text for text in single if text is not None] + several
