"""Delicate places of a machine and a project: what runs by itself, grants access, or is secret."""

import re
from typing import Final, NamedTuple

from webui.sentences import sentence


class Place(NamedTuple):
    """A kind of files, as a sentence about a path goes on after “leads to”."""

    pattern: re.Pattern[str]
    words: str
    holds_secrets: bool = False
    is_danger: bool = True
    """Or else only worth a note, and that where it is written."""
    is_read_freely: bool = False
    """Reading it harms nobody, as agents do at each start; writing it does."""


def _place(
    pattern: str,
    words: str,
    *,
    holds_secrets: bool = False,
    is_danger: bool = True,
    is_read_freely: bool = False,
) -> Place:
    return Place(re.compile(pattern), words, holds_secrets, is_danger, is_read_freely)


# Over a normalised path in lower case with `/`, home written as `~`; the first that fits counts.
_PLACES: Final = (
    _place(r"(?:^|/)authorized_keys[^/]*$", sentence("who may sign in without a password"), holds_secrets=True),
    _place(r"(?:^|/)\.ssh(?:/|$)|(?:^|/)sshd?_config$", sentence("keys and hosts of SSH"), holds_secrets=True),
    _place(r"(?:^|/)\.gnupg(?:/|$)", sentence("keys of GnuPG"), holds_secrets=True),
    _place(r"(?:^|/)\.(?:aws|azure|kube|docker|config/gcloud|oci)(?:/|$)", sentence("credentials of a cloud or cluster"), holds_secrets=True),
    _place(r"(?:^|/)(?:\.(?:netrc|pgpass|my\.cnf|pypirc|npmrc|git-credentials|vault-token|htpasswd)|credentials(?:\.[^/]*+)?|secrets?\.[^/]++|terraform\.tfstate[^/]*)$", sentence("stored passwords or tokens"), holds_secrets=True),
    _place(r"(?:^|/)\.env(?:rc|\.[^/]*+)?$", sentence("secrets of a program"), holds_secrets=True),
    _place(r"(?:^|/)(?:id_(?:rsa|ed25519|ecdsa|dsa)(?:\.pub)?|[^/]*+(?<=\.(?:pem|key|p12|pfx|jks))|[^/]*+(?<=\.kdbx)|[^/]*+(?<=\.keystore))$", sentence("a private key or a store of passwords"), holds_secrets=True),
    _place(r"^/etc/(?:shadow|gshadow|sudoers|ssh|ssl/private|krb5\.keytab)", sentence("accounts and keys of the machine"), holds_secrets=True),
    _place(r"/(?:\.mozilla|google-chrome|chromium|keychains|keyrings|firefox)(?:/|$)", sentence("a browser's or system's store of passwords"), holds_secrets=True),
    _place(r"^/proc/(?:self|[0-9]++)/(?:environ|mem|maps|fd|root|cwd)", sentence("memory or environment of a process"), holds_secrets=True),
    _place(r"(?:^|/)\.(?:bash_history|zsh_history|python_history|psql_history)$", sentence("what was typed before"), holds_secrets=True),
    _place(r"^/var/run/secrets|^/run/secrets", sentence("secrets of a container"), holds_secrets=True),
    _place(r"(?:^|/)(?:\.(?:gitea|forgejo|github)/workflows|\.github/actions|\.gitlab-ci\.ya?ml$|\.(?:circleci|buildkite|woodpecker)(?:/|$)|\.woodpecker\.ya?ml$|\.(?:drone|travis)\.ya?ml$|jenkinsfile|azure-pipelines|bitbucket-pipelines\.ya?ml$|cloudbuild\.ya?ml$)", sentence("what the build server runs")),
    _place(r"(?:^|/)(?:(?:\.git|git~1)/hooks|\.husky|\.githooks)(?:/|$)|(?:^|/)(?:\.pre-commit-config|lefthook)\.ya?ml$", sentence("programs that git runs by itself")),
    _place(r"(?:^|/)(?:(?:\.git|git~1)(?:/|$|::)|\.git(?:config|modules|attributes)$|\.config/git/)", sentence("settings by which git can run programs")),
    _place(r"(?:^|/)\.(?:(?:bash|zsh|k?sh|csh|tcsh)(?:rc|env|_profile|_login|_logout|_aliases)|profile|zprofile|zlogin|inputrc|vimrc|xinitrc|tmux\.conf)$|(?:^|/)(?:\.config/fish/|config\.fish$|etc/(?:profile|bash|zsh)[^/]*+$)|\$profile|powershell_profile\.ps1$", sentence("a file that every new shell or program runs")),
    _place(r"(?:^|/)(?:crontab|cron\.[a-z]++|cron)(?:/|$)|^/var/spool/cron", sentence("a plan of what runs by itself")),
    _place(r"(?:^|/)(?:systemd|launchagents|launchdaemons|autostart|init\.d|rc\.local|rc\.d)(?:/|$)", sentence("what starts by itself")),
    _place(r"(?:^|/)(?:(?:claude(?:\.local)?|agents|gemini|copilot-instructions)\.md|\.(?:cursor|windsurf|cline)rules)$", sentence("instructions that agents follow"), is_read_freely=True),
    _place(r"(?:^|/)(?:\.(?:claude|cursor|vscode|idea|devcontainer|windsurf|opencode|codex|gemini)(?:/|$)|\.mcp\.json$|\.devcontainer\.json$|opencode\.jsonc?$)", sentence("settings by which an agent or editor is told what it may do and run")),
    _place(r"(?:^|/)codeowners$", sentence("who must review a change")),
    _place(r"docker\.sock$", sentence("the door to all containers, and so to the machine")),
    _place(r"^/etc(?:/|$)|(?:^|/)etc/(?:passwd|shadow|group|sudoers|hosts|ld\.so|pam\.d)", sentence("settings of the whole machine")),
    _place(r"^/(?:bin|sbin|lib|lib64|boot|usr/(?!local/(?:share|src))|windows|system|library)(?:/|$)|^[a-z]:/windows(?:/|$)|^[a-z]:/program files", sentence("programs of the whole machine")),
    _place(r"^/(?:dev|sys|proc)(?:/|$)", sentence("devices and the kernel")),
    _place(r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|bun\.lockb?|(?:poetry|uv|pipfile|pdm|cargo|gemfile|composer|flake)\.lock|go\.sum|gradle-wrapper\.(?:jar|properties)|\.terraform\.lock\.hcl)$", sentence("what pins the packages that are installed, and nobody reads it"), is_danger=False),
    _place(r"(?:^|/)(?:package\.json|setup\.(?:py|cfg)|pyproject\.toml|requirements[^/]*+(?<=\.txt)|(?:docker-)?compose\.ya?ml|makefile|build\.rs|(?:conftest|sitecustomize)\.py|[^/]++(?<=\.pth)|build\.gradle(?:\.kts)?|pom\.xml|gemfile|binding\.gyp)$|(?:^|/)dockerfile", sentence("how this project is built or installed"), is_danger=False),
)  # fmt: skip
_ANY: Final = re.compile("|".join([f"(?:{place.pattern.pattern})" for place in _PLACES]))


def place_at(folded: str) -> Place | None:
    """Return the delicate place that a path leads to; most lead to none."""
    if _ANY.search(folded) is None:
        return None
    return next(place for place in _PLACES if place.pattern.search(folded))
