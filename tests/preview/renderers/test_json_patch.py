"""JSON Patch and merge patches: each change a line, and paths that reach too far."""

import json

import pytest

from tests.preview.renderers.calls import findings, rendered, text_of

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
REMOVE: dict[str, object] = {"op": "remove", "path": "/a"}


def patch(*operations: dict[str, object]) -> dict[str, object]:
    return {"patch": list(operations)}


def at(path: str, verb: str = "add", **more: object) -> dict[str, object]:
    return patch({"op": verb, "path": path, "value": 1, **more})


def test_each_operation_is_a_line_with_its_path_unescaped() -> None:
    arguments = patch(
        {"op": "test", "path": "/version", "value": 3},
        {"op": "replace", "path": "/a~1b/~0c/0", "value": {"x": [True, "y"]}},
        {"op": "remove", "path": "/old"},
        {"op": "move", "from": "/p", "path": "/q"},
    )
    lines = text_of(rendered("x", arguments)).splitlines()[3:]
    assert lines == [
        " test /version is 3",
        "+replace /a/b/~c/0 := {x: [true, “y”]}",
        "-remove /old",
        " move /p to /q",
    ]


def test_a_merge_patch_tells_what_is_set_from_what_is_removed() -> None:
    arguments = {"merge_patch": {"a": {"b": None, "c": 1}, "d": []}}
    lines = text_of(rendered("update_document", arguments)).splitlines()
    assert lines[2:] == ["-a / b", "+a / c := 1", "+d := []"]


def test_a_patch_sent_as_one_text_is_read_as_one_sent_as_values() -> None:
    operations = [{"op": "replace", "path": "/n", "value": 1.50}, REMOVE]
    shown = text_of(rendered("x", {"patch": json.dumps(operations).replace("1.5", "1.50")}))
    assert shown.splitlines()[-2:] == ["+replace /n := 1.50", "-remove /a"]


@pytest.mark.parametrize(
    "sent",
    [
        {"patch": json.dumps([{"op": "add", "path": "/key", "value": f"x {TOKEN}"}])},
        {"merge_patch": json.dumps({"key": f"x {TOKEN}", TOKEN: True, "n": None})},
        {"merge_patch": json.dumps({"key": [f"x {TOKEN} y", False, 1]})},
    ],
)
def test_a_secret_in_a_text_of_json_keeps_its_mask(sent: dict[str, str]) -> None:
    shown = text_of(rendered("x", sent))
    assert "x ⟦redacted 40 chars tag" in shown
    assert TOKEN not in shown
    assert "U+F0000" not in shown


@pytest.mark.parametrize(
    "text",
    [
        '{"a": NaN}',
        "[" * 100 + "]" * 100,
        "[" * 100_000,
        f'{{"a": "\\udb80\\udc00", "b": "{TOKEN}"}}',
    ],
)
def test_json_that_cannot_be_read_for_sure_is_not_read(text: str) -> None:
    assert "no object" in findings("json_merge_patch", {"patch": text})


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        (
            "x",
            patch({"op": "remove", "path": ""}),
            "Operation 1 removes the whole document",
        ),
        ("x", at("", "replace"), "replaces the whole document"),
        ("x", at("/__proto__/admin"), "reaches __proto__"),
        ("x", at("/a/constructor/prototype"), "reaches constructor"),
        ("x", patch({"op": "remove", "path": "/list/-"}), "behind a list's end"),
        ("x", at("/list/01"), "a leading zero"),
        ("x", at("a/b"), "is no JSON Pointer"),
        ("x", at("/a~2b"), "an escape that RFC 6901 does not know"),
        ("x", at("/a", "merge"), "which RFC 6902 does not know"),
        ("x", at("/roles/0"), "who may do what"),
        ("x", at("/a/", "replace"), "an empty name"),
        ("x", patch({"op": "move", "from": "/a", "path": "/a/b"}), "into itself"),
        ("x", patch({"op": "add", "path": "/a"}), "has no value"),
        ("x", at("/a", "test"), "only if its tests hold"),
        ("x", at("/x" * 2000), "too long to be read whole"),
        (
            "x",
            patch(*[dict(REMOVE) for _ in range(300)], {"op": "remove", "path": ""}),
            "301",
        ),
        ("json_merge_patch", {"patch": {"__proto__": {"a": 1}}}, "reaches __proto__"),
        ("json_merge_patch", {"patch": {"is_admin": True}}, "who may do what"),
        ("json_merge_patch", {"patch": {"a": None}}, "set to null is removed"),
        ("json_merge_patch", {"patch": [1, 2]}, "takes the place of the whole document"),
        ("json_merge_patch", {"patch": '{"a": {"__proto__": null}}'}, "reaches __proto__"),
    ],
)
def test_a_patch_that_reaches_far_is_found(
    tool: str, arguments: dict[str, object], words: str
) -> None:
    assert words in findings(tool, arguments)
