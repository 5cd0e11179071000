from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from webui.audit import merkle
from webui.audit.chain import EMPTY_HEAD
from webui.audit.checkpoint import (
    Checkpoint,
    NoteError,
    Signer,
    SignRefused,
    checkpoint_of,
    continued,
    log_origin,
    open_note,
    parse_vkey,
    read_cut,
    read_note,
    sign,
    vkey,
)

VKEY = "audit.example/org1+c89dbc7d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
ROOT = bytes(range(32))


@pytest.fixture
def checkpoint() -> Checkpoint:
    return Checkpoint("audit.example/org1", 256, ROOT)


def code_of(note: str, *vkeys: str) -> str:
    with pytest.raises(NoteError) as caught:
        open_note(note, [parse_vkey(key) for key in vkeys or (VKEY,)])
    return caught.value.code


def test_the_verifier_key_is_the_published_vector(signer: Signer) -> None:
    assert signer.vkey == VKEY
    key = parse_vkey(VKEY)
    assert (key.name, key.id.hex(), key.public) == (signer.name, "c89dbc7d", signer.public)
    assert vkey(key.name, key.public) == VKEY


def test_the_note_is_written_exactly_so(signer: Signer, checkpoint: Checkpoint) -> None:
    note = sign(checkpoint, [signer], last=None)
    text, signature = note.split("\n\n")
    assert text == "audit.example/org1\n256\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert signature.startswith("\u2014 audit.example/org1 yJ28f")
    assert signature.endswith("\n")
    assert open_note(note, [parse_vkey(VKEY)]) == checkpoint
    [(_, blob)] = read_note(note)[1]
    Ed25519PublicKey.from_public_bytes(signer.public).verify(
        blob[4:], text.encode() + b"\n"
    )


def test_during_a_rotation_each_of_two_keys_is_enough(
    signer: Signer, stranger: Signer, checkpoint: Checkpoint
) -> None:
    note = sign(checkpoint, [stranger, signer], last=None)
    for known in ([signer.vkey], [stranger.vkey], [signer.vkey, stranger.vkey]):
        assert open_note(note, map(parse_vkey, known)) == checkpoint


def test_a_note_by_a_stranger_is_no_evidence(
    stranger: Signer, checkpoint: Checkpoint
) -> None:
    assert code_of(sign(checkpoint, [stranger], last=None)) == "unknown-key"


def test_a_note_for_another_log_is_no_evidence(checkpoint: Checkpoint) -> None:
    other = Signer.from_seed("audit.example/org2", bytes(range(32)))
    note = sign(Checkpoint("audit.example/org2", 256, ROOT), [other], last=None)
    assert code_of(note) == "unknown-key"
    assert (
        code_of(note.replace("org2\n256", "org1\n256"), VKEY, other.vkey) == "unknown-key"
    )


def test_a_known_key_with_a_wrong_signature_condemns_the_note(
    signer: Signer, stranger: Signer, checkpoint: Checkpoint
) -> None:
    note = sign(checkpoint, [stranger, signer], last=None)
    tampered = note.replace("\n256\n", "\n257\n")
    assert code_of(tampered) == "forged"
    assert code_of(tampered, stranger.vkey) == "forged"


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda _: "not a note",
        lambda note: note.rstrip("\n"),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("\n256\n", "\n0256\n"),
        lambda note: note.replace("\n256\n", "\n-1\n"),
        lambda note: note.replace("\n256\n", "\n\u0662\n"),
        lambda note: note.replace("\n256\n", "\n\n256\n"),
        lambda note: note.replace("Hh8=", "Hh9="),
        lambda note: note.replace("Hh8=", "Hg=="),
        lambda note: note.replace("Hh8=", "!h8="),
        lambda note: note.replace("\u2014", "-"),
        lambda note: note + "more\n",
        lambda note: note + "more",
        lambda note: note.replace("\n", "\r\n"),
    ],
)
def test_a_damaged_note_says_so(
    damage: Any, signer: Signer, checkpoint: Checkpoint
) -> None:
    assert code_of(damage(sign(checkpoint, [signer], last=None))) == "malformed"


def test_a_signature_in_a_second_spelling_is_passed_over(
    signer: Signer, checkpoint: Checkpoint
) -> None:
    note = sign(checkpoint, [signer], last=None)
    head, _, _ = note.rpartition(" ")
    assert code_of(f"{head} AB==\n") == "unknown-key"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "audit.example/org1",
        VKEY.replace("AQOh", "BAOh"),
        VKEY.replace("+AQ", "+"),
        VKEY[:-4],
        VKEY + "!",
        VKEY.removeprefix("audit.example/org1"),
    ],
)
def test_a_verifier_key_that_is_none_says_so(written: str) -> None:
    with pytest.raises(NoteError, match="not an Ed25519 verifier key"):
        parse_vkey(written)


def test_a_verifier_key_with_a_slip_of_the_pen_says_so() -> None:
    with pytest.raises(NoteError, match="a character was lost or changed"):
        parse_vkey(VKEY.replace("AQOhB7", "AQOhB8"))


@pytest.mark.parametrize("name", ["", "a+b", "a b", "a\nb", "a\u2003b"])
def test_a_name_that_notes_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a key"):
        Signer.from_seed(name, bytes(32))


def test_fewer_rows_than_signed_before_are_not_signed(
    signer: Signer, checkpoint: Checkpoint
) -> None:
    with pytest.raises(SignRefused, match="255 rows, but 256 were signed"):
        sign(Checkpoint(checkpoint.origin, 255, ROOT), [signer], last=checkpoint)


def test_another_root_for_as_many_rows_is_not_signed(
    signer: Signer, checkpoint: Checkpoint
) -> None:
    with pytest.raises(SignRefused, match="signed with another root"):
        sign(Checkpoint(checkpoint.origin, 256, bytes(32)), [signer], last=checkpoint)


def test_another_log_than_before_is_not_signed(
    signer: Signer, checkpoint: Checkpoint
) -> None:
    with pytest.raises(SignRefused, match="not of elsewhere"):
        sign(Checkpoint("elsewhere", 300, ROOT), [signer], last=checkpoint)
    with pytest.raises(ValueError, match="does not sign for elsewhere"):
        sign(Checkpoint("elsewhere", 300, ROOT), [signer], last=None)


def test_without_a_signer_nothing_is_signed(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="no signer"):
        sign(checkpoint, [], last=None)


def test_the_same_and_more_rows_are_signed(signer: Signer, checkpoint: Checkpoint) -> None:
    again = sign(checkpoint, [signer], last=checkpoint)
    assert again == sign(checkpoint, [signer], last=None)
    longer = Checkpoint(checkpoint.origin, 257, bytes(32))
    assert open_note(sign(longer, [signer], last=checkpoint), [parse_vkey(VKEY)]) == longer


def test_after_a_restart_the_rows_since_are_counted_again(long_log: Any) -> None:
    last = checkpoint_of(long_log.signer.name, long_log.heads[128])
    entries = [row.entry for row in long_log.rows[128:]]
    now, frontier = continued(last, long_log.heads[128].frontier, entries)
    assert now == checkpoint_of(long_log.signer.name, long_log.heads[200])
    assert frontier == long_log.heads[200].frontier


@pytest.mark.parametrize("frontier", [b"", bytes(32)])
def test_a_frontier_that_was_not_signed_is_not_continued(
    frontier: bytes, long_log: Any
) -> None:
    last = checkpoint_of(long_log.signer.name, long_log.heads[128])
    with pytest.raises(SignRefused, match="not the one signed"):
        continued(last, frontier, [])


def test_an_empty_log_can_be_vouched_for(signer: Signer) -> None:
    empty = checkpoint_of(log_origin("audit.example", "org1"), EMPTY_HEAD)
    assert (empty.size, empty.root) == (0, merkle.root(merkle.EMPTY, 0))
    assert open_note(sign(empty, [signer], last=None), [parse_vkey(VKEY)]) == empty


def test_a_cut_carries_what_the_next_row_needs(long_log: Any) -> None:
    cut = read_cut(open_note(long_log.cut(150), [parse_vkey(VKEY)]))
    assert cut.row_hash == long_log.rows[149].row_hash.hex()
    assert cut.frontier == long_log.heads[150].frontier


def test_a_plain_checkpoint_is_no_cut(long_log: Any) -> None:
    with pytest.raises(NoteError, match="not a cut"):
        read_cut(open_note(long_log.note(150), [parse_vkey(VKEY)]))


@pytest.mark.parametrize(
    "unlike", [{"origin": ""}, {"extensions": ("more", "", "more")}, {"extensions": ("",)}]
)
def test_a_note_with_an_empty_line_is_no_note(
    unlike: dict[str, Any], signer: Signer
) -> None:
    signed = sign(Checkpoint(signer.name, 256, ROOT), [signer], last=None)
    _, _, signature = signed.rpartition("\n\n")
    damaged = replace(Checkpoint(signer.name, 256, ROOT), **unlike)
    assert code_of(f"{damaged.text}\n{signature}") == "malformed"


def test_a_cut_whose_frontier_is_not_base64_is_no_cut() -> None:
    lines = ("row-hash " + "0" * 64, "frontier !")
    with pytest.raises(NoteError, match="not a cut"):
        read_cut(Checkpoint("audit.example/org1", 1, ROOT, lines))


def test_a_frontier_of_another_shape_is_refused_even_with_the_right_root(
    long_log: Any,
) -> None:
    leaves = b"".join(merkle.leaf(row.entry) for row in long_log.rows[:2])
    two = checkpoint_of(long_log.signer.name, long_log.heads[2])
    lines = ("row-hash " + "0" * 64, "frontier " + b64encode(leaves).decode())
    with pytest.raises(NoteError, match="contradicts its own root"):
        read_cut(replace(two, extensions=lines))


@pytest.mark.parametrize("frontier", ["", "AAAA", "A" * 43 + "="])
def test_a_cut_that_contradicts_its_root_is_refused(frontier: str) -> None:
    lines = ("row-hash " + "0" * 64, "frontier " + frontier)
    with pytest.raises(NoteError, match="contradicts its own root"):
        read_cut(Checkpoint("audit.example/org1", 1, ROOT, lines))
