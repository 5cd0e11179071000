"""Every operation of the agents' listener x every kind of key: who gets in, who changes anything.

The table is written by hand from the specification (api.md, authorization.md); `authorize()` is
not asked. An operation that is missing from it fails.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, update

from tests.plugins.desk import Member
from tests.plugins.places import rows, things
from tests.plugins.stranded import CALL_ID, CONTACT_ID, HUMANLAYER, interrupted
from webui.api.operations import OPERATIONS, Operation
from webui.approvals.agents import agents
from webui.approvals.authorization import ALL
from webui.approvals.people import accounts
from webui.settings import Settings
from webui.store.models import Membership, PersonalToken, User

WRITE, READ = "agent approvals:write", "agent approvals:read"
AGENTS = frozenset({WRITE, READ, "agent authorize", "agent write-gate"})
"""Keys of one scope each."""
SEERS = frozenset({"owner", "admin", "operator", "reviewer", "auditor", "viewer"})
DECIDERS = frozenset({"owner", "admin", "reviewer"})
MANAGERS = frozenset({"owner", "admin", "instance admin"})
OPERATORS = MANAGERS | {"operator"}
READERS = SEERS | {"instance admin", "agent's token"}
"""A token made for an agent reads what its person, an owner, may see, and does nothing else."""
TOKENS = READERS | {"member", "no scope", "left the org"}
NO_KEYS = frozenset({"no key", "malformed key", "revoked key", "suspended"})
FOREIGN = frozenset({"foreigner", "foreign agent"})
"""In another org they may all that is about their own; the ids that are tried are not."""
ACTORS = sorted(AGENTS | TOKENS | NO_KEYS | FOREIGN)

WHO_MAY = {
    frozenset({WRITE}): """
        file_approval cancel_approval end_session end_run ask_gate consume_approval
        renew_lease roll_back report_outcome write_to_reviewers evaluate_call
        read_interrupt create_function_call read_function_call create_human_contact
        read_human_contact escalate_function_call escalate_human_contact
    """,
    frozenset(): "respond_to_function_call respond_to_human_contact",
    frozenset({READ}): "read_approval list_approvals stream_events",
    frozenset({"agent authorize"}): "ask_authorize",
    frozenset({"agent write-gate"}): "ask_write_gate",
    frozenset({"owner"}): """
        change_place send_trial pause_place resume_place remove_place
    """,
    SEERS | {"member"}: "add_place set_zone",
    SEERS | {"member", "agent's token"}: "list_places",
    AGENTS: "who_am_i",
    AGENTS | TOKENS: "show_openapi",
    TOKENS: "list_reviews list_pending list_standing_grants",
    DECIDERS: """
        decide_review write_to_agent claim_review undo_review revoke_review approve deny
        revoke_standing_grant
    """,
    TOKENS - {"no scope", "agent's token"}: "decide_several",
    frozenset({"owner", "instance admin"}): "reveal_value",
    OPERATORS: """
        list_admin_agents put_admin_agent delete_admin_agent list_admin_projects
        put_admin_project delete_admin_project list_admin_issues put_admin_issue
        delete_admin_issue list_admin_protections put_admin_protection preview_question
    """,
    READERS | {"no scope"}: "read_policy list_policies check_text",
    MANAGERS: """
        list_admin_grants put_admin_grant revoke_admin_grant set_policy revert_policy
        start_shadow
        stop_shadow take_over
    """,
    READERS: """
        read_review read_pending read_standing_grant list_backtests read_backtest
        list_suggestions read_suggestions read_shadow
    """,
    SEERS | {"instance admin"}: """
        release_review start_backtest cancel_backtest start_suggestions cancel_suggestions
    """,
}
ALLOWED = {name: those for those, names in WHO_MAY.items() for name in names.split()}
ITEMS = {
    "delete_admin_agent": "agent_id",
    "delete_admin_project": "project_id",
    "delete_admin_issue": "issue_id",
    "revoke_admin_grant": "grant_id",
}
LAST = [
    "decide_several",
    "decide_review",
    "approve",
    "deny",
    "revoke_review",
    "delete_admin_issue",
    "delete_admin_project",
    "delete_admin_agent",
    "remove_place",
]
SAID_OF_THE_BODY = {409, 422}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The small admin API is on, so that its calls are tried too."""
    return settings.model_copy(update={"admin_api": True})


@pytest.fixture
def key_of(
    house: Any, store: Any, token: Any, new_key: Any, revoke: Any, password_hash: str
) -> Callable[[str], str | None]:
    """Make the key of one kind of caller."""
    known = {
        "owner": house.ana,
        "agent's token": house.ana,
        "no scope": house.ana,
        "reviewer": house.rae,
        "auditor": house.ed,
        "viewer": house.vi,
        "member": house.max,
    }

    def person(actor: str) -> Member:
        role = actor if actor in {"admin", "operator"} else "reviewer"
        email = f"{actor.replace(' ', '-')}@example.org"
        made = store.write(
            lambda tx: accounts.create_user(
                tx, house.org_id, email=email, role=role, password_hash=password_hash
            )
        )
        return Member(made.id, email, actor, role)

    def of_person(actor: str) -> str:
        if actor == "foreigner":
            return str(token(house.zoe, house.other_org_id, scopes=ALL))
        who = known[actor] if actor in known else person(actor)
        text = str(token(who, scopes=["policy:read"] if actor == "no scope" else ALL))
        for statement in _made_so(actor, who.id):
            store.write(lambda tx, s=statement: tx.execute(s) and None)
        return text

    def make(actor: str) -> str | None:
        if actor in {"no key", "malformed key"}:
            return None if actor == "no key" else house.ci.key[:-1] + "!"
        if actor == "foreign agent":
            return str(house.stranger.key)
        if actor.startswith("agent "):
            return str(new_key(actor.removeprefix("agent ")))
        if actor == "revoked key":
            text = str(new_key(*agents.SCOPES))
            revoke(text)
            return text
        return of_person(actor)

    return make


READ_ONLY = {"agent_context": True, "scopes": "approvals:view audit:read policy:read"}
"""All that the product ever lets such a token carry."""


def _made_so(actor: str, user_id: str) -> list[Any]:
    user, mine = User.id == user_id, Membership.user_id == user_id
    tokens = PersonalToken.user_id == user_id
    made: dict[str, list[Any]] = {
        "suspended": [update(User).where(user).values(status="suspended")],
        "left the org": [update(Membership).where(mine).values(status="suspended")],
        "instance admin": [
            update(User).where(user).values(instance_admin=True),
            delete(Membership).where(mine),
        ],
        "agent's token": [update(PersonalToken).where(tokens).values(**READ_ONLY)],
    }
    return made.get(actor, [])


def path_of(each: Operation, ids: dict[str, str]) -> str:
    item = ids[ITEMS[each.name]] if each.name in ITEMS else ""
    path = each.path.replace("<item_id>", item).replace("<path:name>", "s")
    for name in ("standing_id", "backtest_id", "search_id", "destination_id"):
        path = path.replace(f"<{name}>", ids[name])
    if each.name == "read_interrupt":
        return path.replace("<approval_id>", ids["interrupt_id"])
    call_id = CONTACT_ID if each.name.endswith("human_contact") else CALL_ID
    path = path.replace("<call_id>", call_id)
    return path.replace("<approval_id>", ids["approval_id"])


def bodies(ids: dict[str, str], house: Any) -> dict[str, Any]:
    """What each call takes; the rest take nothing."""
    call = {"tool": "shell.run", "arguments": {"command": "ls"}}
    principal = {"type": "user", "id": house.bo.id}
    verdict = {"verdict": "deny", "reason": "Not today."}
    question = {
        "actor": {"type": "user", "id": house.bo.id},
        "action": "audit:read",
        "resource": {"type": "org"},
    }
    return HUMANLAYER | {
        "ask_authorize": question,
        "preview_question": question,
        "file_approval": call,
        "evaluate_call": call,
        "check_text": {"text": 'version: "1"'},
        "set_policy": {"text": "nothing", "expected": 0},
        "revert_policy": {"number": 1, "expected": 9},
        "start_backtest": {"text": 'version: "1"'},
        "start_suggestions": {},
        "start_shadow": {"text": 'version: "1"'},
        "take_over": {"expected": 0},
        "ask_gate": call,
        "consume_approval": call,
        "renew_lease": {"lease_token": "x"},
        "roll_back": {"lease_token": "x"},
        "report_outcome": {"lease_token": "x", "result": "ok"},
        "decide_review": verdict,
        "reveal_value": {"path": "/command", "seal": "0" * 64},
        "decide_several": verdict
        | {"items": [{"id": ids["approval_id"], "seal": "0" * 64}]},
        "deny": {"reason": "Not today."},
        "write_to_agent": {"text": "Which host?"},
        "write_to_reviewers": {"text": "The staging one."},
        "put_admin_agent": {"external_id": "a-1", "name": "a-1"},
        "put_admin_project": {"external_id": "p-1", "name": "p-1"},
        "put_admin_issue": {"external_id": "i-1", "title": "i-1"},
        "put_admin_grant": {"principal": principal, "permission": "audit:read"},
        "put_admin_protection": {
            "on": {"type": "agent", "id": ids["agent_id"]},
            "policy": {},
        },
        "add_place": {"kind": "browser"},
        "change_place": {"about": "alerts"},
        "set_zone": {"zone": "Europe/Berlin"},
        "ask_write_gate": {
            "user": house.bo.id,
            "org_ref": house.org_id,
            "agent_context": True,
            "method": "PUT",
            "path": "/a",
            "scopes_required": ["files:write"],
            "scopes_held": ["files:write"],
        },
    }


@pytest.fixture
def ids(ci: Any, house: Any, file_call: Any, store: Any, runtime: Any) -> dict[str, str]:
    """Things of the org that the calls name."""
    made = things(house.ci, file_call, store, house.org_id, house.ana.id)
    made["interrupt_id"] = interrupted(runtime, house.org_id, house.ci.id)
    for name, address in _ASKED_OF_HUMANLAYER.items():
        answer = ci.post(f"/api/humanlayer/v1/{address}", HUMANLAYER[name])
        assert answer.status_code == 200, answer.text
    return made


_ASKED_OF_HUMANLAYER = {
    "create_function_call": "function_calls",
    "create_human_contact": "contact_requests",
}


def test_the_table_names_every_operation_and_no_other(agents_app: Any) -> None:
    assert agents_app is not None  # its views enter themselves into the table
    assert {each.name for each in OPERATIONS} == set(ALLOWED)


@pytest.mark.parametrize("actor", ACTORS)
def test_every_operation_lets_in_whom_it_is_for(
    actor: str, ci: Any, key_of: Any, ids: dict[str, str], house: Any, store: Any
) -> None:
    caller, sent = ci.using(key_of(actor)), bodies(ids, house)
    before, wrong = rows(store), []
    walk = [each for each in OPERATIONS if actor not in FOREIGN or _names_ours(each)]
    walk.sort(key=lambda each: LAST.index(each.name) if each.name in LAST else -1)
    for each in [each for each in walk if not _lets_in(each, actor)]:
        answer = _try(caller, each, ids, sent)
        if not _is_refusal(each, actor, answer):
            wrong.append(f"{each.name}: {answer.status_code} {answer.text[:200]}")
    after = rows(store)
    changed = [name for name, kept in after.items() if kept != before[name]]
    assert ("\n".join(wrong), changed) == ("", [])
    for each in [each for each in walk if _lets_in(each, actor)]:
        answer = _try(caller, each, ids, sent)
        if answer.status_code not in {200, 201, 202} | SAID_OF_THE_BODY:
            wrong.append(f"{each.name}: {answer.status_code} {answer.text[:300]}")
    assert "\n".join(wrong) == ""


def _names_ours(each: Operation) -> bool:
    return each.name == "ask_write_gate" or "_id>" in each.path


def _lets_in(each: Operation, actor: str) -> bool:
    return actor in ALLOWED[each.name]


def _try(caller: Any, each: Operation, ids: dict[str, str], sent: dict[str, Any]) -> Any:
    path = path_of(each, ids)
    return (
        caller.get(path) if each.method == "GET" else caller.post(path, sent.get(each.name))
    )


def _is_refusal(each: Operation, actor: str, answer: Any) -> bool:
    status, code = answer.status_code, (answer.json or {}).get("code")
    if actor in NO_KEYS:
        return (status, code) in {(401, "bad_key"), (429, "too_many_failures")}
    # a place where somebody is told is that person's alone
    not_theirs = "<destination_id>" in each.path and actor != "agent's token"
    if actor == "foreigner" and _is_for_people(each):
        return (status, code) == (404, "not_found")
    if actor in AGENTS | {"foreign agent"} and _decides(each):
        return (status, code) == (403, "agent_cannot_decide")
    if actor == "foreign agent" and (status, code) == (404, "not_found"):
        return True
    unseen = actor not in READERS or actor == "no scope"
    about_all = "/policy/" in each.path  # which says of no call that it is there
    if not_theirs or (unseen and each.reviewer and "<" in each.path and not about_all):
        return (status, code) == (404, "not_found")
    # a person, where nobody may answer, is sent to where people decide
    expected = REFUSALS if each.reviewer or ALLOWED[each.name] else {"wrong_channel"}
    return status == 403 and code in expected and bool(answer.json["detail"])


def _decides(each: Operation) -> bool:
    """Say whether an agent that calls it tries to decide: its answer is that, whatever else.

    Besides the reviewers' calls these are the two with which HumanLayer's clients answer their
    own calls; nobody may, so a person is sent to where people decide.
    """
    return each.reviewer or not ALLOWED[each.name]


def _is_for_people(each: Operation) -> bool:
    return each.reviewer or "/admin/" in each.path


REFUSALS = {
    "agent_key_required",
    "personal_token_required",
    "scope_missing",
    "missing_grant",
    "missing_membership",
    "agent_context",
}


def test_an_agents_key_on_a_reviewers_path_is_an_event_each_time(
    ci: Any, ids: dict[str, str], house: Any, actions: Any
) -> None:
    sent, seen = bodies(ids, house), actions().count("agent_cannot_decide")
    for each in OPERATIONS:
        if _decides(each):
            assert _try(ci, each, ids, sent).json["code"] == "agent_cannot_decide"
            seen += 1
            assert actions().count("agent_cannot_decide") == seen
    assert seen > 10


@pytest.mark.parametrize("media_type", ["text/plain", "multipart/form-data", ""])
def test_every_operation_takes_json_alone(
    ci: Any, key_of: Any, ids: dict[str, str], house: Any, store: Any, media_type: str
) -> None:
    sent = bodies(ids, house)
    keys = [key_of(actor) for actor in (*sorted(AGENTS), "owner")]
    before = rows(store)
    for each in OPERATIONS:
        if each.name not in sent:
            continue
        answers = [
            ci.client.post(
                path_of(each, ids),
                base_url="http://127.0.0.1:9111",
                headers={"Authorization": f"Bearer {key}"},
                data=json.dumps(sent[each.name]),
                content_type=media_type,
            ).status_code
            for key in keys
        ]
        assert set(answers) <= {403, 415}, each.name
        assert 415 in answers, each.name
    assert rows(store) == before
