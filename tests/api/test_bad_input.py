"""Bad input: each has a clear answer that says how to mend it, and changes nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

PATHS = ("/api/v1/approvals", "/api/v1/gate")
CALL = {"tool": "shell.run", "arguments": {"command": "ls"}}


@pytest.fixture(params=PATHS)
def refused(ci: Any, actions: Any, request: pytest.FixtureRequest) -> Any:
    """Send bytes; returns (status, code, document) after a look that nothing was changed."""

    def send(body: bytes, **headers: str) -> tuple[int, str, Any]:
        before = actions()
        answer = ci.post(request.param, body, **headers)
        assert actions() == before
        assert answer.mimetype == "application/problem+json"
        document = answer.json
        assert set(document) >= {"type", "title", "status", "detail", "instance", "code"}
        assert document["status"] == answer.status_code
        assert document["instance"] == request.param
        assert document["title"]
        return answer.status_code, document["code"], document

    return send


def _with(arguments: str) -> bytes:
    return f'{{"tool":"t","arguments":{arguments}}}'.encode()


@pytest.mark.parametrize("body", [b"{", b"", b"x", b'{"tool":"t",}', b"{}{}"])
def test_malformed_json(refused: Any, body: bytes) -> None:
    status, code, document = refused(body)
    assert (status, code) == (400, "malformed_json")
    assert "Send one complete JSON object" in document["detail"]


def test_duplicate_keys(refused: Any) -> None:
    status, code, document = refused(_with('{"a":{"b":1,"b":2}}'))
    assert (status, code) == (422, "duplicate_key")
    assert document["errors"][0]["pointer"] == "/arguments/a/b"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_nan(refused: Any, number: str) -> None:
    status, code, document = refused(_with(f'{{"n":{number}}}'))
    assert (status, code) == (422, "non_finite")
    assert document["errors"][0]["pointer"] == "/arguments/n"


@pytest.mark.parametrize("number", ["9007199254740992", "-9007199254740992", "1e30"])
def test_numbers_over_2_53_minus_1(refused: Any, number: str) -> None:
    status, code, document = refused(_with(f'{{"n":{number}}}'))
    assert (status, code) == (422, "out_of_range")
    assert "string" in document["detail"]


def test_depth_33(refused: Any, ci: Any) -> None:
    deep = '{"a":' * 32 + "{}" + "}" * 32
    assert refused(_with(deep))[:2] == (422, "too_deep")
    fits = '{"a":' * 31 + "{}" + "}" * 31
    assert ci.post("/api/v1/approvals", _with(fits)).status_code == 201


def test_300_kib(refused: Any) -> None:
    status, code, document = refused(_with(json.dumps({"a": "x" * 300 * 1024})))
    assert (status, code) == (413, "too_large")
    assert "262144" in document["detail"]


def test_unknown_fields(refused: Any) -> None:
    status, code, document = refused(
        json.dumps(CALL | {"expires": 3, "Risk": "high"}).encode()
    )
    assert (status, code) == (422, "schema")
    pointers = {error["pointer"] for error in document["errors"]}
    assert pointers == {"/expires", "/Risk"}
    assert "mend its name" in document["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"tool": 7, "arguments": {}}, "/tool"),
        ({"tool": "", "arguments": {}}, "/tool"),
        ({"tool": "x" * 201, "arguments": {}}, "/tool"),
        ({"tool": "t", "arguments": []}, "/arguments"),
        ({"tool": "t", "arguments": "{}"}, "/arguments"),
        ({"tool": "t", "arguments": None}, "/arguments"),
        ({"tool": "t"}, "/arguments"),
        ({"arguments": {}}, "/tool"),
        ({"tool": "t", "arguments": {}, "expires_in": 1.5}, "/expires_in"),
        ({"tool": "t", "arguments": {}, "trace": [{"label": 1}]}, "/trace/0/label"),
    ],
)
def test_wrong_types(refused: Any, body: Any, pointer: str) -> None:
    status, code, document = refused(json.dumps(body).encode())
    assert (status, code) == (422, "schema")
    assert [error["pointer"] for error in document["errors"]] == [pointer]


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"7", b"null", b"true"])
def test_a_top_level_that_is_no_object(refused: Any, body: bytes) -> None:
    assert refused(body)[:2] == (422, "schema")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('{"a":"\\ud800"}', "lone_surrogate"),
        ('{"a":1e-400}', "underflow"),
        ('{"K":1,"\u212a":2}', "confusable_key"),
        ('{"' + "n" * 257 + '":1}', "name_too_long"),
    ],
)
def test_what_two_readers_could_read_differently(
    refused: Any, arguments: str, code: str
) -> None:
    status, found, _ = refused(_with(arguments))
    assert (status, found) == (422, code)


def test_bytes_that_are_no_utf_8(refused: Any) -> None:
    assert refused(b'{"tool":"\xff","arguments":{}}')[:2] == (422, "bad_utf8")
    assert refused(b"\xef\xbb\xbf" + _with("{}"))[:2] == (422, "bom")


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
    ],
)
def test_wrong_content_type(ci: Any, actions: Any, media_type: str) -> None:
    before = actions()
    answer = ci.client.post(
        "/api/v1/gate",
        base_url="http://127.0.0.1:9111",
        headers={"Authorization": f"Bearer {ci.key}"},
        data=json.dumps(CALL),
        content_type=media_type,
    )
    assert (answer.status_code, answer.json["code"]) == (415, "not_json")
    assert "application/json" in answer.json["detail"]
    assert actions() == before


def test_bad_revoked_and_missing_keys(
    ci: Any, new_key: Any, revoke: Any, actions: Any
) -> None:
    revoked = new_key()
    revoke(revoked)
    before = actions()
    for key in ("csk_bad", revoked, None):
        answer = ci.using(key).post("/api/v1/gate", CALL)
        assert (answer.status_code, answer.json["code"]) == (401, "bad_key")
        assert "Authorization: Bearer" in answer.json["detail"]
    assert actions() == before


def test_an_unknown_key_is_refused_before_its_body_is_read(ci: Any) -> None:
    assert ci.using(None).post("/api/v1/gate", b"{").status_code == 401


def test_another_orgs_ids(ci: Any, house: Any, actions: Any) -> None:
    theirs = ci.using(house.stranger.key).file()
    before = actions()
    for path, body in (
        ("", None),
        ("/cancel", {}),
        ("/consume", {"fingerprint": theirs["fingerprint"]}),
        ("/rollback", {"lease_token": "x"}),
        ("/outcome", {"lease_token": "x", "result": "ok"}),
        ("/heartbeat", {"lease_token": "x"}),
    ):
        known, unknown = (
            ci.get(f"/api/v1/approvals/{id_}{path}")
            if body is None
            else ci.post(f"/api/v1/approvals/{id_}{path}", body)
            for id_ in (theirs["id"], "apr_01ARZ3NDEKTSV4RRFFQ69G5FAV")
        )
        assert known.status_code == unknown.status_code == 404
        assert known.json | {"instance": ""} == unknown.json | {"instance": ""}
        assert dict(known.headers) | {"Content-Length": ""} == dict(unknown.headers) | {
            "Content-Length": ""
        }
    assert actions() == before


def test_expired_approvals(ci: Any, clock: Any) -> None:
    filed = ci.file()
    clock.advance(900_000)
    consumed = ci.post(
        f"/api/v1/approvals/{filed['id']}/consume", {"fingerprint": filed["fingerprint"]}
    )
    assert (consumed.status_code, consumed.json["code"]) == (409, "expired")
    assert "ask again" in consumed.json["detail"]
    assert ci.post(f"/api/v1/approvals/{filed['id']}/cancel").json["code"] == "not_pending"
    assert ci.file()["id"] != filed["id"]


@pytest.fixture
def full_disk(store: Any) -> Iterator[None]:
    """No page more fits into the file."""

    def limit(tx: Any, pages: str) -> None:
        tx.execute(text(f"PRAGMA max_page_count = {pages}"))

    store.write(lambda tx: limit(tx, "1"))
    yield
    store.write(lambda tx: limit(tx, "1000000"))


@pytest.mark.parametrize("path", PATHS)
def test_a_full_disk(ci: Any, full_disk: None, actions: Any, path: str) -> None:
    before = actions()
    fills = {"tool": "t", "arguments": {"blob": "x" * 100_000}}
    answer = ci.post(path, fills)
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert answer.json["proceed"] is False
    assert "disk is full" in answer.json["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert actions() == before
    assert ci.get("/api/v1/me").status_code == 200  # reading goes on


@pytest.mark.parametrize("path", PATHS)
def test_a_locked_database(
    ci: Any, store: Any, instance: Any, actions: Any, path: str
) -> None:
    store.write(lambda tx: tx.execute(text("PRAGMA busy_timeout = 50")))
    before = actions()
    other = sqlite3.connect(instance / "countersign.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answer = ci.post(path, CALL)
        assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
        assert answer.json["proceed"] is False
        assert int(answer.headers["Retry-After"]) > 0
    finally:
        other.close()
    assert actions() == before
    assert ci.post(path, CALL).status_code in {201, 202}


def test_an_address_that_does_not_exist(ci: Any) -> None:
    answer = ci.get("/api/v1/nowhere")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert answer.mimetype == "application/problem+json"


def test_a_method_that_an_address_does_not_take(ci: Any) -> None:
    answer = ci.post("/api/v1/me", {})
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_a_bug_is_a_problem_without_a_trace(
    ci: Any, agents_app: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setitem(agents_app.view_functions, "who_am_i", broken)
    answer = ci.get("/api/v1/me")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_server_error")
    assert "secret" not in answer.get_data(as_text=True)
    assert "secret detail" in caplog.text  # the log has it
