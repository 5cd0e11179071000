"""The policy in force, ready to be asked: read from the database once, and then kept."""

from collections.abc import Mapping
from threading import Lock
from typing import Final

from sqlalchemy import Connection, bindparam, select

from webui.approvals.policy import PolicyError, Rulebook, read_policy
from webui.store.errors import StoreBrokenError
from webui.store.models import Org, Policy
from webui.store.prepared import Prepared

MOST_KEPT: Final = 64
_live = Prepared(
    select(Policy.revision)
    .join(Org, (Org.id == Policy.org_id) & (Org.policy_number == Policy.number))
    .where(Org.id == bindparam("org"))
)
_text = Prepared(
    select(Policy.text)
    .where(Policy.org_id == bindparam("org"), Policy.revision == bindparam("revision"))
    .limit(1)
)
_kept: dict[str, Rulebook] = {}
_lock = Lock()


def live_rulebook(connection: Connection, org_id: str) -> Rulebook | None:
    """Return the rules in force for an org; none where it has no policy.

    A revision is the hash of its text, so what was read once is right for ever, and an org's
    next call sees a new policy without being told.

    Raises:
        StoreBrokenError: the policy in force cannot be read; then nothing may pass.

    """
    found = _live.first(connection, {"org": org_id})
    if found is None:
        return None
    revision: str = found[0]
    return _kept.get(revision) or _read(connection, {"org": org_id, "revision": revision})


def redacted_names(
    connection: Connection, org_id: str, revision: str | None = None
) -> tuple[str, ...]:
    """Return the names whose values a policy masks: the one in force, and that of `revision`.

    Raises:
        StoreBrokenError: one of them cannot be read; then nothing is shown.

    """
    books = [live_rulebook(connection, org_id)]
    if revision is not None:
        which = {"org": org_id, "revision": revision}
        books.append(_kept.get(revision) or _read(connection, which))
    named = (book.policy.redact for book in books if book is not None)
    return tuple(dict.fromkeys(name for names in named for name in names))


def _read(connection: Connection, which: Mapping[str, str]) -> Rulebook:
    found = _text.first(connection, which)
    assert found is not None  # its revision was just read
    try:
        policy = read_policy(found[0])
    except PolicyError as error:
        raise StoreBrokenError(
            "The policy in force cannot be read, so nothing passes; set it anew."
        ) from error
    if policy.revision != which["revision"]:
        raise StoreBrokenError("The policy in force was changed past the desk.")
    book = Rulebook(policy)
    with _lock:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[which["revision"]] = book
    return book
