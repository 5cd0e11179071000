"""The strict reader: what it refuses, with which code, where, and what it accepts.

The tables follow the three kinds of JSONTestSuite: a parser must accept (y), must refuse
(n), may do either (i). Here each of the third kind has one answer too.
"""

import dataclasses
import datetime as dt
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.approvals.call.canonical import (
    Document,
    Limits,
    Unreadable,
    canonical,
    check_value,
    read_arguments,
    read_document,
)

MAX_SAFE = 2**53 - 1


def refusal(body: bytes, limits: Limits | None = None, **options: Any) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_document(body, limits or Limits(), **options)
    return caught.value


def value_refusal(
    value: Any, limits: Limits | None = None, pointer: str = ""
) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        check_value(value, limits or Limits(), pointer)
    return caught.value


# --- y: what any JSON parser accepts, as the value of one member -------------------------

ACCEPTED: list[tuple[bytes, Any]] = [
    (b"null", None),
    (b"true", True),
    (b"false", False),
    (b"0", 0),
    (b"-0", 0),
    (b"-1", -1),
    (b"123", 123),
    (b"1.5", 1.5),
    (b"-1.5e-3", -0.0015),
    (b"1.0", 1),
    (b"-0.0", 0),
    (b"0e5", 0),
    (b"0.0e-999", 0),
    (b"0e+1", 0),
    (b"0E-5", 0),
    (b"1e2", 100),
    (b"1E2", 100),
    (b"1E+2", 100),
    (b"1e-2", 0.01),
    (b"20e1", 200),
    (b"123.456e1", 1234.56),
    (b"0.000000000000000000000000000000000000001", 1e-39),
    (b"5e-324", 5e-324),
    (b"9007199254740991", MAX_SAFE),
    (b"-9007199254740991", -MAX_SAFE),
    (b"9007199254740991.0", MAX_SAFE),
    (b"9.007199254740991e15", MAX_SAFE),
    (b'""', ""),
    (b'"a"', "a"),
    (b'"a/*b*/c"', "a/*b*/c"),
    (b'" "', " "),
    (b'"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'),
    (b'"\\u0000"', "\0"),
    (b'"\\u001f"', "\x1f"),
    (b'"\\u0012\\u0041"', "\x12A"),
    (b'"\\uabCD"', "\uabcd"),
    (b'"\\u0060\\u012a\\u12AB"', "`\u012a\u12ab"),
    (b'"\\ud83d\\ude00"', "\U0001f600"),
    (b'"\\uDBFF\\uDFFF"', "\U0010ffff"),
    (b'"\\\\ud800"', "\\ud800"),
    (b'"\\\\u0000"', "\\u0000"),
    (b'"\\\\\\"[[[{{{"', '\\"[[[{{{'),
    (b'"\\ufeff"', "\ufeff"),
    (b'"\\uffff\\ufdd0\\uDBFF\\uDFFE"', "\uffff\ufdd0\U0010fffe"),
    (b'"\x7f"', "\x7f"),
    ('"caf\u00e9"'.encode(), "caf\u00e9"),
    ('"cafe\u0301"'.encode(), "cafe\u0301"),
    ('"\u2028\u2029"'.encode(), "\u2028\u2029"),
    ('"\U0001f600\ufeff\u202e"'.encode(), "\U0001f600\ufeff\u202e"),
    ('"\uffff"'.encode(), "\uffff"),
    (b"[]", []),
    (b"[ ]", []),
    (b"[\n]", []),
    (b"[[]   ]", [[]]),
    (b'[""]', [""]),
    (b"[1,null,false,{}]", [1, None, False, {}]),
    (b"[ 1\t,\r\n2 ]", [1, 2]),
    (b"{}", {}),
    (b"{ }", {}),
    (b'{"":0}', {"": 0}),
    (b'{"a\\u0000b":1}', {"a\0b": 1}),
    (b'{"\\u0061":1}', {"a": 1}),
    (b'{"a":1,"b":{"a":1}}', {"a": 1, "b": {"a": 1}}),
    (b'[{"a":1},{"A":1}]', [{"a": 1}, {"A": 1}]),
    ('{"\u00e9":1,"\u00e8":2}'.encode(), {"\u00e9": 1, "\u00e8": 2}),
    (b'{"Name":1,"Street":2}', {"Name": 1, "Street": 2}),
]


@pytest.mark.parametrize(("fragment", "expected"), ACCEPTED, ids=range(len(ACCEPTED)))
def test_what_every_parser_accepts_is_accepted_with_its_value_and_type(
    fragment: bytes, expected: Any
) -> None:
    body = b'\n{\t"a" : ' + fragment + b" }\r "
    document = read_document(body)
    assert document.value == {"a": expected}
    assert type(document.value["a"]) is type(expected)
    assert document.text == body.decode()
    assert document.raw("a") == fragment.decode()
    check_value(document.value)


# --- n: what no JSON parser may accept ---------------------------------------------------

MALFORMED: list[bytes] = [
    # numbers
    *[b"-", b"+1", b"++1", b"+Inf", b"-01", b"-012", b"012", b"00", b"-2.", b"2.", b"1."],
    *[b".1", b"-.1", b".-1", b".2e-3", b"0.e1", b"0.1.2", b"0.3e", b"0.3e+", b"0E", b"0E+"],
    *[b"0e", b"0e+", b"1.0e", b"1.0e+", b"1.0e-", b"1eE2", b"1e+-2", b"2.e3", b"2.e-3"],
    *[b"9.e+", b"1e", b"e1", b"E", b"1 000", b"1,5.5.", b"1_000", b"1+2", b"1-2", b"0x1"],
    *[b"0x42", b"0b1", b"0o7", b"- 1", b"-a", b"-1a", b"1a", b"1ea", b"1.2a-3", b"--1"],
    *[b"inf", b"Inf", b"-inf", b"nan", b"-NaN", b"+Infinity", b"Infinit", b"NaN1", b"#1"],
    *[b"1.8011670033376514H-308", b"0.1e1.5", b"1e5.", b"\xef\xbc\x91", b"\xd9\xa1"],
    *[b"1\xd9\xa1", b"$1", b"1f", b"1L", b"1n", b"1/2"],
    # words
    *[
        b"",
        b"nul",
        b"nulll",
        b"tru",
        b"fals",
        b"True",
        b"TRUE",
        b"None",
        b"NULL",
        b"undefined",
    ],
    *[
        b"true false",
        b"truefalse",
        b"nil",
        b"yes",
        b"a",
        b"a\xc3\xa5",
        b"*",
        b"<null>",
        b"@",
    ],
    # strings
    *[
        b'"',
        b'"a',
        b"'a'",
        b"`a`",
        b'"\\"',
        b'"\\',
        b'"\\\\\\"',
        b'"a" "b"',
        b'"a"b',
        b'a"b"',
    ],
    *[b'"\n"', b'"\r"', b'"\t"', b'"\x00"', b'"\x1f"', b'"\\\x00"', b'"\\\t"', b'"\\\n"'],
    *[
        b'"\\a"',
        b'"\\x00"',
        b'"\\0"',
        b'"\\v"',
        b'"\\\'"',
        b'"\\U0041"',
        b'"\\ "',
        b'"\\1"',
    ],
    *[
        b'"\\u"',
        b'"\\u1"',
        b'"\\u12"',
        b'"\\u123"',
        b'"\\u00A"',
        b'"\\u 123"',
        b'"\\u+123"',
    ],
    *[b'"\\u-123"', b'"\\u0x41"', b'"\\u00g0"', b'"\\uqqqq"', b'"\\uD834\\u"'],
    *[b'"\\uD800\\u1"', b'"\\uD800\\u1x"', b'"\\uD834\\uDd"', b'"\\u{41}"', b'"\\u1_23"'],
    *[
        b'"\\\xc3\xa5"',
        b'"\\u\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1"',
        b'\\u0020"a"',
        b"\\n",
        b"\\",
    ],
    *["\u201ca\u201d".encode(), b'"a"x', b'"""a"""', b'r"a"', b'"a"+"b"'],
    # arrays
    *[
        b"[",
        b"]",
        b"[[",
        b"[]]",
        b"[1",
        b"[1,",
        b"[1 true]",
        b"[1,]",
        b"[,1]",
        b"[,]",
        b"[1,,2]",
    ],
    *[b"[,", b"[1:2]", b"[a]", b"[3[4]]", b"[1}", b'["a",\n4\n,1,', b"[1]x", b"[1,\n1\n,1"],
    *[
        b"[-]",
        b"[*]",
        b'["a"',
        b'["',
        b'["a" 1]',
        b"[1;2]",
        b"(1,2)",
        b"[\x0b]",
        b"[\x0c1]",
    ],
    *[b"[\xc2\xa0]", b"[\xe2\x81\xa0]", b"[\xef\xbb\xbf]", b"[\x00]", b"[\x1e]", b"[1\\n]"],
    *[b"[][]", b"[1]]", b"[...]", b"[1 /* one */]", b"[1] // one", b"[1] # one", b"[,,]"],
    # objects
    *[
        b"{",
        b"}",
        b"{]",
        b"{{}}",
        b'{"a"',
        b'{"a":',
        b'{"a":1',
        b'{"a":1,',
        b'{"a":1,}',
        b"{,}",
    ],
    *[b'{"a":1,,"b":2}', b'{"a" 1}', b'{"a"::1}', b'{"a",1}', b'{"a":1 "b":2}', b"{a:1}"],
    *[
        b"{'a':1}",
        b"{1:1}",
        b"{null:1}",
        b"{true:1}",
        b"{[]:1}",
        b"{:1}",
        b'{"a"}',
        b'{"a":}',
    ],
    *[b'{"a":1;"b":2}', b'{"a"=1}', b'{"a":1}}', b'{"a":1}#', b'{"a":1}/**/', b'{"a":1}//'],
    *[
        b'{"a":/**/1}',
        b'{"a":1/',
        b'{"x", null}',
        b'{"a":"b",,}',
        b'{ "a" : "b" 1}',
        b"{\xc2\xa0}",
    ],
    *[b'{"a":1}{"b":2}', b'{"a":1}1', b'{,"a":1}', b'{"a":1,"b"', b'{"a":1 2}', b'{"a" b}'],
    *[
        b'\x00{"a":1}',
        b'{"a":1}\x00',
        b'{"a":1}\x1a',
        b'{"\n":1}',
        b'{"\\x":1}',
        b'{"a":1]',
    ],
]


@pytest.mark.parametrize("fragment", MALFORMED, ids=range(len(MALFORMED)))
def test_what_no_parser_may_accept_is_refused_as_the_top_level_and_inside(
    fragment: bytes,
) -> None:
    for body in (b'{"a":' + fragment + b"}", b'{"a":[1,' + fragment + b"]}"):
        error = refusal(body)
        assert (error.code, error.status, error.pointer) == ("malformed_json", 400, "")
        assert ", column " in error.detail
    assert refusal(fragment).code in {"malformed_json", "schema"}


def test_the_table_of_malformed_texts_is_as_long_as_promised() -> None:
    assert len(set(MALFORMED)) >= 188


WHOLE_BODIES = [
    *[b"", b" ", b"\n\n", b"{", b'{"a":1', b'{"a":1}x', b'{"a":1},', b"//\n{}", b"\x0c{}"],
    *[
        b"{} {}",
        b"\x00",
        b'{"a":1}\x00',
        b"{\x00}",
        b"<html>",
        b"a=1&b=2",
        b"{}}",
        b"\\",
        b'"',
    ],
    *["\u2060{}".encode(), "{}\ufeff".encode(), " \ufeff{}".encode(), b'{"a"\xc2\xa0:1}'],
]


@pytest.mark.parametrize("body", WHOLE_BODIES, ids=range(len(WHOLE_BODIES)))
def test_a_body_that_is_not_one_json_text_is_a_bad_request(body: bytes) -> None:
    error = refusal(body)
    assert (error.code, error.status) == ("malformed_json", 400)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "an array"),
        (b'[{"a":1}]', "an array"),
        (b'"a"', "a string"),
        (b"1", "a number"),
        (b"1.5", "a number"),
        (b"true", "true or false"),
        (b"null", "null"),
    ],
)
def test_the_top_level_must_be_an_object(body: bytes, kind: str) -> None:
    error = refusal(body)
    assert (error.code, error.status, error.pointer) == ("schema", 422, "")
    assert error.detail == f"The top level is {kind}. Send one object, in curly brackets."


# --- i: where parsers differ; each has one answer here -----------------------------------

EITHER: list[tuple[bytes, str]] = [
    # numbers
    (b"NaN", "non_finite"),
    (b"Infinity", "non_finite"),
    (b"-Infinity", "non_finite"),
    (b"1e400", "non_finite"),
    (b"-1e400", "non_finite"),
    (b"1e9999", "non_finite"),
    (b"-1e+9999", "non_finite"),
    (b"0.4e00669999999999999999999999999999999999999999999999999", "non_finite"),
    (b"1.5e+9999999999999999999999999999", "non_finite"),
    (b"1e-400", "underflow"),
    (b"-1e-400", "underflow"),
    (b"123e-10000000", "underflow"),
    (b"123.456E-789", "underflow"),
    (b"0.0000001e-400", "underflow"),
    (b"2e-324", "underflow"),
    (b"9007199254740992", "out_of_range"),
    (b"-9007199254740992", "out_of_range"),
    (b"9007199254740992.0", "out_of_range"),
    (b"9007199254740993", "out_of_range"),
    (b"1e16", "out_of_range"),
    (b"1e30", "out_of_range"),
    (b"-1E22", "out_of_range"),
    (b"1.7976931348623157e308", "out_of_range"),
    (b"100000000000000000000", "out_of_range"),
    (b"-123123123123123123123123123123", "out_of_range"),
    (b"9223372036854775807", "out_of_range"),
    (b"1" * 64, "out_of_range"),
    (b"1" * 65, "number_too_long"),
    (b"-" + b"1" * 64, "number_too_long"),
    (b"0." + b"1" * 63, "number_too_long"),
    (b"1e" + b"0" * 63, "number_too_long"),
    (b"1" * 5000, "number_too_long"),
    (b"0." + b"0" * 500 + b"1", "number_too_long"),
    # halves of surrogate pairs
    (b'"\\ud800"', "lone_surrogate"),
    (b'"\\udc00"', "lone_surrogate"),
    (b'"\\uDFAA"', "lone_surrogate"),
    (b'"\\uDADA"', "lone_surrogate"),
    (b'"\\ud888\\u1234"', "lone_surrogate"),
    (b'"\\ud800\\n"', "lone_surrogate"),
    (b'"\\ud800abc"', "lone_surrogate"),
    (b'"\\ud800\\ud800\\n"', "lone_surrogate"),
    (b'"\\uDd1e\\uD834"', "lone_surrogate"),
    (b'"\\ud83d\\ude00\\ude00"', "lone_surrogate"),
    (b'"\\\\\\ud800"', "lone_surrogate"),
    (b'"\\ud800\\\\udc00"', "lone_surrogate"),
    (b'{"\\ud800":1}', "lone_surrogate"),
    (b'{"\\udead\\ud83d":1}', "lone_surrogate"),
    # bytes that are not UTF-8
    (b'"\xff"', "bad_utf8"),
    (b'"\xfe"', "bad_utf8"),
    (b'"\x80"', "bad_utf8"),
    (b'"\x81"', "bad_utf8"),
    (b'"\xe9"', "bad_utf8"),
    (b'"\xc3"', "bad_utf8"),
    (b'"\xc3("', "bad_utf8"),
    (b'"\xe2\x82"', "bad_utf8"),
    (b'"\xed\xa0\x80"', "bad_utf8"),
    (b'"\xed\xbf\xbf"', "bad_utf8"),
    (b'"\xed\xa0\xbd\xed\xb8\x80"', "bad_utf8"),
    (b'"\xc0\xaf"', "bad_utf8"),
    (b'"\xc0\x80"', "bad_utf8"),
    (b'"\xe0\x80\xaf"', "bad_utf8"),
    (b'"\xf0\x80\x80\xaf"', "bad_utf8"),
    (b'"\xfc\x83\xbf\xbf\xbf\xbf"', "bad_utf8"),
    (b'"\xfc\x80\x80\x80\x80\x80"', "bad_utf8"),
    (b'"\xf4\x90\x80\x80"', "bad_utf8"),
    (b'"\xf4\xbf\xbf\xbf"', "bad_utf8"),
    (b'"\xe6\x97\xa5\xd1\x88\xfa"', "bad_utf8"),
    (b"\xff", "bad_utf8"),
    (b"1\xe5", "bad_utf8"),
    # the same name twice, or nearly
    (b'{"a":1,"a":1}', "duplicate_key"),
    (b'{"a":1,"a":2}', "duplicate_key"),
    (b'{"a":1,"\\u0061":2}', "duplicate_key"),
    (b'{"":1,"":2}', "duplicate_key"),
    (b'{"\\u0000":1,"\\u0000":2}', "duplicate_key"),
    (b'{"A":1,"A":2}', "duplicate_key"),
    (b'{"a":{},"b":1,"a":{}}', "duplicate_key"),
    (b'{"a":{"b":1,"b":2}}', "duplicate_key"),
    (b'[[{"x":{"b":1,"b":2}}]]', "duplicate_key"),
    (b'{"id":1,"ID":2}', "confusable_key"),
    (b'{"id":1,"Id":2}', "confusable_key"),
    ('{"\u00e9":1,"e\u0301":2}'.encode(), "confusable_key"),
    ('{"\u00c9":1,"e\u0301":2}'.encode(), "confusable_key"),
    ('{"file":1,"\ufb01le":2}'.encode(), "confusable_key"),
    ('{"strasse":1,"stra\u00dfe":2}'.encode(), "confusable_key"),
    ('{"k":1,"\u212a":2}'.encode(), "confusable_key"),
    ('{"to":1,"\uff54\uff4f":2}'.encode(), "confusable_key"),
    ('{"\u03c3":1,"\u03c2":2}'.encode(), "confusable_key"),
    ('{"x\u00b2":1,"x2":2}'.encode(), "confusable_key"),
    (b'{"amount":1,"\\uff41mount":2}', "confusable_key"),
    # size
    (b"[" * 32 + b"]" * 32, "too_deep"),
    (b"[" * 500 + b"]" * 500, "too_deep"),
    (b"[" * 100_000, "too_deep"),
    (b'{"":' * 40_000, "too_deep"),
    (b'[{"":' * 40_000, "too_deep"),
    (b"[" + b'{"":0},' * 20_000 + b"0]", "too_many_nodes"),
    (b"[" + b"[]," * 20_000 + b"0]", "too_many_nodes"),
    (b"[" + b"0," * 20_000 + b"0]", "too_many_nodes"),
    (b'"' + b"a" * 262_144 + b'"', "too_large"),
]


@pytest.mark.parametrize(("fragment", "code"), EITHER, ids=range(len(EITHER)))
def test_what_parsers_differ_on_has_one_answer(fragment: bytes, code: str) -> None:
    error = refusal(b'{"a":' + fragment + b"}")
    assert error.code == code
    assert error.status == {"too_large": 413}.get(code, 422)
    assert error.detail.isascii()
    assert error.detail.endswith(".")


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_another_encoding_is_refused(encoding: str) -> None:
    error = refusal('{"a":"caf\u00e9"}'.encode(encoding))
    assert error.code in {"bad_utf8", "malformed_json"}


@pytest.mark.parametrize("body", [b"\xef\xbb\xbf{}", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_refused_by_name(body: bytes) -> None:
    assert refusal(body).code == "bom"
    with pytest.raises(Unreadable, match="byte order mark"):
        read_arguments(body.decode())


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_never_crash(body: bytes) -> None:
    try:
        document = read_document(body)
    except Unreadable:
        return
    assert document.value == json.loads(body)


@given(st.text(alphabet='{}[]":,\\ud8c01e.-+ nA\u00e9\n', max_size=40))
def test_any_text_made_of_json_signs_is_read_or_refused_and_never_crashes(
    text: str,
) -> None:
    try:
        value = read_arguments('{"a":' + text)
    except Unreadable:
        return
    assert value == json.loads('{"a":' + text)


# --- where, and how to mend it -----------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (
            b'{"arguments":{"to":[1,{"id":9007199254740992}]}}',
            "out_of_range",
            "/arguments/to/1/id",
        ),
        (b'{"a":[0,NaN,Infinity]}', "non_finite", "/a/1"),
        (b'{"a":[[1e-400]]}', "underflow", "/a/0/0"),
        (b'{"a":{"b":1,"c":2,"b":3}}', "duplicate_key", "/a/b"),
        (b'{"a":[{"b":1,"B":3}]}', "confusable_key", "/a/0/B"),
        (b'{"a":{"b":"\\ud800"}}', "lone_surrogate", "/a/b"),
        (b'{"a":{"\\ud800":NaN}}', "lone_surrogate", "/a"),
        (b'{"a":{"\\ud800":1,"\\ud800":2}}', "lone_surrogate", "/a"),
        (b'{"a":{"\\udc00":NaN,"B":1,"b":1}}', "lone_surrogate", "/a"),
        (b'{"a/b":{"c~d":NaN}}', "non_finite", "/a~1b/c~0d"),
        (b'{"":{"":NaN}}', "non_finite", "//"),
        (b'{"a":1,"a":{"b":NaN}}', "duplicate_key", "/a"),
        ('{"\u00e9":NaN}'.encode(), "non_finite", "/\u00e9"),
        (b'{"A":[NaN,{"B":0,"b":0}]}', "non_finite", "/A/0"),
        (b'{"b":NaN,"B":1}', "non_finite", "/b"),
    ],
)
def test_a_refusal_points_at_the_culprit(body: bytes, code: str, pointer: str) -> None:
    error = refusal(body)
    assert (error.code, error.pointer) == (code, pointer)
    assert error.detail.isascii()
    assert error.detail.startswith(f"At {json.dumps(pointer)[1:-1]}: ")
    assert str(error) == error.detail


def test_a_refusal_says_what_where_and_how_to_mend_it() -> None:
    assert refusal(b'{"id":12345678901234567890}').detail == (
        "At /id: the number 12345678901234567890 is beyond 9007199254740991 (2^53-1), where "
        "programs stop agreeing on the value. Send it as a string."
    )
    assert refusal(b'{"a":1,"a":2}').detail == (
        'At /a: the name "a" stands more than once in one object. Send it once.'
    )
    assert refusal(b'{"a":1,\n"b":}').detail == (
        "The text is not JSON: expecting value at line 2, column 5. "
        "Send one complete JSON object (RFC 8259)."
    )
    assert refusal(b'{"a":"\xff"}').detail == (
        "The body is not UTF-8 from byte 6 on. Encode it as UTF-8."
    )


def test_a_hostile_name_cannot_flood_or_forge_the_message() -> None:
    name = "\u202e\n" * 100
    body = json.dumps({name: 0})[:-1] + "," + json.dumps({name: 0})[1:]
    error = refusal(body.encode())
    assert error.code == "duplicate_key"
    assert len(error.detail) < 400
    assert error.detail.isascii()
    assert error.detail.isprintable()


# --- limits: at each, and one past -------------------------------------------------------


def test_the_default_limits_are_those_of_the_specification() -> None:
    assert dataclasses.asdict(Limits()) == {
        "body_bytes": 262_144,
        "depth": 32,
        "nodes": 10_000,
        "string_chars": 131_072,
        "name_chars": 256,
        "names": 1_000,
        "number_chars": 64,
    }


def object_of(count: int) -> bytes:
    return json.dumps({f"n{number}": 0 for number in range(count)}).encode()


def nested(levels: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """Return an object whose deepest value lies `levels` arrays and objects deep."""
    return (
        b'{"a":'
        + opening * (levels - 1)
        + b"0" * (opening != b"[")
        + closing * (levels - 1)
        + b"}"
    )


LIMITS: list[tuple[bytes, bytes, str]] = [
    (b'{"a":1}' + b" " * 262_137, b'{"a":1}' + b" " * 262_138, "too_large"),
    (nested(32), nested(33), "too_deep"),
    (nested(32, b'{"a":', b"}"), nested(33, b'{"a":', b"}"), "too_deep"),
    (
        b'{"a":[' + b"0," * 9_997 + b"0]}",
        b'{"a":[' + b"0," * 9_998 + b"0]}",
        "too_many_nodes",
    ),
    (
        b'{"a":[' + b"[ ]," * 9_997 + b"0]}",
        b'{"a":[' + b"[ ]," * 9_998 + b"0]}",
        "too_many_nodes",
    ),
    (
        b'{"a":[' + b'{"":""},' * 4_998 + b"0,0]}"[2:],
        b'{"a":[' + b'{"":""},' * 4_999 + b"0,0]}"[2:],
        "too_many_nodes",
    ),
    (
        b'{"a":"' + b"a" * 131_072 + b'"}',
        b'{"a":"' + b"a" * 131_073 + b'"}',
        "string_too_long",
    ),
    (
        ('{"a":"' + "\u00e9" * 131_000 + "a" * 72 + '"}').encode(),
        ('{"a":"' + "\u00e9" * 131_000 + "a" * 73 + '"}').encode(),
        "string_too_long",
    ),
    (b'{"' + b"a" * 256 + b'":1}', b'{"' + b"a" * 257 + b'":1}', "name_too_long"),
    (
        ('{"' + "\u6f22" * 256 + '":1}').encode(),
        ('{"' + "\u6f22" * 257 + '":1}').encode(),
        "name_too_long",
    ),
    (object_of(1_000), object_of(1_001), "too_many_names"),
    (b'{"a":0.' + b"1" * 62 + b"}", b'{"a":0.' + b"1" * 63 + b"}", "number_too_long"),
    (
        ('{"a":{"x' + "\u0323" * 30 + '":1}}').encode(),
        ('{"a":{"x' + "\u0301" * 31 + '":1}}').encode(),
        "confusable_key",
    ),
]


@pytest.mark.parametrize(("at", "past", "code"), LIMITS, ids=range(len(LIMITS)))
def test_a_document_at_a_limit_is_accepted_and_one_past_it_refused(
    at: bytes, past: bytes, code: str
) -> None:
    value = read_document(at).value
    check_value(value)
    assert read_arguments(at) == value
    assert refusal(past).code == code


@pytest.mark.parametrize(("at", "past", "code"), LIMITS, ids=range(len(LIMITS)))
def test_a_parsed_value_meets_the_same_limits(at: bytes, past: bytes, code: str) -> None:
    check_value(json.loads(at))
    if code not in {"too_large", "number_too_long"}:
        assert value_refusal(json.loads(past)).code == code


def test_limits_are_settings() -> None:
    tight = Limits(depth=1, nodes=3, string_chars=2, name_chars=1, names=2, number_chars=3)
    assert read_arguments('{"a":"bb","b":100}', tight) == {"a": "bb", "b": 100}
    for text, code in {
        '{"a":[]}': "too_deep",
        '{"a":1,"b":2,"c":3}': "too_many_nodes",
        '{"a":"bbb"}': "string_too_long",
        '{"ab":1}': "name_too_long",
        '{"a":1000}': "number_too_long",
        '{"a":0.25}': "number_too_long",
    }.items():
        assert refusal(text.encode(), tight).code == code
    assert refusal(b"{}", Limits(body_bytes=1)).code == "too_large"
    assert read_arguments('{"a":"[[[[,,,,"}', Limits(depth=1, nodes=2)) == {"a": "[[[[,,,,"}


def test_a_raised_number_limit_never_reaches_the_quadratic_conversion() -> None:
    error = refusal(b'{"a":' + b"1" * 100_000 + b"}", Limits(number_chars=200_000))
    assert error.code == "non_finite"
    error = refusal(b'{"a":' + b"1" * 300 + b"}", Limits(number_chars=200_000))
    assert error.code == "out_of_range"


def test_the_envelope_of_a_request_does_not_shorten_the_depth_of_its_arguments() -> None:
    body = b'{"arguments":' + nested(32) + b"}"
    assert refusal(body).code == "too_deep"
    assert read_document(body, envelope_levels=1).value["arguments"] == json.loads(
        nested(32)
    )
    deeper = b'{"arguments":' + nested(33) + b"}"
    assert refusal(deeper, envelope_levels=1).code == "too_deep"


def test_a_long_body_at_full_depth_in_an_envelope_is_accepted() -> None:
    body = b'{"arguments":' + nested(32) + b',"reason":"' + b"a" * 131_072 + b'"}'
    assert len(read_document(body, envelope_levels=1).value["reason"]) == 131_072


def test_brackets_and_commas_inside_strings_do_not_count() -> None:
    text = '[{,"\\' * 20_000
    body = json.dumps({"a": text, "b": [text[:7], "\\\\", '\\"']}).encode()
    assert read_document(body).value["a"] == text


@given(
    st.recursive(
        st.none() | st.integers(-9, 9) | st.text(alphabet='[]{},"\\ a', max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(alphabet='[{,"\\a', max_size=3), inner, max_size=4)
        ),
        max_leaves=30,
    )
)
def test_values_and_levels_are_counted_exactly(inner: Any) -> None:
    value = {"a": inner}

    def levels(part: Any) -> int:
        if not isinstance(part, (dict, list)):
            return 0
        return 1 + max(
            map(levels, part.values() if isinstance(part, dict) else part), default=0
        )

    def nodes(part: Any) -> int:
        if not isinstance(part, (dict, list)):
            return 1
        return 1 + sum(map(nodes, part.values() if isinstance(part, dict) else part))

    body = json.dumps(value, indent=1).encode()
    exact = Limits(depth=levels(value), nodes=nodes(value))
    assert read_document(body, exact).value == value
    check_value(value, exact)
    if exact.depth > 1:
        shallow = dataclasses.replace(exact, depth=exact.depth - 1)
        assert refusal(body, shallow).code == "too_deep"
        assert value_refusal(value, shallow).code == "too_deep"
    sparse = dataclasses.replace(exact, nodes=exact.nodes - 1)
    assert refusal(body, sparse).code == "too_many_nodes"
    assert value_refusal(value, sparse).code == "too_many_nodes"


# --- names -------------------------------------------------------------------------------


def test_a_name_that_grows_under_normalisation_counts_as_grown() -> None:
    assert refusal(('{"' + "\ufdfa" * 15 + '":1}').encode()).code == "name_too_long"
    assert read_arguments('{"' + "\ufdfa" * 14 + '":1}')


def test_the_first_fault_ends_the_comparing_of_names() -> None:
    objects = ",".join('{"' + "\ufdfa" * 200 + f'{number}":0}}' for number in range(400))
    error = refusal(('{"a":[' + objects + "]}").encode())
    assert (error.code, error.pointer) == ("name_too_long", "/a/0")


def test_names_in_different_objects_are_never_compared() -> None:
    assert read_arguments('{"a":[{"id":1},{"ID":2},{"\u0131d":3}],"b":{"A":1}}')


def test_no_character_outside_the_marks_hides_more_than_three_marks() -> None:
    """Thirty marks in a row bound the cost only if single characters cannot hold many."""
    letters = (chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    most = max(
        sum(
            unicodedata.combining(part) > 0
            for part in unicodedata.normalize("NFKD", letter)
        )
        for letter in letters
    )
    assert most <= 3


# --- raw text of a member ----------------------------------------------------------------


def test_raw_gives_the_received_text_of_a_member_byte_for_byte() -> None:
    body = (
        b' { "to" : "\\u0041\\/" ,"n":1.0,\n"arguments"\t:\t{ "z":1e2, "a":[ -0 ] } '
        b', "a\\u0062": "" , "e":{},"l":[1,{"n":2}] } '
    )
    document = read_document(body)
    assert document.raw("to") == '"\\u0041\\/"'
    assert document.raw("n") == "1.0"
    assert document.raw("arguments") == '{ "z":1e2, "a":[ -0 ] }'
    assert document.raw("ab") == '""'
    assert document.raw("e") == "{}"
    assert document.raw("l") == '[1,{"n":2}]'
    assert read_arguments(document.raw("arguments")) == document.value["arguments"]


def test_raw_of_a_member_that_is_not_there_is_a_key_error() -> None:
    for body in (b"{}", b'{"a":{"b":1}}'):
        with pytest.raises(KeyError, match="b"):
            read_document(body).raw("b")


def test_a_document_cannot_be_rebound() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Document({}, "{}").text = "other"  # type: ignore[misc]


# --- values that something else parsed ---------------------------------------------------


def test_arguments_are_read_from_text_and_from_bytes_alike() -> None:
    assert read_arguments('{"a":"\u00e9"}') == read_arguments('{"a":"\u00e9"}'.encode())
    with pytest.raises(Unreadable) as caught:
        read_arguments('{"a":"\ud800"}')
    assert caught.value.code == "lone_surrogate"


@pytest.mark.parametrize(
    ("value", "code", "pointer"),
    [
        ({"a": float("nan")}, "non_finite", "/x/a"),
        ({"a": [float("-inf")]}, "non_finite", "/x/a/0"),
        ({"a": 2**53}, "out_of_range", "/x/a"),
        ({"a": -(2.0**53)}, "out_of_range", "/x/a"),
        ({"a": 10**5000}, "out_of_range", "/x/a"),
        ({"a": 1e300}, "out_of_range", "/x/a"),
        ({"a": "\ud800"}, "lone_surrogate", "/x/a"),
        ({"a": {"\ud800": 1}}, "lone_surrogate", "/x/a"),
        ({"a": {"b": 1, "B": 1}}, "confusable_key", "/x/a/B"),
        ({"a": {1: 2}}, "schema", "/x/a"),
        ({"a": {None: 2}}, "schema", "/x/a"),
        ({"a": (1, b"bytes")}, "schema", "/x/a/1"),
        ({"a": {1, 2}}, "schema", "/x/a"),
        ({"a": dt.date(2026, 1, 1)}, "schema", "/x/a"),
        ({"a": object}, "schema", "/x/a"),
        (b"", "schema", "/x"),
    ],
)
def test_a_parsed_value_is_refused_with_the_place_it_stands(
    value: Any, code: str, pointer: str
) -> None:
    error = value_refusal(value, pointer="/x")
    assert (error.code, error.pointer, error.status) == (code, pointer, 422)


def test_a_date_from_yaml_is_refused_with_the_remedy() -> None:
    assert value_refusal({"a": dt.date(2026, 1, 1)}).detail == (
        "At /a: a date is not a JSON value. Put it in quotes to send it as a string."
    )


@pytest.mark.parametrize("value", [None, True, 0, -1.5, "", "a", [], (), {}, [{"a": (1,)}]])
def test_any_plain_json_value_passes_the_check(value: Any) -> None:
    check_value(value)


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert value_refusal(endless).code == "too_deep"
    wide: dict[str, Any] = {}
    wide["a"] = [wide] * 200
    assert value_refusal(wide).code in {"too_deep", "too_many_nodes"}


def test_a_value_that_refers_to_itself_a_billion_times_is_refused_by_count() -> None:
    laughs: list[Any] = ["ha"] * 10
    for _ in range(9):
        laughs = [laughs] * 10
    assert value_refusal(laughs).code == "too_many_nodes"


def test_the_value_read_equals_the_value_of_its_canonical_form() -> None:
    value = read_arguments('{"b":[1.0,-0.0,1e2,0.10,2.5E1],"a":"\\u0041"}')
    again = read_arguments(canonical(value))
    assert again == value
    assert (
        list(map(type, again["b"]))
        == list(map(type, value["b"]))
        == [int] * 3 + [float, int]
    )
