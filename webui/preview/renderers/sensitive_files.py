"""Which files give more than their content: what runs by itself, grants access, or is secret."""

import re
from typing import Final, NamedTuple

from webui.preview.renderers.findings import Findings
from webui.preview.renderers.rendering import Severity
from webui.preview.renderers.saying import Span, said


class _Kind(NamedTuple):
    severity: Severity
    words: str
    pattern: str


def _kind(severity: Severity, words: str, pattern: str) -> _Kind:
    return _Kind(severity, words, pattern)


_KINDS: Final = (
    _kind(
        "danger",
        "is run by continuous integration",
        r"\.github/(?:workflows|actions)/|\.gitlab-ci\.ya?ml$|\.circleci/|\.buildkite/"
        r"|\.woodpecker|\.drone\.ya?ml$|\.travis\.ya?ml$|\.gitea/workflows/|jenkinsfile"
        r"|azure-pipelines|bitbucket-pipelines\.ya?ml$|\.forgejo/workflows/|cloudbuild\.ya?ml$",
    ),
    _kind(
        "danger",
        "belongs to git itself: hooks and settings there run commands",
        r"(?:\.git|git~1)(?:/|$|::)|\.husky/|\.githooks/|\.gitconfig$|\.gitmodules$"
        r"|\.gitattributes$|\.pre-commit-config\.ya?ml$|\.config/git/|lefthook\.ya?ml$",
    ),
    _kind(
        "danger",
        "holds keys or says who may log in",
        r"\.ssh/|authorized_keys|id_(?:rsa|ed25519|ecdsa|dsa)|sshd?_config|\.gnupg/"
        r"|[^/]+\.(?:pem|key|p12|pfx|kdbx)$",
    ),
    _kind(
        "danger",
        "is where secrets are kept",
        r"\.env(?:\.[^/]*)?$|\.envrc$|\.npmrc$|\.pypirc$|\.netrc$|\.pgpass$|\.aws/|\.azure/"
        r"|\.kube/|\.docker/config\.json$|\.config/gcloud/|\.git-credentials$"
        r"|credentials(?:\.[^/]*)?$|secrets?\.[^/]+$|\.vault-token$|terraform\.tfstate",
    ),
    _kind(
        "danger",
        "runs whenever a shell or a session starts",
        r"\.(?:bash|zsh|k?sh|csh|tcsh)(?:rc|env|_profile|_login|_logout|_aliases)$"
        r"|\.z(?:profile|login)$|\.profile$|config\.fish$|\.config/(?:fish|autostart)/"
        r"|etc/(?:profile|bash|zsh)[^/]*|launch(?:agents|daemons)/|\.xinitrc$"
        r"|microsoft\.powershell_profile\.ps1$|\.vimrc$|\.inputrc$",
    ),
    _kind(
        "danger",
        "is part of the operating system's settings",
        r"etc/(?:passwd|shadow|group|sudoers|crontab|cron\.[a-z]+|hosts|ld\.so|pam\.d|init\.d"
        r"|systemd|rc\.local|ssh)|systemd/(?:user|system)/|var/spool/cron|(?:usr/)?s?bin/"
        r"|sudoers\.d/",
    ),
    _kind(
        "danger",
        "tells an agent or an editor what it may do or run",
        r"\.claude/|claude\.md$|agents\.md$|gemini\.md$|\.cursor/|\.cursorrules$|\.codex/"
        r"|\.mcp\.json$|\.vscode/|\.idea/|\.devcontainer|\.windsurf|copilot-instructions\.md$"
        r"|\.opencode/|opencode\.jsonc?$",
    ),
    _kind("danger", "says who must review a change", r"codeowners$"),
    _kind(
        "note",
        "pins what is installed, and nobody reads it",
        r"package-lock\.json$|npm-shrinkwrap\.json$|yarn\.lock$|pnpm-lock\.ya?ml$|bun\.lockb?$"
        r"|poetry\.lock$|uv\.lock$|pipfile\.lock$|pdm\.lock$|cargo\.lock$|go\.sum$"
        r"|gemfile\.lock$|composer\.lock$|flake\.lock$|gradle-wrapper\.(?:jar|properties)$"
        r"|\.terraform\.lock\.hcl$",
    ),
    _kind(
        "note",
        "says how this project is built or installed",
        r"package\.json$|setup\.(?:py|cfg)$|pyproject\.toml$|requirements[^/]*\.txt$"
        r"|dockerfile|(?:docker-)?compose\.ya?ml$|makefile$|build\.rs$|conftest\.py$"
        r"|sitecustomize\.py$|[^/]+\.pth$|build\.gradle(?:\.kts)?$|pom\.xml$|gemfile$|binding\.gyp$",
    ),
)
_ANY: Final = re.compile(
    "(?:^|/)(?:"
    + "|".join([f"(?P<k{at}>{kind.pattern})" for at, kind in enumerate(_KINDS)])
    + ")"
)
_IGNORED: Final = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_SEPARATORS: Final = re.compile(r"[\\/]+(?:\.[\\/]+)*")
_DRIVE: Final = re.compile(r"[a-z]:|//|/|~", re.IGNORECASE)
_ESCAPES: Final = re.compile(r"\\[0-7]{3}")
_LONGEST: Final = 4096


def look_at_path(found: Findings, path: Span, *, in_a_tree: bool) -> None:
    """Say what is special about a file; `in_a_tree` paths should be relative, as in a patch."""
    if not found.is_new(("path", path.plain)):
        return
    folded = _folded(path.plain[:_LONGEST])
    if path.is_secret:
        found.danger(
            "secret-path", "A part of a file's path is masked: it may be any file."
        )
    if ".." in folded.split("/"):
        found.danger(("leaves", folded), f"{said(path)} leads out of its folder by “..”.")
    elif in_a_tree and _DRIVE.match(path.plain.replace("\\", "/")):
        found.danger(("leaves", folded), f"{said(path)} is not a path inside the project.")
    if in_a_tree and _ESCAPES.search(path.plain):
        found.danger(("escapes", folded), f"{said(path)} is spelt with escapes.")
    if match := _ANY.search(folded):
        severity, words, _ = _KINDS[int(str(match.lastgroup)[1:])]
        add = found.danger if severity == "danger" else found.note
        add((words, folded), f"{said(path)} {words}.")


def _folded(path: str) -> str:
    """Return a path as a careless file system may take it: case and odd signs do not count."""
    parts = _SEPARATORS.sub("/", _IGNORED.sub("", path)).casefold().removeprefix("./")
    return "/".join(
        [part if part in {".", ".."} else part.rstrip(". ") for part in parts.split("/")]
    )
