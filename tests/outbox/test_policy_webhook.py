"""The webhook that a policy names: told of what waits, signed, and its secret seen by nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from webui.approvals.errors import ConflictError, InvalidError
from webui.approvals.people.standing import By
from webui.approvals.policy import import_policy
from webui.approvals.policy.secret import KEPT
from webui.approvals.ruling import policies, shadows
from webui.approvals.ruling.policies import Accepted, PolicyRefusedError
from webui.approvals.senders import endpoints
from webui.approvals.senders.announcing import keeps_secret
from webui.outbox.fanning import fan_out
from webui.replays.backtest import ask_for_backtest
from webui.signatures import standard
from webui.store.models import Delivery, Endpoint, Event, Job, Org, Policy, PolicyShadow

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.plugins.desk import FileCall, House
    from webui.outbox.courier import Courier
    from webui.store.store import Store

SECRET = "s3cret of the gateway"
OTHER = "whsec_" + "c2VjcmV0" * 4
HERE = "https://hooks.example.com/a"
THERE = "https://hooks.example.com/b"
PLAIN = 'version: "1"\n'


def naming(url: str, secret: str = SECRET) -> str:
    return (
        f"{PLAIN}# announced\napprovals:\n  notify:\n    webhook:\n"
        f"      url: {url}\n      secret: {secret} # of the gateway\n"
    )


@pytest.fixture
def put(store: Store, house: House) -> Callable[..., Accepted]:
    return lambda text, **more: store.write(
        lambda tx: policies.accept(tx, house.org_id, text, By(), **more)
    )


@pytest.fixture
def kept(store: Store) -> Callable[[], list[tuple[str, str, str | None]]]:
    """Return the URL, the state and the opened secret of each endpoint."""

    def look() -> list[tuple[str, str, str | None]]:
        def opened(tx: Any) -> list[tuple[str, str, str | None]]:
            found = tx.session.scalars(select(Endpoint).order_by(Endpoint.id)).all()
            keys = {each.id: each.data_key for each in tx.session.scalars(select(Org))}
            return [
                (
                    each.url,
                    each.status,
                    endpoints.secret_of(tx.keyring, keys[each.org_id], each),
                )
                for each in found
            ]

        return store.write(opened)

    return look


@pytest.mark.parametrize("secret", [SECRET, OTHER, "s"])
def test_what_waits_is_announced_signed_and_without_arguments(
    receive: Callable[..., Any],
    put: Callable[..., Accepted],
    file_call: FileCall,
    turn: Callable[[Courier], int],
    courier: Courier,
    store: Store,
    secret: str,
) -> None:
    receiver = receive()
    assert put(naming(receiver.url, secret)).warnings == ()
    approval_id = file_call(arguments={"password": "hunter2", "command": "ls"})
    turn(courier)
    [(headers, body)] = receiver.requests  # and nothing else, policy.changed neither
    message = json.loads(body)
    assert (message["type"], message["data"]["id"]) == ("approval.created", approval_id)
    assert "hunter2" not in body.decode()
    key = standard.key_of(secret)
    again = standard.sign_with(
        [key],
        headers["webhook-id"],
        now=int(headers["webhook-timestamp"]) * 1000,
        body=body,
    )
    assert headers["webhook-signature"] == again["webhook-signature"]
    put(PLAIN)
    file_call(arguments={"command": "more"})
    turn(courier)
    assert len(receiver.requests) == 1
    with store.reading() as session:
        assert [each.status for each in session.scalars(select(Delivery))] == ["delivered"]


def test_the_text_is_kept_without_the_secret_and_so_is_the_log(
    put: Callable[..., Accepted], store: Store, house: House, kept: Any
) -> None:
    made = put(naming(HERE)).version
    put(naming(HERE, OTHER))
    assert made.text == naming(HERE, f'"{KEPT}"')
    with store.reading() as session:
        told = [
            event.payload or b""
            for event in session.scalars(select(Event).order_by(Event.seq))
        ]
        texts = [each.text for each in session.scalars(select(Policy))]
        revisions = {each.revision for each in session.scalars(select(Policy))}
    assert not [each for each in told if SECRET.encode() in each or OTHER.encode() in each]
    assert not [each for each in texts if SECRET in each or OTHER in each]
    assert len(revisions) == 1  # nobody guesses the secret by the hash of the text
    assert kept() == [(HERE, "active", OTHER)]


def test_sent_back_without_the_secret_the_text_keeps_it_and_never_that_of_another_url(
    put: Callable[..., Accepted], kept: Any, house: House, store: Store
) -> None:
    put(naming(HERE))
    edited = naming(HERE, f'"{KEPT}"') + "default: deny\n"
    assert put(edited).changed
    assert kept() == [(HERE, "active", SECRET)]
    assert not put(edited.replace(f'"{KEPT}"', SECRET)).changed
    with pytest.raises(PolicyRefusedError, match="keeps no secret for this url"):
        put(naming(THERE, f'"{KEPT}"'))
    put(naming(THERE, OTHER))
    assert kept() == [(HERE, "paused", SECRET), (THERE, "active", OTHER)]
    store.write(lambda tx: policies.revert(tx, house.org_id, 1, By()))
    assert kept() == [(HERE, "active", SECRET), (THERE, "paused", OTHER)]


def test_a_new_secret_for_the_same_text_is_a_version_and_the_same_is_none(
    put: Callable[..., Accepted], kept: Any
) -> None:
    assert put(naming(HERE)).changed
    assert not put(naming(HERE)).changed
    changed = put(naming(HERE, OTHER))
    assert (changed.changed, changed.version.number) == (True, 2)
    assert kept() == [(HERE, "active", OTHER)]


@pytest.mark.parametrize(
    "spelt",
    [
        '"a \\"b\\" c"',
        "'it''s'",
        "|\n        lines\n        more",
        ">-\n        folded\n\n        text",
        "12345",
        "true",
        "two\n        lines",
    ],
)
def test_however_the_secret_is_spelt_it_is_taken_out(
    put: Callable[..., Accepted], spelt: str
) -> None:
    text = "\ufeff" + PLAIN  # a byte order mark is no line of its own
    text += (
        f"description: é 𝒜\napprovals:\n  notify:\n    webhook:\n      secret: {spelt}\n"
    )
    text += f"      url: {HERE}\ndefault: deny\n"
    version = put(text).version
    assert version.text == text.replace(spelt, f'"{KEPT}"')


def test_a_gateways_file_is_brought_in_with_its_webhook(
    put: Callable[..., Accepted], kept: Any
) -> None:
    version = put(import_policy(naming(HERE)).text).version
    assert "default: allow" in version.text
    assert kept() == [(HERE, "active", SECRET)]


def test_an_endpoint_of_the_policy_is_changed_there_alone(
    put: Callable[..., Accepted], store: Store, house: House, row: Any
) -> None:
    put(naming(HERE))
    made: str = row(Endpoint).id
    for verb in (endpoints.pause, endpoints.remove):
        with pytest.raises(ConflictError, match="The policy names this endpoint"):
            store.write(lambda tx, verb=verb: verb(tx, house.org_id, made))  # type: ignore[misc]
    store.write(lambda tx: endpoints.disable(tx, house.org_id, made, "410"))
    store.write(lambda tx: endpoints.resume(tx, house.org_id, made))
    put(PLAIN)
    with pytest.raises(ConflictError, match="The policy names this endpoint"):
        store.write(lambda tx: endpoints.resume(tx, house.org_id, made))
    store.write(lambda tx: endpoints.remove(tx, house.org_id, made))
    with store.reading() as session:
        assert not keeps_secret(session, house.org_id, HERE)


def test_what_waits_for_a_webhook_that_is_named_no_more_is_given_up(
    put: Callable[..., Accepted],
    runtime: Any,
    file_call: FileCall,
    row: Any,
) -> None:
    put(naming(HERE))
    file_call()
    fan_out(runtime)
    put(PLAIN)
    letter = row(Delivery)
    assert (letter.status, letter.last_error) == (
        "dead",
        "The policy does not name it any more.",
    )


def test_a_draft_beside_the_policy_and_a_backtest_keep_no_secret_and_tell_nobody(
    put: Callable[..., Accepted], store: Store, house: House, row: Any
) -> None:
    put(naming(HERE))
    start = shadows.start_shadow
    with pytest.raises(InvalidError, match="keeps no secret"):
        store.write(lambda tx: start(tx, house.org_id, naming(HERE, OTHER), By()))
    store.write(lambda tx: start(tx, house.org_id, naming(HERE) + "default: deny\n", By()))
    store.write(
        lambda tx: ask_for_backtest(tx, house.org_id, naming(THERE, OTHER), 1, By())
    )
    assert SECRET not in row(PolicyShadow).text
    assert OTHER not in row(Job).input
    with store.reading() as session:
        assert not keeps_secret(session, house.org_id, THERE)


def test_a_url_that_nobody_may_be_told_by_is_refused(put: Callable[..., Accepted]) -> None:
    with pytest.raises(PolicyRefusedError, match=r"notify\.webhook\.url"):
        put(naming("https://me:pw@hooks.example.com/"))
