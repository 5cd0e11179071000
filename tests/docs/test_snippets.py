"""Every command and snippet of the README and the docs does what its page says."""

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.reader import TIMEOUT, until
from tests.plugins.served import ROOT, Background, ServedDesk, StartDesk
from webui.cli import countersign

SOURCES = sorted((ROOT / "docs" / "sources").glob("*.md"))
PAGES = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "SECURITY.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *SOURCES,
]
SCREEN = 64
"""Lines of one screen."""
PYTHON = shlex.quote(sys.executable)
COMMAND = f"{PYTHON} -m webui.cli"


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in a language."""
    text = (ROOT / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def desk(start_desk: StartDesk) -> ServedDesk:
    return start_desk(COUNTERSIGN_ADMIN_API="1")


@pytest.fixture
def run(desk: ServedDesk, tmp_path: Path) -> Callable[..., Any]:
    """Run a snippet as a reader does, with the desk's own address and key."""

    def run_one(language: str, text: str) -> subprocess.CompletedProcess[str]:
        text = text.replace("http://127.0.0.1:9111", desk.agents)
        text = re.sub(r"csk_\.\.\.", desk.key, text)
        text = re.sub(r"(?m)^(\.venv/bin/)?countersign ", f"{COMMAND} ", text)
        text = re.sub(r"(?m)^python ", f"{PYTHON} ", text)
        program = [sys.executable, "-c"] if language == "python" else ["sh", "-ec"]
        known = {"COUNTERSIGN_URL": desk.agents, "COUNTERSIGN_KEY": desk.key}
        return subprocess.run(
            [*program, text],
            env=desk.environment | known,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    return run_one


@pytest.fixture
def decide(desk: ServedDesk, beside: type[Background]) -> Iterator[Callable[..., None]]:
    """Have somebody give the next waiting call a verdict, beside the snippet."""
    started: list[Background] = []

    def first_waiting() -> str:
        # By the API: a command for each look would be a program each, beside the snippet's.
        return until(desk.waiting)[0]

    def give(verdict: str, reason: str = "") -> None:
        def work() -> None:
            there = f"{desk.agents}/api/{verdict}/{first_waiting()}"
            headers = {
                "Authorization": f"Bearer {desk.admin.token}",
                "Content-Type": "application/json",
            }
            body = json.dumps({"reason": reason}).encode()
            request = urllib.request.Request(there, body, headers)  # noqa: S310 - our own desk
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                assert answer.status == 200

        started.append(beside(work))

    yield give
    for work in started:
        work.result()


Run = Callable[..., Any]
Decide = Callable[..., None]


def test_the_first_approval_of_the_readme_is_three_lines_and_works(
    run: Run, decide: Decide
) -> None:
    [snippet] = blocks("README.md", "python")
    assert len(snippet.splitlines()) == 3
    decide("approve")
    assert run("python", snippet).stdout == "{'command': 'ls'}\n"


@pytest.mark.sure  # the yes runs in make test
def test_a_denial_of_the_first_approval_ends_the_program_with_the_reason(
    run: Run, decide: Decide
) -> None:
    [snippet] = blocks("README.md", "python")
    decide("deny", "Not on this machine.")
    done = run("python", snippet.replace('"ls"', '"ls -l"'))
    assert done.returncode != 0
    assert "Not on this machine." in done.stderr


def test_asking_from_a_shell(run: Run, decide: Decide) -> None:
    asking = blocks("docs/quick-start.md", "sh")[1]
    decide("approve")
    done = run("sh", asking)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("approve", "sent to ana@example.com"),
        pytest.param("deny", "not sent: She left.", marks=pytest.mark.sure),
    ],
)
def test_gating_a_tool(run: Run, decide: Decide, verdict: str, said: str) -> None:
    [snippet] = blocks("docs/quick-start.md", "python")
    decide(verdict, "She left.")
    done = run("python", snippet.replace("Hello", f"Hello ({verdict})"))
    assert done.stdout == f"{said}\n", done.stderr


def test_the_commands_of_the_quick_start(run: Run, tmp_path: Path) -> None:
    colleague, record = blocks("docs/quick-start.md", "sh")[2:]
    assert "password" in run("sh", colleague).stdout
    done = run("sh", record)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "audit.jsonl").stat().st_size > 0


def test_a_lost_password_and_a_lost_key_are_replaced(run: Run) -> None:
    text = (ROOT / "docs/quick-start.md").read_text("utf-8")
    commands = re.findall(
        r"`(\.venv/bin/countersign (?:users|keys) [^`]+)`", text.replace("\n", " ")
    )
    assert len(commands) == 2
    for command in commands:
        done = run("sh", command)
        assert done.returncode == 0, done.stderr


def test_the_guide_to_the_write_gate_works_as_written(run: Callable[..., Any]) -> None:
    [three_lines] = blocks("docs/write-gate.md", "python")
    [on_the_desk] = blocks("docs/write-gate.md", "sh")
    for language, snippet in (("sh", on_the_desk), ("python", three_lines)):
        done = run(language, snippet)
        assert done.returncode == 0, done.stderr


def test_the_record_is_checked_elsewhere_with_the_single_file(
    desk: ServedDesk, run: Run
) -> None:
    record, elsewhere = blocks("docs/operations.md", "sh")[1:3]
    done = run("sh", record)
    assert done.returncode == 0, done.stderr
    address = f"{desk.dashboard}/.well-known/countersign.json"
    with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:  # noqa: S310 - our own desk
        trusted = json.load(answer)["audit_vkeys"]
    keys = " ".join(f'--vkey "{key}"' for key in trusted)
    checked = run("sh", re.sub(r'--vkey ".*"', keys, elsewhere))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.startswith("ok")


def test_the_commands_about_people(start_desk: StartDesk) -> None:
    """On a desk of its own: with a second organization every command wants to know which."""
    own = start_desk()
    [text] = blocks("docs/operations.md", "sh")[3:]
    for line in text.splitlines():
        program, *words = shlex.split(line)
        assert program == "countersign"
        own.command(*words)
    assert [row["role"] for row in own.command("users", "list", "--org", "research")] == [
        "owner"
    ]


def test_every_call_of_the_api_page_is_served(desk: ServedDesk) -> None:
    told = set(
        re.findall(r"`(GET|POST) (/api/[^`?]+)", (ROOT / "docs/api.md").read_text("utf-8"))
    )
    address = f"{desk.agents}/api/v1/openapi.json"
    request = urllib.request.Request(  # noqa: S310 - our own desk
        address, headers={"Authorization": f"Bearer {desk.key}"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        paths = json.load(answer)["paths"]
    plain = re.compile(r"\{[^}]*\}")
    served = {
        (method.upper(), plain.sub("{}", path))
        for path, methods in paths.items()
        for method in methods
    } | {("GET", "/api/v1/openapi.json")}
    assert {(method, plain.sub("{}", path)) for method, path in told} <= served


def test_make_knows_the_commands_of_the_readme() -> None:
    told = set(re.findall(r"(?m)^make ([a-z-]+)", " ".join(blocks("README.md", "sh"))))
    assert {"run", "test"} <= told
    for target in told:
        done = subprocess.run(
            ["make", "--dry-run", target],
            cwd=ROOT,
            env=os.environ | {"MAKEFLAGS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_our_pages_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)]*)\)", text):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor:
            titles = re.findall(r"(?m)^#+ (.+)$", there.read_text("utf-8"))
            slugs = {re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles}
            assert anchor in slugs, f"{page.name} links to {target}#{anchor}"


@pytest.mark.parametrize("page", SOURCES, ids=lambda page: page.name)
def test_the_page_of_a_source_is_one_screen_and_is_linked_both_ways(page: Path) -> None:
    text = page.read_text("utf-8")
    assert len(text.splitlines()) <= SCREEN
    assert "(../webhooks.md" in text
    assert f"(sources/{page.name})" in (ROOT / "docs/webhooks.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    context = countersign.make_context("countersign", [], resilient_parsing=True)
    known = {
        name: countersign.get_command(context, name)
        for name in countersign.list_commands(context)
    }
    for verb, rest in re.findall(
        r"`(?:\.venv/bin/)?countersign\s+([a-z]+)((?:\s+[a-z][a-z|-]*)?)",
        page.read_text("utf-8"),
    ):
        assert verb in known, f"{page.name}: countersign {verb}"
        commands = getattr(known[verb], "commands", {})
        if commands and rest.strip():
            assert set(rest.strip().split("|")) <= set(commands), f"{verb} {rest}"


def test_the_architecture_page_names_every_room_and_none_that_is_gone() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    tree = text.split("## Tree", 1)[1].split("```")[1]
    rooms = {path.parent.name for path in (ROOT / "webui").glob("*/__init__.py")}
    named = set(re.findall(r"(?m)^  ([a-z]+)/", tree))
    assert named == rooms
    files = {path.name for path in (ROOT / "webui").glob("*.py")} - {"__init__.py"}
    assert files == set(re.findall(r"\b[a-z]+\.py\b", tree)) - {"app.py"}
    for path in re.findall(r"`((?:webui|templates|tests|docs|client)/[\w./]+)`", text):
        assert (ROOT / path).exists(), path
    assert len(text.splitlines()) <= 170
