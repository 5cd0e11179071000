"""The README and the docstrings do what they say."""

import doctest
import importlib
import io
import json
from pathlib import Path
from typing import Any

import countersign_client
import pytest
from countersign_client import Client

README = Path(countersign_client.__file__).parent.parent / "README.md"


def blocks() -> list[str]:
    parts = README.read_text(encoding="utf-8").split("```python\n")[1:]
    return [part.split("```")[0] for part in parts]


@pytest.mark.usefixtures("own_loop")
def test_the_readme_runs_from_top_to_bottom(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server.reviewer = lambda approval: (
        None if approval["tool"] == "mail.send" else server.approve(approval)
    )
    names: dict[str, Any] = {}
    for block in blocks():
        code = block.replace("http://127.0.0.1:9111", server.url).replace(
            "csk_...", server.key
        )
        exec(compile(code, str(README), "exec"), names)  # noqa: S102  # our own README
    deploy = list(server.approvals)[2]
    assert capsys.readouterr().out.splitlines() == [
        "{'command': 'rm -rf build'}",
        "sent 120 to DE89",
        f"Please review {server.url}/approvals/{deploy}",
        "running {'command': 'make deploy'}",
        "Ask Ana to look.",
        '{"wipe":"a wiped"}',
        "Erased.",
    ]
    assert len(blocks()) == 7
    the_service_is_gated(server, names["service"])


def the_service_is_gated(server: Any, gated: Any) -> None:
    def call(method: str, *, agent: bool) -> tuple[str, bytes]:
        said: list[str] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/a.txt",
            "REMOTE_USER": "ana@example.com",
            "wsgi.input": io.BytesIO(),
            "files.org": "acme",
            "files.scopes": "files:read files:write",
            "files.is_agent": agent,
            "countersign.scopes": (),
        }
        body = b"".join(gated(environ, lambda status, _: said.append(status)))
        return said[0], body

    assert call("GET", agent=True) == ("200 OK", b"files:read")
    status, body = call("PUT", agent=True)
    assert (status, json.loads(body)["error"]) == ("403 Forbidden", "approval_required")
    assert len(server.calls("/write-gate")) == 2
    assert call("PUT", agent=False)[0] == "200 OK"
    assert len(server.calls("/write-gate")) == 2


def test_the_first_approval_is_three_lines() -> None:
    assert len(blocks()[0].splitlines()) == 3


def test_the_readme_names_every_exception() -> None:
    told = README.read_text(encoding="utf-8")
    for name in countersign_client.__all__:
        kind = getattr(countersign_client, name)
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert f"`{name}`" in told, name


@pytest.mark.parametrize("name", ["client", "decorator"])
def test_docstring_examples_run(server: Any, desk: Client, name: str) -> None:
    class Approving(Client):
        def ask(self, *args: Any, **fields: Any) -> Any:
            ask = super().ask(*args, **fields)
            server.approve(server.approvals[ask.id])
            return ask

    module = importlib.import_module(f"countersign_client.{name}")
    names = {"desk": desk, "approving_desk": Approving(server.url, server.key)}
    result = doctest.testmod(module, extraglobs=names)
    assert result.attempted > 0
    assert result.failed == 0
