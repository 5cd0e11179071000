"""Who calls: keys and tokens, their end, their scopes, and those who guess."""

from __future__ import annotations

import json
from typing import Any

import pytest

from webui.approvals.agents import agents
from webui.approvals.agents.keys import AGENT, make_key, read_key
from webui.store.models import INSTANCE, Event

ME = "/api/v1/me"


def test_me_is_the_agent_behind_the_key(ci: Any, house: Any) -> None:
    found = ci.get(ME).json
    assert found["agent"] == {"id": house.ci.id, "name": "ci", "owner": None}
    assert found["org"]["id"] == house.org_id
    assert found["key"]["scopes"] == ["approvals:write", "approvals:read", "authorize"]
    assert house.ci.key not in ci.get(ME).get_data(as_text=True)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic Y2k6Y2k=",
        "Bearer csk_a_b",
        "Bearer ü",
    ],
)
def test_without_a_working_key_nothing_is_told(ci: Any, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answers = [
        ci.using(None).get(path, **headers)
        for path in (ME, "/api/v1/openapi.json", "/api/v1/approvals", "/nowhere")
    ]
    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (401, "bad_key")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="countersign"'
        assert answer.mimetype == "application/problem+json"


def test_a_key_with_one_wrong_character_is_refused(ci: Any, house: Any) -> None:
    stem, last = house.ci.key[:-1], house.ci.key[-1]
    mistyped = stem + ("0" if last != "0" else "1")
    assert ci.using(mistyped).get(ME).status_code == 401


def test_a_key_with_the_id_of_another_is_refused(ci: Any, house: Any) -> None:
    import zlib  # noqa: PLC0415

    from webui.approvals.agents import keys  # noqa: PLC0415

    forged = make_key(AGENT)
    stem = f"csk_{read_key(house.ci.key).id}_{forged.text.split('_')[2][:43]}"  # type: ignore[union-attr]
    text = stem + keys._base62(zlib.crc32(stem.encode()), 6)  # noqa: SLF001
    assert read_key(text) is not None
    assert ci.using(text).get(ME).status_code == 401


def test_a_revoked_key_is_refused_from_its_revocation_on(
    ci: Any, new_key: Any, revoke: Any
) -> None:
    caller = ci.using(new_key())
    assert caller.get(ME).status_code == 200
    revoke(caller.key)
    assert caller.get(ME).status_code == 401
    assert ci.get(ME).status_code == 200


def test_a_key_stops_at_its_expiry(ci: Any, new_key: Any, store: Any, clock: Any) -> None:
    caller = ci.using(new_key(expires_at=store.now() + 60_000))
    assert caller.get(ME).status_code == 200
    clock.advance(60_000)
    assert caller.get(ME).status_code == 401


def test_a_rotated_key_works_on_for_a_day_beside_its_successor(
    ci: Any, new_key: Any, store: Any, house: Any, clock: Any
) -> None:
    old = new_key("approvals:read")
    assert ci.using(old).get(ME).json["key"]["expires_at"] is None
    key_id = read_key(old).id  # type: ignore[union-attr]
    new = store.write(lambda tx: agents.rotate_key(tx, house.org_id, key_id))
    assert ci.using(old).get(ME).json["key"]["expires_at"] is not None
    assert ci.using(new).get(ME).json["key"]["scopes"] == ["approvals:read"]
    clock.advance(86_400_000)
    assert ci.using(old).get(ME).status_code == 401
    assert ci.using(new).get(ME).status_code == 200


def test_a_key_does_no_more_than_its_scopes_say(ci: Any, new_key: Any) -> None:
    filed = ci.file()
    reads, writes = (
        ci.using(new_key("approvals:read")),
        ci.using(new_key("approvals:write")),
    )
    path = f"/api/v1/approvals/{filed['id']}"
    call = {"tool": "shell.run", "arguments": {"command": "ls"}}
    assert reads.get(path).status_code == 200
    assert writes.post("/api/v1/approvals", call).status_code == 200
    refused = [
        writes.get(path),
        writes.get("/api/v1/approvals"),
        reads.post("/api/v1/approvals", call),
        reads.post("/api/v1/gate", call),
        reads.post(f"{path}/cancel"),
        reads.post(f"{path}/consume", {"fingerprint": filed["fingerprint"]}),
        reads.post(f"{path}/rollback", {"lease_token": "x"}),
        reads.post(f"{path}/outcome", {"lease_token": "x", "result": "ok"}),
        reads.post(f"{path}/heartbeat", {"lease_token": "x"}),
        reads.post("/api/v1/sessions/s/end"),
        reads.post("/api/v1/runs/r/end"),
    ]
    assert {answer.status_code for answer in refused} == {403}
    assert {answer.json["code"] for answer in refused} == {"scope_missing"}
    assert ci.get(path).json["seen_count"] == 2


def test_a_persons_token_is_no_agents_key(ci: Any, token: Any, house: Any) -> None:
    caller = ci.using(token(house.rae))
    answers = [caller.get(ME), caller.post("/api/v1/gate", {"tool": "t", "arguments": {}})]
    assert {(a.status_code, a.json["code"]) for a in answers} == {
        (403, "agent_key_required")
    }


def test_guessing_is_held_back_without_refusing_good_keys(ci: Any, house: Any) -> None:
    guess = ci.using(make_key(AGENT).text)
    statuses = [guess.get(ME).status_code for _ in range(25)]
    assert statuses == [401] * 20 + [429] * 5
    answer = guess.get(ME)
    assert answer.json["code"] == "too_many_failures"
    assert answer.headers["Retry-After"] == "60"
    assert ci.get(ME).status_code == 200
    assert ci.using(make_key(AGENT).text).get(ME).status_code == 401  # others count apart


def test_a_new_minute_begins_at_none(ci: Any, clock: Any) -> None:
    guess = ci.using(make_key(AGENT).text)
    for _ in range(21):
        guess.get(ME)
    clock.advance(60_000)
    assert guess.get(ME).status_code == 401


def test_many_different_guesses_are_held_back_together(ci: Any) -> None:
    statuses = [ci.using(make_key(AGENT).text).get(ME).status_code for _ in range(610)]
    assert statuses[:600] == [401] * 600
    assert statuses[600:] == [429] * 10
    assert ci.get(ME).status_code == 200


def test_requests_without_a_key_are_counted_once_each(ci: Any) -> None:
    statuses = [ci.using(None).get(ME).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]


def test_a_key_in_the_url_is_revoked(ci: Any, new_key: Any) -> None:
    caller = ci.using(new_key())
    answer = ci.get(f"{ME}?key={caller.key}")
    assert (answer.status_code, answer.json["code"]) == (400, "key_in_url")
    assert caller.get(ME).status_code == 401


def test_a_token_in_the_url_is_revoked(ci: Any, token: Any, house: Any, store: Any) -> None:
    from webui.store.queries.identity import token_holder  # noqa: PLC0415

    text = token(house.rae)
    assert ci.get(f"{ME}?token={text}").json["code"] == "key_in_url"
    with store.reading() as session:
        holder = token_holder(session, read_key(text).id)  # type: ignore[union-attr]
    assert holder is not None
    assert holder.revoked_at is not None


def test_a_forged_key_in_the_url_revokes_nothing(ci: Any, house: Any) -> None:
    key_id = read_key(house.ci.key).id  # type: ignore[union-attr]
    for prefix in ("csk", "csp"):
        forged = make_key(prefix)
        assert ci.get(f"{ME}?k={forged.text}").json["code"] == "key_in_url"
        assert ci.get(f"{ME}?k={prefix}_{key_id}_{'g' * 49}").json["code"] == "key_in_url"
    assert ci.get(ME).status_code == 200


def test_a_key_read_before_a_change_is_not_remembered_after_it(
    runtime: Any, house: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webui.api import keys  # noqa: PLC0415
    from webui.store.queries import identity  # noqa: PLC0415

    presented = read_key(house.ci.key)
    assert presented is not None
    known = keys.KnownKeys(runtime)
    read = identity.key_holder

    def read_and_be_overtaken(session: Any, key_id: str) -> Any:
        found = read(session, key_id)
        store.write(lambda tx: agents.revoke_key(tx, house.org_id, key_id))
        return found

    monkeypatch.setattr(keys, "key_holder", read_and_be_overtaken)
    known.holder(presented)
    monkeypatch.undo()
    after = known.holder(presented)
    assert after is not None
    assert not after.works(store.now())


def test_keys_that_do_not_work_are_told_of_once_a_minute_and_kind(
    ci: Any, store: Any, clock: Any
) -> None:
    def told() -> list[str]:
        with store.reading() as session:
            rows = session.query(Event).where(
                Event.org_id == INSTANCE, Event.action == "access.refused"
            )
            return sorted(json.loads(row.payload)["kind"] for row in rows)

    for _ in range(3):
        for key in (None, "nonsense", ci.key[:-1] + "-"):
            assert ci.using(key).get("/api/v1/approvals").status_code == 401
    first = told()
    assert first == sorted(set(first))
    assert {"missing", "malformed"} <= set(first)
    clock.advance(60_000)
    ci.using(None).get("/api/v1/approvals")
    assert told().count("missing") == 2
