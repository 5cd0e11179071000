"""Claude Code's hooks, with the bodies that version 2.1.332 really sent, held and answered."""

from __future__ import annotations

import itertools
import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from webui.approvals.senders import sources
from webui.approvals.states import Verdict
from webui.inbox import holding, hooking
from webui.receivers.registry import KINDS
from webui.store.errors import StoreUnavailableError
from webui.store.models import Approval, SourceDelivery

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.plugins.desk import House, TestClock
    from tests.plugins.rules import Desk
    from webui.runtime import Runtime
    from webui.store.store import Store

PRE_TOOL_USE = {
    "session_id": "961c3e39-fb9a-4709-a7cb-980523593ced",
    "transcript_path": "/home/ana/.claude/projects/-work/961c3e39.jsonl",
    "cwd": "/work",
    "prompt_id": "7b319f8b-8a3a-4c11-953d-ae09ea9a5456",
    "permission_mode": "default",
    "effort": {"level": "medium"},
    "hook_event_name": "PreToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "touch ran", "description": "Make a file"},
    "tool_use_id": "toolu_01Stand0In0For0Tests00",
}
PERMISSION_REQUEST = {
    name: value for name, value in PRE_TOOL_USE.items() if name != "tool_use_id"
} | {
    "hook_event_name": "PermissionRequest",
    "permission_suggestions": [
        {"type": "addDirectories", "directories": ["/work"], "destination": "session"},
        {"type": "setMode", "mode": "acceptEdits", "destination": "session"},
    ],
}
BOTH = pytest.mark.parametrize(
    "hook", [PRE_TOOL_USE, PERMISSION_REQUEST], ids=["PreToolUse", "PermissionRequest"]
)


@dataclass
class Claude:
    """A Claude Code that posts its hooks to one source."""

    app: Flask
    source_id: str
    secret: str
    store: Store
    filed: queue.Queue[str] = field(default_factory=queue.Queue)
    threads: list[threading.Thread] = field(default_factory=list)

    def post(self, body: Any, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.secret}", **headers}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.app.test_client().post(
            f"/hooks/{self.source_id}",
            data=data,
            headers={"Content-Type": "application/json", **sent},
            base_url="http://localhost:8080",
        )

    def ask(self, hook: Any) -> tuple[str, Callable[[], dict[str, Any]]]:
        """Post a hook beside the test; returns the approval it waits for, and its answer."""
        answers: queue.Queue[TestResponse] = queue.Queue()
        thread = threading.Thread(target=lambda: answers.put(self.post(hook)), daemon=True)
        thread.start()
        self.threads.append(thread)
        return self.filed.get(timeout=60), lambda: output(answers.get(timeout=60))

    def asked_again(self, hook: Any) -> Callable[[], dict[str, Any]]:
        """Post a hook beside the test that files nothing new."""
        answers: queue.Queue[TestResponse] = queue.Queue()
        threading.Thread(target=lambda: answers.put(self.post(hook)), daemon=True).start()
        return lambda: output(answers.get(timeout=60))


def output(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    said = answer.get_json()["hookSpecificOutput"]
    assert isinstance(said, dict)
    return said


def verdict_of(said: dict[str, Any]) -> tuple[str, str, Any]:
    """Return behaviour, reason and changed input, of whichever hook it answers."""
    if said["hookEventName"] == "PermissionRequest":
        decision = said["decision"]
        return (
            decision["behavior"],
            decision.get("message", ""),
            decision.get("updatedInput"),
        )
    return (
        said["permissionDecision"],
        said["permissionDecisionReason"],
        said.get("updatedInput"),
    )


def rows(store: Store, model: Any) -> list[Any]:
    with store.reading() as session:
        return list(session.scalars(select(model).order_by(model.id)).all())


@pytest.fixture
def claude(dashboard: Flask, store: Store, house: House) -> Iterator[Claude]:
    made = store.write(
        lambda tx: sources.create_source(
            tx,
            house.org_id,
            kind="claude-code",
            name="Claude",
            config={"wait_seconds": 60},
        )
    )
    here = Claude(dashboard, made.source_id, made.secret, store)

    def heard(wakes: Any) -> None:
        for wake in wakes:
            if wake.action == "approval.created":
                here.filed.put(wake.subject.partition(":")[2])

    store.listen(heard)
    yield here
    for thread in here.threads:
        thread.join(timeout=60)


@BOTH
def test_a_yes_lets_the_tool_run_and_is_used_up(
    claude: Claude, desk: Desk, house: House, hook: dict[str, Any]
) -> None:
    approval_id, answered = claude.ask(hook)
    row = desk.row(approval_id)
    assert (row.tool, row.session) == ("Bash", hook["session_id"])
    assert row.source_ref == hook.get("tool_use_id")
    desk.decide(house.rae, approval_id, reason="go on")
    behaviour, _, changed = verdict_of(answered())
    assert (behaviour, changed) == ("allow", None)
    assert desk.status(approval_id) == "consumed"
    [kept] = rows(claude.store, SourceDelivery)
    assert (kept.verdict, kept.approval_id) == ("accepted", approval_id)
    assert claude.secret not in kept.headers


@BOTH
def test_a_no_keeps_it_from_running_and_carries_the_reason(
    claude: Claude, desk: Desk, house: House, hook: dict[str, Any]
) -> None:
    approval_id, answered = claude.ask(hook)
    desk.decide(house.rae, approval_id, Verdict.DENY, reason="not on a Friday")
    behaviour, why, _ = verdict_of(answered())
    assert (behaviour, why) == ("deny", "A reviewer denied this call: not on a Friday")


@BOTH
def test_an_edit_is_what_runs(
    claude: Claude, desk: Desk, house: House, hook: dict[str, Any]
) -> None:
    approval_id, answered = claude.ask(hook)
    changed = {"command": "touch safe", "description": "Make a file"}
    desk.edit(house.rae, approval_id, changed)
    behaviour, _, given = verdict_of(answered())
    assert (behaviour, given) == ("allow", changed)


@BOTH
def test_an_answer_in_its_place_is_a_no_that_says_it(
    claude: Claude, desk: Desk, house: House, hook: dict[str, Any]
) -> None:
    approval_id, answered = claude.ask(hook)
    desk.decide(house.rae, approval_id, Verdict.RESPOND, answer="It is there already.")
    behaviour, why, _ = verdict_of(answered())
    assert behaviour == "deny"
    assert why.endswith("It is there already.")


@BOTH
def test_a_deadline_that_passes_is_a_no(
    claude: Claude, desk: Desk, clock: TestClock, runtime: Runtime, hook: dict[str, Any]
) -> None:
    approval_id, answered = claude.ask(hook)
    clock.advance(61_000)
    desk.sweep()
    behaviour, why, _ = verdict_of(answered())
    assert (behaviour, why) == ("deny", "Nobody decided in time, so it was not allowed.")
    assert desk.status(approval_id) == "expired"


def test_a_desk_that_stops_denies_and_says_to_ask_again(
    claude: Claude, desk: Desk, runtime: Runtime
) -> None:
    approval_id, answered = claude.ask(PRE_TOOL_USE)
    runtime.bus.stop()
    behaviour, why, _ = verdict_of(answered())
    assert behaviour == "deny"
    assert "ask again" in why
    assert desk.status(approval_id) == "pending"


def test_the_same_use_asked_again_waits_for_the_same_verdict(
    claude: Claude, desk: Desk, house: House
) -> None:
    approval_id, answered = claude.ask(PRE_TOOL_USE)
    again = claude.asked_again(PRE_TOOL_USE)
    desk.decide(house.rae, approval_id)
    # the second may come while the first waits, or after it was answered
    assert [verdict_of(one())[0] for one in (answered, again)] == ["allow", "allow"]
    assert verdict_of(output(claude.post(PRE_TOOL_USE)))[0] == "allow"
    assert len(rows(claude.store, Approval)) == 1
    assert desk.actions(approval_id).count("approval.consumed") == 1


def test_a_repeat_that_looks_only_after_the_first_has_run_gets_the_same_yes(
    claude: Claude, desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, used, turns = threading.Semaphore(0), threading.Event(), itertools.count()
    hold = holding.hold

    def heard(wakes: Any) -> None:
        if any(wake.action == "approval.consumed" for wake in wakes):
            used.set()

    def one_by_one(*given: Any) -> bool:
        waits.release()
        found = hold(*given)
        return found and (next(turns) == 0 or used.wait(20))

    claude.store.listen(heard)
    monkeypatch.setattr(hooking, "hold", one_by_one)
    approval_id, answered = claude.ask(PRE_TOOL_USE)
    again = claude.asked_again(PRE_TOOL_USE)
    for _ in range(2):
        assert waits.acquire(timeout=60)
    desk.decide(house.rae, approval_id)
    assert [verdict_of(one())[0] for one in (answered, again)] == ["allow", "allow"]
    assert len(rows(claude.store, Approval)) == 1
    assert desk.actions(approval_id).count("approval.consumed") == 1


def test_a_yes_is_not_given_again_once_its_time_is_over(
    claude: Claude, desk: Desk, house: House, clock: TestClock
) -> None:
    approval_id, answered = claude.ask(PRE_TOOL_USE)
    desk.decide(house.rae, approval_id)
    assert verdict_of(answered())[0] == "allow"
    clock.advance(121_000)
    behaviour, why, _ = verdict_of(output(claude.post(PRE_TOOL_USE)))
    assert (behaviour, why) == ("deny", "This approval was used; it works only once.")


def test_the_same_use_is_denied_again_without_asking(
    claude: Claude, desk: Desk, house: House
) -> None:
    approval_id, answered = claude.ask(PRE_TOOL_USE)
    desk.decide(house.rae, approval_id, Verdict.DENY, reason="no")
    assert verdict_of(answered()) == verdict_of(output(claude.post(PRE_TOOL_USE)))
    assert len(rows(claude.store, Approval)) == 1


def test_a_new_use_of_the_same_tool_is_a_new_question(
    claude: Claude, desk: Desk, house: House
) -> None:
    first, answered = claude.ask(PRE_TOOL_USE)
    second, answered_too = claude.ask(PRE_TOOL_USE | {"tool_use_id": "toolu_02"})
    assert first != second
    desk.decide(house.rae, first)
    assert verdict_of(answered())[0] == "allow"
    desk.decide(house.rae, second, Verdict.DENY, reason="once is enough")
    assert verdict_of(answered_too())[0] == "deny"


def test_a_permission_that_is_asked_for_twice_needs_two_yeses(
    claude: Claude, desk: Desk, house: House
) -> None:
    first, answered = claude.ask(PERMISSION_REQUEST)
    desk.decide(house.rae, first)
    assert verdict_of(answered())[0] == "allow"
    second, answered = claude.ask(PERMISSION_REQUEST)
    assert first != second
    desk.decide(house.rae, second, Verdict.DENY, reason="no more")
    assert verdict_of(answered())[0] == "deny"


def test_other_input_under_the_same_use_takes_the_place_of_the_first(
    claude: Claude, desk: Desk, house: House
) -> None:
    first, answered = claude.ask(PRE_TOOL_USE)
    other = PRE_TOOL_USE | {"tool_input": {"command": "rm -rf /"}}
    second, answered_too = claude.ask(other)
    assert verdict_of(answered())[0] == "deny"
    assert desk.status(first) == "superseded"
    desk.decide(house.rae, second, Verdict.DENY, reason="no")
    assert verdict_of(answered_too())[0] == "deny"


def test_a_yes_for_a_source_that_was_switched_off_meanwhile_is_a_no(
    claude: Claude, desk: Desk, house: House
) -> None:
    approval_id, answered = claude.ask(PRE_TOOL_USE)
    claude.store.write(lambda tx: sources.pause(tx, house.org_id, claude.source_id))
    desk.decide(house.rae, approval_id)
    assert verdict_of(answered())[0] == "deny"
    assert desk.status(approval_id) == "approved"


@pytest.mark.parametrize(("overlap", "behaviour"), [(0, "deny"), (60_000, "allow")])
def test_a_yes_for_a_hook_whose_secret_was_withdrawn_meanwhile_is_a_no(
    claude: Claude, desk: Desk, house: House, overlap: int, behaviour: str
) -> None:
    approval_id, answered = claude.ask(PRE_TOOL_USE)
    claude.store.write(
        lambda tx: sources.rotate_secret(
            tx, house.org_id, claude.source_id, overlap=overlap
        )
    )
    desk.decide(house.rae, approval_id)
    assert verdict_of(answered())[0] == behaviour
    used = "consumed" if behaviour == "allow" else "approved"
    assert desk.status(approval_id) == used


def test_what_the_policy_says_is_answered_at_once(claude: Claude, desk: Desk) -> None:
    desk.set_policy(
        'version: "1"\ntools:\n'
        "  Read:\n    rules: [{name: reads, action: allow}]\n"
        "  Bash:\n    rules: [{name: shells, action: deny, on_deny: no shells}]\n"
    )
    reads = PRE_TOOL_USE | {"tool_name": "Read", "tool_input": {"file_path": "/a"}}
    assert verdict_of(output(claude.post(reads)))[0] == "allow"
    behaviour, why, _ = verdict_of(output(claude.post(PRE_TOOL_USE)))
    assert (behaviour, why) == ("deny", "The policy denied this call: no shells")


@pytest.mark.parametrize("error", [StoreUnavailableError("full"), AssertionError("a bug")])
def test_a_desk_that_cannot_decide_denies(
    claude: Claude, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(_: object) -> None:
        raise error

    monkeypatch.setattr(runtime.store, "write", full)
    behaviour, why, _ = verdict_of(output(claude.post(PRE_TOOL_USE)))
    assert (behaviour, "nothing may run" in why) == ("deny", True)


@pytest.mark.parametrize(
    "member",
    [
        {"tool_input": []},
        {"tool_input": {"n": 1e400}},
        {"tool_input": {"n": 2**60}},
        {"tool_name": ""},
        {"tool_name": "x" * 201},
        {"tool_name": None},
        {"session_id": 7},
        {"tool_use_id": None},
    ],
    ids=["list", "infinite", "large", "nameless", "long", "null", "number", "no-id"],
)
def test_a_hook_that_cannot_be_asked_about_is_denied(
    claude: Claude, member: dict[str, Any]
) -> None:
    body = json.dumps(PRE_TOOL_USE | member)
    behaviour, why, _ = verdict_of(output(claude.post(body.encode())))
    assert behaviour == "deny"
    assert why
    assert rows(claude.store, Approval) == []


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "signature_missing"),
        ("Bearer", "signature_missing"),
        ("Bearer ", "signature_missing"),
        ("Basic {secret}", "signature_missing"),
        ("{secret}", "signature_missing"),
        ("Bearer {secret}x", "signature_mismatch"),
        ("Bearer  {secret}", "signature_mismatch"),
        ("Bearer {secret},", "signature_mismatch"),
        ("Bearer \xff", "signature_mismatch"),
        ("Bearer " + "a" * 43, "signature_mismatch"),
    ],
)
def test_only_the_source_s_secret_is_heard(
    claude: Claude, authorization: str, code: str
) -> None:
    given = authorization.format(secret=claude.secret)
    answer = claude.post(PRE_TOOL_USE, Authorization=given)
    assert (answer.status_code, answer.get_json()["code"]) == (401, code)
    assert claude.secret not in answer.get_data(as_text=True)
    assert rows(claude.store, Approval) == []


def test_no_secret_with_one_bit_turned_is_heard(claude: Claude, runtime: Runtime) -> None:
    from webui.receivers.kind import Inbound, Refused, SourceSecrets  # noqa: PLC0415

    kind = KINDS["claude-code"]
    source = SourceSecrets((claude.secret,), {})
    good = claude.secret.encode()
    for at in range(len(good) * 8):
        bits = bytearray(good)
        bits[at // 8] ^= 1 << at % 8
        headers = {"authorization": f"Bearer {bits.decode('latin-1')}"}
        with pytest.raises(Refused):
            kind.verify(Inbound(headers, b"{}", ""), source, 0)
    kind.verify(Inbound({"authorization": f"Bearer {claude.secret}"}, b"{}", ""), source, 0)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 422),
        (b"{", 400),
        (json.dumps(PRE_TOOL_USE | {"hook_event_name": "Stop"}).encode(), 422),
        (b'{"hook_event_name":["PreToolUse"]}', 422),
    ],
    ids=["empty", "list", "broken", "other-hook", "twice"],
)
def test_what_is_no_hook_is_refused(claude: Claude, body: bytes, status: int) -> None:
    assert claude.post(body).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b'{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_name":"Read"}',
        b'{"hook_event_name":"PreToolUse","tool_input":{"a":"\\ud800"}}',
        b'{"hook_event_name":"PreToolUse"}',
    ],
    ids=["twice", "surrogate", "bare"],
)
def test_a_hook_that_two_readers_could_read_differently_is_denied(
    claude: Claude, body: bytes
) -> None:
    assert verdict_of(output(claude.post(body)))[0] == "deny"


def test_a_hook_of_another_content_type_is_denied(claude: Claude) -> None:
    answer = claude.post(PRE_TOOL_USE, **{"Content-Type": "text/plain"})
    assert verdict_of(output(answer))[0] == "deny"


def test_a_flood_of_held_hooks_is_denied_and_its_places_come_free(
    claude: Claude, desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooking, "MOST_HELD", 1)
    filed, answer = claude.ask(PRE_TOOL_USE)
    behaviour, why, _ = verdict_of(output(claude.post(PERMISSION_REQUEST)))
    assert (behaviour, why) == ("deny", hooking.FULL)
    desk.decide(house.rae, filed)
    assert verdict_of(answer())[0] == "allow"
    filed, answer = claude.ask(PERMISSION_REQUEST)
    desk.decide(house.rae, filed, Verdict.DENY, "no")
    assert verdict_of(answer())[0] == "deny"
