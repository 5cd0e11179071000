"""Where passkeys are good."""

import pytest

from webui.factors.passkeys import Site, answer_of, made, proved, site_of


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://desk.example", Site("desk.example", "https://desk.example")),
        ("https://desk.example:8443", Site("desk.example", "https://desk.example:8443")),
        ("http://localhost:8080", Site("localhost", "http://localhost:8080")),
        ("http://desk.example", None),
        ("https://192.0.2.7", None),
        ("https://[2001:db8::1]", None),
        ("http://127.0.0.1:8080", None),
    ],
)
def test_a_passkey_belongs_to_a_name_over_https_or_to_localhost(
    url: str, site: Site | None
) -> None:
    assert site_of(url) == site


@pytest.mark.parametrize("hostile", ["", "{}", "[1]", '{"id":"AA","rawId":"AA"}', "\x00"])
def test_whatever_is_no_answer_is_none(hostile: str) -> None:
    here = Site("localhost", "http://localhost")
    assert answer_of(hostile) is None
    assert made(here, b"c", hostile) is None
    assert proved(here, b"c", hostile, b"key") is None
