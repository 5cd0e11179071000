"""What known programs do that a person must not miss, by their options."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from webui.sentences import sentence

_ADDRESS: Final = re.compile(
    r"^(?:git\+)?(?:https?|ftp|git|ssh|file)://|^git@|^github:|\.(?:tgz|whl|tar\.gz)$"
)
_SED: Final = re.compile(
    r"(?:^|[;{}\n])\s*+(?:[0-9]++|\$|/[^/]{0,200}+/)?\s*+[eEwW](?:\s|$)"
    r"|(?:^|[;{}\n0-9/$])\s*+s([^\w\s\\])(?:\\.|(?!\1)[^\\]){0,400}+\1"
    r"(?:\\.|(?!\1)[^\\]){0,400}+\1[gpiIMm0-9]{0,8}+[ew]"
)
"""The commands of sed that run a program or write a file, and such flags of a substitution."""
_LEAST_CUT: Final = 3  # letters of a long option that is cut short


class Options:
    """The arguments of a program, its options apart."""

    def __init__(self, values: Sequence[str]) -> None:
        self.values = values
        self.short: set[str] = set()
        self.long: set[str] = set()
        self.operands: list[str] = []
        for at, value in enumerate(values):
            if value == "--":
                self.operands += values[at + 1 :]
                break
            if value.startswith("--"):
                self.long.add(value[2:].partition("=")[0])
            elif value.startswith("-") and len(value) > 1:
                self.short.update(value[1:40])
                self.long.add(value[1:].partition("=")[0])  # -auto-approve
            else:
                self.operands.append(value)

    def has(self, letters: str, *names: str) -> bool:
        """Say whether one of these options is given; a long one may be cut short."""
        if not self.short.isdisjoint(letters):
            return True
        return any(
            name.startswith(given)
            for name in names
            for given in self.long
            if len(given) >= _LEAST_CUT
        )

    def any(self, *words: str) -> bool:
        """Say whether one of these words is among the operands."""
        return any(word in self.operands for word in words)


class Danger(NamedTuple):
    """What to look for, and what to say."""

    programs: frozenset[str]
    holds: Callable[[Options], bool]
    words: str


def _danger(
    programs: str, words: str, holds: Callable[[Options], bool] | None = None
) -> Danger:
    return Danger(frozenset(programs.split()), holds or (lambda _: True), words)


def _opens_to_all(o: Options) -> bool:
    return any(
        re.fullmatch(
            r"[0-7]?[0-7]{2}[2367]|[ugo]*[ao][ugo]*[+=][rx]*w[rwxst]*|\+[rx]*w[rwx]*", v
        )
        for v in o.operands[:1]
    )


def _forces(o: Options) -> bool:
    if "push" not in o.operands:
        return False
    refs = any(v.startswith("+") for v in o.operands)
    return refs or o.has("f", "force", "force-with-lease", "mirror")


_DANGERS: Final = (
    _danger("rm", sentence("removes files and folders with all in them, asking nothing"),
            lambda o: o.has("rR", "recursive") and o.has("f", "force")),
    _danger("rm", sentence("removes folders with all in them"),
            lambda o: o.has("rR", "recursive") and not o.has("f", "force")),
    _danger("rm unlink rmdir del erase", sentence("removes files"),
            lambda o: not o.has("rR", "recursive")),
    _danger("rd", sentence("removes a folder")),
    _danger("shred srm wipe", sentence("overwrites files so that nothing can bring them back")),
    _danger("find", sentence("removes every file that it finds"), lambda o: "delete" in o.long),
    _danger("dd", sentence("writes over a whole device"),
            lambda o: any(v.startswith("of=/dev/") and v not in {"of=/dev/null", "of=/dev/stdout"} for v in o.operands)),
    _danger("mkfs mke2fs mkswap wipefs fdisk sfdisk sgdisk parted blkdiscard diskutil format",
            sentence("changes or empties a whole disk")),
    _danger("chmod", sentence("lets everybody on the machine write"), _opens_to_all),
    _danger("chmod chown chgrp setfacl", sentence("changes the rights of a whole tree"), lambda o: o.has("R", "recursive")),
    _danger("chmod", sentence("makes a program run with its owner's rights"),
            lambda o: any(re.fullmatch(r"[2467][0-7]{3}|[ugoa]*[+=][rwx]*s[rwxs]*", v) for v in o.operands[:1])),
    _danger("git", sentence("overwrites what others have pushed"), _forces),
    _danger("git", sentence("deletes a branch or tag on the server"),
            lambda o: "push" in o.operands and (o.has("d", "delete") or any(v.startswith(":") for v in o.operands))),
    _danger("git", sentence("throws away work that is not committed"),
            lambda o: (o.any("reset") and "hard" in o.long) or (o.any("clean") and o.has("fdx", "force"))
            or (o.any("checkout", "restore") and o.any("."))),
    _danger("git", sentence("rewrites or drops history"),
            lambda o: o.any("filter-branch", "filter-repo", "reflog") or (o.any("branch") and "D" in o.short)
            or (o.any("stash") and o.any("drop", "clear"))),
    _danger("git", sentence("changes what git runs or trusts"),
            lambda o: o.any("config") or ("c" in o.short and any("=" in v for v in o.operands))),
    _danger("iptables ip6tables nft ufw firewall-cmd ebtables", sentence("changes the firewall"),
            lambda o: not o.has("LS", "list") or o.has("F", "flush")),
    _danger("kubectl oc", sentence("deletes or empties things in a cluster"),
            lambda o: o.any("delete", "drain", "cordon") or (o.any("replace") and "force" in o.long)),
    _danger("kubectl oc", sentence("changes a cluster"), lambda o: o.any("apply", "patch", "scale", "edit", "create", "rollout")),
    _danger("helm", sentence("takes a release out of a cluster"), lambda o: o.any("uninstall", "delete", "rollback")),
    _danger("terraform tofu terragrunt", sentence("destroys what it manages"),
            lambda o: o.any("destroy") or "destroy" in o.long),
    _danger("terraform tofu terragrunt", sentence("changes what it manages, asking nothing"),
            lambda o: o.any("apply") and "auto-approve" in o.long),
    _danger("pulumi cdk", sentence("destroys or changes what it manages"), lambda o: o.any("destroy", "up", "deploy")),
    _danger("docker podman nerdctl", sentence("gives a container the rights of the machine itself"),
            lambda o: "privileged" in o.long or any(
                re.search(r"(?:^|=)/(?::|,|$)|docker\.sock|^(?:--)?(?:pid|net|network|ipc|userns)=host|source=/,|cap-add=(?:ALL|SYS)", v)
                for v in o.values) or _has_pair(o.values)),
    _danger("docker podman nerdctl", sentence("removes containers, images or volumes"),
            lambda o: o.any("rm", "rmi", "prune", "kill") or (o.any("compose") and o.any("down"))),
    _danger("npm pnpm yarn bun pip pipx uv gem cargo go", sentence("installs code from an address or another index"),
            lambda o: o.any("install", "i", "add", "get", "ci") and (
                any(_ADDRESS.search(v) for v in o.operands)
                or not o.long.isdisjoint({"index-url", "extra-index-url", "registry", "find-links", "git"}))),
    _danger("npm pnpm yarn cargo gem twine poetry", sentence("publishes a package"), lambda o: o.any("publish", "upload", "push")),
    _danger("crontab at batch", sentence("plans something to run later"), lambda o: not o.has("l") or o.has("re")),
    _danger("systemctl service launchctl update-rc.d chkconfig", sentence("starts, stops or installs a service"),
            lambda o: not o.any("status", "list", "show", "is-active")),
    _danger("kill pkill killall taskkill", sentence("ends processes")),
    _danger("shutdown reboot halt poweroff init telinit", sentence("stops or restarts the machine")),
    _danger("useradd usermod userdel adduser deluser groupadd passwd chpasswd visudo vipw dscl", sentence("changes accounts")),
    _danger("history", sentence("removes the record of what ran"), lambda o: o.has("cdw")),
    _danger("setenforce sysctl modprobe insmod rmmod kexec", sentence("changes the kernel or its guards")),
    _danger("mount umount losetup cryptsetup", sentence("changes what is mounted"), lambda o: bool(o.operands)),
    _danger("nc ncat netcat socat", sentence("opens a connection that can carry a shell"),
            lambda o: o.has("elc", "exec", "sh-exec", "listen") or any("EXEC" in v.upper() for v in o.operands)),
    _danger("bash sh zsh", sentence("opens a shell that takes commands from elsewhere"),
            lambda o: "i" in o.short and "c" not in o.short),
    _danger("ssh", sentence("opens a tunnel or runs a program for the connection"),
            lambda o: o.has("RLDw") or any("proxycommand" in v.lower() for v in o.values)),
    _danger("ssh scp sftp rsync curl wget", sentence("does not check whom it talks to"),
            lambda o: any("stricthostkeychecking=no" in v.lower().replace(" ", "=") for v in o.values)
            or not o.long.isdisjoint({"insecure", "no-check-certificate", "proxy-insecure"})),
    _danger("curl", sentence("does not check whom it talks to"), lambda o: "k" in o.short),
    _danger("curl", sentence("sends a file away"),
            lambda o: any(v.startswith("@") or "=@" in v for v in o.values) or o.has("T", "upload-file")),
    _danger("wget", sentence("sends a file away"), lambda o: not o.long.isdisjoint({"post-file", "body-file"})),
    _danger("aws", sentence("deletes or moves stored things"),
            lambda o: o.any("rm", "rb", "mv") or any(v.startswith(("delete-", "terminate-")) for v in o.operands)
            or "delete" in o.long),
    _danger("aws gcloud az", sentence("changes who may do what"), lambda o: o.any("iam", "role", "add-iam-policy-binding", "sts")),
    _danger("gcloud az gsutil heroku fly doctl", sentence("deletes things in the cloud"),
            lambda o: o.any("delete", "rm", "rb", "purge", "destroy") or any(v.endswith((":destroy", ":reset")) for v in o.operands)),
    _danger("gh", sentence("deletes, merges or calls the API"),
            lambda o: o.any("delete", "merge", "api", "secret", "archive")),
    _danger("dropdb dropuser", sentence("removes a database or a role")),
    _danger("redis-cli", sentence("empties a store"), lambda o: any(v.upper() in {"FLUSHALL", "FLUSHDB"} for v in o.operands)),
    _danger("truncate", sentence("cuts files short")),
    _danger("reg bcdedit vssadmin netsh", sentence("changes Windows itself")),
    _danger("powershell pwsh", sentence("runs a command that is written so that nobody can read it"),
            lambda o: any(v.lower().startswith(("-e", "-enc", "/e")) and not v.lower().startswith("-ex") for v in o.values)),
    _danger("awk gawk mawk nawk", sentence("starts programs from its own text"),
            lambda o: any("system" in v or "getline" in v or "|" in v for v in o.values)),
    _danger("vim vi ex ed emacs man less", sentence("starts programs from its options"),
            lambda o: o.has("cP", "eval", "pager") or any("!" in v for v in o.values)),
    _danger("gdb expect lldb", sentence("starts programs from its options or text"),
            lambda o: any("!" in v or "spawn" in v or "shell" in v or "system" in v for v in o.values)),
    _danger("ip", sentence("starts a program in another network"), lambda o: "netns" in o.values and "exec" in o.values),
    _danger("sed gsed", sentence("starts programs or writes files from its own text"),
            lambda o: any(_SED.search(v) for v in o.values)),
    _danger("tar rsync zip", sentence("starts programs from its options"),
            lambda o: any("checkpoint-action" in v or "use-compress" in v or "rsh" in v or v.startswith("-TT") for v in o.values)),
    _danger("remove-item ri", sentence("removes files")),
    _danger("iex invoke-expression", sentence("runs text as a command")),
)  # fmt: skip
_NOTES: Final = frozenset(
    {"removes files", "ends processes", "changes a cluster", "cuts files short"}
)


def _has_pair(values: Sequence[str]) -> bool:
    return any(
        (option in {"-v", "--volume"} and value.startswith("/:"))
        or (option in {"--pid", "--net", "--network", "--ipc"} and value == "host")
        for option, value in pairwise(values)
    )


def _by_program() -> dict[str, list[Danger]]:
    found: dict[str, list[Danger]] = {}
    for danger in _DANGERS:
        for program in danger.programs:
            found.setdefault(program, []).append(danger)
    return found


_BY_PROGRAM: Final = _by_program()


def dangers(name: str, values: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield what a program does with these arguments, and whether it is only worth a note."""
    known = _BY_PROGRAM.get(name) or _BY_PROGRAM.get(name.partition(".")[0])
    if known is None:
        return
    options = Options(values)
    for danger in known:
        if danger.holds(options):
            yield danger.words, danger.words in _NOTES
