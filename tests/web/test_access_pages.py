"""The pages of Access, as each role sees and uses them."""

import html
from typing import Any

import pytest

from tests.plugins.desk import House, Member, SignedIn
from webui.approvals.agents import issues, projects
from webui.approvals.agents.issues import IssueChange
from webui.approvals.people import accounts
from webui.approvals.people.standing import By
from webui.store.models import Agent, Issue, Project
from webui.store.queries import work
from webui.store.queries.grants import standing_grants
from webui.store.queries.reporting import Member as InTree
from webui.store.store import Store
from webui.web.reporting import branches

PAGES = ("/access", "/access/work", "/access/tree", "/access/question")


def text_of(answer: Any) -> str:
    return html.unescape(answer.get_data(as_text=True))


@pytest.fixture
def project(store: Store, house: House) -> str:
    by = By(house.ana.id)
    return store.write(lambda tx: projects.create_project(tx, house.org_id, by, "Site"))


@pytest.fixture
def issue(store: Store, house: House, project: str) -> str:
    by, change = By(house.ana.id), IssueChange(title="Mend it", project=project)
    return store.write(lambda tx: issues.create_issue(tx, house.org_id, by, change))


def test_only_who_manages_people_or_agents_gets_in(
    signed_in: SignedIn, house: House
) -> None:
    for member in (house.rae, house.vi, house.ed, house.max):
        browser = signed_in(member)
        assert "/access" not in text_of(browser.get("/"))
        for path in PAGES:
            answer = browser.get(path)
            assert answer.status_code == 403, (member.role, path)
            assert "Missing permission" in text_of(answer)
    owner = signed_in(house.ana)
    assert 'href="/access"' in text_of(owner.get("/"))
    for path in PAGES:
        assert owner.get(path).status_code == 200


def test_an_operator_looks_at_grants_and_gives_none(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    store.write(
        lambda tx: accounts.set_role(
            tx, house.org_id, house.vi.email, "operator", actor="local_implicit"
        )
    )
    browser = signed_in(house.vi)
    page = text_of(browser.get("/access"))
    assert "Give a permission" not in page
    answer = browser.send(
        "/access/grants", kind="user", principal="max@example.org", permission="policy:read"
    )
    assert answer.status_code == 403
    assert browser.send("/access/projects", name="Theirs").status_code == 303


def give(browser: Any, **fields: str) -> Any:
    form = {"kind": "user", "principal": "max@example.org", "permission": "approvals:view"}
    return browser.send("/access/grants", **(form | fields))


def test_a_grant_is_given_shown_with_names_and_revoked(
    signed_in: SignedIn, house: House, store: Store, project: str
) -> None:
    browser = signed_in(house.ana)
    answer = give(
        browser,
        project=project,
        subtree=f"{house.ci.id}, {house.helper.id}",
        max_risk="high",
        days="3",
    )
    assert answer.status_code == 303
    page = text_of(browser.get("/access"))
    for shown in ("Max", house.max.id, f"Site ({project})", f"ci ({house.ci.id})", "Ana"):
        assert shown in page, shown
    with store.reading() as session:
        (row,) = standing_grants(session, house.org_id, store.now(), most=9)
    assert row.expires_at is not None
    assert browser.send(f"/access/grants/{row.id}/revoke").status_code == 303
    assert "No permission is given" in text_of(browser.get("/access"))


def test_a_refusal_stands_on_the_page_with_what_was_typed(
    signed_in: SignedIn, house: House
) -> None:
    browser = signed_in(house.ana)
    for fields, said in (
        ({"principal": "zoe@example.org"}, "no such person"),
        ({"agent": house.stranger.id}, "names"),
        ({"days": "0"}, "3,650 days"),
        ({"days": "x"}, "3,650 days"),
        ({"kind": "agent", "principal": "ci"}, "can do nothing with approvals:view"),
        (
            {"kind": "agent", "principal": "ci", "permission": "approvals:decide"},
            "An agent never decides",
        ),
    ):
        answer = give(browser, tool="github.*", **fields)
        page = text_of(answer)
        assert answer.status_code in {403, 422}, fields
        assert said in page.split('role="alert"')[1], fields
        assert 'value="github.*"' in page


def test_what_was_typed_cannot_break_out_of_the_page(
    signed_in: SignedIn, house: House
) -> None:
    answer = give(signed_in(house.ana), principal='"><script>alert(1)</script>')
    assert "<script>alert" not in answer.get_data(as_text=True)
    asked = "/access/question?type=user&actor=%3Cb%3Ex&action=policy:read&kind=org"
    assert "<b>x" not in signed_in(house.ana).get(asked).get_data(as_text=True)


def test_projects_and_issues_are_kept_on_their_page(
    signed_in: SignedIn, house: House, store: Store, issue: str
) -> None:
    browser = signed_in(house.ana)
    browser.send("/access/projects", name="Shop")
    assert browser.send("/access/projects", name=" ").status_code == 422
    browser.send("/access/issues", title="Build it", agent="ci", user="rae@example.org")
    page = text_of(browser.get("/access/work"))
    for shown in ("Shop", "Build it", "Mend it", "in <bdi>Site", "Rae"):
        assert shown in page, shown
    assert browser.send(f"/access/issues/{issue}", status="closed").status_code == 303
    with store.reading() as session:
        kept = session.get_one(Issue, issue)
        shop = next(
            row for row in work.projects(session, house.org_id, 9) if row.name == "Shop"
        )
    assert (kept.status, kept.title) == ("closed", "Mend it")
    assert kept.project_id is not None
    assert browser.send(f"/access/projects/{shop.id}", name="Store").status_code == 303
    assert browser.send(f"/access/projects/{shop.id}/delete").status_code == 303
    busy = browser.send(f"/access/projects/{kept.project_id}/delete")
    assert (busy.status_code, "An issue is in this project" in text_of(busy)) == (409, True)


@pytest.mark.parametrize(
    ("policy", "effect"),
    [
        ("private", "Restricted"),
        ("protected", "Restricted"),
        ("approval", "Requires approval"),
        ("json", "Requires approval"),
    ],
)
def test_a_policy_and_its_effect_stand_beside_what_bears_it(
    signed_in: SignedIn, house: House, project: str, policy: str, effect: str
) -> None:
    browser = signed_in(house.ana)
    written = '{"assignmentPolicy": {"protectedAgentRequiresApproval": true}}'
    answer = browser.send(
        f"/access/protection/project/{project}", policy=policy, json=written
    )
    assert answer.headers["Location"] == "/access/work"
    assert effect in text_of(browser.get("/access/work"))


def test_a_policy_that_is_not_understood_is_refused_where_it_was_written(
    signed_in: SignedIn, house: House, store: Store, project: str
) -> None:
    browser = signed_in(house.ana)
    for text in ('{"mystery": 1}', "[", "[]", '{"agentVisibility": {"mode": "x"}}'):
        for kind, bearer in (("project", project), ("agent", house.ci.id)):
            answer = browser.send(
                f"/access/protection/{kind}/{bearer}", policy="json", json=text
            )
            assert answer.status_code == 422
            assert 'role="alert"' in text_of(answer)
    assert browser.send(f"/access/protection/moon/{project}").status_code == 404
    with store.reading() as session:
        assert session.get_one(Project, project).protection == "{}"


def test_the_tree_sets_in_who_reports_to_whom(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    def unit(tx: Any) -> None:
        tx.session.get(Agent, house.helper.id).reports_to = house.ci.id
        tx.session.get(Agent, house.deploy_bot.id).reports_to = "agt_gone"
        tx.session.flush()

    store.write(unit)
    browser = signed_in(house.ana)
    page = text_of(browser.get("/access/tree"))
    assert page.index(house.ci.id) < page.index(house.helper.id)
    assert 'data-level="2"' in page
    assert "Its manager is missing" in page
    sent = browser.send(f"/access/protection/agent/{house.ci.id}", policy="private")
    assert sent.headers["Location"] == "/access/tree"
    assert "Restricted" in text_of(browser.get("/access/tree"))


def test_circles_and_depth_are_marked_and_everybody_is_shown_once() -> None:
    def member(name: str, boss: str | None) -> InTree:
        return InTree(name, name, boss, "active", None, "{}")

    chain = [member("a0", None), *(member(f"a{n}", f"a{n - 1}") for n in range(1, 60))]
    ring = [member("x", "z"), member("y", "x"), member("z", "y"), member("self", "self")]
    found = branches([*chain, *ring, member("lost", "gone")])
    assert len({branch.id for branch in found}) == len(found) == 65
    marks = {branch.id: branch.mark for branch in found if branch.mark}
    assert marks["x"] == marks["self"] == "Part of a circle of managers"
    assert marks["lost"] == "Its manager is missing"
    assert [each for each, mark in marks.items() if "Deeper" in mark] == ["a50"]
    assert max(branch.indent for branch in found) == 12
    assert not branches([member("lost", "cut away")], cut=True)[0].mark


def test_a_question_has_an_address_that_answers_it(
    signed_in: SignedIn, house: House, project: str
) -> None:
    browser = signed_in(house.ana)
    browser.send(f"/access/protection/project/{project}", policy="approval")
    asked = (
        f"/access/question?type=user&actor=max@example.org&action=tasks:assign"
        f"&kind=issue&project={project}&agent=ci"
    )
    page = text_of(browser.get(asked))
    for shown in (
        "No: <bdi>Max</bdi> may not",
        "deny_policy_restricted",
        "Target project requires approval before task assignment.",
        'value="max@example.org"',
    ):
        assert shown in page, shown
    give(browser, permission="tasks:assign", agent=house.ci.id)
    browser.send(f"/access/protection/project/{project}", policy="private")
    page = text_of(browser.get(asked))
    assert "allow_explicit_grant" in page
    assert "pgr_" in page
    page = text_of(browser.get("/access/question?type=user&actor=x&action=x&kind=moon"))
    assert "choose another" in page


@pytest.mark.parametrize("kind", ["org", "approval", "project", "issue", "source", "agent"])
def test_another_orgs_things_are_as_unknown_as_unknown_ones(
    signed_in: SignedIn, house: House, file_call: Any, kind: str
) -> None:
    foreign = {
        "org": house.other_org_id,
        "approval": file_call(house.stranger),
        "agent": house.stranger.id,
    }.get(kind, "xyz_1")
    browser = signed_in(house.ana)

    def answer(actor: str, thing: str) -> str:
        asked = f"type=user&actor={actor}&action=approvals:view&kind={kind}&id={thing}"
        page = text_of(browser.get(f"/access/question?{asked}"))
        said = page.split('id="answer-title"')[1].split("</section>")[0]
        return said.replace(actor, "").replace(thing, "")

    assert answer(house.ana.id, foreign) == answer(house.ana.id, "nothing_1")
    assert answer(house.zoe.id, "") == answer("usr_nobody", "")


def test_a_change_of_grants_shows_on_the_holders_next_page(
    signed_in: SignedIn, house: House, file_call: Any, store: Store
) -> None:
    approval = file_call()
    holder: Member = house.max
    theirs = signed_in(holder)
    assert theirs.get(f"/approvals/{approval}").status_code == 404
    give(signed_in(house.ana))
    assert theirs.get(f"/approvals/{approval}").status_code == 200
    with store.reading() as session:
        (row,) = standing_grants(session, house.org_id, store.now(), most=9)
    signed_in(house.ana).send(f"/access/grants/{row.id}/revoke")
    assert theirs.get(f"/approvals/{approval}").status_code == 404
