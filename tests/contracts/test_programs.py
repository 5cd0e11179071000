"""What `make test` says, and does, when the browser or the database is not there."""

import os
from pathlib import Path

import pytest

from scripts import test_programs as programs

FAILING = """#!/bin/sh
echo "E: Failed to fetch http://mirror.example/debian/$1" >&2
exit 100
"""
GIVING = """#!/bin/sh
echo "$@" >> "$0.asked"
"""


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with neither, and an apt-get that reaches no mirror; returns where it lies."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    monkeypatch.setattr(programs, "POSTGRES_FOLDERS", tmp_path / "nothing")
    place_program(tmp_path / "apt-get", FAILING)
    return tmp_path


def place_program(path: Path, text: str = "#!/bin/sh\n") -> None:
    """Put a program there that can be run."""
    path.write_text(text, "utf-8")
    path.chmod(0o755)


def be(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    """Let the script take us for that user, whoever runs the tests."""
    monkeypatch.setattr(os, "geteuid", lambda: uid)


def test_an_ordinary_user_is_shown_the_one_command_for_root(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be(monkeypatch, 1000)
    assert programs.main() == 1
    assert (
        "\n    apt-get update && apt-get install -y chromium postgresql\n"
        in capsys.readouterr().err
    )


def test_who_lacks_the_other_engines_is_told_what_is_not_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be(monkeypatch, 1000)
    programs.install_engines()
    told = capsys.readouterr().err
    for name, package in (("Firefox", "firefox-esr"), ("WebKit", "webkit2gtk-driver")):
        assert f"{name} is not here, so the desk is NOT TRIED in it." in told
        assert f"    apt-get install -y {package}" in told


def test_the_other_engines_are_asked_of_the_archive_and_their_lack_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bare_machine: Path
) -> None:
    be(monkeypatch, 0)
    place_program(bare_machine / "firefox-esr")
    place_program(bare_machine / "apt-get", GIVING)
    programs.install_engines()
    asked = (bare_machine / "apt-get.asked").read_text("utf-8")
    assert (
        asked == "update\ninstall -y webkit2gtk-driver gir1.2-webkit2-4.1 python3-gi xvfb\n"
    )
    told = capsys.readouterr()
    assert "Firefox" not in told.out + told.err
    assert "WebKit is not here" in told.err, "the archive said yes and brought nothing"


def test_only_what_is_missing_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bare_machine: Path,
) -> None:
    be(monkeypatch, 1000)
    place_program(bare_machine / "initdb")
    assert programs.main() == 1
    assert (
        "\n    apt-get update && apt-get install -y chromium\n" in capsys.readouterr().err
    )
    place_program(bare_machine / "chromium")
    assert programs.main() == 0


def test_root_reads_why_the_packages_could_not_be_fetched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be(monkeypatch, 0)
    assert programs.main() == 1
    said = capsys.readouterr()
    assert said.out == "Installing chromium and postgresql ...\n"
    assert "`apt-get update` failed:\nE: Failed to fetch (mirror)" in said.err


@pytest.mark.parametrize(
    ("archive", "browser"), [(GIVING, "chromium-headless-shell"), (FAILING, "chromium")]
)
def test_the_lighter_browser_is_installed_where_the_archive_has_it(
    monkeypatch: pytest.MonkeyPatch, bare_machine: Path, archive: str, browser: str
) -> None:
    be(monkeypatch, 0)
    place_program(bare_machine / "apt-get", GIVING)
    place_program(bare_machine / "apt-cache", archive)
    programs.main()
    asked = (bare_machine / "apt-get.asked").read_text("utf-8")
    assert asked == f"update\ninstall -y {browser} postgresql\n"


def test_the_lighter_browser_is_taken_before_the_whole_one(bare_machine: Path) -> None:
    place_program(bare_machine / "chromium")
    assert programs.find_chromium() == bare_machine / "chromium"
    place_program(bare_machine / "chromium-headless-shell")
    assert programs.find_chromium() == bare_machine / "chromium-headless-shell"


def test_a_browser_that_is_named_wrongly_is_said_and_nothing_is_installed_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be(monkeypatch, 0)
    monkeypatch.setenv("CHROMIUM_PATH", "/nowhere/chrome")
    assert programs.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("CHROMIUM_PATH names /nowhere/chrome, which is no program")
