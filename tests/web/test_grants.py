"""Standing grants on pages: given with a yes, told wherever they matter, taken back."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.plugins.desk import Browser, House, Member, SignedIn, TestClock
from tests.plugins.rules import Desk, reviewer_of
from tests.web.test_reviewing import grant as give_permission
from webui.approvals.answering import deciding
from webui.approvals.answering.reviewing import Look
from webui.approvals.grants.covering import revoke_grant
from webui.approvals.grants.granting import HOUR, GrantWish
from webui.approvals.states import Verdict
from webui.store.models import Org, StandingGrant
from webui.store.store import Store

ReadForm = Callable[..., dict[str, str]]
MAIL = {"to": "team@example.org", "subject": "Week 1", "copies": 3, "password": "hunter2"}
AT = {"copies": "0", "password": "1", "subject": "2", "to": "3"}
OFFER = "Also allow calls like this one"
EVERY = ("approve", "deny", "edit")

THREE = GrantWish(uses=3)


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: the queries run on both databases under the rules and the API."""
    return sqlite_database


@pytest.fixture
def waits(desk: Desk) -> str:
    """A call that a grant can be given with."""
    return ask(desk)


def ask(desk: Desk, **more: Any) -> str:
    call = {"tool": "mail.send", "arguments": MAIL, "allowed_decisions": EVERY} | more
    return desk.submit(**call).approval.id


def page_of(browser: Browser, path: str) -> str:
    return html.unescape(browser.get(path).get_data(as_text=True))


def text_of(answer: TestResponse) -> str:
    return html.unescape(answer.get_data(as_text=True))


@pytest.fixture
def approve(decide_form: ReadForm) -> Callable[..., TestResponse]:
    """Send the approve form of a call's page, with more fields."""

    def send(
        browser: Browser, approval_id: str, verdict: str = "approve", **more: str
    ) -> TestResponse:
        path = f"/approvals/{approval_id}"
        form = decide_form(browser, f"{path}?decide={verdict}", verdict)
        fields = {name.replace("_", "-"): text for name, text in more.items()}
        return browser.post(f"{path}/decide", data=form | fields)

    return send


def made(store: Store) -> list[StandingGrant]:
    with store.reading() as session:
        return list(session.scalars(select(StandingGrant).order_by(StandingGrant.id)))


@pytest.fixture
def stands(desk: Desk, house: House) -> Callable[..., StandingGrant]:
    """Make a grant by approving a call with it."""

    def make(
        wish: GrantWish = THREE, who: Member = house.rae, **call: Any
    ) -> StandingGrant:
        asked = ask(desk, **call)
        desk.store.write(
            lambda tx: deciding.decide(
                tx,
                reviewer_of(who),
                house.org_id,
                asked,
                Verdict.APPROVE,
                "",
                Look(None, 1),
                grant=wish,
            )
        )
        return made(desk.store)[-1]

    return make


def use_up(desk: Desk, approval_id: str) -> None:
    """Run the call that was approved with a grant, so that the next is another one."""
    desk.report(approval_id, desk.use(approval_id).lease_token, "ok")


# ---- Giving one


def test_a_plain_yes_grants_nothing(
    desk: Desk, house: House, signed_in: SignedIn, waits: str, approve: Any, store: Store
) -> None:
    rae = signed_in(house.rae)
    assert OFFER in page_of(rae, f"/approvals/{waits}")
    fields = {f"grant_how_{AT['to']}": "any", "grant_uses": "7"}
    assert approve(rae, waits, **fields).status_code == 303
    assert desk.status(waits) == "approved"
    assert made(store) == []


def test_a_yes_with_the_box_ticked_frees_what_was_chosen_and_no_more(
    desk: Desk, house: House, signed_in: SignedIn, waits: str, approve: Any, store: Store
) -> None:
    rae, before = signed_in(house.rae), desk.store.now()
    fields = {
        "grant": "1",
        "grant_uses": "2",
        "grant_until": "8h",
        f"grant_how_{AT['subject']}": "start",
        f"grant_value_{AT['subject']}": "Week ",
        f"grant_how_{AT['copies']}": "most",
        f"grant_value_{AT['copies']}": "5",
    }
    assert approve(rae, waits, **fields).status_code == 303
    (grant,) = made(store)
    assert (grant.uses, grant.session) == (2, None)
    assert before + 8 * HOUR <= grant.expires_at <= grant.created_at + 8 * HOUR
    statuses = [
        desk.submit(tool="mail.send", arguments=MAIL | other).approval.status
        for other in (
            {"subject": "Week 2", "copies": 5},
            {"subject": "Week 3", "copies": 6},
            {"subject": "Month 1"},
            {"subject": "Week 4", "to": "all@example.org"},
        )
    ]
    assert statuses == ["approved", "pending", "pending", "pending"]


def test_an_edit_may_grant_calls_like_the_edited_one(
    desk: Desk, house: House, signed_in: SignedIn, waits: str, approve: Any, store: Store
) -> None:
    rae = signed_in(house.rae)
    fields = {"argument_0": "4", "grant": "1", f"grant_how_{AT['to']}": "any"}
    assert approve(rae, waits, "edit", **fields).status_code == 303
    other = MAIL | {"to": "all@example.org"}
    asks = [desk.submit(tool="mail.send", arguments=other | {"copies": n}) for n in (4, 3)]
    assert [each.approval.status for each in asks] == ["approved", "pending"]


def test_a_grant_may_be_kept_within_the_session(
    desk: Desk, house: House, signed_in: SignedIn, approve: Any, store: Store
) -> None:
    rae, approval_id = signed_in(house.rae), ask(desk, session="ses_1")
    assert "Only in this session" in page_of(rae, f"/approvals/{approval_id}")
    approve(rae, approval_id, grant="1", grant_session="1", grant_until="longest")
    (grant,) = made(store)
    assert grant.session == "ses_1"
    assert grant.expires_at - grant.created_at == 24 * HOUR


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"grant_uses": "0"}, "Uses must be a number from 1 to 1,000."),
        ({"grant_uses": "1001"}, "Uses must be a number from 1 to 1,000."),
        ({"grant_uses": "many"}, "Uses must be a number from 1 to 1,000."),
        ({"grant_until": "2h"}, "The time must be one of those offered."),
        ({"grant_how_2": "start"}, "Say what it starts with"),
        ({"grant_how_2": "start", "grant_value_2": "Month"}, "does not fit the conditions"),
        ({"grant_how_0": "most", "grant_value_0": "1e3"}, "Say a number"),
        ({"grant_how_0": "most", "grant_value_0": "2"}, "does not fit the conditions"),
        ({"grant_how_0": "start", "grant_value_0": "3"}, "Must be one of the choices"),
        ({"grant_how_1": "start", "grant_value_1": "h"}, "Must be one of the choices"),
        ({"grant_how_3": "anything"}, "Must be one of the choices"),
    ],
)
def test_bad_input_is_told_beside_its_field_and_decides_nothing(
    desk: Desk,
    house: House,
    signed_in: SignedIn,
    waits: str,
    approve: Any,
    store: Store,
    fields: dict[str, str],
    sentence: str,
) -> None:
    answer = approve(signed_in(house.rae), waits, grant="1", reason="Typed.", **fields)
    text = text_of(answer)
    assert answer.status_code == 422
    assert sentence in text
    assert desk.status(waits) == "pending"
    assert made(store) == []
    form = text[text.index('id="confirm-approve"') :]
    form = form[: form.index("</form>")]
    assert re.search(r'<details class="aside also" open>', form)
    assert re.search(r'name="grant" value="1"[^>]*checked', form)
    assert "Typed." in form
    for name, typed in fields.items():
        if ("value" in name or "uses" in name) and name != "grant_value_1":
            assert f'name="{name.replace("_", "-")}" value="{typed}"' in form


def test_a_masked_value_is_freed_whole_or_not_at_all(
    house: House, signed_in: SignedIn, waits: str
) -> None:
    """A refusal would tell whoever may not see a secret how it begins."""
    page = page_of(signed_in(house.rae), f"/approvals/{waits}")
    choice = page[page.index('id="grant-approve-1"') :]
    choice = choice[: choice.index("</div>")]
    assert re.findall(r'<option value="(\w+)"', choice) == ["same", "any"]
    assert "hunter2" not in page


@pytest.mark.parametrize(
    "call",
    [
        {"risk": "high", "arguments": {"n": 1}},
        {"arguments": {"to": "te\u202eam"}},  # handled as high
    ],
)
def test_risky_calls_are_decided_one_by_one(
    desk: Desk, house: House, signed_in: SignedIn, approve: Any, call: dict[str, Any]
) -> None:
    rae, approval_id = signed_in(house.rae), ask(desk, **call)
    assert OFFER not in page_of(rae, f"/approvals/{approval_id}")
    answer = approve(rae, approval_id, grant="1")
    assert answer.status_code == 422
    assert "No standing grant can be given with this call" in text_of(answer)
    assert desk.status(approval_id) == "pending"


def test_where_several_must_agree_or_the_org_gives_none_none_is_offered(
    desk: Desk, house: House, signed_in: SignedIn, waits: str
) -> None:
    rae, several = signed_in(house.rae), ask(desk, arguments={"n": 2})
    desk.demand(several, approvals_required=2)
    assert OFFER not in page_of(rae, f"/approvals/{several}")
    none = update(Org).where(Org.id == house.org_id).values(grant_hours=0)
    desk.store.write(lambda tx: tx.execute(none) and None)
    assert OFFER not in page_of(rae, f"/approvals/{waits}")


def test_who_may_decide_but_not_grant_is_offered_none_and_gets_none_through(
    desk: Desk, house: House, signed_in: SignedIn, waits: str, approve: Any, store: Store
) -> None:
    give_permission(desk, house.vi.id, {})
    vi = signed_in(house.vi)
    assert OFFER not in page_of(vi, f"/approvals/{waits}")
    answer = approve(vi, waits, grant="1")
    assert answer.status_code == 403
    assert "Missing permission: grants:create." in text_of(answer)
    assert (desk.status(waits), made(store)) == ("pending", [])


# ---- Telling of it


def test_the_call_names_the_grant_and_so_do_timeline_and_history(
    desk: Desk, house: House, signed_in: SignedIn, stands: Callable[..., StandingGrant]
) -> None:
    grant = stands()
    vi, path = signed_in(house.vi), f"/grants/{grant.id}"
    page = page_of(vi, f"/approvals/{grant.approval_id}")
    assert f'Made a standing grant: <a href="{path}">calls like this one, 3 uses' in page
    told = page[page.index('class="timeline"') :]
    assert f'<a href="{path}">Made a standing grant: calls like this one, 3 uses' in told
    use_up(desk, grant.approval_id)
    covered = desk.submit(tool="mail.send", arguments=MAIL).approval.id
    page = page_of(vi, f"/approvals/{covered}")
    assert f'<a href="{path}">Covered by a standing grant of Rae</a>.' in page
    assert "Nobody was asked for this call." in page
    assert "A standing grant covered it." not in page
    told = page[page.index('class="timeline"') :]
    assert f'<a href="{path}">Covered by a standing grant of Rae</a>' in told
    history = page_of(vi, "/history")
    assert f'<a href="{path}">Covered by a standing grant of Rae</a>' in history
    assert f'<a href="{path}">made a standing grant</a>' in history


def test_the_list_shows_those_that_stand_first_and_then_the_others(
    house: House, signed_in: SignedIn, clock: TestClock, stands: Any
) -> None:
    stands(GrantWish(until=clock.now() + HOUR), arguments={"n": 1})
    clock.advance(2 * HOUR)
    subject = {"path": "args.subject", "op": "starts_with", "value": "Week"}
    live = stands(GrantWish(uses=2, conditions=(subject,)), session="ses_7")
    page = page_of(signed_in(house.vi), "/grants")
    assert page.index("Standing now") < page.index(live.id) < page.index("Time is over")
    first = page[: page.index('id="over-title"')]
    assert "starts with" in first
    assert "0 of 2" in first
    assert "as approved: <bdi" in first
    assert f'href="/approvals/{live.approval_id}"' in first
    assert "hunter2" not in page
    assert "Grants" in page_of(signed_in(house.vi), "/help")


def test_a_long_list_is_turned_page_by_page(
    house: House,
    signed_in: SignedIn,
    clock: TestClock,
    stands: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webui.web.grants.PAGE", 2)
    ids = []
    for n in range(3):
        ids.append(stands(GrantWish(until=clock.now() + HOUR), arguments={"n": n}).id)
        clock.advance(1)
    clock.advance(2 * HOUR)
    for n in range(3, 6):
        ids.append(stands(arguments={"n": n}).id)
        clock.advance(1)
    rae, path, seen = signed_in(house.rae), "/grants", []
    for _ in range(3):
        page = page_of(rae, path)
        seen.append(re.findall(r'href="/grants/(grt_\w+)"', page))
        older = re.search(r'href="(/grants\?before=[^"]+)" rel="next"', page)
        path = older[1] if older else ""
    assert seen == [[ids[5], ids[4]], [ids[3], ids[2]], [ids[1], ids[0]]]
    assert path == ""


def test_one_page_shows_bounds_masked_and_what_was_covered(
    desk: Desk, house: House, signed_in: SignedIn, stands: Any
) -> None:
    free = {"path": "args.to", "op": "exists", "value": True}
    grant = stands(GrantWish(uses=2, conditions=(free,)), scope="C1")
    use_up(desk, grant.approval_id)
    other = MAIL | {"to": "a\u202eb"}
    covered = desk.submit(tool="mail.send", arguments=other, scope="C1").approval
    page = page_of(signed_in(house.vi), f"/grants/{grant.id}")
    may_differ = page[page.index("What may differ") : page.index("What has to be the same")]
    pinned = page[page.index("What has to be the same") : page.index("What it covered")]
    assert re.findall(r"<bdi>(\w+)</bdi>", may_differ) == ["to"]
    assert "any value" in may_differ
    assert all(f"<bdi>{name}</bdi>" in pinned for name in ("copies", "password", "subject"))
    assert "redacted 7 chars" in pinned
    assert "hunter2" not in page
    assert "C1" in pinned
    assert f'href="/approvals/{covered.id}"' in page
    assert "\u202e" not in page
    assert "1 of 2" in page


def test_what_was_granted_about_a_secret_is_masked(
    house: House, signed_in: SignedIn, stands: Any
) -> None:
    begins = {"path": "args.password", "op": "starts_with", "value": "hunter"}
    grant = stands(GrantWish(conditions=(begins,)))
    for path in ("/grants", f"/grants/{grant.id}"):
        page = page_of(signed_in(house.ana), path)
        assert "starts with" in page
        assert "hunter" not in page


def test_only_who_may_see_the_call_sees_its_grant(
    house: House, signed_in: SignedIn, stands: Any
) -> None:
    grant = stands()
    for member in (house.max, house.zoe):
        browser = signed_in(member)
        assert grant.id not in page_of(browser, "/grants")
        assert browser.get(f"/grants/{grant.id}").status_code == 404
        assert browser.send(f"/grants/{grant.id}/revoke").status_code == 404
    owned = stands(agent=house.deploy_bot, who=house.rae)
    assert owned.id in page_of(signed_in(house.bo), "/grants")


# ---- Taking it back


def test_revoked_on_its_page_it_ends_with_what_nobody_used(
    desk: Desk, house: House, signed_in: SignedIn, stands: Any
) -> None:
    grant = stands()
    use_up(desk, grant.approval_id)
    unused = desk.submit(tool="mail.send", arguments=MAIL).approval.id
    ana, path = signed_in(house.ana), f"/grants/{grant.id}"
    page = page_of(ana, path)
    form = page[page.index("Revoke this grant") :]
    assert "1 call that it let through and nobody has used yet is taken back." in form
    assert "data-arms" in form
    assert ana.send(f"{path}/revoke", reason="No <longer>").status_code == 303
    assert desk.status(unused) == "revoked"
    page = page_of(ana, path)
    assert "Revoked by <bdi>Ana</bdi>" in page
    assert "No <longer>" in page
    assert "Revoke this grant" not in page
    assert "Revoked by <bdi>Ana</bdi>" in page_of(ana, "/grants")


def test_who_may_not_revoke_it_reads_why(
    desk: Desk, house: House, signed_in: SignedIn, stands: Any
) -> None:
    grant = stands()
    vi = signed_in(house.vi)
    page = page_of(vi, f"/grants/{grant.id}")
    assert "Revoke this grant" not in page
    assert "You cannot revoke it. Missing permission: grants:create." in page
    answer = vi.send(f"/grants/{grant.id}/revoke")
    assert answer.status_code == 403
    assert "Missing permission: grants:create." in text_of(answer)
    assert made(desk.store)[0].ended_at is None


def test_a_refused_revocation_keeps_what_was_typed(
    house: House, signed_in: SignedIn, clock: TestClock, stands: Any
) -> None:
    grant, rae = stands(), signed_in(house.rae)
    answer = rae.send(f"/grants/{grant.id}/revoke", reason="x" * 4_001)
    assert answer.status_code == 422
    assert "x" * 4_001 in text_of(answer)
    clock.advance(25 * HOUR)
    answer = signed_in(house.rae).send(f"/grants/{grant.id}/revoke")
    assert answer.status_code == 409
    assert "nothing is left to revoke" in text_of(answer)


def test_its_maker_may_revoke_it_from_anywhere_and_the_page_says_so_once(
    desk: Desk, house: House, signed_in: SignedIn, stands: Any
) -> None:
    grant = stands()
    desk.store.write(
        lambda tx: revoke_grant(tx, reviewer_of(house.rae), house.org_id, grant.id)
    )
    assert signed_in(house.rae).send(f"/grants/{grant.id}/revoke").status_code == 303


# ---- How long they may last


def test_the_org_says_how_long_a_grant_lasts_at_most(
    house: House, signed_in: SignedIn, waits: str, store: Store
) -> None:
    zoe, ana = signed_in(house.zoe), signed_in(house.ana)
    assert 'name="grant_hours" value="24"' in page_of(ana, "/settings")
    assert ana.send("/settings", grant_hours="1").status_code == 303
    page = page_of(ana, f"/approvals/{waits}")
    times = re.findall(r'<option value="(\w+)"', page[page.index("approve-until") :])
    assert times[:2] == ["15m", "longest"]
    assert ana.send("/settings").status_code == 303, "a missing field keeps the value"
    assert 'name="grant_hours" value="1"' in page_of(ana, "/settings")
    for wrong in ("-1", "745", "x", ""):
        answer = zoe.send("/settings", grant_hours=wrong)
        assert answer.status_code == 422
        assert "744" in text_of(answer)
        assert f'name="grant_hours" value="{wrong}"' in text_of(answer)


def test_a_rule_says_how_long_a_grant_for_its_calls_lasts_at_most(
    desk: Desk, house: House, signed_in: SignedIn, store: Store, approve: Any
) -> None:
    rule = 'version: "1"\ntools:\n  {}:\n    rules:\n'
    rule += "      - {{name: ask, action: require_approval, max_grant: {}}}\n"
    rae, offers = signed_in(house.rae), {}
    for number, length in enumerate(("90m", "20m", "90s", "2d")):
        desk.set_policy(rule.format("mail.send", length))
        page = page_of(rae, f"/approvals/{ask(desk, arguments={'n': number})}")
        part = page[page.index("approve-until") :]
        offers[length] = re.findall(r'<option value="\w+"[^>]*>([^<]*)</option>', part)
    assert offers["90m"][:3] == ["15 minutes", "1 hour", "90 minutes, the longest here"]
    assert offers["20m"][:2] == ["15 minutes", "20 minutes, the longest here"]
    assert offers["90s"][0] == "90 seconds, the longest here"
    assert "1 day, the longest here" in offers["2d"], "the org's own limit is shorter"
    approval_id = ask(desk, arguments={"n": 2})
    assert approve(rae, approval_id, grant="1", grant_until="longest").status_code == 303
    [grant] = made(store)
    assert grant.expires_at == grant.created_at + 24 * HOUR
