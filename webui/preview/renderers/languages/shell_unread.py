"""The worst words in what of a script was not read: each is looked for by itself, in linear time."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_BLANK: Final = r"[ \t]"


class _Words(NamedTuple):
    literals: tuple[str, ...]
    """One of these has to stand there; without them the pattern is not tried."""
    pattern: re.Pattern[str]


def _words(literals: str, pattern: str) -> _Words:
    return _Words(tuple(literals.split()), re.compile(pattern))


def _programs(names: str, following: str = _BLANK) -> tuple[_Words, ...]:
    return tuple(
        _words(name, rf"{name}(?<![\w.~-]{name}){following}") for name in names.split()
    )


_WORST: Final = (
    *_programs("rm", r"[ \t]++(?:-[\w-]++[ \t]++)*-(?:\w{0,10}[rRf]|-recursive|-force)"),
    *_programs("dd", r"[ \t][^\n;|&]{0,200}of=/dev/"),
    *_programs("git", r"[ \t]++(?:push|reset|clean)\b"),
    *_programs("python python3 node perl ruby php bash sh zsh", r"[ \t]++-\w{0,5}[cer]\b"),
    *_programs(
        "mkfs wipefs shred fdisk crontab systemctl launchctl shutdown reboot", r"\b"
    ),
    *_programs(
        "sudo doas pkexec su eval source curl wget nc ncat socat ssh scp rsync sftp"
    ),
    *_programs("base64 base32 chmod chown setfacl kill pkill killall iptables nft ufw"),
    *_programs(
        "terraform tofu kubectl helm aws gcloud az docker podman psql mysql sqlite3"
    ),
    *_programs("dropdb redis-cli", r"\b"),
    _words("|", r"\|[ \t]*+/?(?:\w{1,10}/){0,5}(?:ba|z|da|k)?sh\b"),
    _words("/dev/tcp/ /dev/udp/", r"/dev/(?:tcp|udp)/"),
    _words(".ssh/ authorized_keys", r"\.ssh/|authorized_keys"),
    _words(".aws/ .kube/ .gnupg/ .docker/", r"\.(?:aws|kube|gnupg|docker)/"),
    _words(".env .netrc", r"\.(?:env|netrc)\b"),
    _words("/etc/", r"/etc/(?:passwd|shadow|sudoers|cron)"),
    _words(".bash .zsh .profile", r"\.(?:bashrc|zshrc|profile|bash_profile)\b"),
    _words(":()", r":\(\)[ \t]*+\{"),
    _words("$IFS ${IFS", r"\$\{?IFS"),
)


def worst_words(plain: str, begin: int) -> Iterator[tuple[int, str]]:
    """Yield the first of each kind from a place on: where it stands, and its words."""
    for literals, pattern in _WORST:
        if all(plain.find(literal, begin) < 0 for literal in literals):
            continue
        if match := pattern.search(plain, begin):
            yield match.start(), match[0].strip()
