"""The guard in front of every outgoing request: no road leads to ourselves (T36, S5)."""

import ipaddress
from typing import Any

import pytest

from webui.channels.addresses import (
    AllowList,
    Target,
    Undeliverable,
    check_address,
    check_port,
    parse_url,
)
from webui.channels.http import Sender

NOBODY = AllowList()

LOOPBACK = [
    *["127.0.0.1", "127.0.0.0", "127.255.255.254", "127.1", "127.0.1", "127.127", "0"],
    *[
        "0.0.0.0.",
        "0.0.0.1",
        str(ipaddress.IPv4Address(0)),
        "0.0",
        "00",
        "0x0",
        "2130706433",
        "2130706432",
        "017700000001",
        "0x7f.1",
    ],
    *["0x7f000001", "0X7F000001", "0x7F.0x0.0x0.0x1", "0177.0.0.1", "0177.0.0.01"],
    *["0x7f.0.0.1", "127.0.0.01", "127.0x0.0.1", "127.0.0.1.", "127.1.", "localhost"],
    *["LOCALHOST", "LocalHost", "localhost.", "0x", "0x7f", "127", "4294967295"],
    *["[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::0.0.0.1]", "[::127.0.0.1]"],
    *[
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::FFFF:127.1.2.3]",
        "[0:0:0:0:0:ffff:7f00:1]",
    ],
    *[
        "[::ffff:0.0.0.0]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]",
    ],
    *[
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2002:7f00:0001::1]",
        "[::1%lo]",
        "[::1%251]",
    ],
    *["[2001:0:7f00:1::]", "[2001::80ff:fffe]", "[fe80::5efe:127.0.0.1]", "[fe80::1]"],
    *["[2600::5efe:127.0.0.1]", "[2600::200:5efe:7f00:1]", "[fec0::1]", "[fc00::1]"],
    *[
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "127．0．0．1",
        "１２７.0.0.1",
        "ⓛocalhost",
        "loc\u00adalhost",
    ],
    *[
        "%31%32%37.0.0.1",
        "127.0.0.1%00",
        "127.0.0.1%2eexample.com",
        "local%68ost",
        "lo\tcalhost",
    ],
    *["user@127.0.0.1", "example.com@127.0.0.1", "127.0.0.1\\@example.com", "@127.0.0.1"],
    *[
        "127.0.0.1#@example.com",
        "127.0.0.1?@example.com/",
        "[127.0.0.1]",
        "[localhost]",
        "::1",
    ],
    *[
        "",
        ".",
        "..",
        " 127.0.0.1",
        "127.0.0.1 ",
        "127.0.0.1\x00",
        "-",
        "a..b",
        ".localhost",
    ],
]


def test_the_table_of_loopback_spellings_is_long_enough() -> None:
    assert len(set(LOOPBACK)) >= 60


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_spelling_of_loopback_reaches_a_listener(
    serve: Any, says: Any, scheme: str, host: str
) -> None:
    canary = serve(says())
    with pytest.raises(Undeliverable):
        Sender(timeout_ms=2000).post(f"{scheme}://{host}:{canary.port}/x", {}, b"{}")
    assert canary.connections == 0


CLOSED = [
    *[
        str(ipaddress.IPv4Address(0)),
        "0.0.0.1",
        "0.255.255.255",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
    ],
    *["100.127.255.255", "100.100.100.200", "127.0.0.1", "127.255.255.255"],
    *["168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255"],
    *["192.0.0.8", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1"],
    *["198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255"],
    *["240.0.0.1", "255.255.255.255", "::", "::1", "::2", "::127.0.0.1", "::8.8.8.8"],
    *["::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::1"],
    *["64:ff9b::a9fe:a9fe", "100::1", "2001::1", "2001:0:808:808::", "2001:10::1"],
    *[
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3ffe::1",
        "3fff::1",
    ],
    *["4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"],
    *["fe80::1%eth0", "2600::1%eth0", "2600::5efe:10.0.0.1", "2600::200:5efe:192.168.0.1"],
    *["not an address", "", "127.1"],
]
OPEN = [
    *["1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"],
    *["126.255.255.255", "128.0.0.1", "169.253.255.255", "172.15.255.255", "172.32.0.0"],
    *["168.63.129.15", "168.63.129.17", "192.0.1.0", "192.167.255.255", "192.169.0.0"],
    *["223.255.255.255", "2600::1", "2606:4700:4700::1111", "2001:4860:4860::8888"],
    *["2001:200::1", "2003::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2600::5efe:8.8.8.8"],
]


@pytest.mark.parametrize("address", CLOSED)
def test_an_address_of_no_public_network_is_refused(address: str) -> None:
    with pytest.raises(Undeliverable) as caught:
        check_address(address, NOBODY)
    assert caught.value.permanent
    assert not address or address not in caught.value.why, "an inner address was told"


@pytest.mark.parametrize("address", OPEN)
def test_a_public_address_may_be_called(address: str) -> None:
    check_address(address, NOBODY)


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("10.1.0.0/16", "10.1.2.3"),
        ("10.1.0.0/16", "::ffff:10.1.2.3"),
        ("10.1.0.0/16", "64:ff9b::10.1.2.3"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("fd00::/8", "fd12::1"),
    ],
)
def test_an_opened_network_may_be_called(entry: str, address: str) -> None:
    check_address(address, AllowList.of([entry]))


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("10.1.0.0/16", "10.2.0.1"),
        ("127.0.0.1", "127.0.0.2"),
        ("10.1.0.0/16", "::10.1.2.3"),
        ("10.1.0.0/16", "2002:a01:203::"),
        ("::1", "127.0.0.1"),
    ],
)
def test_an_opened_network_opens_nothing_else(entry: str, address: str) -> None:
    with pytest.raises(Undeliverable):
        check_address(address, AllowList.of([entry]))


@pytest.mark.parametrize(
    "entry",
    ["", "10.1.2.3/16", "*", "http://n8n", "n8n:5678", "0x7f.1", "127.1", "a..b", "é"],
)
def test_an_entry_of_the_allow_list_that_is_none_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="is no network") as caught:
        AllowList.of(["10.0.0.0/8", entry])
    assert repr(entry) in str(caught.value)


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        ("https://a.example", Target("https", "a.example", 443, "/"), "a.example"),
        (
            "http://a.example/x?y=1#z",
            Target("http", "a.example", 80, "/x?y=1"),
            "a.example",
        ),
        ("HTTPS://A.Example:443/", Target("https", "a.example", 443, "/"), "a.example"),
        ("http://a.example:443/", Target("http", "a.example", 443, "/"), "a.example:443"),
        ("https://n8n_1:8443?q", Target("https", "n8n_1", 8443, "/?q"), "n8n_1:8443"),
        ("http://8.8.8.8/%20", Target("http", "8.8.8.8", 80, "/%20"), "8.8.8.8"),
        ("http://[2600:0::1]/", Target("http", "2600::1", 80, "/"), "[2600::1]"),
        ("http://[2600::1]:81/", Target("http", "2600::1", 81, "/"), "[2600::1]:81"),
        ("https://xn--bcher-kva.example/", None, "xn--bcher-kva.example"),
    ],
)
def test_a_url_is_taken_apart(url: str, target: Target | None, authority: str) -> None:
    parsed = parse_url(url)
    assert target is None or parsed == target
    assert parsed.authority == authority


@pytest.mark.parametrize(
    "url",
    [
        *["", "a.example", "//a.example", "ftp://a.example", "file:///etc/passwd", "http:"],
        *["gopher://a.example", "javascript:alert(1)", "http://", "http:///x", "http:/a/x"],
        *[
            "http://a.example:/",
            "http://a.example:x/",
            "http://a.example:-1/",
            "http://a:b@c/",
        ],
        *[
            "http://a.example:123456/",
            "http://a.example:8 0/",
            "http://a.example/ x",
            "http://é/",
        ],
        *[
            "http://a.example/\r\nHost: b",
            "http://a.example/\\x",
            "http://[::1",
            "http://::1]/",
        ],
        *["http://[g::1]/", "http://[::1]x/", "http://a.example./", "http://1.2.3.4.5/"],
        *["http://" + "a" * 64 + ".example/", "http://" + "a." * 127 + "a/", "http://a,b/"],
        *["https://a.example/" + "x" * 2048, "http://256.1.1.1/", "http://[v1.a]/"],
    ],
)
def test_a_url_that_two_programs_could_read_differently_is_refused(url: str) -> None:
    with pytest.raises(Undeliverable) as caught:
        parse_url(url)
    assert caught.value.permanent
    assert caught.value.why.startswith("This URL cannot be used: ")


def test_a_password_in_a_url_is_named_as_the_fault() -> None:
    with pytest.raises(Undeliverable, match="no user name or password"):
        parse_url("https://me:secret@a.example/")


@pytest.mark.parametrize("port", [1, 22, 25, 79, 81, 442, 444, 1023, 0, 65536, 99999])
def test_a_port_of_another_service_is_refused(port: int) -> None:
    with pytest.raises(Undeliverable):
        check_port(parse_url(f"http://a.example:{port}/"), NOBODY)


@pytest.mark.parametrize("port", [80, 443, 1024, 8080, 65535])
def test_an_ordinary_port_may_be_called(port: int) -> None:
    check_port(parse_url(f"http://a.example:{port}/"), NOBODY)


def test_an_opened_host_may_use_a_low_port_but_no_impossible_one() -> None:
    allowed = AllowList.of(["A.example"])
    check_port(parse_url("http://a.example:81/"), allowed)
    with pytest.raises(Undeliverable):
        check_port(parse_url("http://a.example:0/"), allowed)
