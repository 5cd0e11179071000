"""What a source says of the folder it is to listen in, with an OpenCode of its own for each test.

The program remembers each folder that it was ever asked for, so one of them would not be new to
the next test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bridges.conftest import running
from tests.bridges.program import until
from webui.approvals.senders import sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bridges.conftest import Listening
    from tests.bridges.program import Program


@pytest.fixture
def _program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    yield from running(tmp_path_factory)


def heard(listening: Listening, **config: str) -> str:
    """Have the source listen in a folder, and return what is in the way."""
    store, org, of = listening.desk.store, listening.desk.house.org_id, listening.source_id
    settings = {"url": listening.program.url, **config}
    listening.stop()
    store.write(lambda tx: sources.change_config(tx, org, of, settings))
    listening.start()
    return str(until(lambda: (b := listening.bridge) and b.error, "the error"))


@pytest.mark.parametrize("name", ["nowhere/at all", "file.txt"])
def test_a_folder_that_is_not_there_is_said(
    listening: Listening, opencode: Program, name: str
) -> None:
    if name.endswith("file.txt"):
        (opencode.work / name).touch()
    wrong = str(opencode.work / name)
    said = heard(listening, directory=wrong)
    assert said.startswith(
        f"OpenCode cannot open the folder {wrong!r}, which is the `directory`"
    )
    listening.stop()
    if name.endswith("file.txt"):
        (opencode.work / name).unlink()
    (opencode.work / name).mkdir(parents=True)
    opencode.kill()  # 1.18.33 goes on failing over a folder that it was asked for too early
    opencode.start()
    opencode.session(opencode.work / name)
    listening.start()
    listening.connected()


def test_a_folder_in_which_no_session_was_begun_is_said_until_one_is(
    listening: Listening, opencode: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.bridges.opencode.SOON", 0.0)
    other = opencode.work / "other"
    other.mkdir()
    opencode.session()
    said = heard(listening, directory=str(other))
    assert said.startswith(f"OpenCode has no session in {str(other)!r}, which is")
    assert repr(str(opencode.work)) in said
    bridge = listening.bridge
    assert bridge is not None
    assert bridge.connected_at is not None, "it listens all the same"
    opencode.session(other)
    listening.connected()
