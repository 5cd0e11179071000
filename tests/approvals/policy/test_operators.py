"""Every operator, asked of what nearly fits: types, cases, prefixes, look-alikes, large numbers."""

from collections import Counter
from typing import Any

import pytest

from tests.approvals.policy.oracle import answer
from webui.approvals.policy import Answer, Call, Facts, read_conditions
from webui.approvals.policy.operators import OPERATORS

KINDS: list[Any] = [
    None, True, False, 0, 1, -1, 5, 100, 101, 99, 100.0, 100.5, 99.999, 1e2, 0.1, -0.0,
    9007199254740991, -9007199254740991, 9007199254740993, 1e300, 1e-7, 12345678901234567890,
    "", " ", "0", "1", "5", "100", "100.0", "1e2", " 100", "100 ", "１００", "٣", "true",
    "True", "TRUE", "false", "null", "None", "yes", "main", "Main", "MAIN", "main ", " main",
    "main\n", "\nmain", "main\x00", "maın", "mаin", "m\u200bain", "main\u200b", "ｍain", "domain", "mainly",
    "mai", "refs/heads/main", "feat/x", "feat/", "feat", "feat/a/b", "xfeat/x", "Feat/x",
    "FEAT/X", "feat\\x", "feat//x", "feat/../x", "feat/..", "../feat/x", "feat/x/..\\y",
    "feat/x\n", "feat/é", "feat/é", "\ud800", "feat/\udc00", "Straße", "STRASSE",
    "a@example.com", "a@EXAMPLE.com", "a@example.com ", "a@example.com.evil.example",
    "a@evil-example.com", "@example.com", "a@example.com\n", "a@exаmple.com",
    "[100]", "{}", "a" * 65536, "a" * 65537, "é" * 32769, "main" * 20000,
    [], [1], ["main"], ["Main"], [None], [[]], [{}], ["main", 5], [5, "x"], [100], ["100"],
    [True], ["true"], ["feat/x", "feat/y"], ["feat/x", "main"], ["feat/x", 5], ["feat/x", None],
    [["main"]], {}, {"main": "main"}, {"a": 1}, {"op": "eq"},
]  # fmt: skip
ADDRESSES: list[Any] = [
    "10.0.0.1", "10.255.255.255", "11.0.0.0", "9.255.255.255", "10.0.0.1 ", " 10.0.0.1",
    "10.0.0.1\n", "010.0.0.1", "10.0.0.01", "10.0.1", "10.1", "10", "167772161", "0x0a000001", "64:ff9b::a00:1",
    "0xa.0.0.1", "10.0.0.1/32", "10.0.0.256", "10.0.0.-1", "10.0.0.1.", "10..0.1", "10.0.0.1:80",
    "１０.0.0.1", "10.0.0.1%eth0", "::ffff:10.0.0.1", "::ffff:a00:1", "::10.0.0.1", "::1", "::",
    "fe80::1", "fe80::1%eth0", "fe80:0:0:0:0:0:0:1", "FE80::1", "fe7f:ffff::1", "fec0::1",
    "febf:ffff::", "2001:db8::1", "2001:0db8:0:0:0:0:0:1", "2001:db9::", "2001:db8::g",
    "2001:db8:::1", "2001:db8::1::2", "[2001:db8::1]", "2002:a00:1::", "2001:0:a00:1::",
    "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "12345::", "localhost",
    "192.168.1.1", "192.168.0.255", "192.169.0.0", "192.167.255.255", "172.16.0.0", "0.0.0.1",
    "255.255.255.255", "256.0.0.0", "1.2.3.4.5", "1,2,3,4", "a.b.c.d", "10.0.0.1\x00",
]  # fmt: skip
URLS: list[Any] = [
    f"{scheme}{name}{rest}"
    for scheme in ("https://", "http://", "HTTPS://", "//", "https:/", "https:", "", "javascript://")
    for name in ("api.example.com", "example.com", "API.Example.COM")
    for rest in ("", "/", ":443/x", "?a=b", "#x", "/..//x")
] + [
    f"https://{odd}/"
    for odd in (
        "api.example.com.evil.example", "evil.example?api.example.com", "evil.example#api.example.com",
        "api.example.com@evil.example", "evil.example@api.example.com", "a:b@api.example.com",
        "api.example.com\\@evil.example", "evil.example\\.api.example.com", "api.example.com.",
        ".api.example.com", "api..example.com", "apiXexample.com", "api.example.co", "api.example.comm",
        "xapi.example.com", "x.api.example.com", "-api.example.com", "api-.example.com", "api.exаmple.com",
        "api.example.com:", "api.example.com:99999999", "api.example.com:80:80", "api.example.com%2eevil.example",
        "api%2eexample.com", "[::1]", "127.0.0.1", "0x7f.1", "2130706433", "127.1", "0177.0.0.1",
        "127.0.0.1.", "1.2.3.4.example.com", "api.eKample.com", "ａpi.example.com", "api。example.com",
        "api.example.com ", " api.example.com", "api.example.com\n", "api\t.example.com", "", "@",
        "\u212a.example.com", "api.example.com/a b", "api.example.com/\n", "api.example.com/\x00", "_dmarc.example.com", "xn--80ak6aa92e.com", "a" * 64 + ".example.com", ("a." * 130) + "example.com",
    )
]  # fmt: skip
VALUES: dict[str, list[Any]] = {
    "eq": ["main", 100, 100.5, True, "100", "true", 9007199254740991, ""],
    "neq": ["main", 100, False],
    "in": [["main", "develop"], [100, "5"], [True, 0], [], ["1e2", 100.5]],
    "not_in": [["main"], [100], []],
    "lt": [100, 0, -0.5, 9007199254740991],
    "lte": [100, 0.1],
    "gt": [100, 0],
    "gte": [100, 5],
    "regex": ["^main$", "^feat/[a-z]+$", "main", "^[0-9]+$", "@example\\.com$", "^$"],
    "contains": ["main", 100, "100", True, "feat/"],
    "exists": [True, False],
    "starts_with": ["feat/", "main", " "],
    "ends_with": ["@example.com", "main", "/x"],
    "glob": ["feat/*", "feat/**", "*", "**", "m?in", "*@example.com", "[main]", "feat/*/*", "a.b*"],
    "any": [{"op": "eq", "value": "main"}, {"op": "gt", "value": 4}, {"op": "exists", "value": False}],
    "all": [{"op": "glob", "value": "feat/*"}, {"op": "in", "value": ["main", 5]}],
    "cidr": ["10.0.0.0/8", ["192.168.0.0/16", "10.0.0.1"], ["fe80::/10", "2001:db8::/32"], "::/0"],
    "url_host": ["api.example.com", "k.example.com", ["*.example.com"], ["example.com", "127.0.0.1"]],
}  # fmt: skip
CASES = [
    (op, value, seen)
    for op, values in VALUES.items()
    for value in values
    for seen in KINDS + (ADDRESSES if op == "cidr" else URLS if op == "url_host" else [])
]


def ask(op: str, value: Any, seen: Any) -> Answer:
    [condition], faults = read_conditions([{"path": "args.x", "op": op, "value": value}])
    assert not faults
    return condition.answer(Facts(Call("t", {"x": seen}), 0))


def test_every_operator_is_asked_at_least_a_hundred_times() -> None:
    counted = Counter(op for op, _, _ in CASES)
    assert counted.keys() == OPERATORS.keys()
    assert min(counted.values()) >= 100


@pytest.mark.parametrize("op", VALUES)
def test_an_operator_answers_as_the_oracle_does(op: str) -> None:
    for value in VALUES[op]:
        [condition], _ = read_conditions([{"path": "args.x", "op": op, "value": value}])
        for seen in [each for name, other, each in CASES if (name, other) == (op, value)]:
            got = condition.answer(Facts(Call("t", {"x": seen}), 0))
            assert got == answer(op, value, seen), (op, value, repr(seen)[:80])


@pytest.mark.parametrize("op", VALUES)
def test_what_is_missing_cannot_be_told(op: str) -> None:
    [condition], _ = read_conditions(
        [{"path": "args.x.y", "op": op, "value": VALUES[op][0]}]
    )
    nowhere: list[Any] = [{}, {"x": {}}, {"x": {"y": None}}, {"x": []}, {"x": "y"}]
    for arguments in nowhere:
        got = condition.answer(Facts(Call("t", arguments), 0))
        assert got == ("no" if op == "exists" else "cannot_tell")


LOOKALIKES = str.maketrans({"a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "x": "х"})
FITTING: dict[str, tuple[Any, Any]] = {
    "eq": ("main/api", "main/api"),
    "in": (["main/api"], "main/api"),
    "regex": ("^main/api$", "main/api"),
    "glob": ("main/a*", "main/api"),
    "url_host": ("*.example.com", "https://api.example.com/a"),
    "cidr": ("10.0.0.0/8", "10.1.2.3"),
    "starts_with": ("main/api", "main/api"),
    "ends_with": ("main/api", "main/api"),
    "contains": ("main/api", "main/api"),
    "lte": (100, 100),
}


def near_misses(text: str) -> list[Any]:
    marks = [
        "\u200b",
        "\u202e",
        "\x00",
        "\ufeff",
        "\n",
        "\t",
        " ",
        "．",
        "%00",
        "\u00ad",
        "'",
        "Ⅰ",
    ]
    changed: list[Any] = [
        text[:at] + mark + text[at:] for mark in marks for at in range(1, 9)
    ]
    changed += [text[:at] + text[at + 1 :] for at in range(6)]
    changed += [
        text.translate(LOOKALIKES),
        text.upper(),
        text.title(),
        text[::-1],
        [text],
        {text: text},
    ]
    changed += [
        {"x": text},
        True,
        0,
        None,
        text.encode().hex(),
        text.replace("/", "\\"),
        text[:-1],
    ]
    return [each for each in changed if each != text]


@pytest.mark.parametrize("op", FITTING)
def test_a_hundred_near_misses_never_fit(op: str) -> None:
    value, fits = FITTING[op]
    assert ask(op, value, fits) is Answer.YES
    odd: list[Any] = ["100", "1", "", "1e1", True, False, [1], {"x": 1}, None, float("nan")]
    above: list[Any] = [100 + step / 64 for step in range(1, 91)]
    tried = above + odd if op == "lte" else near_misses(fits)
    assert len(tried) >= 100
    fitting = [seen for seen in tried if ask(op, value, seen) is Answer.YES]
    # what stands before, behind or around the fitting part is free under these
    free = {"glob", "url_host", "starts_with", "ends_with", "contains"}
    assert not fitting or op in free
    assert fitting == [seen for seen in fitting if answer(op, value, seen) == "yes"]


def test_infinity_and_what_is_no_number_are_none() -> None:
    for odd in (float("inf"), float("-inf"), float("nan")):
        for op in ("lt", "lte", "gt", "gte", "eq", "neq"):
            assert ask(op, 5, odd) is Answer.CANNOT_TELL


def test_items_of_a_list_may_be_looked_into() -> None:
    value = {"path": "to.domain", "op": "eq", "value": "example.com"}
    inside, outside = {"to": {"domain": "example.com"}}, {"to": {"domain": "evil.example"}}
    assert ask("all", value, [inside, inside]) is Answer.YES
    assert ask("all", value, [inside, outside]) is Answer.NO
    assert ask("all", value, [inside, {}]) is Answer.CANNOT_TELL
    assert ask("any", value, [outside, {}, inside]) is Answer.YES
    assert ask("any", value, [outside, {}]) is Answer.CANNOT_TELL


@pytest.mark.parametrize(
    ("op", "value", "says"),
    [
        ("eq", None, "not nothing"),
        ("eq", ["a"], "not a list"),
        ("eq", {"a": 1}, "not a mapping"),
        ("eq", 2**53, "Compare it as text"),
        ("in", "a", 'Write ["a", "b"]'),
        ("in", ["a", None], "not nothing"),
        ("not_in", 5, "must be a list"),
        ("lt", "5", "Write it without quotes"),
        ("lte", True, "not true or false"),
        ("gt", [1], "not a list"),
        ("gte", float("nan"), "must be a number"),
        ("lt", 2**60, "up to 9007199254740991"),
        ("regex", 5, "must be text"),
        ("regex", "", "empty text"),
        ("regex", "(", "missing )"),
        ("regex", "(?=a)b", "no look-around"),
        ("regex", "(a)\\1", "no back-references"),
        ("regex", "a" * 1001, "longer than 1000"),
        ("regex", "\ud800", "surrogate"),
        ("regex", "(.{0,200}){5}z", "too costly"),
        ("regex", "(\\pL{1,40}\\d){3}!", "too large"),
        ("contains", ["a"], "not a list"),
        ("exists", "yes", "must be true or false"),
        ("exists", 1, "must be true or false"),
        ("starts_with", "", "empty text"),
        ("ends_with", 5, "must be text"),
        ("glob", "a\nb", "invisible"),
        ("any", "x", "mapping of op and value"),
        ("any", {"op": "eq", "value": 1, "pth": "x"}, 'did you mean "path"'),
        ("any", {"op": "all", "value": {"op": "eq", "value": 1}}, "one list at a time"),
        ("all", {"op": "eq", "value": 1, "path": "a..b"}, "empty step"),
        ("all", {"op": "eqq", "value": 1}, 'did you mean "eq"'),
        ("all", {"value": 1}, "there is no operator nothing"),
        ("all", {"op": [], "value": 1}, "there is no operator a list"),
        ("cidr", "10.0.0.1/8", "host bits"),
        ("cidr", 5, "must be a network"),
        ("cidr", ["10.0.0.0/8", 5], "must be a network"),
        ("url_host", "https://example.com", "without scheme"),
        ("url_host", "*.", "must be a host"),
        ("url_host", "exаmple.com", "must be a host"),
        ("url_host", "0x7f.1", "must be a host"),
        ("url_host", "\u212a.example.com", "must be a host"),
        ("url_host", [], "must be a host"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_a_way_to_mend_it(
    op: str, value: Any, says: str
) -> None:
    conditions, [fault] = read_conditions([{"path": "args.x", "op": op, "value": value}])
    assert not conditions
    assert fault.pointer.startswith("/0/value")
    assert says in fault.detail


@pytest.mark.parametrize(
    ("document", "pointer", "says"),
    [
        ({"op": "eq", "value": 1}, "/0", "needs path"),
        ({"path": "args.x", "value": 1}, "/0", "needs op"),
        ({"path": "args.x", "op": "eq"}, "/0", "needs value"),
        ({"path": "args.x", "op": "eqls", "value": 1}, "/0/op", 'did you mean "eq"'),
        ({"path": "args.x", "op": "zzz", "value": 1}, "/0/op", "Use one of eq, neq"),
        ({"path": "args.x", "op": 5, "value": 1}, "/0/op", "no operator a number"),
        ({"path": "args", "op": "eq", "value": 1}, "/0/path", "as in args.amount"),
        ({"path": "args.", "op": "eq", "value": 1}, "/0/path", "ends after"),
        ({"path": "args.a..b", "op": "eq", "value": 1}, "/0/path", "empty step"),
        ({"path": "args" + ".a" * 33, "op": "eq", "value": 1}, "/0/path", "32 steps"),
        ({"path": "arg.a", "op": "eq", "value": 1}, "/0/path", 'did you mean "args"'),
        ({"path": "state.x", "op": "eq", "value": 1}, "/0/path", "a tool and a counter"),
        ({"path": "time", "op": "eq", "value": 1}, "/0/path", "as in time.hour"),
        (
            {"path": "agent.ide", "op": "eq", "value": 1},
            "/0/path",
            'did you mean "agent.id"',
        ),
        ({"path": 5, "op": "eq", "value": 1}, "/0/path", "must be text"),
        ({"path": "args.x", "op": "eq", "value": 1, "vlue": 2}, "/0/vlue", '"value"'),
        ("args.x", "/0", "must be a mapping"),
    ],
)
def test_a_condition_that_cannot_be_is_refused(
    document: Any, pointer: str, says: str
) -> None:
    conditions, faults = read_conditions([document])
    assert not conditions
    assert (faults[0].pointer, says in faults[0].detail) == (pointer, True), faults


def test_conditions_are_a_list_of_bounded_length_and_may_be_kept_from_state() -> None:
    assert "must be a list" in read_conditions({})[1][0].detail
    many = [{"path": "args.x", "op": "exists", "value": True}] * 101
    assert "more than 100" in read_conditions(many)[1][0].detail
    counted = [{"path": "state.a.b", "op": "lt", "value": 1}]
    assert read_conditions(counted)[1] == []
    [fault] = read_conditions(counted, roots=["args", "agent"])[1]
    assert fault.detail == 'the path must start with "args.", "agent.".'


def test_a_condition_keeps_a_value_of_its_own() -> None:
    value = ["a"]
    [condition], _ = read_conditions([{"path": "args.x", "op": "in", "value": value}])
    value.append("b")
    assert condition.as_document() == {"path": "args.x", "op": "in", "value": ("a",)}
