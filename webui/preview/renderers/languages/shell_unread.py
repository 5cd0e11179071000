"""The worst words in what of a script was not read: each is looked for by itself, in linear time."""

import re
from collections.abc import Iterator
from typing import Final

_BEGINS: Final = r"(?<![\w.~-])"
_WORST: Final = tuple(
    re.compile(_BEGINS + pattern)
    for pattern in (
        r"rm[ \t]++(?:-[\w-]++[ \t]++)*-(?:\w{0,10}[rRf]|-recursive|-force)",
        r"(?:mkfs|wipefs|shred|fdisk)\b",
        r"dd[ \t][^\n;|&]{0,200}of=/dev/",
        r"(?:sudo|doas|pkexec|su)[ \t]",
        r"(?:eval|source)[ \t]",
        r"(?:curl|wget|nc|ncat|socat)[ \t]",
        r"(?:ssh|scp|rsync|sftp)[ \t]",
        r"base(?:64|32)[ \t]",
        r"(?:chmod|chown|setfacl)[ \t]",
        r"crontab\b",
        r"(?:systemctl|launchctl|shutdown|reboot|poweroff)\b",
        r"(?:pkill|killall|kill)[ \t]",
        r"(?:iptables|nft|ufw)[ \t]",
        r"git[ \t]++(?:push|reset|clean)\b",
        r"(?:terraform|tofu|kubectl|helm|aws|gcloud|az)[ \t]",
        r"(?:docker|podman)[ \t]",
        r"(?:psql|mysql|sqlite3|dropdb|redis-cli)\b",
        r"(?:python[\d.]{0,5}|node|perl|ruby|php)[ \t]++-[cer]\b",
        r"(?:ba|z|da|k)?sh[ \t]++-\w{0,5}c\b",
    )
) + tuple(
    map(
        re.compile,
        (
            r"\|[ \t]*+(?:\w{1,10}/){0,5}(?:ba|z|da|k)?sh\b",
            r"/dev/(?:tcp|udp)/",
            r"\.ssh/|authorized_keys",
            r"\.(?:aws|kube|gnupg|docker)/|\.env\b|\.netrc",
            r"/etc/(?:passwd|shadow|sudoers|cron)",
            r"\.(?:bashrc|zshrc|profile|bash_profile)\b",
            r":\(\)[ \t]*+\{",
            r"\$\{?IFS",
        ),
    )
)


def worst_words(plain: str, begin: int) -> Iterator[tuple[int, str]]:
    """Yield the first of each kind from a place on: where it stands, and its words."""
    for pattern in _WORST:
        if match := pattern.search(plain, begin):
            yield match.start(), match[0].strip()
