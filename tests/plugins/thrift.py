"""What makes thousands of short tests cheap, without changing what they see.

Each test has a database, engines and an application of its own; what those work out anew, though
it is the same every time, is worked out once here.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _pytest.python import importtestmodule
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import URL, Engine, create_engine
from werkzeug.routing import Rule

from tests.plugins.pools import Pools
from webui.approvals.people import passwords
from webui.store import engines

_build = Rule._compile_builder  # noqa: SLF001 - there is no public place to remember it
_built: dict[object, Callable[..., tuple[str, str]]] = {}


def _built_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """Return the code that builds a rule's URLs; compiling it is most of making an application."""
    if rule.defaults:  # they are part of the code
        return _build(rule, append_unknown)
    key = (rule.rule, tuple(rule._trace), append_unknown)  # noqa: SLF001
    if key not in _built:
        _built[key] = _build(rule, append_unknown)
    return _built[key]


class Compiled(dict[tuple[Any, ...], Any]):
    """Statements as SQL, for all engines of one kind: a third of a short test's time."""

    def get(self, key: tuple[Any, ...], default: Any = None, /) -> Any:
        return super().get(self._for_all(key), default)

    def __setitem__(self, key: tuple[Any, ...], made: Any, /) -> None:
        super().__setitem__(self._for_all(key), made)

    @staticmethod
    def _for_all(key: tuple[Any, ...]) -> tuple[Any, ...]:
        dialect, *rest = key  # each engine has a dialect of its own
        return (type(dialect), *rest)


@pytest.fixture(scope="session", autouse=True)
def _same_work_once(pools: Pools) -> Iterator[None]:
    compiled = Compiled()

    def sharing(url: URL, **options: Any) -> Engine:
        options = pools.options(url, options)
        engine = create_engine(url, **options)
        pools.lend(engine, options)
        engine.update_execution_options(compiled_cache=compiled)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", _built_once)
        patch.setattr(engines, "create_engine", sharing)
        yield


@pytest.fixture(scope="session", autouse=True)
def product_hasher() -> Iterator[PasswordHasher]:
    """Hash passwords in this process as cheaply as Argon2id can; gives the product's hasher.

    Programs that a test starts hash as the product does.
    """
    kept = passwords._hasher  # noqa: SLF001
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_hasher", cheap)
        yield kept


@pytest.fixture(scope="session", autouse=True)
def product_synchronous() -> Iterator[str]:
    """Let SQLite in this process not wait for the disk at each commit; gives the product's setting.

    A killed process loses nothing without; only a power cut would. Programs that a test starts
    wait as the product does.
    """
    kept = engines.PRAGMAS["synchronous"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(engines.PRAGMAS, "synchronous", "OFF")
        yield kept


def pytest_configure(config: pytest.Config) -> None:
    """Draw fewer examples at random under `make test` than under `make sure`."""
    settings.register_profile("quick", max_examples=40)
    if "not sure" in (config.option.markexpr or ""):
        settings.load_profile("quick")


def pytest_collection(session: pytest.Session) -> None:
    """Import a worker's share of the tests before all the others.

    Workers begin at once. Where no test was run yet, each would work out every file's asserts for
    itself, which is half of collecting; so it does a part, and finds the others' parts done.
    """
    config, worker = session.config, os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    first, workers = (
        int(worker.removeprefix("gw")),
        int(os.environ["PYTEST_XDIST_WORKER_COUNT"]),
    )
    every = sorted((config.rootpath / "tests").rglob("test_*.py"))
    for path in every[first::workers]:
        # What is wrong with a file is told when it is collected.
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importtestmodule(path, config)


def pytest_collection_finish() -> None:
    """Leave modules and collected tests, which live to the end, out of garbage collections."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
