"""A policy that is kept on disk: while a file rules an organization, nobody else sets its policy.

The file is taken in as a new version when it changes. One that is wrong never replaces what is
in force: what is wrong with it is logged, and shown wherever the policy is looked at.
"""

import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from webui.approvals.errors import ConflictError, DeskError
from webui.approvals.people import accounts
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.approvals.ruling.drafts import LONGEST, check_draft, too_long
from webui.approvals.ruling.policies import PolicyRefusedError
from webui.runtime import Runtime
from webui.sentences import sentence
from webui.settings import Settings
from webui.store.transaction import Transaction

log = structlog.get_logger()
AT_REST = 2.0
"""Seconds after its last change at which a file is whole: one that is being written is not."""
AGAIN = 60.0
"""Seconds after which a wrong file is looked at anew: what it names may be there by then."""
_MOST_BYTES = LONGEST * 4


class UnreadableError(Exception):
    """There is no text that could be the policy; the message says why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class FileView:
    """The file that rules an organization's policy, as it is on disk now."""

    path: str
    wrong: tuple[str, ...]
    """What is wrong with it, one line each; while there is any, what is in force stays."""
    in_force: bool


def ruled_org(session: Session, settings: Settings) -> str:
    """Return the id of the org that the file rules.

    Raises:
        UnreadableError: the settings do not name one.

    """
    try:
        return accounts.org_id_of(session, settings.policy_org)
    except DeskError as error:
        why = sentence(
            "policy_org does not name one organization of this desk, so policy_file rules "
            "none. Set it to the id, slug or name of one."
        )
        raise UnreadableError(why) from error


def rules(session: Session, settings: Settings, org_id: str) -> bool:
    """Say whether a file sets the policy of this org."""
    if settings.policy_file is None:
        return False
    try:
        return ruled_org(session, settings) == org_id
    except UnreadableError:
        return False


def require_no_file(tx: Transaction, settings: Settings, org_id: str) -> None:
    """Refuse to set a policy beside the file that rules it.

    Raises:
        ConflictError: names the file.

    """
    if rules(tx.session, settings, org_id):
        raise ConflictError(
            "policy_in_file",
            sentence(
                "The policy of this organization is the file %(path)s on the "
                "desk's machine, and the file wins. Change it there; it is taken in by "
                "itself.",
                path=settings.policy_file,
            ),
        )


def view_of(session: Session, settings: Settings, org_id: str, now: int) -> FileView | None:
    """Return how the file that rules an org stands; none where people set the policy."""
    if not rules(session, settings, org_id):
        return None
    path = Path(settings.policy_file or "")
    try:
        text = read(path)
    except UnreadableError as error:
        return FileView(str(path), (error.why,), in_force=False)
    found = check_draft(session, org_id, text, now)
    revision = None if found.policy is None else found.policy.revision
    live = policies.in_force(session, org_id)
    same = live is not None and live.revision == revision
    wrong = tuple(fault.told() for fault in found.faults)
    return FileView(str(path), wrong, in_force=same)


def read(path: Path) -> str:
    """Return the text of a policy's file.

    Raises:
        UnreadableError: it is no regular file, cannot be read, is too large, or is no UTF-8.

    """
    try:
        # Not waiting: what should be a file may be a pipe that nobody writes to.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:  # noqa: PTH123 - it is open already
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UnreadableError(sentence("%(path)s is no file.", path=path))
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        why = sentence("%(path)s cannot be read: %(why)s.", path=path, why=error.strerror)
        raise UnreadableError(why) from error
    if len(content) > _MOST_BYTES:
        why = sentence("%(path)s is larger than a policy can be.", path=path)
        raise UnreadableError(why)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        why = sentence("%(path)s is not UTF-8; save it as UTF-8.", path=path)
        raise UnreadableError(why) from error


class Watch:
    """Takes in the file of a process's settings whenever it changed; one call is one look."""

    def __init__(self, runtime: Runtime) -> None:
        """Take the process."""
        self._runtime = runtime
        self._taken: tuple[int, ...] | None = None
        """The mark of the file that was looked at last."""
        self._before: tuple[int, ...] | None = None
        """Its mark one look ago."""
        self._wrong: tuple[str, ...] = ()
        self._again_at = 0.0

    def look(self) -> int:
        """Look at the file, and take it in if it is another and at rest."""
        path = self._runtime.settings.policy_file
        if path is None:
            return 0
        mark, before = _mark(path), self._before
        self._before = mark
        waits = bool(self._wrong) and time.monotonic() >= self._again_at
        if (mark == self._taken and not waits) or not (mark == before or _rests(mark)):
            return 0
        self._take(path)
        # One that changed while it was read is looked at once more.
        self._taken = mark if _mark(path) == mark else None
        return 0

    def _take(self, path: Path) -> None:
        wrong: tuple[str, ...] = ()
        try:
            self._accept(path, read(path))
        except PolicyRefusedError as error:
            wrong = tuple(map(str, error.wrong))
        except UnreadableError as error:
            wrong = (str(error),)
        except DeskError as error:
            wrong = (error.detail,)
        if wrong and wrong != self._wrong:
            log.error("the policy's file is wrong; what was in force stays", wrong=wrong)
        self._wrong, self._again_at = wrong, time.monotonic() + AGAIN

    def _accept(self, path: Path, text: str) -> None:
        if len(text) > LONGEST:
            raise PolicyRefusedError((too_long(),))

        def unit(tx: Transaction) -> policies.Accepted:
            org_id = ruled_org(tx.session, self._runtime.settings)
            return policies.accept(tx, org_id, text, By(by_hand=f"file:{path.name}"))

        accepted = self._runtime.store.write(unit)
        if accepted.changed:
            told = [str(each) for each in accepted.warnings]
            number = accepted.version.number
            log.info("the policy's file was taken in", version=number, warnings=told)


def _mark(path: Path) -> tuple[int, ...]:
    """Return what changes with a file, without reading it; empty if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


def _rests(mark: tuple[int, ...]) -> bool:
    return not mark or time.time() - mark[0] / 1e9 >= AT_REST
