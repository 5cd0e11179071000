"""Trying a place: a message at once, and the true answer of whoever takes it."""

from webui.approvals.asking import throttling
from webui.approvals.errors import InvalidError
from webui.channels.addresses import Undeliverable
from webui.languages import Language, chosen
from webui.notices import destinations, wording
from webui.notices.crier import messenger_of
from webui.notices.destinations import BROWSER, MAIL, Owner
from webui.sentences import sentence
from webui.settings import Settings
from webui.store.models import Org, User
from webui.store.store import Store
from webui.store.transaction import Transaction

TRIES_A_MINUTE = 6


def try_place(
    store: Store, settings: Settings, owner: Owner, destination_id: str, public_url: str
) -> str | None:
    """Send a message to a person's own place; return why it did not arrive, none if it was taken.

    Raises:
        NotFoundError: it is not this person's.
        InvalidError: nothing can be sent there.
        TooManyError: they tried often within a minute.

    """
    email, url, language = store.write(lambda tx: _where(tx, owner, destination_id))
    told, messenger = wording.trial(public_url, language), messenger_of(settings)
    try:
        if url is None:
            messenger.mail(email, told.title, told.body)
        else:
            messenger.send(url, told.title, told.body)
    except Undeliverable as failure:
        return failure.why
    return None


def _where(
    tx: Transaction, owner: Owner, destination_id: str
) -> tuple[str, str | None, Language]:
    """Return the person's address, a service's URL (none for mail) and the person's language.

    Each try costs a token.
    """
    found = destinations.load(tx, owner, destination_id)
    throttling.spend(
        tx,
        f"tried:{owner.user_id}",
        per_minute=TRIES_A_MINUTE,
        detail=sentence("You tried several times within a minute; wait a little."),
    )
    if found.kind == BROWSER:
        raise InvalidError(sentence("A browser is tried on its own page."))
    user = tx.session.get_one(User, owner.user_id)
    language = chosen(user.language)
    if found.kind == MAIL:
        return user.email, None, language
    data_key = tx.session.get_one(Org, owner.org_id).data_key
    return user.email, destinations.url_of(tx.keyring, data_key, found), language
