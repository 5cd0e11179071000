"""The lock files: everything pinned with its hashes, from nowhere in particular."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"^(?P<name>[a-z0-9.-]+)(\[[a-z0-9, ]+\])?==(?P<version>[^ ]+).*\\$")


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / f"requirements/{lock}.txt").read_text().splitlines()
    found = (PIN.match(line) for line in lines)
    return {pin["name"]: pin["version"] for pin in found if pin}


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("run", PROJECT["project"]["dependencies"]),
        ("test", PROJECT["project"]["dependencies"]),
        ("test", PROJECT["project"]["optional-dependencies"]["postgres"]),
        ("test", PROJECT["dependency-groups"]["test"]),
        ("mutants", PROJECT["dependency-groups"]["mutants"]),
    ],
)
def test_every_dependency_is_pinned_inside_its_range(lock: str, wanted: list[str]) -> None:
    pinned = pins(lock)
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pinned[requirement.name]), requirement


def test_the_tests_run_with_the_versions_that_serve() -> None:
    assert pins("run").items() <= pins("test").items()


@pytest.mark.parametrize("lock", ["run", "test", "mutants"])
def test_every_pin_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / f"requirements/{lock}.txt").read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(pins(lock)) > 0
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|index-url|find-links|@ ", text)


def test_a_pin_that_others_want_with_an_extra_carries_it() -> None:
    """With a site's constraint file, pip 23 asks for hashes of `name[extra]` by that name."""
    text = (ROOT / "requirements/test.txt").read_text()
    for pin in ("coverage[toml]", "gunicorn[gevent]", "psycopg[binary]"):
        assert f"\n{pin}==" in text
