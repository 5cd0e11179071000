"""A message is told in the language that its person chose, and in English else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from webui.approvals.people import speaking
from webui.approvals.states import Risk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.notices.conftest import Service
    from tests.notices.mail_server import MailServer
    from tests.plugins.desk import FileCall, House, Member, SignedIn
    from webui.store.store import Store

    Place = Callable[..., str]
    Turn = Callable[[], None]
    Choose = Callable[[Member], None]


@pytest.fixture
def choose_german(store: Store, house: House) -> Choose:
    def choose(member: Member) -> None:
        store.write(lambda tx: speaking.set_language(tx, house.org_id, member.id, "de"))

    return choose


def test_mail_speaks_the_language_of_its_person(
    choose_german: Choose,
    place: Place,
    file_call: FileCall,
    turn: Turn,
    mail: MailServer,
    house: House,
) -> None:
    choose_german(house.rae)
    place(house.rae)
    place(house.bo)
    file_call(risk=Risk.HIGH)
    turn()
    letters = {to[0]: letter for to, letter in mail.letters}
    german, english = letters[house.rae.email], letters[house.bo.email]
    assert german["Subject"] == "Wartet auf Sie: shell.run, Risiko hoch"
    body = german.get_content()
    assert "Gefragt von ci." in body
    assert re.search(
        r"Entscheiden Sie vor dem \d+\. \w{3,4}\.? \d{4}, \d\d:\d\d UTC\.\s", body
    )
    assert "Nichts in dieser Nachricht entscheidet" in body
    assert not {"Asked", "before", "message"} & set(body.split())
    assert english["Subject"] == "Waits for you: shell.run, high risk"
    assert "Nothing in this message decides" in english.get_content()


def test_a_digest_counts_in_the_language_of_its_person(
    choose_german: Choose,
    place: Place,
    file_call: FileCall,
    turn: Turn,
    service: Service,
    house: House,
) -> None:
    choose_german(house.rae)
    place(house.rae, service.url)
    file_call()
    file_call(arguments={"command": "uptime"}, risk=Risk.HIGH)
    turn()
    [(_, told)] = service.posts
    assert told["title"] == "2 Freigaben zu prüfen, höchstes Risiko hoch"


def test_a_try_and_an_open_page_speak_it_too(
    choose_german: Choose,
    place: Place,
    file_call: FileCall,
    service: Service,
    house: House,
    signed_in: SignedIn,
) -> None:
    choose_german(house.rae)
    rae, where = signed_in(house.rae), place(house.rae, service.url)
    answer = rae.send(f"/account/notifications/{where}/try")
    assert answer.status_code == 303
    [(_, told)] = service.posts
    assert told["title"] == "Countersign kann Sie hier erreichen"
    rae.send("/account/notifications", kind="browser")
    file_call(risk=Risk.HIGH)
    [notice] = rae.get("/queue/ring?since=0").get_json()["notices"]
    assert notice["title"] == "Wartet auf Sie: shell.run, Risiko hoch"
