"""A reader who does what a page says: copies its snippets, fills in what was printed, runs them."""

from __future__ import annotations

import contextlib
import html
import os
import re
import shlex
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests
from click.testing import CliRunner

from tests.plugins.served import ROOT, ServedDesk
from webui.cli import countersign

FASTER = "import time; _sleep = time.sleep; time.sleep = lambda _: _sleep(0.05)\n"
"""Before a snippet that looks again every few seconds; the snippet itself stays as it is."""
TIMEOUT = 120
Found = TypeVar("Found")


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page of docs/ in a language."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(one) for one in found]


def indented(page: str, word: str) -> str:
    """Return the command that stands indented under a step of a page."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    found = re.search(rf"(?m)^ {{7}}{word} (?:.*\\\n)*.*$", text)
    assert found is not None, page
    return textwrap.dedent(found[0])


def until(look: Callable[[], Found | None]) -> Found:
    """Look again until there is something, for as long as a reader would wait."""
    end = time.monotonic() + TIMEOUT
    while not (found := look()):
        assert time.monotonic() < end, "what the page promises does not come"
        time.sleep(0.05)
    return found


@dataclass
class Reader:
    """Somebody with a shell in a folder of their own, and a browser without scripts."""

    desk: ServedDesk
    folder: Path
    known: dict[str, str] = field(default_factory=dict)
    """What they have exported."""
    browser: requests.Session = field(default_factory=requests.Session)

    def fill(self, text: str, **there: str) -> str:
        """Put what stands in the place of a page's placeholders into a snippet; each must be in it."""
        for placeholder, value in there.items():
            text = self._replaced(text, placeholder, value)
        return text

    @staticmethod
    def _replaced(text: str, placeholder: str, value: str) -> str:
        assert placeholder in text, (placeholder, text)
        return text.replace(placeholder, value)

    def environment(self) -> dict[str, str]:
        """Return what a program of theirs is started with."""
        return self.desk.environment | self.known

    def shell(self, text: str) -> str:
        """Run commands of a page, but for those that install; keep what they export."""
        text = re.sub(r"(?m)^pip install .*\n", "", text)
        for name, value in re.findall(r"(\w+)=(\S+)", " ".join(_exports(text))):
            self.known[name] = shlex.split(value)[0]
        text = re.sub(r"(?m)^export .*\n?", "", text)
        if not text.strip():
            return ""
        plain = re.sub(r"\\\n\s*", "", text).strip()
        if "\n" not in plain and plain.startswith("countersign "):
            return self._countersign(shlex.split(plain, comments=True)[1:])
        program = f"{shlex.quote(sys.executable)} -m webui.cli"
        text = re.sub(r"(?m)(^|\| )countersign ", rf"\1{program} ", text)
        done = subprocess.run(
            ["sh", "-ec", text],
            env=self.environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _countersign(self, words: list[str]) -> str:
        """Run the product's command in this process: one of its own takes a second to start."""
        nothing_else: dict[str, str | None] = dict.fromkeys(os.environ)
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(
                countersign, words, env=nothing_else | self.environment()
            )
        assert done.exit_code == 0, done.output
        return done.stdout

    def start(self, text: str, prelude: str = FASTER) -> subprocess.Popen[str]:
        """Start a program of a page; it may have to wait for somebody."""
        return subprocess.Popen(
            [sys.executable, "-u", "-c", prelude + text],
            env=self.environment(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self, program: subprocess.Popen[str]) -> list[str]:
        """Return the words of the next line that a program prints; none if it prints no more."""
        assert program.stdout is not None
        patience = threading.Timer(TIMEOUT, program.kill)
        patience.start()
        said = program.stdout.readline().split()
        patience.cancel()
        return said

    def end(self, program: subprocess.Popen[str]) -> str:
        """Wait for a program's end; return what it printed."""
        said, errors = program.communicate(timeout=TIMEOUT)
        assert program.returncode == 0, errors
        return said

    def python(self, text: str) -> str:
        """Run a program of a page that waits for nobody."""
        return self.end(self.start(text))

    # at the desk -------------------------------------------------------------------------

    def waiting(self, tool: str, program: subprocess.Popen[str] | None = None) -> str:
        """Return the newest waiting call of a tool, as soon as it waits."""

        def mine() -> str | None:
            if program is not None and program.poll() is not None:
                raise AssertionError(program.communicate())
            found = self.desk.command("approvals", "list")
            return next(
                (str(one["id"]) for one in found if one["line"].startswith(tool)), None
            )

        return until(mine)

    def decide(self, verb: str, approval_id: str, *more: str) -> None:
        """Give a verdict as the admin, who is told first what the desk warns of."""
        person = ("--actor", self.desk.admin.email)
        told = self._told(approval_id) if verb == "approve" else ()
        self.desk.command("approvals", verb, approval_id, *person, *told, *more)

    def _told(self, approval_id: str) -> tuple[str, ...]:
        token = self.desk.admin.token
        there = f"{self.desk.agents}/api/v1/review/approvals/{approval_id}"
        headers = {"Authorization": f"Bearer {token}"}
        found = requests.get(there, headers=headers, timeout=TIMEOUT).json()
        return ("--seen", found["seen"]) if found["seen"] else ()

    def status(self, approval_id: str) -> str:
        """Return how a call stands."""
        return str(self.desk.command("approvals", "show", approval_id)["status"])

    def becomes(self, approval_id: str, status: str) -> None:
        """Wait until a call stands so."""
        until(lambda: self.status(approval_id) == status)

    def sign_in(self) -> None:
        """Sign in at the dashboard."""
        who = {"email": self.desk.admin.email, "password": self.desk.admin.password}
        answer = self.send("/sign-in", "/sign-in", **who)
        assert not answer.url.endswith("/sign-in"), answer.text

    def page(self, path: str) -> str:
        """Return a page's HTML."""
        answer = self.browser.get(self.desk.dashboard + path, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, page: str, action: str, **fields: str) -> requests.Response:
        """Send a form that stands on a page."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page(page))
        assert token is not None
        return self.browser.post(
            self.desk.dashboard + action,
            data={"csrf_token": token[1], **fields},
            headers={"Origin": self.desk.dashboard},
            timeout=TIMEOUT,
        )

    def made(self, kind: str, **fields: str) -> list[str]:
        """Make a source on the page of its kind; return what its page says to paste."""
        form = self.page(f"/sources/new?kind={kind}")
        example = re.search(r'name="config"[^>]*>(.*?)</textarea>', form, re.DOTALL)
        assert example is not None
        config = {"config": html.unescape(example[1])}
        answer = self.send(
            f"/sources/new?kind={kind}",
            "/sources",
            **config | {"kind": kind, "name": f"By {kind}"} | fields,
        )
        assert answer.status_code == 200, answer.text
        found = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", answer.text, re.DOTALL)
        assert found, answer.text
        return [html.unescape(one) for one in found]


def _exports(text: str) -> list[str]:
    return [line.removeprefix("export ") for line in re.findall(r"(?m)^export .*$", text)]


def printed(text: str) -> dict[str, Any]:
    """Return the names and values that a command printed."""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
