"""Connections to PostgreSQL that go from one test to the next.

A new one has to learn of all the tables first, which costs more than most tests do with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import URL, Engine, make_url

NAME = "kept for the next test"
"""What the server knows them by: others of a test are ended with it."""


@dataclass
class Pools:
    """One pool for all engines of a database that are made with the same options."""

    _engines: dict[URL, dict[str, Engine]] = field(default_factory=dict)

    def keep(self, url: str) -> None:
        """Share the connections to this database from now on."""
        self._engines[make_url(url)] = {}

    def options(self, url: URL, options: dict[str, Any]) -> dict[str, Any]:
        """Return the options of an engine; its connections are marked if they are kept."""
        if url not in self._engines:
            return options
        named = {"application_name": NAME} | options.get("connect_args", {})
        return options | {"connect_args": named}

    def lend(self, engine: Engine, options: dict[str, Any]) -> None:
        """Give an engine the connections of those before it; closing it leaves them open."""
        if engine.url not in self._engines:
            return
        first = self._engines[engine.url].setdefault(repr(options), engine)
        engine.pool, engine.dialect = first.pool, first.dialect
        engine.dispose = _leave_open  # type: ignore[method-assign]

    def take_back(self, url: str) -> bool:
        """Make the connections as new, or let go of all if a test still uses one: whether it did."""
        pools = [engine.pool for engine in self._engines[make_url(url)].values()]
        if any(pool.checkedout() for pool in pools):  # type: ignore[attr-defined]
            self.drop(url)
            self.keep(url)
            return False
        for pool in pools:
            with ExitStack() as open_ones:
                for _ in range(pool.checkedin()):  # type: ignore[attr-defined]
                    connection = pool.connect()
                    open_ones.callback(connection.close)
                    connection.cursor().execute("RESET ALL")
        return True

    def drop(self, url: str) -> None:
        """Close the connections to a database."""
        for engine in self._engines.pop(make_url(url)).values():
            engine.pool.dispose()

    def close(self) -> None:
        """Close all."""
        for url in list(self._engines):
            self.drop(url.render_as_string(hide_password=False))


def _leave_open(close: bool = True) -> None:
    """Do what `Engine.dispose` does for an engine whose connections are another's too: nothing."""


@pytest.fixture(scope="session")
def pools() -> Iterator[Pools]:
    """The connections of this test process that outlive a test."""
    kept = Pools()
    yield kept
    kept.close()
