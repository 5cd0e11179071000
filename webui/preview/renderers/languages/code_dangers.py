"""What in code reaches out of it: programs, files, hosts, other code. By words, so it may miss some.

Words are looked for as they stand, never by patterns over the whole text: so it stays linear.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.languages import hosts, paths
from webui.preview.renderers.marks import Mark, apart
from webui.sentences import Sentence, number, sentence

_MOST: Final = 2_000
_ADDRESS: Final = re.compile(r"(?:https?|ftp|wss?)://[^\s\"'`<>)\]}|]{1,400}")
_STRING_PATH: Final = re.compile(r"[\"'`]((?:/|~/|\.)[^\"'`\n]{1,200})[\"'`]")
_PACKED: Final = re.compile(
    r"[A-Za-z0-9+/]{200,}+={0,2}|(?:\\x[0-9a-fA-F]{2}){16,}+|(?:\\u[0-9a-fA-F]{4}){12,}+"
)
_FAR: Final = re.compile(r"(?<=\S)[ \t]{40,}+(?=[^\s#/])")
_ESCAPED: Final = re.compile(r"\\u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})")
_ASCII: Final = 128
_WRITES: Final = re.compile(r"open\s?\([^,)\n]{0,80},[^)\n]{0,12}[\"'][rbt]?[wax+]")


class _Reach(NamedTuple):
    languages: frozenset[str]
    words: str
    names: tuple[str, ...]
    """With a bracket at the end: only if called; with a dot before: whatever it belongs to."""


def _reach(languages: str, words: str, names: str) -> _Reach:
    return _Reach(frozenset(languages.split()), words, tuple(names.split()))


_JS: Final = "javascript typescript"
_SCRIPTS: Final = "ruby php perl lua"
_COMPILED: Final = "go rust java kotlin c cpp csharp swift r"
_PROGRAMS: Final = sentence("starts another program")
_CODE: Final = sentence("runs or loads code that is computed")
_REMOVES: Final = sentence("removes, moves or changes files or processes")
_NETWORK: Final = sentence("speaks to the network")
_SECRETS: Final = sentence("reads the environment or stored data, where secrets are kept")
_UNCHECKED: Final = sentence("does not check whom it talks to")
_DECODES: Final = sentence("decodes text that nobody can read here")
_REACHES: Final = (
    _reach("python", _PROGRAMS, "os.system os.popen os.exec os.execv os.execve os.execvp os.spawnl os.spawnv os.posix_spawn subprocess pty.spawn get_ipython"),
    _reach("python", _CODE, "eval( exec( compile( execfile( __import__ importlib runpy"),
    _reach("python", sentence("loads data that can run code"), "pickle marshal dill shelve cloudpickle yaml.load yaml.unsafe_load"),
    _reach("python", _REMOVES, "shutil.rmtree shutil.move rmtree( os.remove os.unlink os.rmdir os.removedirs os.rename os.replace os.truncate os.chmod os.chown os.kill .unlink( .rmdir("),
    _reach("python", sentence("writes files"), ".write_text( .write_bytes( shutil.copy shutil.copyfile"),
    _reach("python", _NETWORK, "requests httpx urllib urllib3 aiohttp http.client socket ftplib smtplib paramiko telnetlib websockets"),
    _reach("python", _SECRETS, "os.environ os.getenv keyring dotenv"),
    _reach("python", sentence("reaches around the rules of the language"), "ctypes cffi sys.settrace sys.modules __builtins__ __subclasses__ __globals__ getattr("),
    _reach("python", _UNCHECKED, "verify=False CERT_NONE _create_unverified_context"),
    _reach("python", _DECODES, "b64decode b32decode unhexlify zlib.decompress bytes.fromhex codecs.decode"),
    _reach(_JS, _PROGRAMS, "process.binding process.dlopen child_process execSync( spawn( spawnSync( .exec( execFile( Deno.run Deno.Command Bun.spawn"),
    _reach(_JS, _CODE, "eval( Function( vm.runInNewContext vm.runInThisContext import( .constructor( require(process"),
    _reach(_JS, _REMOVES, ".rm( .rmSync( .rmdir( .rmdirSync( .unlink( .unlinkSync( .rename( .renameSync( .truncate( .chmod( Deno.remove process.kill"),
    _reach(_JS, sentence("writes files"), ".writeFile( .writeFileSync( .appendFile( .appendFileSync( .createWriteStream( .copyFile( Deno.writeTextFile Deno.writeFile"),
    _reach(_JS, _NETWORK, "fetch( XMLHttpRequest WebSocket sendBeacon axios http.get http.request https.get https.request net.connect EventSource"),
    _reach(_JS, _SECRETS, "document.cookie localStorage sessionStorage indexedDB process.env Deno.env navigator.credentials"),
    _reach(_JS, _UNCHECKED, "rejectUnauthorized NODE_TLS_REJECT_UNAUTHORIZED"),
    _reach(_JS, _DECODES, "atob( fromCharCode unescape( Buffer.from("),
    _reach(_SCRIPTS, _PROGRAMS, "system exec shell_exec passthru popen proc_open os.execute io.popen IO.popen Open3 %x"),
    _reach(_SCRIPTS, _CODE, "eval assert( create_function instance_eval class_eval loadstring unserialize Marshal.load"),
    _reach(_SCRIPTS, _REMOVES, "FileUtils.rm FileUtils.rm_rf File.delete unlink rmdir rmtree os.remove"),
    _reach(_SCRIPTS, _NETWORK, "Net::HTTP curl_exec fsockopen LWP socket open-uri TCPSocket"),
    _reach("powershell", _PROGRAMS, "iex Invoke-Expression invoke-expression IEX Invoke-Command Start-Process -enc -EncodedCommand -e scriptblock"),
    _reach("powershell", _REMOVES, "Remove-Item remove-item Clear-Content Format-Volume Stop-Process Set-ExecutionPolicy"),
    _reach("powershell", _NETWORK, "Invoke-WebRequest iwr Invoke-RestMethod irm Net.WebClient DownloadString DownloadFile Start-BitsTransfer"),
    _reach(_COMPILED, _PROGRAMS, "exec.Command Command::new Runtime.getRuntime ProcessBuilder Process.Start system( popen( execv( execve( execl( execlp( system2("),
    _reach(_COMPILED, _REMOVES, "os.Remove os.RemoveAll fs::remove_file fs::remove_dir_all Files.delete File.Delete unlink( remove("),
    _reach(_COMPILED, _NETWORK, "net/http reqwest HttpClient URLSession socket( net.Dial TcpStream java.net download.file"),
    _reach("", sentence("holds a word by which many languages start programs or run text"), "system exec eval popen spawn subprocess child_process shell_exec rmtree unlink ProcessBuilder"),
)  # fmt: skip


def look_through(text: Text, language: str, found: Findings) -> list[Mark]:
    """Say what the code reaches for, wherever it stands in the text; return where."""
    marks: list[Mark] = []
    reaches = [reach for reach in _REACHES if language in reach.languages]
    if not reaches:
        found.note_at(
            0,
            sentence(
                "The language is not named or not known here, so it was only searched "
                "for words."
            ),
        )
        reaches = [_REACHES[-1]]
    _disguised(text.plain, language, reaches, found)
    for reach in reaches:
        for name in reach.names:
            for at in _places(text.plain, name, found):
                found.danger_at(
                    at, sentence("This %(does)s: %(shown)s", does=reach.words, shown=name)
                )
                marks.append(Mark(at, at + len(name.rstrip("(")), "danger"))
    if language == "python":
        for match in _first(_WRITES, text.plain, found):
            found.danger_at(
                match.start(),
                sentence("This writes files: %(shown)s", shown=text.words(match[0], 60)),
            )
    _addresses(text, found)
    for match in _first(_STRING_PATH, text.plain, found):
        place = paths.place_of(match[1])
        if place is not None and place.is_danger:
            found.danger_at(
                match.start(),
                sentence(
                    "Names %(shown)s: %(place)s.",
                    shown=text.words(match[1]),
                    place=place.words,
                ),
            )
    _layout(text, found)
    return apart(sorted(marks))


def _disguised(
    plain: str, language: str, reaches: Sequence[_Reach], found: Findings
) -> None:
    """Say which names stand there only as the language itself reads other letters or escapes."""
    if language == "python" and not plain.isascii():
        read = unicodedata.normalize("NFKC", plain)
    elif language == "javascript" and "\\u" in plain:
        read = _ESCAPED.sub(_sign, plain)
    else:
        return
    for reach in reaches:
        for name in reach.names:
            hidden = next(_places(plain, name, found), None) is None
            if hidden and next(_places(read, name, found), None) is not None:
                found.danger_at(
                    0,
                    sentence(
                        "This %(does)s, written in other signs: %(name)s",
                        does=reach.words,
                        name=name,
                    ),
                )


def _sign(escape: re.Match[str]) -> str:
    code = int(escape[1] or escape[2], 16)
    return chr(code) if code < _ASCII else escape[0]


def _layout(text: Text, found: Findings) -> None:
    for match in _first(_PACKED, text.plain, found):
        words = sentence(
            "Holds %(chars)s characters of packed text, which nobody can read here: "
            "%(shown)s",
            chars=number(len(match[0])),
            shown=text.words(match[0], 40),
        )
        found.danger_at(match.start(), words)
    for match in _first(_FAR, text.plain, found):
        found.danger_at(
            match.start(),
            sentence("After %(blanks)s blanks the line goes on.", blanks=len(match[0])),
        )


def _addresses(text: Text, found: Findings) -> None:
    if "://" not in text.plain:
        return
    said: dict[str, list[Sentence]] = {}
    for match in _first(_ADDRESS, text.plain, found):
        host = hosts.split(match[0]).host
        if host not in said:
            said[host] = [hosts.shown(each, text) for each in hosts.concerns(host)]
        named = text.words(host)
        found.note_at(match.start(), sentence("Names the host %(host)s.", host=named))
        for concern in said[host]:
            words = sentence("The host %(host)s %(concern)s.", host=named, concern=concern)
            found.danger_at(match.start(), words)


def _places(plain: str, name: str, found: Findings) -> Iterator[int]:
    bare = name.rstrip("(")
    at, count = plain.find(bare), 0
    while at >= 0:
        count += 1
        if count > _MOST:
            found.danger_at(
                at,
                sentence(
                    "There is more of %(name)s from here on than is listed.", name=bare
                ),
            )
            return
        if _stands_alone(plain, at, at + len(bare), name):
            yield at
        at = plain.find(bare, at + len(bare))


def _stands_alone(plain: str, begin: int, end: int, name: str) -> bool:
    before, after = plain[begin - 1 : begin], plain[end : end + 2]
    if name[0] not in ".%-" and (before.isalnum() or before == "_"):
        return False
    if name.endswith("("):
        is_method = before == "." and name[0] != "."
        return after.lstrip(" \t")[:1] == "(" and not is_method
    return not (after[:1].isalnum() or after[:1] == "_")


def _first(
    pattern: re.Pattern[str], plain: str, found: Findings
) -> Iterator[re.Match[str]]:
    for count, match in enumerate(pattern.finditer(plain)):
        if count == _MOST:
            found.danger_at(
                match.start(),
                sentence("There is more of the same kind from here on than is listed."),
            )
            return
        yield match
