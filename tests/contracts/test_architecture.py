"""The architecture's rules that import-linter cannot see; each names what breaks it."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MIGRATIONS = ROOT / "webui/store/migrations/versions"
# Handed to auditors as one file that shares no code with the rest.
OFFLINE_VERIFIER = ROOT / "webui/audit/verifier.py"
MODULE_LINES = 300
FUNCTION_LINES = 45
PURE = (
    "states",
    "quorum",
    "canonical",
    "strict_json",
    "authorization",
    "policy",
)
READERS_OF_CALLS = {"pygments", "yaml"}
"""Pure as well: they colour and part what a call is written in."""
READERS_OF_POLICIES = {"re2", "yaml"}
HTTP_CLIENTS = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "urllib.request",
    "urllib3",
    "websockets",
    "xmlrpc.client",
}
CONNECTING = {"connect", "connect_ex", "create_connection", "open_connection"}


def modules(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), parsed(path)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


@pytest.fixture(scope="module", autouse=True)
def _parsed_once() -> Iterator[None]:
    yield
    parsed.cache_clear()  # millions of nodes that each garbage collection would visit


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Each call with the last part of what it calls: `a.b.c()` is `c`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(attr=name) | ast.Name(id=name):
                    yield name, node


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def words(tree: ast.AST) -> set[str]:
    """Every name and attribute."""
    named = (getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(tree))
    return {name for name in named if isinstance(name, str)}


def none_of(offenders: Iterable[str]) -> None:
    found = list(offenders)
    assert not found, "\n".join(found)


def writes_a_status(tree: ast.AST) -> bool:
    """Whether code sets `status` of an existing approval, by UPDATE or by attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(
                isinstance(target, ast.Attribute)
                and target.attr == "status"
                and "approval" in ast.unparse(target.value).lower()
                for target in targets
            ):
                return True
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.search(r"\bupdate\s+approvals\b", node.value, re.IGNORECASE)
        ):
            return True
    return any(
        name == "values" and _updates_approvals(call) and _sets_status(call)
        for name, call in calls(tree)
    )


def _updates_approvals(call: ast.Call) -> bool:
    """Whether it changes approvals, or a statement built elsewhere, which may do so."""
    start = call.func
    while isinstance(start, ast.Attribute | ast.Call):
        if isinstance(start, ast.Call) and isinstance(start.func, ast.Name):
            made = [ast.unparse(argument).lower() for argument in start.args]
            return start.func.id == "update" and any("approval" in one for one in made)
        start = start.func if isinstance(start, ast.Call) else start.value
    return isinstance(start, ast.Name)


def _sets_status(call: ast.Call) -> bool:
    if any(isinstance(argument, ast.DictComp) for argument in call.args):
        return True  # whatever it is given
    names = {keyword.arg for keyword in call.keywords}
    keys = {
        ast.unparse(key).strip("'\"")
        for node in ast.walk(call)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if key is not None
    }
    return "status" in names | keys or "Approval.status" in keys


def test_importing_the_package_imports_nothing() -> None:
    assert (ROOT / "webui/__init__.py").read_text() == ""


def test_one_function_writes_an_approvals_status() -> None:
    writers = [
        f"{path}: {function.name}"
        for path, tree in modules("webui")
        for function in functions(tree)
        if not path.is_relative_to(MIGRATIONS.relative_to(ROOT))
        and writes_a_status(function)
    ]
    assert writers == ["webui/approvals/desk.py: _change_of"]
    users = [
        f"{path}: {function.name}"
        for path, tree in modules("webui")
        for function in functions(tree)
        if any(name == "_change_of" for name, _ in calls(function))
    ]
    assert users == ["webui/approvals/desk.py: move"]


@pytest.mark.parametrize(
    "code",
    [
        "update(Approval).where(x).values(status='approved')",
        "update(Approval).values({'status': 1})",
        "update(_approvals).where(x).values({name: new[name] for name in new})",
        "update(Approval.__table__).values({Approval.status: 1}).returning(x)",
        "update(_approvals).where(x).values(status='approved')",
        "_move.where(x).values(status='approved')",
        "approval.status = 'approved'",
        "self.approval.status: str = 'approved'",
        "text('UPDATE approvals SET status = 1')",
    ],
)
def test_each_way_to_write_a_status_is_noticed(code: str) -> None:
    assert writes_a_status(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "update(User).values(status='left')",
        "update(Approval).where(Approval.status == 1).values(seen_at=2)",
        "membership.status = 'left'",
        "insert(Approval).values(status='pending')",
    ],
)
def test_other_writing_is_not_taken_for_it(code: str) -> None:
    assert not writes_a_status(ast.parse(code))


def test_only_the_store_commits() -> None:
    none_of(
        f"{path}:{call.lineno} commits: hand the verb to store.write instead"
        for path, tree in modules("webui")
        if path.parts[1] != "store"
        for name, call in calls(tree)
        if name == "commit"
    )


def test_queries_never_write() -> None:
    none_of(
        f"{path}:{call.lineno} calls {name}(): a query only selects"
        for path, tree in modules("webui/store/queries")
        for name, call in calls(tree)
        if name
        in {"insert", "update", "delete", "add", "add_all", "merge", "flush", "commit"}
        and not _is_of_a_collection(call)
    )


def _is_of_a_collection(call: ast.Call) -> bool:
    """`seen.add(x)` and `found.update(y)` are sets and dicts, not sessions and statements."""
    return isinstance(call.func, ast.Attribute) and "session" not in ast.unparse(
        call.func.value
    )


def test_only_channels_open_outgoing_connections() -> None:
    none_of(
        f"{path} uses {', '.join(found)}: outgoing calls go through webui.channels.http"
        for path, tree in modules("webui")
        if path.parts[1] != "channels" and (found := sorted(ways_out(tree)))
    )


def ways_out(tree: ast.AST) -> set[str]:
    """The ways a module can open a connection to another machine."""
    modules_used = set(imported(tree))
    ways = HTTP_CLIENTS & modules_used
    # A Unix socket reaches no other machine: the command line talks to the server by one.
    if "socket" in modules_used and "AF_UNIX" not in words(tree):
        ways |= {
            f"{ast.unparse(call.func)}()"
            for name, call in calls(tree)
            if name in CONNECTING and "engine" not in ast.unparse(call.func)
        }
    return ways | {way for way in modules_used if way.startswith("asyncio.open_")}


@pytest.mark.parametrize(
    "code",
    [
        "import requests",
        "from http import client",
        "from http.client import HTTPConnection",
        "import urllib.request",
        "from urllib import request",
        "import socket; socket.create_connection(('h', 1))",
        "import socket; socket.socket().connect(('h', 1))",
    ],
)
def test_each_way_out_is_noticed(code: str) -> None:
    assert ways_out(ast.parse(code))


def test_the_pure_rules_import_the_standard_library_alone() -> None:
    allowed = sys.stdlib_module_names | {"webui"}
    none_of(
        f"{path} imports {name}"
        for path, tree in modules("webui/approvals", "webui/preview")
        if {path.stem, path.parent.name} & set(PURE) or path.parts[1] == "preview"
        for name in imported(tree)
        if name.split(".")[0] not in allowed or name.startswith("webui.store")
        if not (path.parent.name == "policy" and name in READERS_OF_POLICIES)
        if not ("renderers" in path.parts and name.split(".")[0] in READERS_OF_CALLS)
    )


def test_no_module_is_too_long() -> None:
    none_of(
        f"{path}: {lines} lines, {MODULE_LINES} at most; what is the second noun in it?"
        for path, _ in modules("webui", "client", "benchmarks")
        if (lines := (ROOT / path).read_text("utf-8").count("\n")) > MODULE_LINES
        # A released migration is never split again.
        and not (ROOT / path).is_relative_to(MIGRATIONS)
        and ROOT / path != OFFLINE_VERIFIER
    )


def test_no_function_is_too_long() -> None:
    none_of(
        f"{path}:{function.lineno} {function.name}: {lines} lines, {FUNCTION_LINES} at most"
        for path, tree in modules("webui", "client", "benchmarks")
        if not (ROOT / path).is_relative_to(MIGRATIONS)
        for function in functions(tree)
        if (lines := _code_lines(function)) > FUNCTION_LINES
    )


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring: words are not punished."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        assert first.end_lineno is not None
        lines -= first.end_lineno - first.lineno + 1
    return lines


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def test_every_partial_says_first_what_it_needs() -> None:
    none_of(
        f"{path.relative_to(ROOT)}: begin with a line {{# needs: ... #}}"
        for path in templates()
        if path.name.startswith("_")
        and not path.read_text("utf-8").startswith("{# needs: ")
    )


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"\|\s*safe\b|\bMarkup\(|autoescape\s+false", "everything shown is escaped"),
        (r"\shx-on\b|\shx-on:|['\"]js:", "htmx would evaluate it; the policy forbids eval"),
        (r"hx-trigger=\"[^\"]*\[", "a filter in hx-trigger is evaluated"),
        (r"\sstyle\s*=", "the content security policy forbids inline styles"),
        (r"\son[a-z]+\s*=\s*[\"']", "the content security policy forbids inline handlers"),
        (
            r"<script(?![^>]*\ssrc=)[^>]*>",
            "the content security policy forbids inline scripts",
        ),
        (r"<style\b", "the content security policy forbids inline styles"),
        (r"javascript:", "the content security policy forbids it"),
    ],
)
def test_no_template_works_around_the_policy(pattern: str, why: str) -> None:
    none_of(
        f"{path.relative_to(ROOT)}:{number}: {why}: {line.strip()}"
        for path in templates()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(pattern, line, re.IGNORECASE)
    )


TEXTS_OF_TEMPLATES = {("webui/web/speaking.py", "Markup"), ("webui/web/drawn.py", "Markup")}
"""A translation is text of a template, its values escaped there; a drawn row was a template's."""


def test_no_python_marks_text_as_safe_html() -> None:
    none_of(
        f"{path}:{call.lineno} calls {name}(): templates make the HTML"
        for path, tree in modules("webui")
        for name, call in calls(tree)
        if name in {"Markup", "render_template_string"}
        if (str(path), name) not in TEXTS_OF_TEMPLATES
    )
