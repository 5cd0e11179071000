"""The set-up behind `make run` and `make test` minds neither its place nor its caller's settings."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.plugins.served import ROOT

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "program"
version = "1"
"""
BACKEND = """
import shutil

def build_editable(folder, config_settings=None, metadata_directory=None):
    return shutil.copy("wheels/program-1-py3-none-any.whl", folder).rpartition("/")[2]
"""


def write_wheel(folder: Path, name: str) -> Path:
    """The smallest wheel that pip takes: one module that says its own name."""
    wheel = folder / f"{name}-1-py3-none-any.whl"
    about = f"{name}-1.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", f"NAME = {name!r}\n")
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
        )
        archive.writestr(
            f"{about}/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{about}/RECORD", "")
    return wheel


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A program with one pinned package, set up by our own script, under a path with a space."""
    root = tmp_path / "my desk"
    for folder in ("scripts", "requirements", "wheels"):
        (root / folder).mkdir(parents=True)
    shutil.copy(ROOT / "scripts/environment.sh", root / "scripts")
    digest = hashlib.sha256(write_wheel(root / "wheels", "pinned").read_bytes()).hexdigest()
    (root / "requirements/run.txt").write_text(
        f"pinned==1 --hash=sha256:{digest}\n", "utf-8"
    )
    write_wheel(root / "wheels", "program")
    (root / "pyproject.toml").write_text(PROJECT, "utf-8")
    (root / "backend.py").write_text(BACKEND, "utf-8")
    return root


def set_up(root: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the script from another folder, with pip told to fetch from a folder only."""
    fetching = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": (root / "wheels").as_uri()}
    return subprocess.run(
        ["sh", root / "scripts/environment.sh", "run"],
        env=os.environ | fetching | {"PYTHON": sys.executable} | settings,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def names(root: Path) -> str:
    """What both packages say of themselves in the environment that was made."""
    return subprocess.run(
        [
            root / ".venv/bin/python",
            "-I",
            "-c",
            "import pinned, program; print(pinned.NAME, program.NAME)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def hostile(folder: Path) -> dict[str, str]:
    """Settings that broke an installation, or put it where the program does not look."""
    constraints = folder / "constraints.txt"
    constraints.write_text("pinned<1\n", "utf-8")
    configuration = folder / "pip.conf"
    configuration.write_text(
        f"[install]\nuser = true\nconstraint = {constraints}\n", "utf-8"
    )
    elsewhere = str(folder / "elsewhere")
    return {
        "PIP_CONFIG_FILE": str(configuration),
        "PIP_USER": "1",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_REQUIRE_HASHES": "1",
        "PIP_CONSTRAINT": str(constraints),
        "PIP_TARGET": elsewhere,
        "PIP_PYTHON": elsewhere,
        "PYTHONPATH": elsewhere,
        "PYTHONHOME": elsewhere,
    }


@pytest.mark.sure  # installs an environment of its own
def test_a_set_up_goes_on_after_a_failure_whatever_pip_is_told_and_then_asks_for_nothing(
    checkout: Path, tmp_path: Path
) -> None:
    """One story, since making the environment is what takes the time."""
    wheels = checkout / "wheels"
    away = wheels.rename(checkout / "away")
    wheels.mkdir()
    failed = set_up(checkout)
    assert failed.returncode == 1
    assert "pinned==1" in failed.stderr
    assert "Run the command again to go on." in failed.stderr

    wheels.rmdir()
    away.rename(wheels)
    done = set_up(checkout, **hostile(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [*checkout.glob(".venv/lib/*/site-packages/__pycache__/pinned.*.pyc")]
    assert names(checkout) == "pinned program\n"
    assert not (tmp_path / "elsewhere").exists()

    shutil.rmtree(wheels)
    again = set_up(checkout)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
