"""Migrations: forth, back and forth again; what the triggers refuse; other schemas."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from tests.plugins.desk import House
from tests.plugins.rules import Desk
from webui.approvals.errors import ConflictError
from webui.store import schema
from webui.store.engines import PRAGMAS, sqlite_url, writing_engine
from webui.store.models import Model
from webui.store.store import Store


@pytest.fixture
def engine(database_url: str, store: Store) -> Iterator[Engine]:
    """A connection of somebody who does not go through the store."""
    made = writing_engine(store.url)
    yield made
    made.dispose()


def test_the_schema_comes_goes_and_comes_back_over_rows(
    desk: Desk, engine: Engine, store: Store
) -> None:
    desk.approved()
    schema.upgrade(store.url)  # with rows in it, at the newest: nothing happens
    with engine.connect() as connection:
        schema.check(connection)
    schema.downgrade(store.url, "base")
    with engine.connect() as connection:
        assert schema.current(connection) is None
        left = set(inspect(connection).get_table_names())
        with pytest.raises(schema.SchemaError, match="countersign db upgrade"):
            schema.check(connection)
        if not store.on_sqlite:
            functions = "SELECT count(*) FROM pg_proc WHERE proname LIKE 'events_%'"
            assert connection.scalar(text(functions)) == 0
    assert {name for name in left if not name.startswith("sqlite_")} <= {"alembic_version"}
    schema.upgrade(store.url)
    with engine.connect() as connection:
        assert schema.current(connection) == schema.newest()
        schema.check(connection)


def test_a_yes_to_edited_arguments_does_not_outlive_the_edit(
    desk: Desk, house: House, engine: Engine, store: Store
) -> None:
    done, waits = (
        desk.submit(arguments={"command": "ls", "n": n}).approval.id for n in range(2)
    )
    desk.demand(waits, approvals_required=2)
    for each in (done, waits):
        desk.edit(house.rae, each, {"command": "ls", "n": 7})
    schema.downgrade(store.url, "0002")
    schema.upgrade(store.url)
    assert isinstance(desk.consume(done), ConflictError)
    assert desk.status(done) == "expired"
    assert desk.decide(house.bo, waits).approval.status == "pending"


def test_the_files_of_the_migrations_are_named_by_their_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert schema.newest() == scripts.get_current_head()
    named = [Path(script.path).name for script in scripts.walk_revisions()]
    ids = [script.revision for script in scripts.walk_revisions()]
    assert [name.partition("_")[0] for name in named] == ids == sorted(ids, reverse=True)


def test_the_migrations_make_exactly_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = [
            each
            for each in compare_metadata(context, Model.metadata)
            if "approval_search" not in str(each)  # the word index differs by engine
        ]
    assert differences == []


def test_a_newer_database_is_refused_before_anything_is_touched(
    engine: Engine, store: Store
) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.SchemaError, match="9999"):
        schema.upgrade(store.url)
    with engine.connect() as connection, pytest.raises(schema.SchemaError, match="newer"):
        schema.check(connection)


REFUSED = [
    "UPDATE events SET actor = 'user:other'",
    "UPDATE events SET seq = seq + 100",
    "UPDATE events SET payload = nonce",
    "UPDATE events SET nonce = NULL, payload = NULL, actor = 'user:other'",
    "UPDATE events SET nonce = NULL, payload = NULL, at = at + 1",
    "DELETE FROM events",
    "UPDATE audit_heads SET seq = seq - 1",
    "UPDATE audit_heads SET pruned_upto = seq + 1",
    "UPDATE audit_heads SET pruned_upto = -1",
    "UPDATE audit_heads SET pruned_upto = 1 WHERE seq > 1",
    "DELETE FROM audit_heads",
    "TRUNCATE events",
]


def test_the_database_itself_keeps_the_log(
    desk: Desk, engine: Engine, store: Store
) -> None:
    desk.submit()
    for statement in REFUSED:
        if statement.startswith("TRUNCATE") and store.on_sqlite:
            continue  # SQLite has no TRUNCATE; its DELETE is refused above
        with (
            pytest.raises(DBAPIError, match=r"never|only grows"),
            engine.begin() as connection,
        ):
            connection.execute(text(statement))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM events")) == connection.scalar(
            text("SELECT sum(seq) FROM audit_heads")
        )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO events SELECT * FROM events",
        "INSERT OR REPLACE INTO audit_heads SELECT * FROM audit_heads",
    ],
)
def test_replacing_is_refused_like_changing(
    desk: Desk, engine: Engine, statement: str
) -> None:
    desk.submit()
    with (
        pytest.raises(DBAPIError, match=r"never|only grows"),
        engine.begin() as connection,
    ):
        connection.execute(text(statement))


def test_erasing_a_payload_and_pruning_what_was_let_go_is_allowed(
    desk: Desk, house: House, engine: Engine
) -> None:
    desk.submit()
    with engine.begin() as connection:
        connection.execute(text("UPDATE events SET nonce = NULL, payload = NULL"))
        connection.execute(
            text(
                "INSERT INTO events SELECT org_id, seq + 1000, entry, row_hash, NULL, NULL,"
                " at, actor, 'audit.pruned', subject FROM events"
                " WHERE org_id = :org AND seq = 4"
            ),
            {"org": house.org_id},
        )
        connection.execute(
            text("UPDATE audit_heads SET pruned_upto = 3 WHERE org_id = :org"),
            {"org": house.org_id},
        )
        connection.execute(
            text("DELETE FROM events WHERE org_id = :org AND seq <= 3"),
            {"org": house.org_id},
        )
        left = connection.scalar(
            text("SELECT min(seq) FROM events WHERE org_id = :org"), {"org": house.org_id}
        )
    assert left == 4
    with pytest.raises(DBAPIError, match="only grows"), engine.begin() as connection:
        connection.execute(
            text("UPDATE audit_heads SET pruned_upto = 2 WHERE org_id = :org"),
            {"org": house.org_id},
        )


def test_a_fresh_file_is_made_by_the_migrations(
    tmp_path: Path, product_synchronous: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRAGMAS, "synchronous", product_synchronous)
    url = sqlite_url(tmp_path / "new.db")
    schema.upgrade(url)
    engine = writing_engine(url)
    with engine.connect() as connection:
        schema.check(connection)
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    engine.dispose()
