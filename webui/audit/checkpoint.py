"""Checkpoints: signed statements of how long a log is and what its Merkle root is.

C2SP signed notes, so that other people's tools can check them, and so that a copy outside
can prove that history was not rewritten. Reading and verifying is the verifier's, which
travels in exports; signing is here. Specification: details.md, section B.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from webui.audit import merkle
from webui.audit.chain import Head
from webui.audit.verifier import (
    Checkpoint,
    Key,
    NoteError,
    key_id,
    open_note,
    parse_vkey,
    read_cut,
    read_note,
)

__all__ = [
    "Checkpoint",
    "Key",
    "NoteError",
    "SignRefused",
    "Signer",
    "checkpoint_of",
    "continued",
    "cut_of",
    "key_id",
    "log_origin",
    "open_note",
    "parse_vkey",
    "read_cut",
    "read_note",
    "sign",
    "vkey",
]

_ED25519: Final = b"\x01"


class SignRefused(ValueError):
    """Signing this would say that history may change. It says what was signed before."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that signs for the log `name`. `seed` is 32 bytes, kept out of the database."""

    name: str
    private: Ed25519PrivateKey

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> "Signer":
        """Return a signer. Raises ValueError for a name C2SP forbids, or a seed not 32 bytes."""
        if not name or "+" in name or any(character.isspace() for character in name):
            raise ValueError(f"{name!a} cannot name a key. Use no spaces and no plus sign.")
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    @property
    def vkey(self) -> str:
        """The verifier key to publish."""
        return vkey(self.name, self.public)


def vkey(name: str, public: bytes) -> str:
    """Return `name+hex id+base64(0x01 || public key)` (C2SP signed-note)."""
    encoded = b64encode(_ED25519 + public).decode()
    return f"{name}+{key_id(name, public).hex()}+{encoded}"


def log_origin(install: str, org: str) -> str:
    """Return the name of an org's log, which is also its key's name."""
    return f"{install}/{org}"


def checkpoint_of(origin: str, head: Head) -> Checkpoint:
    """Return the statement of what `head` says now; not signed yet."""
    return Checkpoint(origin, head.seq, merkle.root(head.frontier, head.seq))


def cut_of(origin: str, head: Head) -> Checkpoint:
    """Return the statement from which a verifier can go on when older rows are archived.

    A checkpoint with two extension lines: the last row's hash and the Merkle frontier.
    """
    extensions = (
        f"row-hash {head.row_hash.hex()}",
        f"frontier {b64encode(head.frontier).decode()}",
    )
    return Checkpoint(origin, head.seq, merkle.root(head.frontier, head.seq), extensions)


def continued(
    last: Checkpoint, frontier: bytes, entries: Iterable[bytes]
) -> tuple[Checkpoint, bytes]:
    """Return the checkpoint, and its frontier, of `last` with the entries after it added.

    `frontier` is the one kept with `last`. What comes out is consistent with `last` by
    construction; comparing it with the head's own root finds a head that was tampered with.
    Raises SignRefused when `frontier` is not that of `last`.
    """
    try:
        same = merkle.root(frontier, last.size) == last.root
    except ValueError:
        same = False
    if not same:
        raise SignRefused(
            f"the frontier kept for row {last.size} of {last.origin} is not the one signed."
        )
    frontier, size = merkle.grow(frontier, last.size, entries)
    return Checkpoint(last.origin, size, merkle.root(frontier, size)), frontier


def sign(
    checkpoint: Checkpoint, signers: Sequence[Signer], *, last: Checkpoint | None
) -> str:
    """Return the signed note: one signature line for each signer, in their order.

    `last` is the newest checkpoint signed for this log, None only for a log that never had
    one. Raises SignRefused when `checkpoint` covers fewer rows, has another root for as
    many, or is of another log (C2SP: a log must never sign inconsistent checkpoints), and
    ValueError when no signer is given or one signs for another log.
    """
    if not signers:
        raise ValueError("no signer was given, so that nothing would vouch for the log.")
    if last is not None:
        _refuse_contradiction(checkpoint, last)
    lines = []
    for signer in signers:
        if signer.name != checkpoint.origin:
            raise ValueError(
                f"the key of {signer.name} does not sign for {checkpoint.origin}."
            )
        signature = signer.private.sign(checkpoint.text.encode())
        encoded = b64encode(key_id(signer.name, signer.public) + signature).decode()
        lines.append(f"\u2014 {signer.name} {encoded}\n")
    return checkpoint.text + "\n" + "".join(lines)


def _refuse_contradiction(checkpoint: Checkpoint, last: Checkpoint) -> None:
    if checkpoint.origin != last.origin:
        raise SignRefused(
            f"the last checkpoint is of {last.origin}, not of {checkpoint.origin}."
        )
    if checkpoint.size < last.size:
        raise SignRefused(
            f"the log of {last.origin} has {checkpoint.size} rows, but {last.size} were signed "
            "before: rows are missing. Restore the database; if it comes from a backup, start "
            "a new generation of the log."
        )
    if checkpoint.size == last.size and checkpoint.root != last.root:
        raise SignRefused(
            f"row {last.size} of {last.origin} was signed with another root: the log was "
            "rewritten. Run `countersign audit verify`."
        )
