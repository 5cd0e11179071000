"""The rooms about people in German: what stands on them, what they refuse, and who chose it."""

import html
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from tests.plugins.desk import Browser, FileCall, House, Member, SignedIn
from tests.plugins.places import things
from tests.plugins.sentences import sentences
from webui.approvals.errors import InvalidError
from webui.approvals.people import accounts, groups
from webui.approvals.people.standing import By
from webui.store.store import Store

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
PAGES = {
    "/account": "Wo Sie angemeldet sind",
    "/account/link": "Mit Klicks in einem Chat entscheiden",
    "/account/factors": "Wiederherstellungscodes",
    "/account/confirm": "Bestätigen Sie, dass Sie es sind",
    "/account/notifications": "Alles, was Sie entscheiden dürfen; sofort.",
    "/people": "Verwaltung: führt Countersign hier und entscheidet",
    "/groups": "Ihr erteilte Berechtigungen",
    "/groups/{group_id}": "Wer darin ist",
    "/access": "Berechtigung erteilen",
    "/settings": "Von allen einen zweiten Faktor verlangen",
    "/settings/providers": "Anbieter anlegen",
    "/help": "Was die Wörter bedeuten",
    "/help/api": "Wie ein Agent fragt",
}
DOORS = {
    "/sign-in": "Ein Mensch entscheidet, was ein Agent darf.",
    "/sign-in/sso": "Kurzname Ihrer Organisation",
    "/sign-in/sso?org=nowhere": "Unter diesem Namen ist kein Single Sign-on eingerichtet.",
    "/joined": "Sie sind beigetreten",
    "/join/{invitation}": "beitreten",
    "/join/nothing": "Diese Einladung gilt nicht (mehr)",
}


def text_of(answer: TestResponse) -> str:
    return html.unescape(answer.get_data(as_text=True))


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: these are words."""
    return sqlite_database


@pytest.fixture
def ids(house: House, file_call: FileCall, store: Store) -> dict[str, str]:
    found = things(house.ci, file_call, store, house.org_id, house.ana.id)
    return found | {"invitation": found["token"]}


def test_every_room_is_german_for_who_asks_for_it(
    signed_in: SignedIn, browser: Browser, house: House, ids: dict[str, str]
) -> None:
    ana = signed_in(house.ana)
    scope = {"max_risk": "high", "channel": "page", "tool": "github.*"}
    given = {"kind": "user", "principal": house.rae.email, "permission": "audit:read"}
    assert ana.send("/access/grants", **given, **scope).status_code == 303
    for path, german, who in _rooms(ana, browser, ids):
        page = text_of(who.get(path, headers=GERMAN))
        assert '<html lang="de">' in page, path
        assert german in page, path
        english = sentences(text_of(who.get(path)))
        left = {said for said in sentences(page) & english if "@" not in said}
        assert left == set(), path
    access = text_of(ana.get("/access", headers=GERMAN))
    assert "Risiko höchstens: <bdi>hoch</bdi>" in access
    assert "Weg: <bdi>Seite</bdi>" in access


def _rooms(
    ana: Browser, nobody: Browser, ids: dict[str, str]
) -> Iterator[tuple[str, str, Browser]]:
    for rooms, who in ((PAGES, ana), (DOORS, nobody)):
        for path, german in rooms.items():
            yield path.format(**ids), german, who


def test_a_refusal_is_told_in_the_readers_language_and_stays_english_for_programs(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    ana = signed_in(house.ana)
    form = {"csrf_token": ana.csrf_token(), "name": " "}
    answer = ana.post("/groups", data=form, headers=GERMAN)
    assert answer.status_code == 422
    assert "Eine Gruppe braucht einen Namen aus 1 bis 80 druckbaren Zeichen." in text_of(
        answer
    )
    with pytest.raises(InvalidError) as refused:
        store.write(lambda tx: groups.create_group(tx, house.org_id, By(house.ana.id), ""))
    english = "A group needs a name of 1 to 80 printable characters."
    assert refused.value.detail == str(refused.value) == english
    assert english in text_of(ana.send("/groups", name=" "))


def test_a_refusal_names_a_role_in_the_readers_word(
    signed_in: SignedIn, house: House, store: Store, password_hash: str
) -> None:
    made = store.write(
        lambda tx: accounts.create_user(
            tx,
            house.org_id,
            email="ida@example.org",
            role="admin",
            password_hash=password_hash,
        )
    )
    ida = signed_in(Member(made.id, made.email, "Ida", "admin"))
    form = {"csrf_token": ida.csrf_token(), "email": "x@example.org", "role": "owner"}
    answer = ida.post("/people/invitations", data=form, headers=GERMAN)
    assert answer.status_code == 403
    assert "Die Rolle Besitz hat Berechtigungen, die Sie selbst nicht haben" in text_of(
        answer
    )


class TestChoosing:
    """The account's panel; a choice goes before what the browser asks for."""

    def test_german_is_chosen_and_kept_against_the_browser(
        self, signed_in: SignedIn, house: House
    ) -> None:
        ana = signed_in(house.ana)
        english = {"Accept-Language": "en"}
        assert "Where you are signed in" in text_of(ana.get("/account", headers=english))
        answer = ana.send("/account/language", language="de")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
        page = text_of(ana.get("/account", headers=english))
        assert "Wo Sie angemeldet sind" in page
        assert '<option value="de" lang="de" selected>Deutsch</option>' in page
        assert "Wo Sie angemeldet sind" in text_of(signed_in(house.ana).get("/account"))
        assert "Where you are signed in" in text_of(signed_in(house.rae).get("/account"))

    def test_as_the_browser_asks_takes_the_choice_back(
        self, signed_in: SignedIn, house: House
    ) -> None:
        ana = signed_in(house.ana)
        ana.send("/account/language", language="de")
        ana.send("/account/language", language="browser")
        assert "Where you are signed in" in text_of(ana.get("/account"))
        page = text_of(ana.get("/account", headers=GERMAN))
        assert "Wo Sie angemeldet sind" in page
        assert 'lang="de" selected' not in page

    @pytest.mark.parametrize("code", ["", "xx", "de-AT", "DE", "../de"])
    def test_a_language_that_the_desk_does_not_speak_is_refused_in_a_sentence(
        self, signed_in: SignedIn, house: House, code: str
    ) -> None:
        ana = signed_in(house.ana)
        answer = ana.send("/account/language", language=code)
        assert answer.status_code == 422
        said = "The desk does not speak this language. It knows en, de."
        assert said in text_of(answer)
        form = {"csrf_token": ana.csrf_token(), "language": code}
        answer = ana.post("/account/language", data=form, headers=GERMAN)
        assert "Möglich sind en, de." in text_of(answer)
        assert "Where you are signed in" in text_of(ana.get("/account"))
