"""What templates put out: the same as the library would, by fewer steps."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string
from markupsafe import Markup, escape

from webui.sentences import number, sentence
from webui.web.speaking import put, tell

VALUES = (
    "plain",
    "",
    "<script>alert('1')</script>",
    'a "quoted" & b',
    Markup("<b>ours</b>"),
    sentence("Asked"),
    sentence("%(who)s (%(verdict)s)", who="<i>", verdict="no"),
    number(12_345),
    7,
    -1.5,
    True,
    None,
    ["<", 1],
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_value_is_told_and_escaped_as_the_library_would(
    dashboard: Flask, value: object, language: str
) -> None:
    with dashboard.test_request_context(headers={"Accept-Language": language}):
        assert put(value) == str(escape(tell(value)))
        assert render_template_string("{{ value }}", value=value) == put(value)


def test_every_value_of_a_template_goes_this_way(dashboard: Flask) -> None:
    source = (
        "{{ a }}{% macro m(b) %}{{ b }}{% endmacro %}{% for c in a %}{{ c }}{% endfor %}"
    )
    code = dashboard.jinja_env.compile(source, raw=True)
    assert code.count("environment.put(") == 3
    assert "escape(" not in code
    assert "finalize(" not in code
