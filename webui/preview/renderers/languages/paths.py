"""Where a path leads, as far as its text tells: nothing is looked up on a disk."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_WINDOWS: Final = re.compile(r"[A-Za-z]:")
_HOME: Final = re.compile(
    r"~[A-Za-z0-9_.-]*+|\$\{?HOME\}?|%USERPROFILE%|/root|/home/[^/]++|/Users/[^/]++"
)
LONGEST: Final = 4_096


class _Place(NamedTuple):
    pattern: re.Pattern[str]
    words: str
    holds_secrets: bool


def _place(pattern: str, words: str, *, holds_secrets: bool = False) -> _Place:
    return _Place(re.compile(pattern), words, holds_secrets)


# Over a normalised path in lower case with `/`, home written as `~`.
_PLACES: Final = (
    _place(r"(?:^|/)\.ssh(?:/|$)", "keys and hosts of SSH", holds_secrets=True),
    _place(r"(?:^|/)\.gnupg(?:/|$)", "keys of GnuPG", holds_secrets=True),
    _place(r"(?:^|/)\.(?:aws|azure|kube|docker|config/gcloud|oci)(?:/|$)", "credentials of a cloud or cluster", holds_secrets=True),
    _place(r"(?:^|/)\.(?:netrc|pgpass|my\.cnf|pypirc|npmrc|git-credentials|vault-token|htpasswd)$", "stored passwords or tokens", holds_secrets=True),
    _place(r"(?:^|/)\.env(?:\.[^/]*+)?$", "secrets of a program", holds_secrets=True),
    _place(r"(?:^|/)(?:id_rsa|id_ed25519|id_ecdsa|[^/]*+\.(?:pem|key|p12|pfx|kdbx|keystore|jks))$", "a private key or a store of passwords", holds_secrets=True),
    _place(r"^/etc/(?:shadow|gshadow|sudoers|ssh|ssl/private|krb5\.keytab)", "accounts and keys of the machine", holds_secrets=True),
    _place(r"/(?:\.mozilla|google-chrome|chromium|keychains|keyrings|firefox)(?:/|$)", "a browser's or system's store of passwords", holds_secrets=True),
    _place(r"^/proc/(?:self|[0-9]++)/(?:environ|mem|maps|fd|root|cwd)", "memory or environment of a process", holds_secrets=True),
    _place(r"(?:^|/)\.(?:bash_history|zsh_history|python_history|psql_history)$", "what was typed before", holds_secrets=True),
    _place(r"^/var/run/secrets|^/run/secrets", "secrets of a container", holds_secrets=True),
    _place(r"(?:^|/)\.git/hooks(?:/|$)", "programs that git runs by itself"),
    _place(r"(?:^|/)\.git(?:/config|modules|attributes)$", "settings by which git can run programs"),
    _place(r"(?:^|/)\.(?:bashrc|bash_profile|bash_login|bash_logout|profile|zshrc|zshenv|zprofile|zlogin|kshrc|cshrc|inputrc|vimrc|tmux\.conf)$|(?:^|/)\.config/fish/|\$profile", "a file that every new shell or program runs"),
    _place(r"(?:^|/)(?:crontab|cron\.[a-z]++|cron)(?:/|$)|^/var/spool/cron", "a plan of what runs by itself"),
    _place(r"(?:^|/)(?:systemd|launchagents|launchdaemons|autostart|init\.d|rc\.local|rc\.d)(?:/|$)", "what starts by itself"),
    _place(r"(?:^|/)\.(?:github/workflows|gitlab-ci\.yml|circleci)(?:/|$)", "what the build server runs"),
    _place(r"(?:^|/)\.(?:claude|cursor|vscode|mcp\.json|codex|gemini)(?:/|$)", "settings by which a tool or agent runs programs"),
    _place(r"^/etc(?:/|$)", "settings of the whole machine"),
    _place(r"^/(?:bin|sbin|lib|lib64|boot|usr/(?!local/(?:share|src))|windows|system|library)(?:/|$)|^[a-z]:/windows(?:/|$)|^[a-z]:/program files", "programs of the whole machine"),
    _place(r"^/(?:dev|sys|proc)(?:/|$)", "devices and the kernel"),
    _place(r"docker\.sock$", "the door to all containers, and so to the machine"),
    _place(r"(?:^|/)authorized_keys$", "who may sign in without a password"),
)  # fmt: skip
_HARMLESS_DEVICES: Final = frozenset({"/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/zero", "/dev/urandom", "/dev/random"})  # fmt: skip


def normalised(path: str) -> str:
    """Return a path without `.`, `..` and doubled slashes; a beginning `..` stays."""
    slashed = path.replace("\\", "/")
    drive = ""
    if match := _WINDOWS.match(slashed):
        drive, slashed = match[0].lower(), slashed[2:]
    root = "/" if slashed.startswith("/") else ""
    parts: list[str] = []
    for part in slashed.split("/"):
        if part in {"", "."}:
            continue
        if part != "..":
            parts.append(part)
        elif parts and parts[-1] != "..":
            parts.pop()
        elif not root:
            parts.append(part)
    return drive + root + "/".join(parts) or "."


def is_absolute(path: str) -> bool:
    """Say whether a path begins at the root, at a home or on a drive."""
    return (
        path.startswith(("/", "~", "\\", "$", "%USERPROFILE%"))
        or _WINDOWS.match(path) is not None
    )


def is_inside(path: str, root: str) -> bool:
    """Say whether a normalised path is a normalised folder or lies in it."""
    return root in {path, "/"} or path.startswith(root.rstrip("/") + "/")


def place_of(path: str) -> tuple[str, bool] | None:
    """Say which delicate place of a machine a path leads to, and whether secrets lie there."""
    if len(path) > LONGEST:
        return None
    plain = normalised(path)
    if plain in _HARMLESS_DEVICES:
        return None
    folded = _at_home(plain).lower()
    for place in _PLACES:
        if place.pattern.search(folded):
            return place.words, place.holds_secrets
    return None


def _at_home(path: str) -> str:
    match = _HOME.match(path)
    return "~" + path[match.end() :] if match else path


def is_whole(path: str) -> bool:
    """Say whether a path is all of a machine, a home or a drive."""
    bare = normalised(path.rstrip("*"))
    return bare in {"/", "~", ".", ".."} or _HOME.fullmatch(bare) is not None or bare in {"/home", "/Users"} or re.fullmatch(r"[a-z]:/?", bare) is not None or re.fullmatch(r"/(?:etc|usr|var|bin|lib|boot|opt|srv)", bare) is not None  # fmt: skip


_ODDITIES: Final = (
    (r"\x00", "holds a NUL, at which many programs end the name"),
    (r"[\x01-\x1f]", "holds control characters"),
    (r"\A(?:\\\\|//)[?.][\\/]", "is a device path of Windows, for which usual checks do not hold"),
    (r"\A(?:\\\\|//)(?![?.][\\/])", "leads to another machine on the network"),
    (r"\\", "holds backslashes: folders on Windows, part of the name elsewhere"),
    (r"(?<=[^./\\])[. ]++(?:[/\\]|\Z)|(?<=\.\.)[. ]++(?:[/\\]|\Z)", "has a name that ends in a dot or space, which Windows leaves out"),
    (r"(?<!\A[A-Za-z]):", "holds a colon: another stream of a file on Windows, or an address"),
    (r"(?:\A|[/\\])(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./\\]|\Z)", "names a device of Windows"),
    (r"(?!\A)~[0-9]", "may be a short name of Windows for another file"),
    (r"%(?i:2e|2f|5c|00|25)", "holds percent signs that some programs turn into dots and slashes"),
    (r"[\u2024\u2025\u2044\u2215\uff0e\uff0f\uff3c\u29f8]", "holds look-alikes of dots or slashes"),
    (r"[*?\[{]", "is a pattern and may stand for many files"),
    (r"\$[A-Za-z_({]|%[A-Za-z_]{1,40}%|`", "holds a variable: where it leads is computed"),
)  # fmt: skip
_READ_OTHERWISE: Final = tuple((re.compile(pattern), words) for pattern, words in _ODDITIES)


def oddities(path: str) -> Iterator[str]:
    """Yield what in a path makes systems read it otherwise than people do."""
    for pattern, words in _READ_OTHERWISE:
        if pattern.search(path):
            yield words
