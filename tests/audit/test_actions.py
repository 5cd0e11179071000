import ast
import re
from collections.abc import Iterator
from pathlib import Path

import webui.approvals
from webui.audit import actions


def test_every_name_is_listed_once_and_says_what_it_is() -> None:
    named = {name: value for name, value in vars(actions).items() if isinstance(value, str)}
    listed = {name: value for name, value in named.items() if name.isupper()}
    assert set(listed.values()) == actions.ALL
    assert len(actions.ALL) == len(listed)
    for name, value in listed.items():
        assert name == value.replace(".", "_").upper()
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+|tool_call|agent_cannot_decide", value)


def recorded() -> Iterator[str]:
    """Yield the names that the program gives to `record`, `move` and settlements as they stand there."""
    for path in Path(webui.approvals.__file__).parents[1].rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = node.args[2:3] if called == "record" else []
            given += [word.value for word in node.keywords if word.arg == "action"]
            if called in {"record", "move", "Settlement"}:
                yield from (str(it.value) for it in given if isinstance(it, ast.Constant))


def test_every_name_that_is_recorded_is_listed() -> None:
    names = set(recorded())
    assert names >= {"approval.decided", "org.created"}, "the search itself is broken"
    assert names <= actions.ALL
