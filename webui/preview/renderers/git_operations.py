"""What git and the places where repositories are kept can be asked to do."""

from typing import Final, NamedTuple


class Operation(NamedTuple):
    """One thing to do; `phrases` are how tools call it, with commas between them."""

    phrases: str
    title: str
    danger: str = ""
    """What is said of it whatever its arguments are."""


OPERATIONS: Final = (
    Operation("merge pull request", "Merge of a pull request", "Merging puts its changes into the branch that it was made for."),
    Operation("merge merge request", "Merge of a merge request", "Merging puts its changes into the branch that it was made for."),
    Operation("create pull request review, pull request review write", "Review of a pull request"),
    Operation("update pull request branch", "Update of a pull request's branch"),
    Operation("create pull request", "New pull request"),
    Operation("create merge request", "New merge request"),
    Operation("update pull request", "Change of a pull request"),
    Operation("create or update file", "Commit of one file"),
    Operation("push files", "Commit of files"),
    Operation("delete file", "Commit that deletes a file", "The file is deleted in the branch."),
    Operation("delete branch", "Deletion of a branch", "The branch is deleted; commits in it alone may be lost."),
    Operation("delete tag", "Deletion of a tag", "The tag is deleted."),
    Operation("delete repo", "Deletion of a repository", "The repository is deleted with all that is in it."),
    Operation("archive repo", "Archiving of a repository", "Nobody can write to the repository any more."),
    Operation("transfer repo", "Transfer of a repository", "The repository gets another owner."),
    Operation("create branch", "New branch"),
    Operation("create repo", "New repository"),
    Operation("update repo", "Change of a repository's settings"),
    Operation("fork repo", "Fork of a repository"),
    Operation("remove branch protection, delete branch protection", "End of a branch's protection", "The branch loses its protection."),
    Operation("branch protection", "Change of a branch's protection", "What protects the branch changes."),
    Operation("add collaborator", "New collaborator", "Somebody gets access to the repository."),
    Operation("add team member", "New member of a team", "Somebody gets access to what the team has."),
    Operation("deploy key", "Deploy key", "A key gets access to the repository."),
    Operation("create webhook", "New webhook", "What happens in the repository is sent to another place."),
    Operation("set secret", "Secret of a repository", "A secret that workflows use is written."),
    Operation("run workflow, workflow dispatch, actions run trigger, dispatch workflow, trigger workflow", "Run of a workflow", "A workflow runs with the rights and secrets of its repository."),
    Operation("create release", "New release", "A release is what others download."),
    Operation("update release", "Change of a release", "A release is what others download."),
    Operation("create gist", "New gist"),
    Operation("git push", "Push"),
    Operation("git reset", "Reset"),
    Operation("git commit", "Commit"),
    Operation("git checkout", "Switch to a branch"),
    Operation("git merge", "Merge"),
    Operation("git rebase", "Rebase", "Commits are written anew."),
    Operation("git clean", "Deletion of files that git does not know", "Files that git does not know cannot be brought back."),
    Operation("git add", "Files for the next commit"),
    Operation("git remote", "Change of a remote repository", "It changes where pushes go or where code comes from."),
    Operation("git config", "Change of git's settings", "Settings of git can run commands."),
    Operation("git tag", "Tag"),
    Operation("git clone", "Copy of a repository"),
    Operation("git stash", "Stash"),
)  # fmt: skip
"""In order: the first of which a tool's name holds a phrase."""
