"""A policy that is kept on disk: taken in when it changes, and never when it is wrong."""

import os
from pathlib import Path

import pytest

from tests.plugins.desk import House, SignedIn
from webui.api.app import create_app
from webui.approvals.agents import tokens
from webui.approvals.authorization import POLICY_WRITE, VIEW
from webui.approvals.errors import ConflictError
from webui.approvals.people import groups
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.control import lab
from webui.control.verbs import Office
from webui.policyfile import Watch, view_of
from webui.runtime import Runtime
from webui.settings import Settings
from webui.store.store import Store

FIRST = 'version: "1"\ndefault: deny\n'
SECOND = 'version: "1"\ndefault: allow\n'


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: how a version is kept is tested on both."""
    return sqlite_database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


@pytest.fixture
def settings(settings: Settings, file: Path, house: House) -> Settings:
    return settings.model_copy(update={"policy_file": file, "policy_org": house.org_id})


def put(file: Path, content: str | bytes, *, age: float = 60) -> None:
    """Write the file as it is some seconds after its last change."""
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    changed = file.stat().st_mtime - age
    os.utime(file, (changed, changed))


def in_force(store: Store, house: House) -> tuple[int, str, str]:
    with store.reading() as session:
        live = policies.in_force(session, house.org_id)
        return (0, "", "") if live is None else (live.number, live.text, live.author)


def test_a_file_is_taken_in_at_the_start_and_whenever_it_changes(
    runtime: Runtime, file: Path, store: Store, house: House
) -> None:
    put(file, FIRST)
    watch = Watch(runtime)
    watch.look()
    assert in_force(store, house) == (1, FIRST, "file:policy.yaml")
    watch.look()
    Watch(runtime).look()
    assert in_force(store, house)[0] == 1, "the same text is no version"
    put(file, SECOND)
    watch.look()
    assert in_force(store, house)[:2] == (2, SECOND)


def test_a_file_with_a_webhooks_secret_is_taken_in_once_and_is_in_force(
    runtime: Runtime, file: Path, store: Store, house: House
) -> None:
    webhook = "approvals: {notify: {webhook: {url: 'https://a.example', secret: s3cret}}}\n"
    put(file, FIRST + webhook)
    for _ in range(2):
        Watch(runtime).look()
    assert in_force(store, house)[0] == 1
    assert "s3cret" not in in_force(store, house)[1]
    with store.reading() as session:
        shown = view_of(session, runtime.settings, house.org_id, store.now())
    assert shown is not None
    assert shown.in_force


def test_a_file_that_is_being_written_is_left_until_it_rests(
    runtime: Runtime, file: Path, store: Store, house: House
) -> None:
    watch = Watch(runtime)
    put(file, FIRST, age=0)
    watch.look()
    assert in_force(store, house)[0] == 0
    put(file, FIRST + "# more\n", age=0)
    watch.look()
    assert in_force(store, house)[0] == 0
    watch.look()
    assert in_force(store, house)[1] == FIRST + "# more\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("version: 2\n", "version"),
        (b"\xff\xfe", "not UTF-8"),
        ("# " + "x" * 131_072, "longer than 131,072"),
        (b"x" * 600_000, "larger than a policy"),
        (
            SECOND
            + "tools: {a: {rules: [{name: b, action: require_approval, approvers: [c]}]}}\n",
            "no group",
        ),
        (SECOND + "tests: [{tool: a, expect: deny}]\n", "expected deny"),
        ("a: &a [*a]\n", "&amp;a"),
        (None, "cannot be read"),
    ],
)
def test_a_wrong_file_never_replaces_a_right_one_and_the_page_says_why(
    runtime: Runtime,
    file: Path,
    store: Store,
    house: House,
    signed_in: SignedIn,
    content: str | bytes | None,
    said: str,
) -> None:
    watch = Watch(runtime)
    put(file, FIRST)
    watch.look()
    if content is None:
        file.unlink()
    else:
        put(file, content)
    watch.look()
    watch.look()
    assert in_force(store, house)[:2] == (1, FIRST)
    page = signed_in(house.vi).get("/policy").get_data(as_text=True)
    assert "The file is wrong as it is now" in page
    assert said in page
    put(file, SECOND)
    watch.look()
    assert in_force(store, house)[:2] == (2, SECOND)


def test_a_pipe_in_the_place_of_the_file_holds_nothing_up(
    runtime: Runtime, file: Path, store: Store, house: House
) -> None:
    os.mkfifo(file)
    watch = Watch(runtime)
    watch.look()
    watch.look()
    assert in_force(store, house)[0] == 0


def test_what_a_wrong_file_names_may_be_there_later(
    runtime: Runtime,
    file: Path,
    store: Store,
    house: House,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webui.policyfile.AGAIN", 0)
    rule = "tools: {a: {rules: [{name: b, action: require_approval, approvers: [c]}]}}\n"
    put(file, FIRST + rule)
    watch = Watch(runtime)
    watch.look()
    assert in_force(store, house)[0] == 0
    store.write(lambda tx: groups.create_group(tx, house.org_id, By(), "c"))
    watch.look()
    assert in_force(store, house)[0] == 1


def test_while_a_file_rules_pages_and_programs_are_refused(
    runtime: Runtime, file: Path, store: Store, house: House, signed_in: SignedIn
) -> None:
    put(file, FIRST)
    Watch(runtime).look()
    put(file, SECOND)
    Watch(runtime).look()
    browser = signed_in(house.ana)
    page = browser.get("/policy").get_data(as_text=True)
    assert "the file wins" in page
    assert "Review and save" not in page
    saved = browser.send("/policy", text=FIRST, base="2")
    assert saved.status_code == 409
    assert "policy.yaml on the desk&#39;s machine" in saved.get_data(as_text=True)
    assert browser.send("/policy/versions/1/revert", expected="2").status_code == 409
    assert in_force(store, house)[0] == 2
    assert "the file policy.yaml" in page
    other = signed_in(house.zoe).get("/policy").get_data(as_text=True)
    assert "the file wins" not in other


def test_a_draft_that_ran_beside_the_file_does_not_take_its_place(
    runtime: Runtime, file: Path, store: Store, house: House, signed_in: SignedIn
) -> None:
    put(file, FIRST)
    Watch(runtime).look()
    browser = signed_in(house.ana)
    assert browser.send("/policy/shadow", text=SECOND).status_code == 303
    taken = browser.send("/policy/shadow/take-over", expected="1")
    assert taken.status_code == 409
    assert "the file wins" in taken.get_data(as_text=True)

    token = store.write(
        lambda tx: tokens.create_token(
            tx, house.org_id, house.ana.id, label="", scopes={VIEW, POLICY_WRITE}
        )
    )
    asked = create_app(runtime).test_client()
    answer = asked.post(
        "/api/v1/review/policy/shadow/take-over",
        json={"expected": 1},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (409, "policy_in_file")
    office = Office(store, runtime.settings)
    with pytest.raises(ConflictError, match="the file wins"):
        lab.take_over(office, expected=1, org=house.org_id)
    assert in_force(store, house)[:2] == (1, FIRST)


class TestNoOrgIsNamed:
    """With several organizations the file must say whose it is."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"policy_org": None})

    def test_then_the_file_rules_none(
        self, runtime: Runtime, file: Path, store: Store, house: House, signed_in: SignedIn
    ) -> None:
        put(file, FIRST)
        Watch(runtime).look()
        assert in_force(store, house)[0] == 0
        saved = signed_in(house.ana).send("/policy", text=SECOND, base="0")
        assert saved.status_code == 303
