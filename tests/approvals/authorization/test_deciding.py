"""Who decides: duties separated, delegates, groups, channels, local root mode, grants."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from tests.plugins.directory import Book
from webui.approvals.authorization import (
    Actor,
    Grant,
    Resource,
    authorize,
)

DECIDING = "approvals:decide approvals:edit_arguments grants:create approvals:break_glass"
CALL = Resource("org", kind="approval", id="apr", agent_id="a", tool="t", risk="low")
REVIEWER = Actor(
    "user", "me", "org", role="reviewer", source="session", aliases=frozenset({"me", "P"})
)
VIEWER = replace(REVIEWER, role="viewer")
LENDER = Actor("user", "lender", "org", role="reviewer", aliases=frozenset({"lender", "L"}))
DELEGATE = replace(VIEWER, acting_for=(LENDER,))


def decide(
    actor: Actor, resource: Resource = CALL, verb: str = "approvals:decide", **facts: Any
) -> str:
    about = replace(resource, **facts)
    return authorize(actor, verb, about).reason


@pytest.mark.parametrize("who", ["me", "P"])
@pytest.mark.parametrize("relation", ["agent_owner", "on_behalf_of", "triggered_by"])
@pytest.mark.parametrize("verb", DECIDING.split())
def test_no_alias_of_whoever_is_involved_decides_unless_the_org_is_solo(
    who: str, relation: str, verb: str
) -> None:
    owner = replace(REVIEWER, role="owner")
    facts: dict[str, Any] = {relation: who}
    assert decide(owner, verb=verb, **facts) == "deny_self_approval"
    assert decide(owner, verb=verb, solo=True, **facts) == "allow_role"
    assert decide(owner, verb=verb, **facts | {relation: "somebody"}) == "allow_role"
    assert decide(owner, verb="approvals:view", **facts) == "allow_role"


def test_an_empty_alias_is_nobodys() -> None:
    nameless = replace(REVIEWER, aliases=frozenset())
    assert decide(nameless, agent_owner="") == "allow_role"
    assert decide(nameless, decided_by=frozenset({""})) == "allow_role"


@pytest.mark.parametrize("verb", DECIDING.split())
def test_an_instance_admin_decides_by_membership_and_role_alone(verb: str) -> None:
    outside = replace(REVIEWER, role=None, instance_admin=True)
    assert decide(outside, verb=verb) == "deny_missing_membership"
    assert decide(replace(outside, role="viewer"), verb=verb) == "deny_missing_grant"
    assert decide(replace(outside, role="owner"), verb=verb) == "allow_role"
    assert decide(outside, agent_owner="me") == "deny_self_approval"
    assert decide(outside, verb="members:manage") == "allow_instance_admin"


def test_an_agent_is_never_an_instance_admin() -> None:
    actor = Actor("agent", "me", "org", role="owner", instance_admin=True)
    assert decide(actor) == "deny_agent_cannot_decide"
    assert decide(actor, verb="approvals:view") == "deny_unsupported_action"


@pytest.mark.parametrize("verb", DECIDING.split())
def test_in_local_root_mode_deciding_goes_on_as_the_member_named(verb: str) -> None:
    local = replace(REVIEWER, role="owner", source="local_implicit")
    assert decide(local, verb=verb) == "allow_role"
    assert decide(local, verb=verb, agent_owner="P") == "deny_self_approval"
    assert decide(replace(local, id=""), verb=verb) == "deny_unauthenticated"
    assert decide(replace(local, type="none"), verb=verb) == "deny_unauthenticated"
    assert decide(replace(local, membership="invited"), verb=verb) == (
        "deny_missing_membership"
    )
    assert decide(replace(local, active=False), verb=verb) == "deny_account_suspended"
    assert decide(replace(local, org_id="other"), verb=verb) == "deny_company_boundary"


def test_local_root_mode_is_no_agents() -> None:
    actor = Actor("agent", "", "org", source="local_implicit")
    assert decide(actor, verb="policy:write") == "deny_unauthenticated"
    actor = Actor("agent", "me", "org", source="local_implicit")
    assert decide(actor, verb="policy:write") == "deny_unsupported_action"


@pytest.mark.parametrize("verb", DECIDING.split())
def test_agent_context_never_decides_however_high_its_person(verb: str) -> None:
    carried = replace(REVIEWER, role="owner", agent_context=True)
    for actor in (
        carried,
        replace(carried, instance_admin=True),
        replace(carried, source="local_implicit"),
        replace(carried, acting_for=(LENDER,)),
    ):
        assert decide(actor, verb=verb, solo=True) == "deny_agent_context"
    assert decide(carried, verb="approvals:view") == "allow_role"


def test_a_delegate_acts_with_what_the_delegator_holds() -> None:
    assert decide(DELEGATE) == "allow_delegate"
    by_grant = replace(
        LENDER, role="viewer", grants=(Grant("g", "approvals:decide", {"agent": "a"}),)
    )
    answer = authorize(replace(VIEWER, acting_for=(by_grant,)), "approvals:decide", CALL)
    assert (answer.reason, answer.grant) == ("allow_delegate", (by_grant.grants or ())[0])
    elsewhere = replace(CALL, agent_id="b")
    assert decide(replace(VIEWER, acting_for=(by_grant,)), elsewhere) == (
        "deny_missing_grant"
    )


def test_a_delegate_gets_the_decision_and_nothing_else() -> None:
    owner = replace(LENDER, role="owner")
    delegate = replace(VIEWER, acting_for=(owner,))
    assert decide(delegate) == "allow_delegate"
    for verb in (
        "approvals:edit_arguments",
        "grants:create",
        "approvals:break_glass",
        "policy:write",
        "approvals:reveal_secrets",
    ):
        assert decide(delegate, verb=verb) == "deny_missing_grant"


@pytest.mark.parametrize(
    "lender",
    [
        replace(LENDER, role="viewer"),
        replace(LENDER, role=None),
        replace(LENDER, membership="suspended"),
        replace(LENDER, active=False),
        replace(LENDER, role="viewer", instance_admin=True),
        replace(LENDER, role="viewer", acting_for=(replace(LENDER, id="third"),)),
    ],
)
def test_nobody_lends_what_they_do_not_hold(lender: Actor) -> None:
    assert decide(replace(VIEWER, acting_for=(lender,))) == "deny_missing_grant"


def test_a_delegate_must_be_a_member_too() -> None:
    assert decide(replace(DELEGATE, role=None)) == "deny_missing_membership"
    assert decide(replace(DELEGATE, membership="invited")) == "deny_missing_membership"
    assert decide(replace(DELEGATE, active=False)) == "deny_account_suspended"


@pytest.mark.parametrize("relation", ["agent_owner", "on_behalf_of", "triggered_by"])
def test_duties_are_separated_for_delegate_and_delegator(relation: str) -> None:
    for name in ("me", "P", "lender", "L"):
        facts: dict[str, Any] = {relation: name}
        assert decide(DELEGATE, **facts) == "deny_self_approval"
        assert decide(DELEGATE, **facts, solo=True) == "allow_delegate"


def test_another_delegator_who_is_not_involved_still_lends() -> None:
    second = Actor("user", "second", "org", role="admin")
    for lenders in ((LENDER, second), (second, LENDER)):
        both = replace(VIEWER, acting_for=lenders)
        assert decide(both, agent_owner="lender") == "allow_delegate"
    assert decide(replace(VIEWER, acting_for=(LENDER,)), agent_owner="second") == (
        "allow_delegate"
    )


def test_a_delegator_with_nothing_to_lend_does_not_hide_the_next() -> None:
    empty = replace(LENDER, id="empty", aliases=frozenset(), role="viewer")
    for lenders in ((empty, LENDER), (LENDER, empty)):
        assert decide(replace(VIEWER, acting_for=lenders)) == "allow_delegate"


def test_own_standing_comes_first_and_is_not_hurt_by_a_delegation() -> None:
    reviewer = replace(REVIEWER, acting_for=(LENDER,))
    assert decide(reviewer) == "allow_role"
    assert decide(reviewer, agent_owner="lender") == "allow_role"


def test_one_person_counts_once_also_through_a_delegate() -> None:
    assert decide(REVIEWER, decided_by=frozenset({"me"})) == "deny_already_decided_by_you"
    assert decide(REVIEWER, decided_by=frozenset({"P"})) == "deny_already_decided_by_you"
    assert decide(REVIEWER, decided_by=frozenset({"lender"})) == "allow_role"
    assert decide(DELEGATE, decided_by=frozenset({"me"})) == "deny_already_decided_by_you"
    for name in ("lender", "L"):
        assert decide(DELEGATE, decided_by=frozenset({name})) == "deny_missing_grant"
    second = Actor("user", "second", "org", role="admin")
    both = replace(VIEWER, acting_for=(LENDER, second))
    assert decide(both, decided_by=frozenset({"lender"})) == "allow_delegate"


def test_having_decided_does_not_keep_one_from_the_other_verbs() -> None:
    owner = replace(REVIEWER, role="owner")
    decided = frozenset({"me"})
    for verb in DECIDING.split()[1:]:
        assert decide(owner, verb=verb, decided_by=decided) == "allow_role"


def test_a_required_group_is_ones_own_or_the_delegators() -> None:
    finance = frozenset({"finance", "board"})
    assert decide(REVIEWER, required_groups=finance) == "deny_not_in_required_group"
    member = replace(REVIEWER, groups=frozenset({"finance", "it"}))
    assert decide(member, required_groups=finance) == "allow_role"
    viewer = replace(VIEWER, groups=frozenset({"finance"}))
    assert decide(viewer, required_groups=finance) == "deny_missing_grant"
    lender = replace(LENDER, groups=frozenset({"board"}))
    assert decide(replace(VIEWER, acting_for=(lender,)), required_groups=finance) == (
        "allow_delegate"
    )
    assert decide(replace(REVIEWER, acting_for=(lender,)), required_groups=finance) == (
        "allow_delegate"
    )
    assert decide(replace(REVIEWER, acting_for=(LENDER,)), required_groups=finance) == (
        "deny_not_in_required_group"
    )
    assert decide(DELEGATE, required_groups=finance) == "deny_missing_grant"


def test_breaking_the_glass_goes_past_groups_and_other_verbs_do_not() -> None:
    owner = replace(REVIEWER, role="owner")
    group = frozenset({"finance"})
    for verb in DECIDING.split():
        reason = decide(owner, verb=verb, required_groups=group)
        assert reason == (
            "allow_role"
            if verb == "approvals:break_glass"
            else "deny_not_in_required_group"
        )
    assert decide(owner, verb="approvals:view", required_groups=group) == "allow_role"


@pytest.mark.parametrize("verb", DECIDING.split())
def test_a_required_channel_holds_for_every_verb_of_deciding(verb: str) -> None:
    owner = replace(REVIEWER, role="owner")
    pages = frozenset({"page", "cli"})
    for source, allowed in (("session", True), ("token", False), ("none", False)):
        reason = decide(replace(owner, source=source), verb=verb, channels=pages)  # type: ignore[arg-type]
        assert reason == ("allow_role" if allowed else "deny_wrong_channel")
    assert decide(replace(DELEGATE, source="chat"), channels=pages) == "deny_wrong_channel"
    assert decide(replace(owner, source="token"), verb="audit:read", channels=pages) == (
        "allow_role"
    )


def test_a_member_sees_the_calls_of_their_own_agents_under_every_alias() -> None:
    member = replace(REVIEWER, role="member")
    for owner, reason in (
        ("me", "allow_role"),
        ("P", "allow_role"),
        ("other", "deny_missing_grant"),
        (None, "deny_missing_grant"),
    ):
        assert decide(member, verb="approvals:view", agent_owner=owner) == reason
        assert decide(member, verb="audit:read", agent_owner=owner) == "deny_missing_grant"
    nobody = replace(REVIEWER, role="unheard_of")
    assert decide(nobody, verb="approvals:view", agent_owner="me") == "deny_missing_grant"


DECIDE_GRANT = Grant("g", "approvals:decide", {"max_risk": "medium"})


def test_grants_of_a_user_and_of_their_groups_add_to_the_role() -> None:
    anywhere = Grant("own", "audit:read")
    of_group = Grant("group", "audit:export")
    book = Book(given={("user", "me"): [anywhere], ("group", "auditors"): [of_group]})
    actor = replace(VIEWER, groups=frozenset({"auditors", "zoo"}))
    about = Resource("org")
    for action, grant in (("audit:read", anywhere), ("audit:export", of_group)):
        answer = authorize(actor, action, about, directory=book)
        assert (answer.reason, answer.grant) == ("allow_explicit_grant", grant)
    outside = replace(actor, groups=frozenset())
    assert not authorize(outside, "audit:export", about, directory=book).allowed
    without = replace(actor, role=None)
    assert authorize(without, "audit:read", about, directory=book).reason == (
        "deny_missing_membership"
    )


def test_groups_are_asked_in_the_order_of_their_names() -> None:
    book = Book(
        given={("group", name): [Grant(name, "audit:read")] for name in ("c", "a", "b")}
    )
    actor = replace(VIEWER, groups=frozenset("cab"))
    answer = authorize(actor, "audit:read", Resource("org"), directory=book)
    assert answer.grant == Grant("a", "audit:read")


def test_grants_brought_along_are_all_that_counts() -> None:
    book = Book(given={("user", "me"): [Grant("g", "audit:read")]})
    actor = replace(VIEWER, grants=())
    answer = authorize(actor, "audit:read", Resource("org"), directory=book)
    assert answer.reason == "deny_missing_grant"


def test_a_role_goes_before_a_grant_and_a_limited_grant_takes_nothing_away() -> None:
    actor = replace(REVIEWER, grants=(DECIDE_GRANT,))
    answer = authorize(actor, "approvals:decide", replace(CALL, risk="critical"))
    assert (answer.reason, answer.grant) == ("allow_role", None)


def test_of_several_grants_the_first_that_covers_counts_else_the_first_says_why() -> None:
    high = Grant("high", "approvals:decide", {"max_risk": "high"})
    other = Grant("other", "approvals:decide", {"agent": "z"})
    call = replace(CALL, risk="high")
    for order, reason, named in (
        ((DECIDE_GRANT, high), "allow_explicit_grant", high),
        ((high, DECIDE_GRANT), "allow_explicit_grant", high),
        ((other, DECIDE_GRANT), "deny_scope", other),
        ((DECIDE_GRANT, other), "deny_risk_above_limit", DECIDE_GRANT),
    ):
        answer = authorize(replace(VIEWER, grants=order), "approvals:decide", call)
        assert (answer.reason, answer.grant) == (reason, named)


def test_a_grant_for_one_use_is_spent_only_where_no_standing_one_covers() -> None:
    once = Grant("once", "audit:read", approval_id="apr")
    standing = Grant("standing", "audit:read")
    for order in ((once, standing), (standing, once)):
        answer = authorize(replace(VIEWER, grants=order), "audit:read", Resource("org"))
        assert answer.grant == standing
    answer = authorize(replace(VIEWER, grants=(once,)), "audit:read", Resource("org"))
    assert answer.grant == once


def test_only_an_active_membership_of_an_active_account_has_a_standing() -> None:
    for membership, active in product(("active", "invited", "suspended"), (True, False)):
        actor = replace(REVIEWER, membership=membership, active=active)
        counts = membership == "active" and active
        assert actor.standing == ("reviewer" if counts else None)
        assert authorize(actor, "approvals:view", CALL).allowed is counts


def test_the_instance_admins_of_other_orgs_are_no_exception() -> None:
    admin = replace(REVIEWER, role="owner", instance_admin=True)
    assert authorize(admin, "audit:read", Resource("other")).reason == (
        "deny_company_boundary"
    )
