"""Which branches a call to git changes, and whether it does so by force."""

import re
from typing import Final

from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.saying import leaf, said, says_yes
from webui.sentences import sentence

_PROTECTED: Final = re.compile(
    r"(?:refs/heads/|origin/)?(?:main|master|trunk|default|develop|prod(?:uction)?|live|stable"
    r"|gh-pages|releases?(?:[/-].*)?|hotfix/.*|v?\d+\.\d+(?:\.x)?)",
    re.IGNORECASE,
)
_FORCES: Final = re.compile(
    r"--force|-f\b|\+[\w/.-]+:|--mirror|--delete|--prune|-d\b", re.IGNORECASE
)
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


def look_at_branch(found: Findings, arguments: Arguments, name: str) -> None:
    """Say which branch is written to, if others build on it or nobody can tell."""
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
                    "It writes to %(branch)s, a branch that others build on.",
                    branch=said(text),
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


def look_at_force(found: Findings, arguments: Arguments, name: str) -> None:
    """Say what is overwritten or deleted."""
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


def _texts(arguments: Arguments, names: tuple[str, ...]) -> list[Text]:
    single = [leaf(arguments, name) for name in names]
    several = [text for name in names for text in arguments.texts(name) or ()][:100]
    return [text for text in single if text is not None] + several
