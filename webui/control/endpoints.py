"""Verbs on endpoints: who is told by signed webhook."""

from collections.abc import Sequence

from webui.approvals.people import accounts
from webui.approvals.senders import endpoints, letters
from webui.approvals.senders.outbound import ALL_ON
from webui.channels.addresses import AllowList
from webui.control.verbs import LOCAL, Office, Plain, org_id_of, verb
from webui.store.queries import traffic
from webui.store.transaction import Transaction


@verb("endpoints.add")
def add_endpoint(
    office: Office,
    *,
    url: str,
    events: Sequence[str] = (),
    plain: bool = False,
    arguments: bool = False,
    org: str | None = None,
) -> Plain:
    """Make an endpoint; its secret is shown once."""
    wishes = endpoints.Wishes(tuple(events) or (ALL_ON,), plain, arguments)
    allowed = AllowList.of(office.settings.callback_allow)

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        made = endpoints.create_endpoint(
            tx, org_id, url, wishes, allowed=allowed, actor=LOCAL
        )
        return {"id": made.endpoint_id, "url": url, "secret": made.secret}

    return office.store.write(unit)


@verb("endpoints.list")
def list_endpoints(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the endpoints of an org; never a secret."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        return [
            {
                "id": row.endpoint.id,
                "url": row.endpoint.url,
                "status": row.endpoint.status,
                "events": row.endpoint.events,
                "waiting": row.waiting,
                "dead": row.dead,
            }
            for row in traffic.endpoints(session, org_id)
        ]


@verb("endpoints.rotate")
def rotate_secret(office: Office, *, endpoint: str, org: str | None = None) -> Plain:
    """Give an endpoint a new secret, shown once; for a day both sign."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        secret = endpoints.rotate_secret(tx, org_id, endpoint, actor=LOCAL)
        return {"id": endpoint, "secret": secret}

    return office.store.write(unit)


def _change(name: str, done: str) -> None:
    """Enter a verb that does one thing to an endpoint and says so."""
    change = {
        "pause": endpoints.pause,
        "resume": endpoints.resume,
        "remove": endpoints.remove,
        "test": letters.send_test,
        "resend": letters.resend_all,
    }[name]

    @verb(f"endpoints.{name}")
    def act(office: Office, *, endpoint: str, org: str | None = None) -> Plain:
        def unit(tx: Transaction) -> Plain:
            said = change(tx, accounts.find_org(tx, org), endpoint, actor=LOCAL)
            return {"id": endpoint, done: True if said is None else said}

        return office.store.write(unit)


_change("pause", "paused")
_change("resume", "resumed")
_change("remove", "removed")
_change("test", "delivery")
_change("resend", "resent")
