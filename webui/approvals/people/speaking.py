"""In which language the desk speaks to a person."""

from webui.approvals.errors import Fault, InvalidError
from webui.languages import NAMES
from webui.sentences import sentence
from webui.store.models import User
from webui.store.transaction import Transaction


def set_language(tx: Transaction, org_id: str, user_id: str, code: str | None) -> None:
    """Choose a language for oneself, in every organization; none follows the browser.

    Raises:
        InvalidError: the desk does not speak it.

    """
    if code is not None and code not in NAMES:
        known = ", ".join(NAMES)
        raise InvalidError(
            sentence(
                "The desk does not speak this language. It knows %(known)s.", known=known
            ),
            [Fault("/language", sentence("must be one of %(known)s", known=known))],
        )
    user = tx.session.get_one(User, user_id)
    if user.language == code:
        return
    user.language = code
    tx.session.flush()
    name = f"user:{user_id}"
    tx.record(org_id, name, "user.changed", name, {"language": code})
