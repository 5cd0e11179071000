import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, text

from webui.approvals.agents.agents import create_agent
from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import Look, Reviewer
from webui.approvals.asking.ask import Ask, Filer, Limits
from webui.approvals.asking.intake import submit
from webui.approvals.call.canonical import arguments_hash, canonical, fingerprint
from webui.approvals.ending import cancel
from webui.approvals.people.accounts import create_org, create_user
from webui.approvals.states import Verdict
from webui.approvals.use.leases import Lease, report, roll_back
from webui.approvals.use.using import Used, consume
from webui.audit.chain import Head
from webui.audit.checkpoint import Signer, checkpoint_of, cut_of, log_origin, sign
from webui.audit.journal import flush
from webui.audit.verifier import Report
from webui.audit.verify import verify_org
from webui.store import schema
from webui.store.keyring import Keyring
from webui.store.models import Checkpoint, table_of
from webui.store.store import Store
from webui.store.transaction import Transaction


@dataclass
class Desk:
    """A real desk with one org, an agent and a reviewer, and some history."""

    store: Store
    org_id: str
    filer: Filer
    reviewer: Reviewer
    approvals: dict[str, str]
    signer: Signer

    def verify(self, **options: Any) -> Report:
        with self.store.reading() as session:
            return verify_org(session.connection(), self.org_id, **options)

    def head(self) -> Head:
        with self.store.reading() as session:
            row = session.execute(
                text(
                    "SELECT seq, row_hash, at, frontier FROM audit_heads WHERE org_id = :org"
                ),
                {"org": self.org_id},
            ).one()
        return Head(row.seq, bytes(row.row_hash), row.at, bytes(row.frontier))

    def tamper(self, *statements: str, **values: Any) -> None:
        """Change rows past the program, as somebody who owns the database can."""
        engine = create_engine(self.store.url)
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET session_replication_role = replica"))
            else:
                connection.execute(text("PRAGMA foreign_keys = OFF"))
                for (name,) in connection.execute(
                    text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                ).all():
                    connection.execute(text(f"DROP TRIGGER {name}"))
            for statement in statements:
                changed = connection.execute(
                    text(statement), {"org": self.org_id, **self.approvals, **values}
                )
                assert changed.rowcount, "the test changed nothing"
        engine.dispose()

    def keep(self, note: str, size: int) -> None:
        row = {
            "org_id": self.org_id,
            "size": size,
            "note": note,
            "frontier": b"",
            "created_at": 0,
        }
        self.store.write(lambda tx: tx.execute(insert(table_of(Checkpoint)), row))


def file(tx: Transaction, filer: Filer, number: int) -> str:
    arguments = {"amount": number}
    ask = Ask(
        tool="bank.transfer",
        fingerprint=fingerprint(
            org=filer.org_id,
            agent=filer.agent_id,
            tool="bank.transfer",
            arguments=arguments,
        ),
        arguments_hash=arguments_hash(arguments),
        canonical=canonical(arguments),
        received=canonical(arguments),
        told=lambda *_: {"line": f"amount {number}"},
    )
    return submit(tx, filer, ask, Limits()).approval.id


def use(tx: Transaction, filer: Filer, approval_id: str, number: int) -> str:
    ran = fingerprint(
        org=filer.org_id,
        agent=filer.agent_id,
        tool="bank.transfer",
        arguments={"amount": number},
    )
    used = consume(tx, filer, approval_id, ran, Lease())
    assert isinstance(used, Used)
    return used.lease_token


def verdict_on(
    tx: Transaction, reviewer: Reviewer, of: tuple[str, str], verdict: Verdict
) -> None:
    decide(tx, reviewer, *of, verdict, "seen", Look(None, 1))


def history(store: Store) -> Desk:
    org_id = store.write(lambda tx: create_org(tx, "Acme"))
    person = store.write(
        lambda tx: create_user(
            tx, org_id, email="carol@example.org", role="reviewer", password_hash="x"
        )
    )
    agent_id = store.write(lambda tx: create_agent(tx, org_id, "bot"))
    filer = Filer(agent_id, org_id)
    carol = Reviewer(person.id, "Carol", "page")
    filed = {}
    for number, name in enumerate(("used", "denied", "waiting", "cancelled", "given_back")):
        filed[name] = store.write(partial(file, filer=filer, number=number))
    for name, verdict in (
        ("used", Verdict.APPROVE),
        ("denied", Verdict.DENY),
        ("given_back", Verdict.APPROVE),
    ):
        store.write(
            partial(verdict_on, reviewer=carol, of=(org_id, filed[name]), verdict=verdict)
        )
    token = store.write(lambda tx: use(tx, filer, filed["used"], 0))
    store.write(lambda tx: report(tx, filer, filed["used"], token, "ok", ""))
    token = store.write(lambda tx: use(tx, filer, filed["given_back"], 4))
    store.write(lambda tx: roll_back(tx, filer, filed["given_back"], token, "no route"))
    store.write(lambda tx: cancel(tx, org_id, agent_id, filed["cancelled"]))
    signer = Signer.from_seed(log_origin("audit.example", org_id), bytes(range(32)))
    return Desk(store, org_id, filer, carol, filed, signer)


@pytest.fixture(scope="module")
def _on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The desk on SQLite, made once; its tests have copies of the file."""
    url = f"sqlite:///{tmp_path_factory.mktemp('used') / 'desk.sqlite'}"
    schema.upgrade(url)
    made = history(Store(url, Keyring(bytes(32)), flush))
    made.store.close()
    return made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    if request.param == "sqlite":
        made: Desk = request.getfixturevalue("_on_sqlite")
        path = shutil.copy(str(made.store.url.database), tmp_path)
        store = Store(f"sqlite:///{path}", Keyring(bytes(32)), flush)
        yield replace(made, store=store)
    else:
        store = Store(request.getfixturevalue("postgres_url"), Keyring(bytes(32)), flush)
        yield history(store)
    store.close()


def only(report: Report) -> tuple[str, str]:
    [finding] = report.findings
    return finding.verdict, finding.code


def test_a_desk_that_was_used_as_it_should_verifies(desk: Desk) -> None:
    told: list[int] = []
    report = desk.verify(progress=told.append, vkeys=[desk.signer.vkey])
    assert report.findings == []
    assert (report.verdict, report.first) == ("ok", 1)
    assert report.last == report.rows == desk.head().seq
    assert desk.verify().verdict == "ok"


def test_checkpoints_kept_in_the_database_and_outside_are_checked(desk: Desk) -> None:
    head = desk.head()
    note = sign(checkpoint_of(desk.signer.name, head), [desk.signer], last=None)
    desk.keep(note, head.seq)
    report = desk.verify(vkeys=[desk.signer.vkey], notes=[note])
    assert (report.verdict, report.checkpoints, report.covered) == ("ok", 2, head.seq)


def test_rows_missing_at_the_end_are_tampering_here(desk: Desk) -> None:
    longer = Head(
        desk.head().seq + 2, bytes(32), 0, bytes(32 * (desk.head().seq + 2).bit_count())
    )
    note = sign(checkpoint_of(desk.signer.name, longer), [desk.signer], last=None)
    report = desk.verify(vkeys=[desk.signer.vkey], notes=[note])
    assert only(report) == ("tampered", "truncated")
    desk.keep(note, longer.seq)
    assert only(desk.verify(vkeys=[desk.signer.vkey])) == ("tampered", "truncated")


def test_an_org_without_a_head_is_named(desk: Desk) -> None:
    desk.org_id = "org_none"
    assert only(desk.verify()) == ("tampered", "head")


def test_a_chain_that_was_opened_and_not_written_to_is_whole(desk: Desk) -> None:
    desk.store.write(
        lambda tx: tx.execute(
            text(
                "INSERT INTO audit_heads (org_id, seq, row_hash, at, frontier, pruned_upto, "
                "fanned_out) VALUES ('org_new', 0, :hash, 0, :none, 0, 0)"
            ),
            {"hash": bytes(32), "none": b""},
        )
    )
    desk.org_id = "org_new"
    report = desk.verify(vkeys=[desk.signer.vkey])
    assert (report.verdict, report.rows) == ("ok", 0)


def test_an_archived_beginning_is_gone_on_from_at_its_cut(desk: Desk) -> None:
    middle = desk.head()
    desk.store.write(lambda tx: file(tx, desk.filer, 77))
    note = sign(cut_of(desk.signer.name, middle), [desk.signer], last=None)
    desk.tamper(
        "UPDATE audit_heads SET pruned_upto = :upto WHERE org_id = :org",
        "DELETE FROM events WHERE org_id = :org AND seq <= :upto",
        upto=middle.seq,
    )
    without = desk.verify(vkeys=[desk.signer.vkey])
    assert only(without) == ("incomplete", "cut")
    desk.keep(note, middle.seq)
    report = desk.verify(vkeys=[desk.signer.vkey])
    assert (report.verdict, report.first) == ("ok", middle.seq + 1)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE events SET actor = 'user:x' WHERE org_id = :org AND seq = 3", "columns"),
        (
            "UPDATE events SET action = 'key.created' WHERE org_id = :org AND seq = 3",
            "columns",
        ),
        (
            "UPDATE events SET subject = 'agent:x' WHERE org_id = :org AND seq = 3",
            "columns",
        ),
        ("UPDATE events SET at = at + 1 WHERE org_id = :org AND seq = 3", "columns"),
        ("UPDATE events SET at = -1 WHERE org_id = :org AND seq = 3", "entry"),
        ("UPDATE events SET entry = :junk WHERE org_id = :org AND seq = 3", "entry"),
        ("UPDATE events SET payload = :junk WHERE org_id = :org AND seq = 3", "payload"),
        ("UPDATE events SET row_hash = :junk WHERE org_id = :org AND seq = 3", "row-hash"),
        ("DELETE FROM events WHERE org_id = :org AND seq = 3", "seq"),
        ("DELETE FROM events WHERE org_id = :org AND subject LIKE 'user:%'", "seq"),
        ("UPDATE audit_heads SET row_hash = :junk WHERE org_id = :org", "head"),
        ("UPDATE audit_heads SET seq = seq + 1 WHERE org_id = :org", "head"),
        ("UPDATE audit_heads SET frontier = :junk WHERE org_id = :org", "head"),
    ],
)
def test_a_log_changed_past_the_program_is_found(
    statement: str, code: str, desk: Desk
) -> None:
    values = {"junk": b"\xff" * 32} if ":junk" in statement else {}
    desk.tamper(statement, **values)
    report = desk.verify(vkeys=[desk.signer.vkey])
    assert (report.verdict, report.findings[0].code) == ("tampered", code)


def test_a_last_row_taken_away_with_its_head_set_back_leaves_the_tables_without_it(
    desk: Desk,
) -> None:
    desk.tamper(
        "DELETE FROM events WHERE org_id = :org AND action = 'approval.cancelled'",
        "UPDATE audit_heads SET seq = seq - 1, row_hash = (SELECT row_hash FROM events "
        "WHERE org_id = :org ORDER BY seq DESC LIMIT 1) WHERE org_id = :org",
    )
    assert only(desk.verify()) == ("tampered", "tables")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE approvals SET status = 'approved' WHERE id = :used",
            "is approved, but its last event (approval.outcome) left it consumed",
        ),
        (
            "UPDATE approvals SET status = 'denied', decided_by = 'x' WHERE id = :waiting",
            "names a decider whose decision is not in the log",
        ),
        (
            "UPDATE approvals SET edited_hash = 'sha256:x' WHERE id = :used",
            "holds edited arguments that are not those in the log",
        ),
        (
            "UPDATE approvals SET decided_by = 'usr_x' WHERE id = :denied",
            "names a decider whose decision is not in the log",
        ),
        (
            "UPDATE approvals SET fingerprint = 'sha256:x' WHERE id = :waiting",
            "has another fingerprint than then",
        ),
        (
            "UPDATE approvals SET arguments_hash = 'sha256:x' WHERE id = :denied",
            "has another arguments_hash than then",
        ),
        ("UPDATE approvals SET id = 'apr_x' WHERE id = :cancelled", "there is no such row"),
        (
            "UPDATE approvals SET id = 'apr_x' WHERE id = :cancelled",
            "no event of its creation",
        ),
        (
            "DELETE FROM approvals WHERE id = :waiting",
            "was filed, but there is no such row",
        ),
        ("DELETE FROM decisions WHERE approval_id = :denied", "has no row any more"),
        (
            "UPDATE decisions SET verdict = 'approve' WHERE approval_id = :denied",
            "was another one",
        ),
        (
            "UPDATE decisions SET user_id = 'usr_x' WHERE approval_id = :denied",
            "has no event",
        ),
        (
            "DELETE FROM consumptions WHERE approval_id = :used",
            "was used 1 times by the log, but 0 times by the table",
        ),
        (
            "UPDATE consumptions SET id = 'con_x' WHERE approval_id = :used",
            "has no row any more",
        ),
        (
            "UPDATE consumptions SET approval_id = :denied WHERE approval_id = :used",
            "was used 0 times by the log, but 1 times by the table",
        ),
    ],
)
def test_a_table_changed_past_the_program_contradicts_the_log(
    statement: str, said: str, desk: Desk
) -> None:
    desk.tamper(statement)
    report = desk.verify()
    assert report.verdict == "tampered"
    assert {finding.code for finding in report.findings} == {"tables"}
    assert any(said in finding.message for finding in report.findings)


def test_erased_payloads_verify_and_the_actions_still_bind_the_tables(desk: Desk) -> None:
    desk.tamper("UPDATE events SET nonce = NULL, payload = NULL WHERE org_id = :org")
    report = desk.verify(vkeys=[desk.signer.vkey])
    assert (report.verdict, report.erased) == ("ok", report.rows)
    desk.tamper(
        "UPDATE approvals SET status = 'approved' WHERE id = :used",
        "DELETE FROM decisions WHERE approval_id = :denied",
        "DELETE FROM consumptions WHERE approval_id = :given_back",
    )
    assert [finding.code for finding in desk.verify().findings] == ["tables"] * 3


@pytest.mark.parametrize("junk", [b"[]", b"{", b"\xff", b"5", b"[" * 99_999])
def test_a_payload_that_is_not_an_object_does_not_stop_the_search(
    junk: bytes, desk: Desk
) -> None:
    desk.tamper(
        "UPDATE events SET payload = :junk WHERE org_id = :org AND action = 'approval.decided'",
        "DELETE FROM consumptions WHERE approval_id = :used",
        junk=junk,
    )
    codes = [finding.code for finding in desk.verify().findings]
    assert codes == ["payload", "tables", "tables"]


def test_what_is_written_meanwhile_is_no_contradiction(desk: Desk) -> None:
    numbers = iter(range(1000, 2000))

    def meanwhile(_rows: int) -> None:
        desk.store.write(lambda tx: file(tx, desk.filer, next(numbers)))

    def many(tx: Transaction) -> None:
        for _ in range(1100):
            tx.record(desk.org_id, "system", "settings.changed", "org:x", {})

    desk.store.write(many)
    before = desk.head().seq
    report = desk.verify(progress=meanwhile)
    assert (report.verdict, report.last) == ("ok", before)
    assert desk.head().seq > before


def test_a_log_that_should_have_a_checkpoint_and_has_none_is_not_vouched_for(
    desk: Desk,
) -> None:
    def many(tx: Transaction) -> None:
        for _ in range(256):
            tx.record(desk.org_id, "system", "settings.changed", "org:x", {})

    desk.store.write(many)
    assert only(desk.verify(vkeys=[desk.signer.vkey])) == ("incomplete", "unsigned")
