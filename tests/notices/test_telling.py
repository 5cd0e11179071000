"""People are told: by a real mail server and a real service, who, when, and in which words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from tests.plugins.places import rows
from webui.approvals import ending
from webui.approvals.answering import claiming, conversation, deciding, escalating
from webui.approvals.answering.reviewing import Look, Reviewer
from webui.approvals.errors import NotFoundError
from webui.approvals.gate import write_grants
from webui.approvals.gate.write_gate import write_of
from webui.approvals.gate.write_grants import Held
from webui.approvals.gate.write_grants import Service as Service_
from webui.approvals.people import delegations, groups, members
from webui.approvals.people.standing import By
from webui.approvals.states import Risk, Verdict
from webui.notices import destinations
from webui.notices.claiming import LEASE_MS, claim
from webui.notices.crier import Crier
from webui.notices.destinations import Owner
from webui.notices.wishes import Wish
from webui.outbox.fanning import fan_out
from webui.store.models import (
    Agent,
    Approval,
    Destination,
    Event,
    Org,
    WriteGrant,
    table_of,
)
from webui.store.queries.notices import places_of

if TYPE_CHECKING:
    from tests.notices.conftest import Service
    from tests.notices.mail_server import MailServer
    from tests.plugins.desk import FileCall, House, Member, SignedIn, TestClock
    from webui.runtime import Runtime
    from webui.store.models import Notice
    from webui.store.store import Store
    from webui.store.transaction import Transaction

Place = Callable[..., str]
Turn = Callable[[], None]
Notices = Callable[..., "list[Notice]"]
HOLD = Look(None, 1)
MINUTE = 60_000
ON_BOTH = pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)],
    indirect=True,
)


def reviewer(member: Member) -> Reviewer:
    return Reviewer(member.id, member.name, "page")


Say = Callable[..., Any]


@pytest.fixture
def say(store: Store, house: House) -> Say:
    """Give a verdict."""

    def give(member: Member, approval_id: str, verdict: Verdict, **more: Any) -> Any:
        who, org = reviewer(member), house.org_id
        decided = store.write(
            lambda tx: deciding.decide(
                tx, who, org, approval_id, verdict, "so", HOLD, **more
            )
        )
        assert decided.refusal is None, decided.refusal
        return decided

    return give


def change(store: Store, approval_id: str, **values: Any) -> None:
    approvals = table_of(Approval)
    statement = update(approvals).where(approvals.c.id == approval_id).values(values)
    store.write(lambda tx: (tx.execute(statement), None)[1])


def test_a_person_is_told_by_mail_in_plain_text_without_arguments(
    place: Place,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    notices: Notices,
) -> None:
    place(house.rae)
    approval_id = file_call(arguments={"password": "hunter2"}, risk=Risk.HIGH)
    turn()
    [(to, letter)] = mail.letters
    assert to == ["rae@example.org"]
    assert letter["To"] == "rae@example.org"
    assert "desk@example.org" in letter["From"]
    assert letter["Cc"] is letter["Bcc"] is None
    assert letter["Subject"] == "Waits for you: shell.run, high risk"
    assert letter.get_content_type() == "text/plain"
    body = letter.get_content()
    assert f"http://localhost:8080/approvals/{approval_id}" in body
    assert "Asked by ci." in body
    assert "hunter2" not in letter.as_string()
    assert "password" not in letter.as_string()
    [notice] = notices()
    assert (notice.status, notice.why, notice.attempts) == ("delivered", "decide", 1)


def test_a_person_is_told_by_a_service(
    place: Place, file_call: FileCall, turn: Turn, service: Service, house: House
) -> None:
    place(house.rae, service.url)
    approval_id = file_call()
    turn()
    [(path, told)] = service.posts
    assert path == "/hear"
    assert told["title"] == "Waits for you: shell.run, medium risk"
    assert approval_id in told["message"]


def test_only_those_who_may_decide_are_told(
    place: Place, file_call: FileCall, turn: Turn, mail: MailServer, house: House
) -> None:
    for member in (house.ana, house.bo, house.rae, house.vi, house.ed, house.max, house.cy):
        place(member)
    file_call()
    turn()
    told = sorted(to[0] for to, _ in mail.letters)
    assert told == ["ana@example.org", "bo@example.org", "rae@example.org"]
    mail.letters.clear()
    file_call(house.deploy_bot)  # Bo's own agent
    turn()
    assert sorted(to[0] for to, _ in mail.letters) == ["ana@example.org", "rae@example.org"]


def test_nobody_of_another_organization_is_told(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
) -> None:
    owner = Owner(house.other_org_id, house.zoe.id)
    store.write(lambda tx: destinations.add(tx, owner, "mail"))
    place(house.zoe)  # a place in an org of which she is no member
    file_call()
    turn()
    assert mail.letters == []


def test_only_the_groups_that_a_rule_asks_for_are_told(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
) -> None:
    group = store.write(lambda tx: groups.create_group(tx, house.org_id, By(), "Ops"))
    store.write(
        lambda tx: groups.add_to_group(tx, house.org_id, By(), group, house.rae.email)
    )
    place(house.rae)
    place(house.bo)
    change(store, file_call(), approvers=group)
    turn()
    assert [to for to, _ in mail.letters] == [["rae@example.org"]]


def test_a_repeated_ask_tells_nobody_twice(
    place: Place,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    store: Store,
) -> None:
    place(house.rae)
    same = {"command": "ls"}
    first = file_call(arguments=same)
    turn()
    assert file_call(arguments=same) == first
    turn()
    with store.reading() as session:
        actions = set(session.scalars(select(Event.action)))
    assert "approval.reused" in actions
    assert len(mail.letters) == 1


@ON_BOTH
def test_what_is_settled_before_a_digest_is_not_in_it(
    place: Place,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    clock: TestClock,
    say: Say,
    notices: Notices,
) -> None:
    place(house.rae, every=15)
    gone, left, other = (file_call(expires_in=3_600_000) for _ in range(3))
    turn()
    assert mail.letters == []
    say(house.bo, gone, Verdict.DENY)
    clock.advance(15 * MINUTE)
    turn()
    [(_, letter)] = mail.letters
    assert letter["Subject"] == "2 approvals to look at, highest risk medium"
    body = letter.get_content()
    assert left in body
    assert other in body
    assert gone not in body
    [dropped] = notices(approval_id=gone)
    assert (dropped.status, dropped.last_error) == (
        "dropped",
        "It was settled, or sent back to its agent, before.",
    )


def test_what_somebody_else_claims_does_not_nag_until_they_let_it_go(
    place: Place,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    clock: TestClock,
    store: Store,
) -> None:
    place(house.rae)
    place(house.bo)
    approval_id = file_call(expires_in=3_600_000)
    store.write(
        lambda tx: claiming.claim(
            tx, reviewer(house.bo), house.org_id, approval_id, lease=5 * MINUTE
        )
    )
    turn()
    assert [to for to, _ in mail.letters] == [["bo@example.org"]]
    clock.advance(5 * MINUTE)
    turn()
    assert len(mail.to("rae@example.org")) == 1


def test_a_delegate_is_told_in_whose_place_and_the_delegator_too(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    notices: Notices,
) -> None:
    place(house.vi)
    place(house.rae)
    store.write(
        lambda tx: delegations.delegate(
            tx, house.org_id, house.rae.id, house.vi.email, until=tx.now + 86_400_000
        )
    )
    file_call()
    turn()
    [letter] = mail.to("vi@example.org")
    assert letter["Subject"] == "Waits for you in place of Rae: shell.run, medium risk"
    assert len(mail.to("rae@example.org")) == 1
    [notice] = notices(user_id=house.vi.id)
    assert (notice.why, notice.in_place_of) == ("delegate", house.rae.id)


def test_the_owner_of_the_managing_agent_is_told_from_the_start_if_they_may_see_it(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
) -> None:
    place(house.vi)
    place(house.max)
    agents = table_of(Agent)

    def manage(tx: Transaction, owner_id: str) -> None:
        owned = (
            update(agents).where(agents.c.id == house.helper.id).values(owner_id=owner_id)
        )
        tx.execute(owned)
        below = update(agents).where(agents.c.id == house.ci.id)
        tx.execute(below.values(reports_to=house.helper.id))

    store.write(lambda tx: manage(tx, house.vi.id))
    file_call()
    turn()
    [(to, letter)] = mail.letters
    assert to == ["vi@example.org"]
    assert letter["Subject"].startswith("An agent below yours asks: shell.run")
    mail.letters.clear()
    store.write(lambda tx: manage(tx, house.max.id))  # a member sees only their own agents'
    file_call()
    turn()
    assert mail.letters == []


def test_an_escalation_tells_the_new_people(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    clock: TestClock,
) -> None:
    def group(tx: Transaction, name: str, member: Member) -> str:
        made = groups.create_group(tx, house.org_id, By(), name)
        groups.add_to_group(tx, house.org_id, By(), made, member.email)
        return made

    first = store.write(lambda tx: group(tx, "First", house.rae))
    second = store.write(lambda tx: group(tx, "Second", house.bo))
    store.write(
        lambda tx: groups.add_to_group(tx, house.org_id, By(), second, house.rae.email)
    )
    place(house.rae)
    place(house.bo, about="escalated")
    approval_id = file_call(expires_in=3_600_000)
    due = store.now() + MINUTE
    change(store, approval_id, approvers=first, escalate_to=second, escalate_at=due)
    turn()
    assert [to for to, _ in mail.letters] == [["rae@example.org"]]
    mail.letters.clear()
    clock.advance(MINUTE)
    store.write(escalating.escalate_due)
    turn()
    [(to, letter)] = mail.letters
    assert to == ["bo@example.org"]
    assert letter["Subject"].startswith("Escalated to you: shell.run")


def test_an_escalation_without_a_group_tells_owners_and_admins(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
) -> None:
    place(house.ana)
    place(house.rae)
    approval_id = file_call()
    turn()
    mail.letters.clear()
    change(store, approval_id, escalate_at=store.now())
    store.write(escalating.escalate_due)
    turn()
    [(to, letter)] = mail.letters
    assert to == ["ana@example.org"]
    assert letter["Subject"].startswith("Escalated to you: shell.run")


def test_break_glass_alarms_the_admins_whatever_they_wish_and_not_who_did_it(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    say: Say,
) -> None:
    by = By()
    store.write(lambda tx: members.change_role(tx, house.org_id, by, house.bo.id, "admin"))
    place(house.bo, about="alerts", tools=("nothing.*",), every=240)
    place(house.ana)
    place(house.rae)
    approval_id = file_call()
    change(store, approval_id, approvals_required=3)
    say(house.ana, approval_id, Verdict.APPROVE, break_glass=True)
    turn()
    [(to, letter)] = mail.letters
    assert to == ["bo@example.org"]
    assert letter["Subject"] == "Approved by break-glass: shell.run, medium risk"


@pytest.mark.parametrize("own", ["none", "paused", "removed", "service", "night"])
def test_break_glass_reaches_the_address_of_who_runs_the_desk_whatever_they_set(
    own: str,
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    service: Service,
    house: House,
    say: Say,
    notices: Notices,
) -> None:
    by = By()
    store.write(lambda tx: members.change_role(tx, house.org_id, by, house.bo.id, "admin"))
    if own != "none":
        at = place(
            house.bo, service.url if own == "service" else "", quiet=(0, 1439), every=60
        )
        if own in {"paused", "removed"}:
            owner = Owner(house.org_id, house.bo.id)
            store.write(lambda tx: destinations.switch(tx, owner, at, own))
    for _ in range(2):
        approval_id = file_call(arguments={"n": _})
        change(store, approval_id, approvals_required=3)
        say(house.ana, approval_id, Verdict.APPROVE, break_glass=True)
        turn()
    assert [to for to, _ in mail.letters] == [["bo@example.org"]] * 2, "at once, by mail"
    assert "the reason is on its page" in mail.letters[0][1].get_content()
    assert len(service.posts) == (2 if own == "service" else 0)
    assert {told.status for told in notices(why="break_glass")} == {"delivered"}
    with store.reading() as session:
        shown = [each.kind for each in places_of(session, house.org_id, house.bo.id)]
        alarms = session.query(Destination).filter_by(kind="alarm").all()
    assert "alarm" not in shown
    assert len(alarms) == (0 if own == "night" else 1), "one place for all alarms"
    bo = Owner(house.org_id, house.bo.id)
    for alarm_id in [each.id for each in alarms]:

        def remove(tx: Transaction, at: str = alarm_id) -> None:
            destinations.switch(tx, bo, at, "removed")

        with pytest.raises(NotFoundError):
            store.write(remove)


def test_without_a_mail_server_break_glass_makes_no_letters_that_cannot_go(
    runtime: Runtime,
    store: Store,
    file_call: FileCall,
    house: House,
    say: Say,
    notices: Notices,
) -> None:
    runtime.settings = runtime.settings.model_copy(update={"notify_mail": None})
    store.write(
        lambda tx: members.change_role(tx, house.org_id, By(), house.bo.id, "admin")
    )
    approval_id = file_call()
    say(house.ana, approval_id, Verdict.APPROVE, break_glass=True)
    while fan_out(runtime):
        pass
    assert notices() == []


@pytest.fixture
def hold_write(store: Store, house: House) -> Callable[..., Held]:
    """Have an agent ask for a write in Rae's name."""

    def ask(path: str = "/private/plan.txt") -> Held:
        by = Service_(house.org_id, house.ci.id, "key")
        write = write_of("PUT", path, ["files:write"], None)
        limits = write_grants.GateLimits()
        held = store.write(
            lambda tx: write_grants.ask(
                tx, by, house.rae.id, write, ["files:write"], limits
            )
        )
        assert isinstance(held, Held)
        return held

    return ask


@ON_BOTH
def test_a_write_that_waits_is_told_to_the_person_whose_identity_it_carries(
    place: Place,
    hold_write: Callable[..., Held],
    turn: Turn,
    mail: MailServer,
    house: House,
    store: Store,
) -> None:
    place(house.rae, risk_from=Risk.CRITICAL, tools=("nothing.*",))
    place(house.bo)
    place(house.ana)
    held = hold_write()
    turn()
    [(to, letter)] = mail.letters
    assert to == ["rae@example.org"]
    assert letter["Subject"] == "Waits for you: a write in your name, PUT"
    body = letter.get_content()
    with store.reading() as session:
        slug = session.get_one(Org, house.org_id).slug
    assert f"http://localhost:8080/orgs/{slug}/write-gate/{held.nonce}" in body
    assert "Asked by ci." in body
    assert "Nobody else can answer it. Answer before" in body
    assert "plan.txt" not in letter.as_string()
    hold_write()  # the same again
    turn()
    assert len(mail.letters) == 1


def test_a_write_follows_the_pace_quiet_hours_and_reminders_of_its_person(
    place: Place,
    hold_write: Callable[..., Held],
    turn: Turn,
    mail: MailServer,
    house: House,
    clock: TestClock,
    notices: Notices,
    file_call: FileCall,
) -> None:
    place(house.rae, remind_before=2)
    hold_write()
    turn()
    clock.advance(8 * MINUTE)
    turn()
    assert [letter["Subject"].split(":")[0] for letter in mail.to("rae@example.org")] == [
        "Waits for you",
        "Ends soon",
    ]
    place(house.rae, every=60)
    hold_write("/b")
    hold_write("/c")
    file_call()
    turn()
    assert len(mail.letters) == 2
    clock.advance(60 * MINUTE)
    turn()
    late = [told for told in notices(why="write") if told.digest]
    assert {told.status for told in late} == {"dropped"}
    assert "its time ran out" in str(late[0].last_error)


@pytest.mark.parametrize("how", ["answered", "left", "about"])
def test_a_write_is_not_told_once_nothing_is_left_to_tell(
    how: str,
    place: Place,
    hold_write: Callable[..., Held],
    runtime: Runtime,
    turn: Turn,
    mail: MailServer,
    house: House,
    store: Store,
    notices: Notices,
) -> None:
    at = place(house.rae)
    held = hold_write()
    while fan_out(runtime):
        pass
    assert [told.why for told in notices()] == ["write"]
    if how == "answered":
        done = (
            update(WriteGrant)
            .where(WriteGrant.nonce == held.nonce)
            .values(status="approved")
        )
        store.write(lambda tx: (tx.execute(done), None)[1])
    elif how == "left":
        store.write(lambda tx: members.suspend(tx, house.org_id, By(), house.rae.id))
    else:
        owner, only = Owner(house.org_id, house.rae.id), Wish(about="alerts")
        store.write(lambda tx: destinations.change(tx, owner, at, only))
    turn()
    assert mail.letters == []
    assert [told.status for told in notices()] == ["dropped"]


def test_writes_and_calls_go_into_one_message_with_a_title_for_both(
    place: Place,
    hold_write: Callable[..., Held],
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
) -> None:
    place(house.rae)
    hold_write()
    file_call(risk=Risk.HIGH)
    turn()
    [(_, letter)] = mail.letters
    assert letter["Subject"] == (
        "1 approval to look at, highest risk high; a write in your name"
    )


def test_what_waits_again_after_the_agents_answer_is_told_again(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    say: Say,
) -> None:
    place(house.rae)
    approval_id = file_call()
    say(house.bo, approval_id, Verdict.REQUEST_CHANGES)
    turn()
    assert mail.letters == []  # it waits for its agent
    store.write(lambda tx: conversation.reply(tx, house.ci.filer, approval_id, "Done."))
    turn()
    [(_, letter)] = mail.letters
    assert letter["Subject"].startswith("Waits again: shell.run")


def test_a_verdict_that_did_not_reach_its_source_is_told_and_one_taken_back_is_not(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
) -> None:
    place(house.rae)
    approval_id = file_call()
    turn()
    mail.letters.clear()

    def undone(tx: Transaction, actor: str) -> None:
        tx.record(house.org_id, actor, "approval.undone", f"approval:{approval_id}", {})

    store.write(lambda tx: undone(tx, f"user:{house.bo.id}"))
    turn()
    assert mail.letters == []
    store.write(lambda tx: undone(tx, "system"))
    turn()
    [(_, letter)] = mail.letters
    assert letter["Subject"].startswith("Waits again: shell.run")


def test_who_has_voted_is_not_reminded(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    clock: TestClock,
    say: Say,
    notices: Notices,
) -> None:
    place(house.rae, remind_before=5)
    place(house.bo, remind_before=5)
    approval_id = file_call(expires_in=3_600_000)
    change(store, approval_id, approvals_required=2)
    turn()
    mail.letters.clear()
    say(house.bo, approval_id, Verdict.APPROVE)
    clock.advance(55 * MINUTE)
    turn()
    [(to, letter)] = mail.letters
    assert to == ["rae@example.org"]
    assert letter["Subject"].startswith("Ends soon: shell.run")
    [dropped] = notices(user_id=house.bo.id, why="reminder")
    assert dropped.last_error == "They had decided already, or may not decide it any more."


def test_whoever_loses_their_role_meanwhile_is_not_told(
    place: Place,
    store: Store,
    runtime: Runtime,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
) -> None:
    place(house.rae)
    file_call()
    fan_out(runtime)
    store.write(
        lambda tx: members.change_role(tx, house.org_id, By(), house.rae.id, "viewer")
    )
    turn()
    assert mail.letters == []


def test_a_flood_of_calls_is_no_flood_of_mail(
    place: Place,
    runtime: Runtime,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
) -> None:
    place(house.rae)
    for _ in range(60):
        file_call()
    fan_out(runtime)
    turn()
    assert [letter["Subject"] for _, letter in mail.letters] == [
        "50 approvals to look at, highest risk medium",
        "10 approvals to look at, highest risk medium",
    ]


def test_names_of_strangers_add_no_headers_links_mentions_or_marks(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    service: Service,
    house: House,
) -> None:
    place(house.rae)
    place(house.bo, service.url)
    agents = table_of(Agent)
    evil = "<b>@everyone</b> [x](http://evil.example)\r\nBcc: eve@example.org"
    name = update(agents).where(agents.c.id == house.ci.id).values(name=evil)
    store.write(lambda tx: (tx.execute(name), None)[1])
    file_call(tool="rm\r\nBcc: eve@example.org\u202e <script>")
    turn()
    [(to, letter)] = mail.letters
    assert to == ["rae@example.org"]
    assert letter["Bcc"] is None
    assert "\n" not in letter["Subject"]
    [(_, told)] = service.posts
    for text in (letter.get_content(), letter["Subject"], told["title"], told["message"]):
        strangers = re.sub(r"http://localhost:8080/\S+", "", text)
        assert not re.search(r"[<>@\[\]()*`|~&]|https?://|\u202e", strangers), text


@ON_BOTH
def test_a_failing_place_is_tried_again_and_says_why(
    place: Place,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    clock: TestClock,
    store: Store,
    notices: Notices,
) -> None:
    place(house.rae)
    mail.refuse["*"] = "451 4.7.1 Greylisted, try again"
    file_call()
    turn()
    [notice] = notices()
    assert (notice.status, notice.attempts) == ("waiting", 1)
    assert notice.last_error == "The mail server answered 451 4.7.1 Greylisted, try again."
    assert notice.next_at > store.now()
    mail.refuse.clear()
    clock.advance(5_000)
    turn()
    [notice] = notices()
    assert (notice.status, notice.attempts, notice.last_error) == ("delivered", 2, None)


def test_what_will_never_arrive_is_given_up_at_once_and_recorded(
    place: Place,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    service: Service,
    house: House,
    store: Store,
    notices: Notices,
) -> None:
    place(house.rae)
    place(house.bo, service.url)
    mail.refuse["rae@example.org"] = "550 5.1.1 No such user"
    service.status = 404
    file_call()
    turn()
    assert sorted((each.status, each.last_error) for each in notices()) == [
        ("dead", "The mail server answered 550 5.1.1 No such user."),
        ("dead", "The service answered 404."),
    ]
    with store.reading() as session:
        gave_up = session.scalars(
            select(Event).where(Event.action == "notice.gave_up")
        ).all()
        assert len(gave_up) == 2
        errors = set(session.scalars(select(Destination.last_error)))
    assert "The service answered 404." in errors


def test_a_dead_receiver_delays_nobody_and_rests(
    place: Place,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    service: Service,
    house: House,
    clock: TestClock,
    store: Store,
    notices: Notices,
) -> None:
    place(house.bo, service.url)
    place(house.rae)
    service.status = 503
    for tried in range(1, 6):
        file_call(expires_in=80_000_000)
        turn()
        assert len(mail.letters) == tried
        clock.advance(10_000)
    posts = len(service.posts)
    with store.reading() as session:
        [resting] = session.scalars(
            select(Destination).where(Destination.kind == "service")
        )
    assert resting.open_until is not None
    assert resting.open_until > store.now()
    file_call(expires_in=80_000_000)
    turn()
    assert len(service.posts) == posts  # the breaker is open
    assert len(mail.letters) == 6
    service.status = 200
    clock.advance(3 * 3_600_000)
    turn()
    assert {each.status for each in notices(user_id=house.bo.id)} == {"delivered"}
    assert len(service.posts) == posts + 1, "all in one message"


@ON_BOTH
def test_a_message_that_was_never_settled_is_sent_again(
    place: Place,
    store: Store,
    runtime: Runtime,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    clock: TestClock,
    notices: Notices,
) -> None:
    place(house.rae)
    file_call()
    fan_out(runtime)
    taken = store.write(lambda tx: claim(tx, 10))  # and then the process dies
    assert len(taken.bundles) == 1
    turn()
    assert mail.letters == []
    clock.advance(LEASE_MS)
    turn()
    assert len(mail.letters) == 1
    [notice] = notices()
    assert (notice.status, notice.attempts) == ("delivered", 2)


def test_changed_wishes_hold_for_what_waits_already(
    place: Place,
    store: Store,
    runtime: Runtime,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    notices: Notices,
) -> None:
    where = place(house.rae, every=240)
    unwanted, wanted = file_call(), file_call(tool="github.push")
    turn()
    owner = Owner(house.org_id, house.rae.id)
    wish = Wish(tools=("github.*",))
    store.write(lambda tx: destinations.change(tx, owner, where, wish))
    turn()
    [(_, letter)] = mail.letters
    assert wanted in letter.get_content()
    [dropped] = notices(approval_id=unwanted)
    assert dropped.last_error == "The wishes for this place changed."


def test_nothing_is_sent_to_a_place_that_was_removed(
    place: Place,
    store: Store,
    runtime: Runtime,
    file_call: FileCall,
    turn: Turn,
    service: Service,
    house: House,
) -> None:
    where = place(house.rae, service.url)
    file_call()
    fan_out(runtime)
    owner = Owner(house.org_id, house.rae.id)
    store.write(lambda tx: destinations.switch(tx, owner, where, "removed"))
    turn()
    file_call()
    turn()
    assert service.posts == []
    with store.reading() as session:
        assert session.get_one(Destination, where).sealed is None


def test_a_desk_where_nobody_has_a_place_makes_no_notice(
    file_call: FileCall, turn: Turn, notices: Notices
) -> None:
    file_call()
    turn()
    assert notices() == []


def test_following_every_link_of_a_mail_decides_nothing(
    place: Place,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
    signed_in: SignedIn,
    store: Store,
) -> None:
    place(house.rae)
    file_call()
    turn()
    links = re.findall(r"http://localhost:8080(\S+)", mail.letters[0][1].get_content())
    assert len(links) == 2
    scanner = signed_in(house.rae)  # worse than a scanner: it has the person's session
    before = rows(store)
    for link in links:
        assert scanner.get(link).status_code == 200
    after = rows(store)
    after["web_sessions"] = before["web_sessions"]  # seen lately
    assert after == before


def test_the_url_of_a_service_is_nowhere_in_the_clear(
    place: Place, store: Store, house: House, settings: Any
) -> None:
    place(house.rae, "ntfys://ntfy.example.org/a-secret-topic")
    with store.reading() as session:
        [kept] = session.scalars(select(Destination))
        assert kept.name == "ntfy (ntfys://ntfy.example.org/…)"
        assert b"a-secret-topic" not in (kept.sealed or b"")
        for event in session.scalars(select(Event)):
            assert b"a-secret-topic" not in event.entry + (event.payload or b"")


def test_ending_a_call_needs_no_notice(
    place: Place,
    store: Store,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
) -> None:
    place(house.rae)
    approval_id = file_call()
    store.write(
        lambda tx: (ending.cancel(tx, house.org_id, house.ci.id, approval_id), 0)[1]
    )
    turn()
    assert mail.letters == []


@ON_BOTH
def test_two_processes_tell_once(
    place: Place, runtime: Runtime, file_call: FileCall, mail: MailServer, house: House
) -> None:
    place(house.rae)
    file_call()
    fan_out(runtime)
    first, second = Crier(runtime), Crier(runtime)
    while first.tell() + second.tell():
        pass
    first.wait()
    second.wait()
    assert len(mail.letters) == 1
