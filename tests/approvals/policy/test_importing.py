"""A gateway's file brought in: where the default is written, and what is refused."""

import pytest

from webui.approvals.policy import PolicyError, Verdict, import_policy

REST = "tools:\n  a: {rules: [{name: b, rate_limit: 5/hour}]}\n"


@pytest.mark.parametrize(
    ("text", "written", "line"),
    [
        (f'version: "1"\n{REST}', f'version: "1"\ndefault: allow\n{REST}', 2),
        (f"version: 1 # one\n{REST}", f"version: 1 # one\ndefault: allow\n{REST}", 2),
        (f"# a\n\n---\nversion: '1'\n{REST}", f"# a\n\n---\nversion: '1'\ndefault: allow\n{REST}", 5),
        (f"{REST}version: 1", f"{REST}version: 1\ndefault: allow", 4),
        (f"{REST}version: 1\n", f"{REST}version: 1\ndefault: allow\n", 4),
        ("  version: 1\n  hide: [a]\n", "  version: 1\n  default: allow\n  hide: [a]\n", 2),
        ("version: 1\r\nhide: [a]\r\n", "version: 1\r\ndefault: allow\r\nhide: [a]\r\n", 2),
        ("version: 1\rhide: [a]\r", "version: 1\rdefault: allow\rhide: [a]\r", 2),
        ("{version: '1'}", "{\"default\": \"allow\", version: '1'}", 1),
        ('# é\n{"version": "1",\n"hide": []}', '# é\n{"default": "allow", "version": "1",\n"hide": []}', 2),
        ('"version": "1"\n', '"version": "1"\ndefault: allow\n', 2),
    ],
)  # fmt: skip
def test_only_the_default_is_written(text: str, written: str, line: int) -> None:
    imported = import_policy(text)
    assert (imported.text, imported.added_line) == (written, line)
    assert imported.policy.default is Verdict.ALLOW
    again = import_policy(imported.text)
    assert (again.text, again.added_line) == (written, None)


@pytest.mark.parametrize("default", ["allow", "deny", "require_approval"])
def test_a_default_that_is_written_stays(default: str) -> None:
    text = f"version: 1\ndefault: {default}  # said\n{REST}"
    assert import_policy(text).text == text


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ("version: 1\ndefault:\ntools: {}\n", "default", "Add default: allow"),
        ("version:\n  1\ntools: {}\n", "default", "Add default: allow"),
        ("version: 1\nhide: ['admin_*']\n", "hide[0]", "would be a glob here"),
        ("version: 1\ndefault: deny\ntools: {'get_*': {}}\n", "tools.get_*", "mean more"),
        ("version: 1\ntools: {'a[b]': {}}\n", "tools.a[b]", "a plain name in the gateway"),
        ("version: 2\n", "version", 'must be "1"'),
        ("version: 1\nx-note: a\n", "x-note", "the file has no"),
    ],
)
def test_what_would_not_mean_the_same_is_refused(text: str, path: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        import_policy(text)
    [fault] = caught.value.faults
    assert fault.path == path
    assert says in fault.sentence


def test_the_star_alone_is_the_gateways_own() -> None:
    text = 'version: "1"\nhide: ["*"]\ntools:\n  "*": {rules: [{name: b, action: deny}]}\n'
    assert import_policy(text).added_line == 2
