"""The command line on an instance of its own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result


@pytest.fixture(scope="session")
def _first_instance(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, Any]]:
    """An instance that `init` made, to be copied: hashing a password is slow on purpose."""
    folder = tmp_path_factory.mktemp("first") / "instance"
    result = _run("init", "--json", COUNTERSIGN_INSTANCE=str(folder))
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


def _run(*words: str, **environment: str) -> Result:
    from webui.cli import countersign  # noqa: PLC0415

    kept: dict[str, str | None] = {
        name: None for name in os.environ if name.startswith("COUNTERSIGN_")
    }
    return CliRunner().invoke(
        countersign, words, env=kept | {"DATABASE_URL": None} | environment
    )


@pytest.fixture
def first(_first_instance: tuple[Path, dict[str, Any]], tmp_path: Path) -> Any:
    """What `init --json` said of this test's own instance."""
    shutil.copytree(_first_instance[0], tmp_path / "instance")
    return _first_instance[1]


@pytest.fixture
def instance(first: Any, tmp_path: Path) -> Path:
    return tmp_path / "instance"


@pytest.fixture
def run(instance: Path) -> Callable[..., Result]:
    """Run a command in process: `run("users", "list")`."""
    return lambda *words, **more: _run(
        *words, **{"COUNTERSIGN_INSTANCE": str(instance)} | more
    )


@pytest.fixture
def told(run: Callable[..., Result]) -> Callable[..., Any]:
    """Run a command with --json and return what it printed."""

    def telling(*words: str, **more: str) -> Any:
        result = run(*words, "--json", **more)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return telling


@pytest.fixture
def filed(instance: Path, first: Any) -> Callable[..., str]:
    """File a call of the first agent straight into the database; returns the id."""
    from webui.approvals.asking import intake  # noqa: PLC0415
    from webui.approvals.asking.ask import Filer, Limits  # noqa: PLC0415
    from webui.asks import AskBody, prepare  # noqa: PLC0415
    from webui.runtime import open_store  # noqa: PLC0415
    from webui.settings import Settings  # noqa: PLC0415

    def file(arguments: dict[str, Any] | None = None, **more: Any) -> str:
        store = open_store(Settings(instance=instance))
        body = AskBody(tool="shell.run", arguments=arguments or {"command": "ls"}, **more)
        filer = Filer(first["agent"]["id"], first["org"])
        ask = prepare(
            body,
            json.dumps(body.arguments),
            org_id=filer.org_id,
            agent_id=filer.agent_id,
        )
        made = store.write(lambda tx: intake.submit(tx, filer, ask, Limits()))
        store.close()
        return made.approval.id

    return file
