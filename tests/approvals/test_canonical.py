"""Canonical form, hashes and fingerprint, against vectors, the rfc8785 package and V8."""

import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tracemalloc
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from webui.approvals.call.canonical import (
    Respelling,
    Unreadable,
    arguments_hash,
    canonical,
    digest,
    fingerprint,
    fingerprint_of_canonical,
    read_arguments,
    read_document,
    sha256_of,
    spellings,
    tool_def_hash,
)

MAX_SAFE = 2**53 - 1

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.integers(-MAX_SAFE, MAX_SAFE) | st.floats(-MAX_SAFE, MAX_SAFE)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=25,
)


def refusal(value: Any) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        canonical(value)
    return caught.value


# --- the published vectors ---------------------------------------------------------------


def test_the_first_vector_of_the_specification() -> None:
    arguments = read_arguments('{"amount":12.5,"note":"caf\u00e9","to":"DE89"}')
    envelope = {
        "v": 1,
        "org": "org_1",
        "agent": "agt_7",
        "tool": "bank.transfer",
        "tool_def": None,
        "scope": None,
        "args": arguments,
        "ctx": {},
        "rule_hash": None,
    }
    assert canonical(envelope).decode() == (
        '{"agent":"agt_7","args":{"amount":12.5,"note":"caf\u00e9","to":"DE89"},"ctx":{},'
        '"org":"org_1","rule_hash":null,"scope":null,"tool":"bank.transfer",'
        '"tool_def":null,"v":1}'
    )
    expected = "sha256:b716d4370931d3733cde1629084eddc1e6f175d11aed0cffc007abbeabacaed5"
    assert digest(envelope, b"approval-v1\x00") == expected
    call: dict[str, Any] = {"org": "org_1", "agent": "agt_7", "tool": "bank.transfer"}
    assert fingerprint(arguments=arguments, **call) == expected
    assert arguments_hash(arguments) == (
        "sha256:59a14c015a0e1b1f1ad1010d2c4f683b5dc79073ac48b42b8866d8bad31aecd5"
    )


def test_the_second_vector_of_the_specification() -> None:
    arguments = read_arguments(
        r'{"\ufb33":1,"\ud83d\ude00":2,"n":1e2,"z":-0.0,"s":"a\u202eb\u0000","e":1E-7}'
    )
    assert canonical(arguments).decode() == (
        '{"e":1e-7,"n":100,"s":"a\u202eb\\u0000","z":0,"\U0001f600":2,"\ufb33":1}'
    )
    assert arguments_hash(arguments) == (
        "sha256:ed8f1099860bb8130eef65034652d207195166d5dc5829b32cd640c37963787e"
    )
    assert (
        fingerprint(
            org="org_1",
            agent="agt_7",
            tool="sh",
            scope="C123",
            ctx={"cwd": "/srv"},
            tool_def="sha256:00",
            rule_hash="sha256:11",
            arguments=arguments,
        )
        == "sha256:b27f02caff8d2844629e0500605bf624b06e301ba493f0ff4673c775857667c6"
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a":1,"a":1}', "duplicate_key"),
        (b'{"a":9007199254740992}', "out_of_range"),
        (b'{"a":1e30}', "out_of_range"),
        (b'{"a":NaN}', "non_finite"),
        (b'{"a":1e400}', "non_finite"),
        (b'{"a":1e-400}', "underflow"),
        (b'{"a":"\\ud800"}', "lone_surrogate"),
        (b'\xef\xbb\xbf{"a":1}', "bom"),
        (b'{"a":"\xff"}', "bad_utf8"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "too_deep"),
    ],
)
def test_the_refusals_of_the_specification(body: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_document(body)
    assert caught.value.code == code


def test_the_examples_of_rfc_8785() -> None:
    numbers_example = read_arguments(
        '{"numbers":[333333333.33333329,4.50,2e-3,0.000000000000000000000000001],'
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/",'
        '"literals":[null,true,false]}'
    )
    assert canonical(numbers_example).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    order = list(json.loads(canonical(dict.fromkeys(names, 0))))
    assert order == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


# --- the writer --------------------------------------------------------------------------


@pytest.mark.parametrize("code", range(0x80))
def test_every_ascii_character_is_escaped_as_rfc_8785_says(code: int) -> None:
    short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
    expected = short.get(code) or (f"\\u{code:04x}" if code < 0x20 else chr(code))
    assert canonical(chr(code)).decode() == f'"{expected}"'
    assert canonical({chr(code): 0}).decode() == f'{{"{expected}":0}}'


@pytest.mark.parametrize(
    "text", ["\x7f", "\u0080", "\u2028", "\u2029", "\ufeff", "\uffff", "e\u0301"]
)
def test_all_other_characters_are_written_as_they_are(text: str) -> None:
    assert canonical(text) == f'"{text}"'.encode()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.0, "-1"),
        (100.0, "100"),
        (0.1, "0.1"),
        (-0.5, "-0.5"),
        (1e15, "1000000000000000"),
        (MAX_SAFE, "9007199254740991"),
        (-MAX_SAFE, "-9007199254740991"),
        (float(MAX_SAFE), "9007199254740991"),
        (4503599627370495.5, "4503599627370495.5"),
        (0.0001, "0.0001"),
        (0.00001, "0.00001"),
        (-0.000012345, "-0.000012345"),
        (0.000001, "0.000001"),
        (0.00000123, "0.00000123"),
        (1e-7, "1e-7"),
        (-1.5e-7, "-1.5e-7"),
        (9.999e-7, "9.999e-7"),
        (1e-10, "1e-10"),
        (5e-324, "5e-324"),
        (-5e-324, "-5e-324"),
        (2.2250738585072014e-308, "2.2250738585072014e-308"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_numbers_are_written_as_ecmascript_writes_them(
    number: float, expected: str
) -> None:
    assert canonical(number).decode() == expected


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (2**53, "out_of_range"),
        (-(2**53), "out_of_range"),
        (2.0**53, "out_of_range"),
        (1e16, "out_of_range"),
        (10**5000, "out_of_range"),
        (float("nan"), "non_finite"),
        (float("inf"), "non_finite"),
        (float("-inf"), "non_finite"),
        ("\ud800", "lone_surrogate"),
        ({"\udc00": 1}, "lone_surrogate"),
        ({1: 2}, "schema"),
        ({"a": 1, None: 2}, "schema"),
        (b"bytes", "schema"),
        ({1, 2}, "schema"),
        ([object], "schema"),
    ],
    ids=range(15),
)
def test_what_has_no_canonical_form_is_refused(value: Any, code: str) -> None:
    assert refusal(value).code == code
    assert refusal([{"a": value}]).code == code


def test_a_value_without_end_is_refused_by_depth() -> None:
    endless: list[Any] = []
    endless.append({"a": endless})
    assert refusal(endless).code == "too_deep"


def test_the_writer_goes_deeper_than_the_reader_and_then_stops() -> None:
    def nested(levels: int) -> Any:
        value: Any = 0
        for _ in range(levels):
            value = [value]
        return value

    assert canonical(nested(256)) == b"[" * 256 + b"0" + b"]" * 256
    assert refusal(nested(257)).code == "too_deep"


def test_a_tuple_is_an_array() -> None:
    assert canonical({"a": (1, "b", ())}) == b'{"a":[1,"b",[]]}'


def test_names_are_sorted_by_utf16_code_units_at_every_level() -> None:
    value = {"b": [{"\uffff": 1, "\U00010000": 2, "z": 3}], "a": {}}
    expected = '{"a":{},"b":[{"z":3,"\U00010000":2,"\uffff":1}]}'
    assert canonical(value).decode() == expected


# --- oracles -----------------------------------------------------------------------------


@given(values)
def test_the_rfc8785_package_writes_the_same_bytes(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(values)
def test_the_canonical_form_is_its_own_canonical_form(value: Any) -> None:
    written = canonical(value)
    assert canonical(json.loads(written)) == written


@given(st.dictionaries(st.text(alphabet="abcdef", max_size=8), values, max_size=4))
def test_what_the_reader_accepts_comes_back_the_same_from_its_canonical_form(
    value: dict[str, Any],
) -> None:
    try:
        read = read_arguments(json.dumps(value))
    except Unreadable as error:
        assert error.code == "confusable_key"  # noqa: PT017  the one thing `values` may break
        return
    assert read == value
    assert canonical(read) == canonical(value)
    again = read_arguments(canonical(read))
    assert repr(again) == repr(json.loads(canonical(read)))


def doubles(count: int) -> list[float]:
    """Return doubles up to 2^53-1: edge cases, then every exponent and length alike."""
    source = random.Random(8785)  # noqa: S311  a fixed sample, not a secret
    edges = [0.0, -0.0, 5e-324, 2.2250738585072014e-308, float(MAX_SAFE), 1e-6, 1e-7]
    edges += [10.0**power for power in range(-323, 16)]
    edges += [2.0**power for power in range(-1074, 53)]
    found = [*edges, *(-edge for edge in edges)]
    while len(found) < count:
        (anything,) = struct.unpack("<d", source.randbytes(8))
        short = float(f"{source.randrange(10**6)}e{source.randrange(-20, 10)}")
        wide = source.uniform(-MAX_SAFE, MAX_SAFE) * 10.0 ** -source.randrange(25)
        found += [one for one in (anything, short, wide) if abs(one) <= MAX_SAFE]
    return found[:count]


def test_v8_writes_every_double_the_same() -> None:
    """Compare with JSON.stringify; COUNTERSIGN_ORACLE_DOUBLES sets another count."""
    node = shutil.which("node")
    if node is None:
        message = "NODE IS MISSING: the canonical form was NOT compared with V8."
        if os.environ.get("COUNTERSIGN_REQUIRE_NODE"):
            pytest.fail(message)
        sys.stderr.write(message + "\n")
        pytest.skip(message)
    sample = doubles(int(os.environ.get("COUNTERSIGN_ORACLE_DOUBLES", "20000")))
    program = """
        const bytes = require("fs").readFileSync(0);
        const lines = [];
        for (let at = 0; at < bytes.length; at += 8)
            lines.push(JSON.stringify(bytes.readDoubleLE(at)));
        process.stdout.write(lines.join("\\n"));
    """
    answer = subprocess.run(
        [node, "-e", program],
        input=struct.pack(f"<{len(sample)}d", *sample),
        capture_output=True,
        check=True,
        timeout=120,
    )
    ours = [canonical(number).decode() for number in sample]
    theirs = answer.stdout.decode().split("\n")
    assert len(ours) == len(theirs) >= 20_000
    differing = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    assert differing == []


def test_the_rfc8785_package_writes_every_double_the_same() -> None:
    differing = [one for one in doubles(20_000) if canonical(one) != rfc8785.dumps(one)]
    assert differing == []


# --- hashes and the fingerprint ----------------------------------------------------------


def test_a_hash_is_sha256_in_lower_case_hex_with_its_name() -> None:
    assert sha256_of(b"abc") == f"sha256:{hashlib.sha256(b'abc').hexdigest()}"
    assert digest({"b": 1, "a": 2}) == sha256_of(b'{"a":2,"b":1}')
    assert digest([], b"prefix\x00") == sha256_of(b"prefix\x00[]")


def test_a_tool_definition_has_its_own_prefix_and_every_part_counts() -> None:
    schema = {"type": "object", "properties": {"to": {"type": "string"}}}
    known = tool_def_hash("pay", "Pays.", schema)
    assert known == sha256_of(
        b'tool-def-v1\x00{"description":"Pays.","input_schema":{"properties":{"to":'
        b'{"type":"string"}},"type":"object"},"name":"pay"}'
    )
    others = {
        tool_def_hash("pay2", "Pays.", schema),
        tool_def_hash("pay", "Pays. ", schema),
        tool_def_hash("pay", None, schema),
        tool_def_hash("pay", "Pays.", {**schema, "type": "array"}),
        tool_def_hash("pay", "Pays.", None),
    }
    assert len(others | {known}) == 6


CALL: dict[str, Any] = {
    "org": "org_1",
    "agent": "agt_7",
    "tool": "sh",
    "tool_def": "sha256:00",
    "scope": "C123",
    "arguments": {"command": "ls"},
    "ctx": {"cwd": "/srv"},
    "rule_hash": "sha256:11",
}


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("org", "org_2"),
        ("agent", "agt_8"),
        ("tool", "SH"),
        ("tool_def", None),
        ("tool_def", "sha256:01"),
        ("scope", None),
        ("scope", ""),
        ("arguments", {"command": "ls "}),
        ("arguments", {}),
        ("ctx", {"cwd": "/srv", "env": {}}),
        ("ctx", None),
        ("rule_hash", "sha256:12"),
        ("rule_hash", None),
    ],
)
def test_a_yes_for_one_call_never_serves_another(part: str, other: Any) -> None:
    assert fingerprint(**CALL) != fingerprint(**{**CALL, part: other})


def test_an_absent_context_is_an_empty_one() -> None:
    assert fingerprint(**{**CALL, "ctx": None}) == fingerprint(**{**CALL, "ctx": {}})


def test_spelling_and_order_do_not_change_the_fingerprint_but_normal_form_does() -> None:
    def of(text: str) -> str:
        return fingerprint(**{**CALL, "arguments": read_arguments(text)})

    assert of('{"a":1.0,"b":"\\u00e9"}') == of('{ "b" : "\u00e9" , "a" : 1 }')
    assert of('{"b":"e\u0301"}') != of('{"b":"\u00e9"}')


@given(values, st.dictionaries(texts, values, max_size=3), texts)
def test_the_fingerprint_of_written_arguments_is_the_hash_of_the_whole_envelope(
    inner: Any, ctx: dict[str, Any], text: str
) -> None:
    arguments = {"a": inner}
    envelope: dict[str, Any] = {
        "v": 1,
        "org": text,
        "agent": text,
        "tool": text,
        "tool_def": None,
        "scope": text,
        "args": arguments,
        "ctx": ctx,
        "rule_hash": text,
    }
    named: dict[str, Any] = dict.fromkeys(
        ("org", "agent", "tool", "scope", "rule_hash"), text
    )
    expected = sha256_of(b"approval-v1\x00" + rfc8785.dumps(envelope))
    assert fingerprint(arguments=arguments, ctx=ctx, **named) == expected
    written = canonical(arguments)
    assert fingerprint_of_canonical(written, ctx=ctx, **named) == expected


# --- numbers the reviewer sees in both spellings -----------------------------------------


def test_numbers_spelt_otherwise_stand_in_their_place() -> None:
    text = (
        '{"a":[1.0,-0,1e2,5,{"b/c":1E-7,"d":0.5,"e":0.50}],"f":-0.0,"g":1e-7,'
        '"h":0.1000000000000000055511151231257827,"i":"1.0","j":12345}'
    )
    inner = {"b/c": Respelling("1E-7", "1e-7"), "d": None, "e": Respelling("0.50", "0.5")}
    first = [Respelling("1.0", "1"), Respelling("-0", "0"), Respelling("1e2", "100")]
    assert spellings(text) == {
        "a": [*first, None, inner],
        "f": Respelling("-0.0", "0"),
        "g": None,
        "h": Respelling("0.1000000000000000055511151231257827", "0.1"),
        "i": None,
        "j": None,
    }


def test_numbers_of_a_raw_member_are_placed_inside_it() -> None:
    document = read_document(b'{"n":1.0,"arguments":{"amount":12.50}}')
    assert spellings(document.raw("arguments")) == {"amount": Respelling("12.50", "12.5")}


def test_spellings_take_no_more_room_the_deeper_they_lie() -> None:
    numbers = "[" + ",".join(["1.0"] * 1_000) + "]"
    deep = f'{{"{"n" * 250}":' * 30 + numbers + "}" * 30
    tracemalloc.start()
    try:
        kept = spellings(deep)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept
    assert taken < 1_000_000


@given(values)
def test_a_canonical_text_has_no_number_spelt_otherwise(value: Any) -> None:
    assert spellings(canonical(value).decode()) is None
