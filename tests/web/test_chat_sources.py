"""Who has a chat's secret speaks for everybody linked there, so few may have one."""

from __future__ import annotations

import html
import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from webui.approvals.senders import sources
from webui.receivers.registry import KINDS
from webui.store.models import Membership, Source
from webui.store.store import Store

if TYPE_CHECKING:
    from tests.plugins.desk import Browser, House, SignedIn, TestClock

OWN_SECRET = "operators-own-signing-secret-0123"
CHAT = {
    "name": "Ops",
    "kind": "slack",
    "config": json.dumps({"channel": "C0123456789"}),
    "secret": OWN_SECRET,
}


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite; nothing new is stored here."""
    return sqlite_database


@pytest.fixture
def operator(signed_in: SignedIn, house: House, store: Store) -> Browser:
    """Somebody who manages sources, and may decide nothing."""
    store.write(
        lambda tx: tx.execute(
            update(Membership)
            .where(Membership.user_id == house.vi.id)
            .values(role="operator")
        )
    )
    return signed_in(house.vi)


@pytest.fixture
def source_id(store: Store, house: House) -> str:
    return store.write(
        lambda tx: sources.create_source(
            tx,
            house.org_id,
            kind="slack",
            name="Ops",
            config={"channel": "C0123456789"},
            secret=OWN_SECRET,
        )
    ).source_id


def test_an_operator_makes_no_chat_whose_clicks_they_could_sign_for_reviewers(
    operator: Browser, store: Store
) -> None:
    assert operator.get("/sources/new?kind=slack").status_code == 403
    answer = operator.send("/sources", **CHAT)
    assert answer.status_code == 403
    assert "members:manage" in answer.text
    with store.reading() as session:
        assert session.scalars(select(Source)).all() == []
    assert operator.get("/sources/new?kind=standard").status_code == 200


def test_an_operator_is_shown_no_new_secret_of_a_chat(
    operator: Browser, store: Store, source_id: str
) -> None:
    path = f"/sources/{source_id}"
    assert "Replace the secret" not in operator.get(path).text
    assert operator.send(f"{path}/rotate", secret=OWN_SECRET).status_code == 403
    with store.reading() as session:
        assert session.get_one(Source, source_id).old_secret is None


def test_who_manages_members_proves_first_who_they_are_and_then_makes_one(
    signed_in: SignedIn, house: House, clock: TestClock, source_id: str
) -> None:
    ana = signed_in(house.ana)
    assert "Replace the secret" in ana.get(f"/sources/{source_id}").text
    assert ana.send("/sources", **CHAT).status_code == 303
    clock.advance(901_000)
    for answer in (
        ana.get("/sources/new?kind=discord"),
        ana.send("/sources", **CHAT),
        ana.send(f"/sources/{source_id}/rotate"),
    ):
        assert answer.location.startswith("/account/confirm?next=/sources")


def test_a_chat_is_made_with_its_platforms_own_secret_which_no_page_shows(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    ana = signed_in(house.ana)
    assert "Signing Secret" in ana.get("/sources/new?kind=slack").text
    answer = ana.send("/sources", **CHAT | {"secret": ""})
    assert answer.status_code == 422
    assert "Signing Secret is missing" in html.unescape(answer.text)
    path = ana.send("/sources", **CHAT).location
    shown = ana.get(path).text
    assert "How to connect it" in shown
    assert OWN_SECRET not in shown
    assert ana.send(f"{path}/rotate").status_code == 422
    assert ana.send(f"{path}/rotate", secret="short").status_code == 422
    assert ana.send(f"{path}/rotate", secret=OWN_SECRET[::-1]).status_code == 303
    assert OWN_SECRET[::-1] not in ana.get(path).text
    with store.reading() as session:
        assert session.scalars(select(Source.old_secret)).one() is not None


@pytest.mark.parametrize("kind", ["hmac", "ctrlrun", "claude-code"])
def test_a_secret_with_signs_of_its_own_stays_one_word_in_what_is_pasted(
    signed_in: SignedIn, house: House, kind: str
) -> None:
    ana = signed_in(house.ana)
    secret = """a'b"c$(touch /tmp/x)`id`;-long-enough-to-be-taken"""
    form = html.unescape(ana.get(f"/sources/new?kind={kind}").text)
    config = re.search(r'name="config"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    assert config is not None
    made = ana.send("/sources", name="In", kind=kind, config=config[1], secret=secret)
    assert made.status_code == 303, made.text
    page = html.unescape(ana.get(made.location).text)
    snippets = "".join(re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL))
    as_json = json.dumps(secret).replace("'", "\\u0027")
    assert (shlex.quote(secret) if kind in {"hmac", "claude-code"} else as_json) in snippets


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_to_paste_has_its_own_button_and_wraps(kind: str) -> None:
    path = f"templates/sources/snippets/{kind}.html"
    text = (Path(__file__).parents[2] / path).read_text("utf-8")
    assert "<pre" not in text
    assert "{% call sample(" in text
