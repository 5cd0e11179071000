import re

from webui.audit import actions


def test_every_name_is_listed_once_and_says_what_it_is() -> None:
    named = {name: value for name, value in vars(actions).items() if isinstance(value, str)}
    listed = {name: value for name, value in named.items() if name.isupper()}
    assert set(listed.values()) == actions.ALL
    assert len(actions.ALL) == len(listed)
    for name, value in listed.items():
        assert name == value.replace(".", "_").upper()
        assert re.fullmatch(r"[a-z]+\.[a-z_]+|tool_call|agent_cannot_decide", value)
