import csv
import json
from io import StringIO
from typing import Any

import pytest

from webui.audit.chain import EMPTY_HEAD, append
from webui.audit.export import csv_cell, csv_lines, csv_rows, json_line, json_lines

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(1)",
    " =1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\x00=1",
    "\u00a0=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
    '=HYPERLINK("http://x","y")',
]


class Erased:
    """A row whose payload was erased."""

    def __init__(self, row: Any) -> None:
        self.seq, self.entry, self.row_hash = row.seq, row.entry, row.row_hash
        self.nonce = self.payload = None


def test_a_line_holds_the_exact_texts_that_were_hashed(log: Any) -> None:
    row = log.write(payload={"reason": 'caf\u00e9 "\u2028\n'}, nonce=bytes(range(16)))
    line = json_line(row)
    assert line.endswith("}\n")
    assert line.count("\n") == 1
    said = json.loads(line)
    assert list(said) == ["seq", "entry", "row_hash", "nonce", "payload"]
    assert said["entry"].encode() == row.entry
    assert said["payload"].encode() == row.payload
    assert said["row_hash"] == row.row_hash.hex()
    assert said["nonce"] == "AAECAwQFBgcICQoLDA0ODw=="


def test_an_erased_row_has_null_twice(log: Any) -> None:
    said = json.loads(json_line(Erased(log.write())))
    assert (said["nonce"], said["payload"]) == (None, None)


def test_each_note_stands_behind_the_row_it_covers(long_log: Any) -> None:
    lines = [json.loads(line) for line in json_lines(long_log.rows[:130], long_log.notes)]
    assert len(lines) == 132
    assert lines[64] == {"checkpoint": long_log.notes[0][1]}
    assert lines[129] == {"checkpoint": long_log.notes[1][1]}


def test_notes_before_the_first_row_are_left_out_and_the_cut_comes_first(
    long_log: Any,
) -> None:
    stream = json_lines(long_log.rows[150:], long_log.notes, cut=long_log.cut(150))
    lines = [json.loads(line) for line in stream]
    assert list(lines[0]) == ["cut"]
    assert lines[1]["seq"] == 151
    assert [line for line in lines if "checkpoint" in line] == [
        {"checkpoint": long_log.notes[2][1]}
    ]


def test_exports_are_streamed(log: Any) -> None:
    row = log.write()

    def rows() -> Any:
        yield row
        raise AssertionError("asked for more than the first row")

    assert next(json_lines(rows()))
    lines = csv_rows(rows())
    assert next(lines)
    assert next(lines)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_becomes_a_formula(text: str) -> None:
    assert csv_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["", "user:usr_7", "a=b", "1+1", "{}", "caf\u00e9"])
def test_plain_cells_stay_as_they_are(text: str) -> None:
    assert csv_cell(text) == text


def test_nothing_unseen_is_in_a_cell() -> None:
    assert csv_cell("a\u202eb\nc\x1b[31m\u200d") == (
        "a\u27e6U+202E\u27e7b\u27e6U+000A\u27e7c\u27e6U+001B\u27e7[31m\u27e6U+200D\u27e7"
    )
    assert csv_cell("\u27e6U+000A\u27e7") == "\u27e6U+27E6\u27e7U+000A\u27e6U+27E7\u27e7"
    assert csv_cell("\U000e0041") == "\u27e6U+E0041\u27e7"


def test_csv_has_one_line_for_each_row_whatever_is_in_it(log: Any) -> None:
    hostile = 'x",y\r\n=1\n\u2028'
    log.write(actor=hostile, subject=hostile, payload={"reason": hostile})
    log.write(subject="=1+1")
    text = "".join(csv_rows([log.rows[0], log.rows[1], Erased(log.rows[1])]))
    assert text.count("\n") == text.count("\r\n") == 4
    heading, first, second, third = csv.reader(StringIO(text))
    assert heading == ["seq", "at", "actor", "action", "subject", "payload"]
    assert first[0] == "1"
    assert first[2] == first[4] == csv_cell(hostile)
    assert first[5] == csv_cell(log.rows[0].payload.decode())
    assert second[4] == "'=1+1"
    assert third[5] == ""


def test_no_secret_of_a_payload_is_in_the_entry() -> None:
    row, _ = append(
        EMPTY_HEAD,
        org="org_1",
        at=1,
        actor="system",
        action="approval.created",
        subject="approval:apr_1",
        payload={"token": "hunter2"},
        nonce=bytes(16),
    )
    assert b"hunter2" not in row.entry
    assert "hunter2" not in json_line(Erased(row))


def test_any_table_is_made_safe_for_a_spreadsheet() -> None:
    lines = list(csv_lines(["who", "how many"], [["=cmd", 2], ["Bo", 3]]))
    assert list(csv.reader(StringIO("".join(lines)))) == [
        ["who", "how many"],
        ["'=cmd", "2"],
        ["Bo", "3"],
    ]
