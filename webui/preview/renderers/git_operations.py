"""What git and the places where repositories are kept can be asked to do."""

from typing import Final, NamedTuple

from webui.preview.renderers.tool_names import squeezed
from webui.sentences import sentence


class Operation(NamedTuple):
    """One thing to do; `phrases` are how tools call it, with commas between them."""

    phrases: str
    title: str
    danger: str = ""
    """What is said of it whatever its arguments are."""


OPERATIONS: Final = (
    Operation("merge pull request", sentence("Merge of a pull request"), sentence("Merging puts its changes into the branch that it was made for.")),
    Operation("merge merge request", sentence("Merge of a merge request"), sentence("Merging puts its changes into the branch that it was made for.")),
    Operation("create pull request review, pull request review write", sentence("Review of a pull request")),
    Operation("update pull request branch", sentence("Update of a pull request's branch")),
    Operation("create pull request", sentence("New pull request")),
    Operation("create merge request", sentence("New merge request")),
    Operation("update pull request", sentence("Change of a pull request")),
    Operation("create or update file", sentence("Commit of one file")),
    Operation("push files", sentence("Commit of files")),
    Operation("delete file", sentence("Commit that deletes a file"), sentence("The file is deleted in the branch.")),
    Operation("delete branch", sentence("Deletion of a branch"), sentence("The branch is deleted; commits in it alone may be lost.")),
    Operation("delete tag", sentence("Deletion of a tag"), sentence("The tag is deleted.")),
    Operation("delete repo", sentence("Deletion of a repository"), sentence("The repository is deleted with all that is in it.")),
    Operation("archive repo", sentence("Archiving of a repository"), sentence("Nobody can write to the repository any more.")),
    Operation("transfer repo", sentence("Transfer of a repository"), sentence("The repository gets another owner.")),
    Operation("create branch", sentence("New branch")),
    Operation("create repo", sentence("New repository")),
    Operation("update repo", sentence("Change of a repository's settings")),
    Operation("fork repo", sentence("Fork of a repository")),
    Operation("remove branch protection, delete branch protection", sentence("End of a branch's protection"), sentence("The branch loses its protection.")),
    Operation("branch protection", sentence("Change of a branch's protection"), sentence("What protects the branch changes.")),
    Operation("add collaborator", sentence("New collaborator"), sentence("Somebody gets access to the repository.")),
    Operation("add team member", sentence("New member of a team"), sentence("Somebody gets access to what the team has.")),
    Operation("deploy key", sentence("Deploy key"), sentence("A key gets access to the repository.")),
    Operation("create webhook", sentence("New webhook"), sentence("What happens in the repository is sent to another place.")),
    Operation("set secret", sentence("Secret of a repository"), sentence("A secret that workflows use is written.")),
    Operation("delete workflow run logs", sentence("Deletion of a workflow's logs"), sentence("What the workflow wrote is deleted: it cannot be looked up any more.")),
    Operation("cancel workflow run", sentence("End of a running workflow")),
    Operation("rerun workflow run, rerun failed jobs", sentence("Another run of a workflow"), sentence("A workflow runs with the rights and secrets of its repository.")),
    Operation("run workflow, workflow dispatch, actions run trigger, dispatch workflow, trigger workflow", sentence("Run of a workflow"), sentence("A workflow runs with the rights and secrets of its repository.")),
    Operation("create release", sentence("New release"), sentence("A release is what others download.")),
    Operation("update release", sentence("Change of a release"), sentence("A release is what others download.")),
    Operation("create gist", sentence("New gist")),
    Operation("git push", sentence("Push")),
    Operation("git reset", sentence("Reset")),
    Operation("git commit", sentence("Commit")),
    Operation("git checkout", sentence("Switch to a branch")),
    Operation("git merge", sentence("Merge")),
    Operation("git rebase", sentence("Rebase"), sentence("Commits are written anew.")),
    Operation("git clean", sentence("Deletion of files that git does not know"), sentence("Files that git does not know cannot be brought back.")),
    Operation("git add", sentence("Files for the next commit")),
    Operation("git remote", sentence("Change of a remote repository"), sentence("It changes where pushes go or where code comes from.")),
    Operation("git config", sentence("Change of git's settings"), sentence("Settings of git can run commands.")),
    Operation("git tag", sentence("Tag")),
    Operation("git clone", sentence("Copy of a repository")),
    Operation("git stash", sentence("Stash")),
)  # fmt: skip
"""In order: the first of which a tool's name holds a phrase."""
_KEYS: Final = tuple(
    (squeezed(phrase), each) for each in OPERATIONS for phrase in each.phrases.split(",")
)
_SEVERAL: Final = "actionsruntrigger"


def operation_of(name: str, method: str) -> Operation | None:
    """Return what a tool of this squeezed name does; by its method, where GitHub's has several.

    Other tools may pass over a method that is not theirs, so of those the name alone tells.
    """
    named = (squeezed(method), name) if _SEVERAL in name else (name,)
    found = (each for given in named for key, each in _KEYS if key in given)
    return next(found, None)
