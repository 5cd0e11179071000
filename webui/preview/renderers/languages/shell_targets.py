"""Which files and hosts the commands of a shell script name, and how delicate they are."""

import re
from collections.abc import Sequence
from typing import Final

from webui.preview.renderers.languages import hosts, paths
from webui.preview.renderers.languages.shell_gathered import Gathered, Where
from webui.preview.renderers.languages.shell_runs import Run
from webui.preview.renderers.languages.shell_words import Redirect, Word
from webui.sentences import number, sentence

_LONG_WORD: Final = 4_096
_ADDRESS: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}+://[^\s\"'<>|;)]++")
_REMOTE: Final = re.compile(r"(?:[^\s@/:]++@)?([A-Za-z0-9_.-]++|\[[0-9a-fA-F:]++\]):(?!//)")
_NETWORK_FILE: Final = re.compile(r"/dev/(?:tcp|udp)/([^/]*+)/?")
_CHANGERS: Final = frozenset({"cp", "mv", "ln", "install", "rsync", "scp", "tee", "touch", "mkdir", "truncate", "chmod", "chown", "rm", "shred", "unlink", "rmdir", "tar", "unzip", "sed"})  # fmt: skip
_LAST_IS_WRITTEN: Final = frozenset({"cp", "mv", "ln", "install", "rsync", "scp"})
_ALL_ARE_WRITTEN: Final = frozenset({"tee", "touch", "truncate"})
_OUTPUT: Final = {"curl": {"-o", "--output"}, "wget": {"-O", "--output-document"}}
_WHOLE: Final = frozenset({"rm", "chmod", "chown", "mv", "shred"})
_REMOTE_PROGRAMS: Final = frozenset({"ssh", "scp", "sftp", "rsync", "git", "mosh"})
_HOST_FIRST: Final = frozenset({"nc", "ncat", "netcat", "telnet", "ping", "ssh", "mosh", "nslookup", "dig", "host", "ftp", "traceroute", "nmap", "whois"})  # fmt: skip


def redirected(seen: Gathered, redirect: Redirect, where: Where) -> None:
    """Gather the file that a redirection names."""
    target, operator = redirect.target, redirect.operator
    if target is None or operator.startswith("<<"):
        return
    value, at = target.value, where.of(target.begin)
    if operator.endswith("&") and (value.isdigit() or value == "-"):
        return
    seen.kind(target, "name", where)
    if ">(…)" in value:
        seen.found.danger_at(at, sentence("Hands its output to another command."))
    if match := _NETWORK_FILE.match(value):
        seen.found.danger_at(
            at, sentence("Opens a connection through %(file)s.", file=seen.words(value))
        )
        _host(seen, match[1], at)
    elif ">" in operator:
        _writes(seen, target, value, where)
    else:
        _names(seen, target, value, where)


def arguments(seen: Gathered, run: Run, where: Where) -> None:
    """Gather the files and hosts that a program is given."""
    operands = [word for word in run.args if not word.value.startswith("-")]
    written = {id(word) for word in _written(run, operands)}
    is_on_trees = _is_on_trees(run)
    for word in run.own:
        if word.size >= _LONG_WORD:
            words = sentence(
                "A word of %(size)s characters was not searched for files and hosts.",
                size=number(word.size),
            )
            seen.found.note_at(where.of(word.begin), words)
        else:
            _argument(seen, run, word, where, is_written=id(word) in written)
            if is_on_trees and word.value[:1] != "-" and paths.is_whole(word.value):
                shown = seen.words(word.value)
                words = sentence(
                    "Its target is a whole machine, home or folder: %(shown)s", shown=shown
                )
                seen.found.danger_at(where.of(word.begin), words)
    if run.name in _HOST_FIRST and operands:
        host = operands[0].value.rpartition("@")[2].partition(":")[0]
        _host(
            seen,
            host if "://" not in operands[0].value else "",
            where.of(operands[0].begin),
        )
    if run.name in _REMOTE_PROGRAMS:
        for word in operands:
            if match := _REMOTE.match(word.value[:_LONG_WORD]):
                _host(seen, match[1], where.of(word.begin))


def _argument(
    seen: Gathered, run: Run, word: Word, where: Where, *, is_written: bool
) -> None:
    at, value = where.of(word.begin), word.value
    if "$IFS" in value:
        words = sentence("Uses $IFS in the place of a blank, which hides where words end.")
        seen.found.danger_at(at, words)
    if ">(…)" in value:
        seen.found.danger_at(
            at,
            sentence(
                "Hands its output to another command: %(shown)s", shown=seen.words(value)
            ),
        )
    addresses = list(_ADDRESS.finditer(value)) if "://" in value else []
    for match in addresses:
        seen.kind(word, "name", where)
        _host(seen, hosts.split(match[0]).host, at, match[0])
    if word.computed and run.name in {"rm", "shred"}:
        seen.found.danger_at(
            at, sentence("What it removes is computed: %(shown)s", shown=seen.words(value))
        )
    path = value.partition("=")[2] if value.startswith("-") or run.name == "dd" else value
    if is_written or (run.name == "dd" and value.startswith("of=")):
        _writes(seen, word, path, where)
    elif path and not addresses:
        _names(seen, word, path.lstrip("@"), where, changes=run.name in _CHANGERS)


def _is_on_trees(run: Run) -> bool:
    if run.name == "find":
        return not {"-delete", "-exec", "-execdir"}.isdisjoint(run.values)
    return run.name in _WHOLE


def _written(run: Run, operands: Sequence[Word]) -> Sequence[Word]:
    if run.name in _LAST_IS_WRITTEN:
        return operands[-1:]
    if run.name in _ALL_ARE_WRITTEN:
        return operands
    if run.name == "sed" and any(
        value.startswith(("-i", "--in-place")) for value in run.values
    ):
        return operands[1:]
    options = _OUTPUT.get(run.name, ())
    return [
        word
        for before, word in zip(run.args, run.args[1:], strict=False)
        if before.value in options
    ]


def _writes(seen: Gathered, word: Word, path: str, where: Where) -> None:
    at, shown = where.of(word.begin), seen.words(path)
    place = paths.place_of(path)
    if path not in {"/dev/null", "/dev/stdout", "/dev/stderr"}:
        seen.written[path] = word.computed or (place is not None and place.is_danger)
    is_danger = place is not None and place.is_danger
    seen.kind(word, "danger" if is_danger else "name", where)
    if place is not None:
        say = seen.found.danger_at if is_danger else seen.found.note_at
        say(at, sentence("Writes to %(shown)s: %(place)s.", shown=shown, place=place.words))
    elif word.computed:
        seen.found.note_at(
            at, sentence("Which file it writes is computed: %(shown)s", shown=shown)
        )


def _names(
    seen: Gathered, word: Word, path: str, where: Where, *, changes: bool = False
) -> None:
    place = paths.place_of(path)
    if place is None or not place.is_danger:
        return
    if changes or place.holds_secrets:
        said = {"shown": seen.words(path), "place": place.words}
        words = sentence("Reads or uses %(shown)s: %(place)s.", **said)
        if changes:
            words = sentence("Changes or copies %(shown)s: %(place)s.", **said)
        seen.kind(word, "danger", where)
        seen.found.danger_at(where.of(word.begin), words)


def _host(seen: Gathered, host: str, at: int, url: str = "") -> None:
    if not host:
        return
    shown = seen.words(host)
    said = list(hosts.concerns(host))
    seen.hosts[host] = seen.hosts.get(host, False) or bool(said)
    for concern in said:
        words = sentence(
            "The host %(host)s %(concern)s.",
            host=shown,
            concern=hosts.shown(concern, seen.text),
        )
        seen.found.danger_at(at, words)
    if url and hosts.split(url).user:
        words = sentence(
            "Before the host %(host)s stands a user name; what is before the @ is no host.",
            host=shown,
        )
        seen.found.danger_at(at, words)
