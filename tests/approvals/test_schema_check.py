"""An edit by the schema that the agent sent; the schema is as hostile as the arguments are."""

import json
import socket
from itertools import pairwise
from typing import Any

import pytest

from webui.approvals.call.schema_check import MOST_FAULTS, faults_by_schema
from webui.approvals.errors import Fault, InvalidError


def faults(schema: Any, edited: dict[str, Any]) -> list[Fault]:
    found = faults_by_schema(json.dumps(schema), edited)
    assert found is not None
    return found


def why_unusable(schema: Any, edited: dict[str, Any] | None = None) -> str:
    with pytest.raises(InvalidError) as caught:
        faults(schema, edited or {})
    assert caught.value.code == "schema_unusable"
    assert "You can still" in caught.value.detail
    return caught.value.detail


def test_without_a_schema_nothing_is_said() -> None:
    assert faults_by_schema(None, {"a": 1}) is None


def test_what_fits_has_no_faults() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:a-tool",
        "$defs": {"P": {"type": "object", "properties": {"x": {"type": "integer"}}}},
        "properties": {"p": {"$ref": "#/$defs/P"}, "q": {"items": {"$ref": "#/$defs/P"}}},
        "additionalProperties": False,
    }
    assert faults(schema, {"p": {"x": 1}, "q": [{"x": 2}, {}]}) == []


@pytest.mark.parametrize(
    ("rule", "value", "pointer", "sentence"),
    [
        ({"type": ["integer", "null"]}, "x", "/a", "of the type null or integer"),
        ({"enum": ["secret-1", "b"]}, "c", "/a", "none of the values"),
        ({"const": "secret-1"}, "c", "/a", "not the one value"),
        ({"pattern": "^secret$"}, "c", "/a", "does not match"),
        ({"maxLength": 2}, "secret-2", "/a", "maxLength of 2"),
        ({"minimum": 3}, 2, "/a", "minimum of 3"),
        ({"required": ["b/c"]}, {}, "/a/b~1c", "is required"),
        (
            {"properties": {"y": {}}, "additionalProperties": False},
            {"x~": 1},
            "/a/x~0",
            "no member",
        ),
        ({"additionalProperties": False}, {"x": 1}, "/a", "may not have members"),
        ({"items": {"type": "string"}}, ["x", 1], "/a/1", "of the type string"),
        ({"uniqueItems": True}, [1, 1], "/a", "twice"),
        (False, 1, "/a", "may not be here"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "/a", "anyOf"),
        ({"propertyNames": {"maxLength": 1}}, {"secret-2": 1}, "/a", "propertyNames"),
    ],
)
def test_each_fault_names_its_place_and_never_a_value(
    rule: Any, value: Any, pointer: str, sentence: str
) -> None:
    [fault] = faults({"properties": {"a": rule}}, {"a": value})
    assert fault.pointer == pointer
    assert sentence in fault.detail
    assert "secret" not in fault.detail


def test_only_so_many_faults_are_told() -> None:
    edited = {"a": [1] * 100}
    found = faults({"properties": {"a": {"items": {"type": "string"}}}}, edited)
    assert len(found) == MOST_FAULTS


def test_of_a_large_check_the_first_fault_is_told() -> None:
    rules = [{"maxLength": 1}] * 100
    found = faults(
        {"properties": {"a": {"items": {"allOf": rules}}}}, {"a": ["x", "xx"] * 500}
    )
    assert [fault.pointer for fault in found] == ["/a/1"]


def test_formats_are_remarks() -> None:
    for dialect in ("2020-12", None):
        schema: dict[str, Any] = {"properties": {"a": {"format": "email"}}}
        if dialect is None:
            schema["$schema"] = "http://json-schema.org/draft-07/schema#"
        assert faults(schema, {"a": "nobody"}) == []


def test_names_that_only_look_like_words_of_a_schema_are_names() -> None:
    schema = {
        "properties": {"$ref": {"type": "string"}, "$id": {}, "pattern": {}},
        "required": ["$ref"],
    }
    assert faults(schema, {"$ref": "http://example.org/"}) == []


@pytest.mark.parametrize(
    "reference",
    [
        "http://127.0.0.1:9/x",
        "https://example.org/schema#/a",
        "file:///etc/passwd",
        "other.json",
        "urn:x",
        "#anchor",
        "",
        "//example.org",
        "json-schema:///x",
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_nothing_that_it_names_is_ever_fetched(
    reference: str, depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*args: object, **named: object) -> None:
        pytest.fail(f"it connects: {args} {named}")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    schema: Any = {"$ref": reference}
    for _ in range(depth):
        schema = {"properties": {"a": schema}}
    assert "outside of itself" in why_unusable(schema)


def test_no_reference_hides_where_nothing_is_a_schema() -> None:
    assert "outside" in why_unusable({"x-mine": [{"$ref": "http://127.0.0.1:9/"}]})


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$ref": "#"}, "circle"),
        ({"properties": {"a": {"$ref": "#"}}}, "circle"),
        (
            {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}},
            "circle",
        ),
        ({"$defs": {"a~/%": {"$ref": "#/$defs/a~0~1%25"}}}, "circle"),
        ({"$ref": "#/nowhere"}, "not there"),
        ({"$ref": "#/a/b", "a": "text"}, "not there"),
        ({"$ref": "#/a/7", "a": [True]}, "not there"),
        ({"$dynamicRef": "#meta"}, "cannot be told"),
        ({"$recursiveRef": "#"}, "cannot be told"),
        ({"unevaluatedProperties": False}, "cannot be told"),
        ({"allOf": [{"unevaluatedItems": {}}]}, "cannot be told"),
        ({"properties": {"a": {"$id": "http://example.org/"}}}, "addresses of their own"),
        ({"$schema": "http://127.0.0.1:9/mine"}, "dialect"),
        ({"$schema": 7}, "dialect"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "dialect"),
        ({"type": "text"}, "no valid JSON Schema"),
        ({"required": "a"}, "no valid JSON Schema"),
        ({"pattern": "("}, "no valid JSON Schema"),
        ({"pattern": "(?=a)b"}, "no valid JSON Schema"),
        ({"pattern": r"(a)\1"}, "no valid JSON Schema"),
        ({"pattern": "(((a{99}){99}){99}){99}"}, "patterns is too complicated"),
        ({"allOf": [{}] * 10_001}, "too complicated"),
    ],
)
def test_a_schema_that_is_broken_or_cannot_be_counted_is_unusable(
    schema: Any, why: str
) -> None:
    assert why in why_unusable(schema)


@pytest.mark.parametrize("word", ["allOf", "anyOf", "oneOf"])
def test_references_that_double_are_counted_before_they_are_followed(word: str) -> None:
    names = [f"d{n}" for n in range(40)]
    doubled = {
        name: {word: [{"$ref": f"#/$defs/{after}"}, {"$ref": f"#/$defs/{after}"}]}
        for name, after in pairwise(names)
    }
    schema = {"$defs": doubled | {"d39": {}}, "$ref": "#/$defs/d0"}
    assert "too" in why_unusable(schema)


@pytest.mark.parametrize("turned", [False, True])
def test_a_long_chain_of_references_is_too_deep_from_either_end(*, turned: bool) -> None:
    links = [(f"d{n}", {"$ref": f"#/$defs/d{n + 1}"}) for n in range(3_000)]
    chain = dict(links[::-1] if turned else links)
    assert "deep" in why_unusable({"$defs": chain | {"d3000": {}}})


def test_a_large_schema_is_not_run_over_large_arguments() -> None:
    rules = {"properties": {"a": {"items": {"allOf": [{"maxLength": 9}] * 500}}}}
    assert faults(rules, {"a": ["x"] * 100}) == []
    assert "of this size" in why_unusable(rules, {"a": ["x"] * 9_000})


def test_the_longer_the_texts_the_simpler_a_pattern_must_be() -> None:
    schema = {"properties": {"a": {"pattern": "^(?:[01]*1[01]{400}){4}$"}}}
    assert len(faults(schema, {"a": "01" * 9})) == 1
    assert "patterns" in why_unusable(schema, {"a": "01" * 60_000})
    simple = {"patternProperties": {"^a": {"pattern": "^[01]+$"}}}
    assert faults(simple, {"a": "01" * 60_000}) == []
