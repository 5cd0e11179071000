"""What the call's own schema calls secret is masked, and what it alone hides is said."""

import json
from typing import Any

import pytest

from webui.preview import (
    Profile,
    card,
    full,
    line,
    masked_arguments,
    searchable_text,
    unmasked,
)
from webui.preview.hiding import HIDDEN, Hider

SECRET = {"type": "string", "writeOnly": True}
WORD = {"type": "string", "format": "password"}
PLAIN = {"type": "string"}


def masking(profile: Profile, schema: Any) -> Profile:
    return profile.with_schema(json.dumps(schema))


def object_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


CASES = [
    (object_of(pin=SECRET), {"pin": "1234"}),
    (object_of(pin=WORD), {"pin": "1234"}),
    (object_of(pin={"type": "integer", "writeOnly": True}), {"pin": 1234}),
    (object_of(a=object_of(b=SECRET)), {"a": {"b": "1234"}}),
    (object_of(a={"type": "array", "items": SECRET}), {"a": ["1234"]}),
    (object_of(a={"type": "array", "prefixItems": [PLAIN, SECRET]}), {"a": ["x", "1234"]}),
    (object_of(a={"type": "array", "items": [PLAIN, SECRET]}), {"a": ["x", "1234"]}),
    (
        object_of(a={"prefixItems": [PLAIN], "items": SECRET}),
        {"a": ["x", "1234", "12345"]},
    ),
    (
        object_of(a={"items": [PLAIN, PLAIN], "additionalItems": SECRET}),
        {"a": ["x", "y", "1234", "12345"]},
    ),
    (object_of(a={"writeOnly": True, **object_of(b=PLAIN)}), {"a": {"b": "1234"}}),
    ({"$defs": {"s": SECRET}, **object_of(a={"$ref": "#/$defs/s"})}, {"a": "1234"}),
    ({"definitions": {"a/b": SECRET}, **object_of(a={"$ref": "#/definitions/a~1b"})}, {"a": "1234"}),
    (object_of(a={"anyOf": [PLAIN, SECRET]}), {"a": "1234"}),
    (object_of(a={"allOf": [{"oneOf": [SECRET]}]}), {"a": "1234"}),
    ({"if": {}, "then": object_of(a=WORD)}, {"a": "1234"}),
    ({"additionalProperties": SECRET}, {"zz": "1234"}),
    ({"patternProperties": {"^x-": SECRET}}, {"x-1": "1234"}),
    ({"writeOnly": True}, {"a": "1234"}),
    (object_of(node={"$ref": "#"}, pin=SECRET), {"node": {"node": {"pin": "1234"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "arguments"), CASES)
def test_what_a_schema_calls_secret_is_masked_everywhere(
    profile: Profile, schema: Any, arguments: dict[str, Any]
) -> None:
    marked = masking(profile, schema)
    masked = masked_arguments(arguments, marked)
    assert "1234" in str(masked_arguments(arguments, profile))
    for shown in (
        str(full("t", arguments, marked)),
        str(card("t", arguments, marked)),
        line("t", arguments, marked),
        searchable_text("t", arguments, marked),
        str(masked),
    ):
        assert "1234" not in shown
    assert unmasked(masked, arguments, marked) == arguments
    assert "masked-by-schema" in card("t", arguments, marked).flags


@pytest.mark.parametrize(
    "schema",
    [
        object_of(pin=PLAIN, other=SECRET),
        object_of(pin={"writeOnly": False}),
        object_of(pin={"writeOnly": "yes"}),
        object_of(pin={"$ref": "#/$defs/missing"}, password=SECRET),
        object_of(pin={"$ref": "https://evil.example/s"}, password=SECRET),
        {"properties": [SECRET], "allOf": {"a": SECRET}, "items": SECRET},
        [{"writeOnly": True}],
        True,
        {"$ref": "#", "description": "writeOnly"},
    ],
)
def test_what_it_does_not_call_secret_is_shown(profile: Profile, schema: Any) -> None:
    shown = full("t", {"pin": "1234"}, masking(profile, schema))
    assert shown.masked == 0
    assert shown.flags == frozenset()


def test_what_its_key_masks_anyway_is_not_held_against_the_schema(profile: Profile) -> None:
    shown = card("t", {"password": "1234"}, masking(profile, object_of(password=SECRET)))
    assert shown.masked == 1
    assert shown.flags == {"redacted"}


def test_a_schema_of_many_references_stays_cheap(profile: Profile) -> None:
    every = [{"$ref": f"#/$defs/d{at}"} for at in range(500)]
    definitions = {f"d{at}": {"anyOf": every, **SECRET} for at in range(500)}
    schema = {"$defs": definitions, "additionalProperties": {"anyOf": every}}
    shown = full("t", {"a": {"b": {"c": ["1234"] * 1_000}}}, masking(profile, schema))
    assert shown.masked == 1_000


def test_nobody_can_ask_about_what_a_schema_hides(profile: Profile) -> None:
    hider = Hider(profile, [("colour",)])
    assert hider.hide({"colour": "1234"}) == {"colour": "1234"}
    marked = hider.with_schema(json.dumps(object_of(colour=SECRET)))
    assert marked.hide({"colour": "1234", "a": 1}) == {"colour": HIDDEN, "a": 1}
    assert hider.with_schema(None) is hider
