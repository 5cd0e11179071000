"""Files in the gateways' own format, after the tools of well-known servers: import and rule.

Each file ends in comments that begin with `#=`: a call as JSON, and what must come of it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from webui.approvals.policy import (
    Call,
    Facts,
    Rulebook,
    check_policy,
    evaluate,
    import_policy,
    verdict_of,
)

CORPUS = sorted(Path(__file__).with_name("corpus").glob("*.yaml"))
NOW = 1_767_614_400_000


def text_of(path: Path) -> str:
    return path.read_bytes().decode()  # read_text() would take CRLF away


def expectations(text: str) -> list[dict[str, Any]]:
    return [json.loads(line[2:]) for line in text.splitlines() if line.startswith("#=")]


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(CORPUS) >= 60
    assert sum(len(expectations(text_of(path))) for path in CORPUS) >= 400


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_gateways_file_is_brought_in_and_means_the_same(path: Path) -> None:
    text = text_of(path)
    book = Rulebook(import_policy(text).policy)
    wanted = expectations(text)
    assert wanted
    for want in wanted:
        call = Call(want["tool"], want.get("args", {}))
        facts = Facts(call, NOW, want.get("counters", {}))
        ruling = evaluate(book, facts)
        assert ruling.verdict == want["expect"], (want, ruling.sentence)
        if "rule" in want:
            assert ruling.rule.name == want["rule"], want
        assert verdict_of(book, facts) == (ruling.verdict, ruling.rule.name)
        json.dumps(ruling.as_document(), allow_nan=False)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_only_what_was_implied_is_written_out(path: Path) -> None:
    text = text_of(path)
    before, _ = check_policy(text)
    imported = import_policy(text)
    assert before is not None
    if before.default_written:
        assert imported.text == text
        assert imported.added_line is None
        return
    if text.startswith("{"):
        assert imported.text == '{"default": "allow", ' + text[1:]
    else:
        lines = imported.text.splitlines(keepends=True)
        added = lines.pop(imported.added_line - 1) if imported.added_line else ""
        assert added.strip() == "default: allow"
        assert "".join(lines) == text
    assert import_policy(imported.text).text == imported.text
    shown = [(rule.name, rule.hash) for rule in before.rules]
    assert [(rule.name, rule.hash) for rule in imported.policy.rules] == shown
