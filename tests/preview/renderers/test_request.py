"""HTTP requests: whom they speak to, however it is spelt."""

from collections.abc import Callable
from typing import Any

import pytest

Dangers = Callable[[str, dict[str, Any]], list[str]]
Facts = Callable[[str, dict[str, Any]], dict[str, str]]

ATTACKS = [
    ("https://github.com@evil.example/", "what is before the @ is no host"),
    ("https://github.com.evil.example/", ""),
    ("https://github.com.login.evil.example/", "belongs to evil.example, whatever it begins with"),
    ("http://a.example", "Nothing is encrypted"),
    ("http://127.0.0.1", "is this very machine (loopback)"),
    ("http://localhost:9000", "is this very machine (loopback)"),
    ("http://2130706433/", "is another spelling of 127.0.0.1"),
    ("http://0177.0.0.1/", "is another spelling of 127.0.0.1"),
    ("http://0x7f.1/", "is another spelling of 127.0.0.1"),
    ("http://[::ffff:a9fe:a9fe]/", "is the metadata service of a cloud"),
    ("http://[64:ff9b::7f00:1]/", "is another spelling of 127.0.0.1"),
    ("http://169.254.169.254/latest", "is the metadata service of a cloud"),
    ("http://metadata.google.internal/", "is the metadata service of a cloud"),
    ("http://[2002:7f00:1::]/", "is another spelling of 127.0.0.1"),
    ("http://169.254.7.7/", "is an address of the local link"),
    ("http://100.64.0.1/", "is no public address"),
    ("http://08.1.1.1/", "Nothing is encrypted"),
    ("http://300.1/", "Nothing is encrypted"),
    ("https://xn--\u00ff.example", "is broken punycode"),
    ("http://10.0.0.8/", "is a private address inside the network"),
    ("http://127.0.0.1.nip.io/", "leads to the address that is written in the name"),
    ("http://８.8.8.8/", "is another spelling of 8.8.8.8"),
    ("https://а.example", "holds letters beyond ASCII"),
    ("https://xn--80ak6aa92e.com", "is punycode and is shown elsewhere as аррӏе.com"),
    ("https://evil。example", "is written with look-alike characters; it means evil.example"),
    ("https://%65vil.example", "is written with percent signs; it means evil.example"),
    ("https://a.example\\@evil.example/", "programs differ in where the host ends"),
    ("https://a.example\t.evil.example/", "programs leave out or not"),
    ("https://a.example/x?token=abc", "A credential stands in the query, where logs keep it: token"),
    ("https://a.example/a/%2e%2e/b", "climbs up by .."),
    ("https://a.example:2222/", "The port 2222 is not a usual one for the web."),
    ("file:///etc/passwd", "begins with file: reads the machine itself, and no website."),
    ("gopher://a.example/_x", "The scheme is gopher, and not https."),
    ("https:a", "so whom it speaks to cannot be told"),
    ("https://" + "a" * 20_000 + ".example", "is longer than any name may be"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "said"), ATTACKS, ids=[each[0][:40] for each in ATTACKS])
def test_each_attack_is_named(dangers: Dangers, url: str, said: str) -> None:
    found = dangers("fetch", {"url": url})
    assert not said or any(said in words for words in found), found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"verify": False}, "Does not check whom it talks to, as verify is false."),
        ({"insecure": True}, "Does not check whom it talks to, as insecure is true."),
        ({"proxy": "http://p.example"}, "Sends all of it through a proxy"),
        (
            {"headers": {"X-HTTP-Method-Override": "DELETE"}},
            "The header X-HTTP-Method-Override",
        ),
    ],
)
def test_each_setting_is_named(
    dangers: Dangers, arguments: dict[str, Any], said: str
) -> None:
    found = dangers("http.request", {"url": "https://a.example", **arguments})
    assert any(said in words for words in found), found


def test_a_usual_address_has_no_danger(dangers: Dangers) -> None:
    for url in ("https://api.example.com/v1/things?page=2", "https://bücher.example"):
        assert dangers("fetch", {"url": url})[1:] == []
    assert dangers("fetch", {"url": "https://www.example.co.uk/a"}) == []


def test_the_parts_are_facts_and_the_body_is_laid_out(read: Any, facts: Facts) -> None:
    call = {
        "url": "https://u.example:8443/p?q=a%20b", "method": "put",
        "headers": {"Authorization": "Bearer abcdef", "Accept": "x"}, "body": '{"a": [1]}',
    }  # fmt: skip
    assert facts("http.request", call) == {
        "Method": "PUT", "Host": "u.example", "Scheme": "https", "Port": "8443", "Path": "/p",
    }  # fmt: skip
    rendering = read("http.request", call)
    titles = [block.title for block in rendering.blocks]
    assert titles == ["Address", "Query", "Headers", "Body as JSON, from a text"]
    assert "abcdef" not in repr(rendering)


def test_a_method_that_is_not_named_is_said_to_be_assumed(facts: Facts) -> None:
    assert facts("fetch", {"url": "https://a.example"})["Method"] == "GET (not named)"


@pytest.mark.parametrize(
    ("body", "title", "shown"),
    [
        ({"a": [1, {"b": ""}], "c": {}}, "Body as JSON", "a: 2 items"),
        ("a=1&b=x%20y", "Body as form fields", "b=x y"),
        ("[not json", "Body", "[not json"),
        ("[" + "1," * 5_000 + "1]", "Body as JSON, from a text", "- 1"),
        ("{}", "Body", "{}"),
        ("plain", "Body", "plain"),
    ],
)
def test_a_body_is_shown_by_its_kind(read: Any, body: Any, title: str, shown: str) -> None:
    call = {
        "url": "https://a.example",
        "data": body,
        "params": {"q": "1"},
        "follow_redirects": True,
    }
    rendering = read("http.request", call)
    block = rendering.blocks[-1]
    lines = ["".join(p.text for t in line.tokens for p in t.pieces) for line in block.lines]
    assert block.title == title
    assert any(shown in line for line in lines), lines
    assert any("follow_redirects is true" in each.words for each in rendering.findings)


def test_many_query_fields_are_counted(read: Any) -> None:
    url = "https://a.example/?" + "&".join(f"k{n}=1" for n in range(150))
    assert read("fetch", {"url": url}).blocks[1].hidden == 50
