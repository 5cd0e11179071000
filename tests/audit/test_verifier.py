import ast
import json
import re
import runpy
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.approvals.call.canonical import canonical
from webui.audit import verifier
from webui.audit.checkpoint import NoteError, Signer, checkpoint_of, sign
from webui.audit.export import checkpoint_line, json_line

Log = Any  # the fixture of conftest.py
SOURCE = Path(verifier.__file__)


def line(**changes: Any) -> Callable[[bytes], bytes]:
    """Return a change of members of a line."""
    return lambda old: (json.dumps(json.loads(old) | changes) + "\n").encode()


def only(report: verifier.Report) -> tuple[str, str, int]:
    [finding] = report.findings
    return finding.verdict, finding.code, finding.seq


def test_a_whole_log_is_whole(long_log: Log) -> None:
    report = long_log.verify()
    assert report.findings == []
    assert (report.verdict, report.first, report.last, report.rows) == ("ok", 1, 200, 200)
    assert (report.checkpoints, report.covered, report.erased) == (3, 192, 0)
    assert "note: rows 193 to 200 came after" in verifier.summary(report)


def test_a_log_that_ends_at_its_checkpoint_is_whole_to_the_last_row(long_log: Log) -> None:
    report = long_log.verify(notes=[long_log.note(200)])
    assert (report.verdict, report.checkpoints, report.covered) == ("ok", 4, 200)
    assert "note:" not in verifier.summary(report)


def test_every_size_of_log_has_the_root_the_writer_signed(log: Log) -> None:
    log.write_many(70, every=1)
    report = log.verify()
    assert (report.verdict, report.checkpoints) == ("ok", 70)


def test_without_a_checkpoint_the_evidence_is_incomplete(long_log: Log) -> None:
    report = long_log.verify(long_log.export(notes=False))
    assert only(report) == ("incomplete", "unsigned", 200)
    assert long_log.verify(long_log.export(notes=False), chain_only=True).verdict == "ok"


def test_an_empty_export_proves_nothing(long_log: Log) -> None:
    assert only(long_log.verify([])) == ("incomplete", "empty", 0)


def test_erased_payloads_verify(long_log: Log) -> None:
    lines = [
        line(nonce=None, payload=None)(old) if b'"seq"' in old else old
        for old in long_log.export()
    ]
    report = long_log.verify(lines)
    assert (report.verdict, report.erased, report.checkpoints) == ("ok", 200, 3)


def test_a_single_flipped_bit_is_found_wherever_it_is(long_log: Log, flips: Any) -> None:
    lines = long_log.export()
    for at in (0, 5, 63, 64, 65, 199, len(lines) - 1):
        for flipped in flips(lines[at]):
            report = long_log.verify([*lines[:at], flipped, *lines[at + 1 :]])
            assert report.verdict != "ok", flipped


def test_a_flipped_bit_in_each_field_is_tampering_at_that_row(long_log: Log) -> None:
    lines = long_log.export()
    old = json.loads(lines[9])
    members = json.loads(old["entry"])
    damages = [
        *(
            {"entry": old["entry"].replace(str(value), value_changed(value))}
            for value in members.values()
            if isinstance(value, str)
        ),
        {"entry": old["entry"].replace('"seq":10', '"seq":11')},
        {"entry": old["entry"].replace('"v":1', '"v":2')},
        {"row_hash": value_changed(old["row_hash"])},
        {"row_hash": old["row_hash"].upper()},
        {"row_hash": None},
        {"nonce": "B" + old["nonce"][1:]},
        {"nonce": old["nonce"][:-3] + "B" + "=="},
        {"nonce": b64encode(bytes(15)).decode()},
        {"nonce": None},
        {"payload": None},
        {"payload": old["payload"].replace("hunter2", "hunter3")},
        {"payload": "\ud800"},
        {"seq": 10.0},
        {"seq": "10"},
        {"seq": True},
        {"entry": 1},
        {"entry": None},
        {"nonce": 1},
        {"payload": 1},
        {"more": 1},
    ]
    for damage in damages:
        report = long_log.verify([*lines[:9], line(**damage)(lines[9]), *lines[10:]])
        verdict, _, seq = only(report)
        assert (verdict, seq) == ("tampered", 10), damage
        assert (report.first, report.last, report.rows) == (1, 9, 9)


def value_changed(value: str) -> str:
    return value[:-1] + ("0" if value[-1] != "0" else "1")


@pytest.mark.parametrize("seq", [2, 64, 65, 128, 199])
def test_a_deleted_row_is_missed_by_its_number(seq: int, long_log: Log) -> None:
    lines = [old for old in long_log.export() if json.loads(old).get("seq") != seq]
    report = long_log.verify(lines)
    assert only(report) == ("tampered", "seq", seq)
    assert f"row {seq} is not here" in report.findings[0].message


@pytest.mark.parametrize("seq", [2, 64, 198])
def test_a_deleted_row_is_missed_even_when_the_rest_is_renumbered(
    seq: int, long_log: Log
) -> None:
    lines = long_log.export(notes=False)
    renumbered = [
        line(seq=number)(old)
        for number, old in enumerate(lines[: seq - 1] + lines[seq:], 1)
    ]
    assert only(long_log.verify(renumbered)) == ("tampered", "seq", seq)


@pytest.mark.parametrize("seq", [2, 100, 199])
def test_swapped_rows_are_out_of_order(seq: int, long_log: Log) -> None:
    lines = long_log.export(notes=False)
    lines[seq - 1], lines[seq] = lines[seq], lines[seq - 1]
    assert only(long_log.verify(lines)) == ("tampered", "seq", seq)


def test_a_row_that_comes_twice_is_found(long_log: Log) -> None:
    lines = long_log.export()
    assert only(long_log.verify([*lines[:9], lines[8], *lines[9:]])) == (
        "tampered",
        "seq",
        10,
    )


def test_a_row_of_another_log_does_not_follow(long_log: Log, rewritten: Any) -> None:
    other = rewritten(long_log, 5, subject="approval:apr_other")
    lines = long_log.export(notes=False)
    lines[9:] = other.export(notes=False)[9:]
    assert only(long_log.verify(lines)) == ("tampered", "prev", 10)


@pytest.mark.parametrize("seq", [1, 64, 150, 192])
def test_a_rewritten_and_rehashed_log_is_betrayed_by_a_checkpoint_kept_elsewhere(
    seq: int, long_log: Log, rewritten: Any
) -> None:
    forged = rewritten(long_log, seq, subject="approval:apr_forged")
    report = long_log.verify(forged.export(), notes=[long_log.notes[-1][1]])
    assert only(report) == ("tampered", "root", 192)


def test_a_rewritten_log_is_betrayed_by_the_checkpoints_it_still_carries(
    long_log: Log, rewritten: Any
) -> None:
    forged = rewritten(long_log, 100, subject="approval:apr_forged")
    forged.notes = long_log.notes
    assert only(long_log.verify(forged.export())) == ("tampered", "root", 128)


def test_a_rewrite_without_any_checkpoint_is_not_seen_but_not_vouched_for_either(
    long_log: Log, rewritten: Any
) -> None:
    forged = rewritten(long_log, 100, subject="approval:apr_forged").export(notes=False)
    assert long_log.verify(forged, chain_only=True).verdict == "ok"  # documented
    assert only(long_log.verify(forged)) == ("incomplete", "unsigned", 200)


def test_a_cut_off_end_is_betrayed_by_a_checkpoint_kept_elsewhere(long_log: Log) -> None:
    report = long_log.verify(long_log.export()[:180], notes=[long_log.notes[-1][1]])
    assert only(report) == ("incomplete", "truncated", 178)
    assert "Rows 179 to 192 are missing" in report.findings[0].message


def test_a_cut_off_end_after_the_newest_checkpoint_is_not_seen(long_log: Log) -> None:
    lines = [old for old in long_log.export() if json.loads(old).get("seq", 0) <= 195]
    assert long_log.verify(lines).verdict == "ok"  # documented
    assert long_log.verify(lines, notes=[long_log.note(196)]).verdict == "incomplete"


def test_a_checkpoint_forged_with_another_key_vouches_for_nothing(
    long_log: Log, stranger: Signer, rewritten: Any
) -> None:
    forged = rewritten(long_log, 100, subject="approval:apr_forged")
    note = sign(checkpoint_of(stranger.name, forged.heads[200]), [stranger], last=None)
    report = long_log.verify([*forged.export(), checkpoint_line(note).encode()])
    assert [finding.code for finding in report.findings] == ["unknown-key", "unsigned"]
    assert report.verdict == "incomplete"


def test_a_checkpoint_changed_after_signing_is_tampering(
    long_log: Log, rewritten: Any
) -> None:
    forged = rewritten(long_log, 100, subject="approval:apr_forged")
    root = b64encode(checkpoint_of("x", forged.heads[192]).root).decode()
    origin, size, _, *rest = long_log.notes[-1][1].split("\n")
    note = "\n".join([origin, size, root, *rest])
    for notes, more in (([note], []), ([], [checkpoint_line(note).encode()])):
        report = long_log.verify([*forged.export(), *more], notes=notes)
        assert only(report)[:2] == ("tampered", "checkpoint")


def test_two_checkpoints_that_disagree_are_found_before_their_row(
    long_log: Log, rewritten: Any
) -> None:
    forged = rewritten(long_log, 100, subject="approval:apr_forged")
    report = long_log.verify(notes=[long_log.note(200), forged.note(200)])
    assert only(report) == ("tampered", "root", 200)


def test_the_same_checkpoint_twice_counts_once(long_log: Log) -> None:
    report = long_log.verify(notes=[long_log.note(200), long_log.note(200)])
    assert (report.verdict, report.checkpoints) == ("ok", 4)


def test_a_checkpoint_may_stand_somewhat_later_than_its_row(long_log: Log) -> None:
    late = [*long_log.export(notes=False), checkpoint_line(long_log.notes[0][1]).encode()]
    assert long_log.verify(late).verdict == "ok"


def test_a_checkpoint_too_long_after_its_row_cannot_be_checked(log: Log) -> None:
    log.write_many(1100, every=2000)
    lines = [*log.export(), checkpoint_line(log.note(100)).encode()]
    report = log.verify(lines, notes=[log.note(1100)])
    assert only(report) == ("incomplete", "too-early", 100)


def test_a_flood_of_checkpoints_does_not_fill_the_memory(
    log: Log, stranger: Signer
) -> None:
    log.write_many(1002, every=1)
    flood = [checkpoint_line(note).encode() for _, note in log.notes]
    assert only(log.verify(flood)) == ("tampered", "checkpoint", 0)
    unknown = sign(checkpoint_of(stranger.name, log.heads[1]), [stranger], last=None)
    report = log.verify([checkpoint_line(unknown).encode()] * 1002)
    assert len(report.findings) == 1000


def test_a_checkpoint_of_another_org_is_refused(long_log: Log) -> None:
    other = Signer.from_seed("audit.example/org2", bytes(range(32)))
    note = sign(checkpoint_of(other.name, long_log.heads[200]), [other], last=None)
    keys = [long_log.signer.vkey, other.vkey]
    embedded = [*long_log.export(), checkpoint_line(note).encode()]
    assert only(verifier.verify(embedded, keys))[:2] == ("tampered", "other-log")
    first = verifier.verify(long_log.export(notes=False), keys, [note])
    assert only(first) == ("tampered", "other-log", 1)
    late = [*long_log.export(notes=False), checkpoint_line(note).encode()]
    assert only(verifier.verify(late, keys)) == ("tampered", "other-log", 200)


def test_a_checkpoint_of_another_installation_is_refused(long_log: Log) -> None:
    other = Signer.from_seed("elsewhere.example/org1", bytes(range(32)))
    note = sign(checkpoint_of(other.name, long_log.heads[200]), [other], last=None)
    embedded = [*long_log.export(), checkpoint_line(note).encode()]
    report = verifier.verify(embedded, [long_log.signer.vkey, other.vkey])
    assert only(report) == ("tampered", "other-log", 200)


def test_a_row_of_another_org_is_refused(long_log: Log) -> None:
    long_log.write(org="org2")
    assert only(long_log.verify()) == ("tampered", "other-log", 201)
    assert only(long_log.verify(chain_only=True)) == ("tampered", "other-log", 201)


def test_a_row_older_than_the_one_before_is_refused(log: Log) -> None:
    log.write_many(3)
    entry = log.rows[2].entry.decode()
    entry = re.sub(r'"at":"[^"]+"', '"at":"2020-01-01T00:00:00.000Z"', entry)
    digest = sha256(b"audit-row-v1\0" + entry.encode()).hexdigest()
    lines = log.export()
    lines[2] = line(entry=entry, row_hash=digest)(lines[2])
    assert only(log.verify(lines)) == ("tampered", "at", 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: "{", "not JSON"),
        (lambda _: "[" * 100_000, "not JSON"),
        (lambda _: "[]", "not exactly the members"),
        (lambda _: "5", "not exactly the members"),
        (lambda entry: entry.replace('"v":1', '"v":1,"w":1'), "not exactly the members"),
        (lambda entry: entry.replace(":", ": ", 1), "not in its canonical form"),
        (lambda entry: entry.replace('"v":1', '"v":1 '), "not in its canonical form"),
        (lambda entry: entry.replace("usr_7", "usr\\u005f7"), "not in its canonical form"),
        (lambda entry: entry.replace("usr_7", "\\/"), "not in its canonical form"),
        (lambda entry: entry.replace("usr_7", "\\u001F"), "not in its canonical form"),
        (lambda entry: entry.replace("usr_7", "\\u000a"), "not in its canonical form"),
        (lambda entry: entry.replace('"v":1', '"v":2'), "impossible value"),
        (lambda entry: entry.replace('"seq":1', '"seq":"1"'), "impossible value"),
        (lambda entry: entry.replace("Z", "z"), "impossible value"),
    ],
)
def test_an_entry_in_another_spelling_is_refused_and_explained(
    change: Any, message: str, log: Log
) -> None:
    entry = change(log.write().entry.decode())
    digest = sha256(b"audit-row-v1\0" + entry.encode()).hexdigest()
    report = log.verify([line(entry=entry, row_hash=digest)(log.export()[0])])
    assert only(report)[0] == "tampered"
    assert message in report.findings[0].message


texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    '"\\/\b\f\n\r\t\x00\x1f\x7f'
)


@given(st.tuples(texts, texts, texts, texts))
def test_the_pattern_accepts_every_canonical_entry(said: tuple[str, str, str, str]) -> None:
    action, actor, org, subject = said
    entry = {
        "action": action,
        "actor": actor,
        "org": org,
        "subject": subject,
        "v": 1,
        "seq": 1,
        "at": "2026-01-01T00:00:00.000Z",
        "payload": "0" * 64,
        "prev_hash": "0" * 64,
    }
    digest = sha256(b"audit-row-v1\0" + canonical(entry)).hexdigest()
    verifier.Chain([]).row(1, canonical(entry).decode(), digest, None, None)


@pytest.mark.parametrize(
    "bad",
    [
        b"\n",
        b"",
        b"\xff\n",
        b"[]\n",
        b'"text"\n',
        b"{}\n",
        b"null\n",
        b"[" * 100_000,
        b'{"seq":1,"seq":1}\n',
        b'{"seq":' + b"9" * 5000 + b"}\n",
        b'{"checkpoint":1}\n',
        b'{"checkpoint":"x","more":1}\n',
        b'{"cut":"x"}\n',
        b'{"checkpoint":"x"} {}\n',
    ],
)
def test_a_line_that_is_none_is_named_and_nothing_is_raised(
    bad: bytes, long_log: Log
) -> None:
    lines = long_log.export()
    report = long_log.verify([*lines[:3], bad, *lines[3:]])
    assert report.verdict == "tampered"
    assert report.findings[0].message.isascii()


def test_a_line_may_end_as_on_another_system(long_log: Log) -> None:
    lines = [old.replace(b"\n", b"\r\n") for old in long_log.export()]
    lines[-1] = lines[-1].rstrip()
    assert long_log.verify(lines).verdict == "ok"


def test_a_log_goes_on_from_a_cut(long_log: Log) -> None:
    rest = [json_line(row).encode() for row in long_log.rows[150:]]
    note, cut = long_log.note(200), long_log.cut(150)
    carried = [json.dumps({"cut": cut}).encode() + b"\n", *rest]
    for report in (
        long_log.verify(rest, [note], cut=cut),
        long_log.verify(carried, [note]),
        long_log.verify(carried, [note], cut=cut),
        long_log.verify(carried, [note, long_log.note(150)], cut=cut),
    ):
        assert (report.verdict, report.first, report.last) == ("ok", 151, 200)
    assert long_log.verify(carried, chain_only=True).verdict == "ok"


def test_without_the_cut_the_beginning_is_missing(long_log: Log) -> None:
    rest = [json_line(row).encode() for row in long_log.rows[150:]]
    report = long_log.verify(rest)
    assert only(report) == ("incomplete", "start", 151)
    assert "--from" in report.findings[0].message


def test_a_checkpoint_from_before_the_cut_cannot_be_checked(long_log: Log) -> None:
    rest = [json_line(row).encode() for row in long_log.rows[150:]]
    report = long_log.verify(
        rest, [long_log.note(100), long_log.note(200)], cut=long_log.cut(150)
    )
    assert only(report) == ("incomplete", "too-early", 100)


def test_a_forged_or_other_cut_is_refused(
    long_log: Log, rewritten: Any, stranger: Signer
) -> None:
    forged = rewritten(long_log, 100, subject="approval:apr_forged")
    rest = [json_line(row).encode() for row in forged.rows[150:]]
    carried = [json.dumps({"cut": forged.cut(150)}).encode() + b"\n", *rest]
    other = long_log.verify(carried, cut=long_log.cut(150))
    assert only(other) == ("tampered", "cut", 151)
    forged.signer = stranger
    carried[0] = json.dumps({"cut": forged.cut(150)}).encode() + b"\n"
    assert only(long_log.verify(carried)) == ("incomplete", "cut", 1)
    with pytest.raises(NoteError):
        long_log.verify(rest, cut=forged.cut(150))


def test_progress_is_told_now_and_then(log: Log) -> None:
    told: list[int] = []
    log.write_many(5000, every=5000)
    assert log.verify(progress=told.append).verdict == "ok"
    assert told == [4096]
    assert log.verify().verdict == "ok"


def test_it_imports_nothing_but_the_standard_library_and_cryptography() -> None:
    imported = set()
    for node in ast.walk(ast.parse(SOURCE.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported - sys.stdlib_module_names == {"cryptography"}


@pytest.fixture
def files(tmp_path: Path, long_log: Log) -> dict[str, str]:
    rest = [json_line(row).encode() for row in long_log.rows[150:]]
    contents = {
        "whole": b"".join(long_log.export()),
        "rest": b"".join(rest),
        "tampered": b"".join(long_log.export()).replace(b"hunter2", b"hunter3"),
        "unsigned": b"".join(long_log.export(notes=False)),
        "note": long_log.note(200).encode(),
        "cut": long_log.cut(150).encode(),
        "endless": b'{"seq":' + b"1" * (17 * 1024 * 1024),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: str(tmp_path / name) for name in [*contents, "absent"]}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ("whole --vkey {key}", 0, "ok: rows 1 to 200 (200)"),
        ("whole --vkey {key} --checkpoint {note}", 0, "signed up to row 200"),
        ("whole --chain-only", 0, "ok"),
        ("rest --vkey {key} --from {cut} --checkpoint {note}", 0, "ok: rows 151 to 200"),
        ("tampered --vkey {key}", 1, "tampered, payload: row 1"),
        ("endless --vkey {key}", 1, "tampered, line"),
        ("unsigned --vkey {key}", 2, "incomplete, unsigned"),
        ("rest --vkey {key}", 2, "incomplete, start"),
        ("absent --vkey {key}", 2, "No such file"),
        ("whole --vkey nonsense", 2, "not an Ed25519 verifier key"),
        ("rest --vkey {key} --from {note}", 2, "not a cut"),
    ],
)
def test_the_exit_status_tells_whole_from_tampered_from_incomplete(
    arguments: str,
    status: int,
    said: str,
    files: dict[str, str],
    long_log: Log,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, *options = arguments.format(key=long_log.signer.vkey, **files).split()
    assert verifier.main([files[name], *options]) == status
    shown = capsys.readouterr()
    assert said in shown.out + shown.err


def test_the_file_alone_runs_anywhere(
    files: dict[str, str], long_log: Log, tmp_path: Path
) -> None:
    alone = tmp_path / "elsewhere" / "verifier.py"
    alone.parent.mkdir()
    alone.write_bytes(SOURCE.read_bytes())
    done = subprocess.run(
        [sys.executable, "-I", str(alone), files["whole"], "--vkey", long_log.signer.vkey],
        capture_output=True,
        text=True,
        check=False,
        cwd=alone.parent,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok: rows 1 to 200")


def test_it_is_a_program(
    files: dict[str, str], long_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["verifier.py", files["tampered"], "--vkey", long_log.signer.vkey]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(SOURCE), run_name="__main__")
    assert left.value.code == 1


def test_a_checkpoint_of_the_empty_log_holds_for_every_log(long_log: Log) -> None:
    report = long_log.verify(notes=[long_log.note(0), long_log.note(200)])
    assert (report.verdict, report.checkpoints) == ("ok", 5)


def test_a_member_that_stands_twice_is_refused(long_log: Log) -> None:
    lines = long_log.export()
    lines[3] = b'{"payload":"shown to another reader",' + lines[3][1:]
    assert only(long_log.verify(lines)) == ("tampered", "line", 4)


def test_something_after_a_row_is_refused(long_log: Log) -> None:
    lines = long_log.export()
    lines[3] = lines[3].rstrip() + b" {}\n"
    assert only(long_log.verify(lines)) == ("tampered", "line", 4)


@pytest.mark.parametrize(
    "half", [{"nonce": None}, {"payload": None}, {"nonce": b64encode(bytes(15)).decode()}]
)
def test_half_an_erasure_is_tampering_with_the_payload(
    half: dict[str, Any], long_log: Log
) -> None:
    lines = long_log.export()
    report = long_log.verify([*lines[:3], line(**half)(lines[3])])
    assert only(report) == ("tampered", "payload", 4)
    assert "half of the payload" in report.findings[0].message
    assert "note:" not in verifier.summary(report)


def test_a_cut_in_the_middle_cannot_jump_over_rows(long_log: Log) -> None:
    rest = [json_line(row).encode() for row in long_log.rows[150:]]
    cut = json.dumps({"cut": long_log.cut(150)}).encode() + b"\n"
    lines = [long_log.export()[0], cut, *rest]
    assert only(long_log.verify(lines, [long_log.note(200)])) == ("tampered", "line", 2)
