"""Text made visible: complete, injective, and impossible to forge."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.preview import Piece, inline, pieces, visible
from webui.sentences import Sentence, sentence

ESCAPE = re.compile(r"⟦(?:U\+([0-9A-F]{4,6})|([0-9]+) (space|newline)s?)⟧")


def undone(shown: str) -> str:
    """Read visible text back; there is one way only, or it would not be injective."""

    def original(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return (" " if match[3] == "space" else "\n") * int(match[2])

    return ESCAPE.sub(original, shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("⟦U+202E⟧", "⟦U+27E6⟧U+202E⟦U+27E7⟧"),
        ("\x1b[31m", "⟦U+001B⟧[31m"),
        ("a\u202eb", "a⟦U+202E⟧b"),
        ("\U000e0041", "⟦U+E0041⟧"),
        ("a" + " " * 9 + "b", "a⟦9 spaces⟧b"),
        ("a" + " " * 8 + "b", "a" + " " * 8 + "b"),
        ("a\n\n\n\nb", "a⟦4 newlines⟧b"),
        ("a\n\n\nb", "a\n\n\nb"),
        (" a", "⟦1 space⟧a"),
        ("a  ", "a⟦2 spaces⟧"),
        ("a\n", "a⟦1 newline⟧"),
        (" \n a", "⟦1 space⟧⟦1 newline⟧⟦1 space⟧a"),
        ("a \n \n \n \n b", "a⟦1 space⟧⟦1 newline⟧" + "⟦1 space⟧⟦1 newline⟧" * 3 + "⟦1 space⟧b"),
        ("e\u0301", "e\u0301"),
        ("\u0301e", "⟦U+0301⟧e"),
        (" \u0301e", "⟦1 space⟧⟦U+0301⟧e"),
        ("a \u0301e", "a ⟦U+0301⟧e"),
        ("e" + "\u0301" * 4, "e" + "\u0301" * 4),
        ("e" + "\u0301" * 5, "e" + "⟦U+0301⟧" * 5),
        ("〚x〛", "⟦U+301A⟧x⟦U+301B⟧"),
        ("漢字 かな 한글 привет é ñ 😀", "漢字 かな 한글 привет é ñ 😀"),
        ("", ""),
        ("   ", "⟦3 spaces⟧"),
    ],
)  # fmt: skip
def test_the_rules_of_the_specification(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_no_forbidden_code_point_is_ever_shown(
    naughty: list[str], generated: list[str], hidden_code_points: frozenset[str]
) -> None:
    shown = set("".join(map(visible, [*naughty, *generated])))
    assert not shown & hidden_code_points


@pytest.mark.parametrize("unassigned", [31, pytest.param(1, marks=pytest.mark.sure)])
def test_every_single_forbidden_code_point_is_escaped(
    hidden_code_points: frozenset[str], unassigned: int
) -> None:
    """And one in `unassigned` of the million that are nobody's or anybody's."""
    nobodys = sorted(
        s for s in hidden_code_points if unicodedata.category(s) in {"Cn", "Co"}
    )
    signs = sorted(hidden_code_points.difference(nobodys).union(nobodys[::unassigned]))
    # each alone between two letters, many in one text: alone in a text each takes 20 s
    for some in (signs[at : at + 500] for at in range(0, len(signs), 500)):
        shown = "".join(f"a⟦U+{ord(sign):04X}⟧" for sign in some)
        assert visible("".join(f"a{sign}" for sign in some)) == shown
    alone = [s for s in signs[::97] if visible(s) != f"⟦U+{ord(s):04X}⟧"]
    assert alone == []


def test_no_two_texts_look_the_same(naughty: list[str], generated: list[str]) -> None:
    texts = set(naughty) | set(generated)
    assert len({visible(text) for text in texts}) == len(texts)
    assert len({inline(text) for text in texts}) == len(texts)


def test_visible_text_can_be_read_back(naughty: list[str], generated: list[str]) -> None:
    assert [t for t in [*naughty, *generated] if undone(visible(t)) != t] == []


@given(st.text(st.characters(), max_size=60))
def test_any_text_can_be_read_back(text: str) -> None:
    assert undone(visible(text)) == text
    assert undone(inline(text)) == text


def test_pieces_are_the_same_text_taken_apart(
    naughty: list[str], generated: list[str]
) -> None:
    for text in [*naughty, *generated]:
        assert "".join(piece.text for piece in pieces(text)) == visible(text)


def test_only_pieces_of_our_own_hold_our_brackets(generated: list[str]) -> None:
    for text in generated:
        for piece in pieces(text):
            assert piece.kind in {"text", "chip", "blank", "odd"}
            assert (piece.kind in {"text", "odd"}) == ("⟦" not in piece.text)


def test_a_letter_of_another_script_stands_apart_and_says_what_it_is() -> None:
    assert pieces("n\u043erthwind.example, again n\u043ert") == (
        Piece("text", "n"),
        Piece("odd", "\u043e", "\u043e is U+043E, a Cyrillic letter"),
        Piece("text", "rthwind.example, again n"),
        Piece("odd", "\u043e", "\u043e is U+043E, a Cyrillic letter"),
        Piece("text", "rt"),
    )
    assert pieces("привет northwind") == (Piece("text", "привет northwind"),)


def test_more_than_four_marks_never_stand_in_a_row(generated: list[str]) -> None:
    for text in generated:
        marks = "".join(
            "m" if unicodedata.category(c)[0] == "M" else "." for c in visible(text)
        )
        assert "m" * 5 not in marks
        assert not re.search("[⟦⟧\n ][\u0300-\u036f]", visible(text))


@pytest.mark.parametrize(
    ("sign", "title"),
    [
        ("\u202e", "RIGHT-TO-LEFT OVERRIDE"),
        ("\x1b", "ESCAPE"),
        ("\x01", "CONTROL CHARACTER"),
        ("\ud800", "LONE SURROGATE"),
        ("\ue000", "PRIVATE USE"),
        ("\u0378", "UNASSIGNED"),
    ],
)
def test_a_chip_says_what_it_stands_for(sign: str, title: str) -> None:
    assert pieces(sign)[0][::2] == ("chip", title)


def test_neighbouring_chips_are_one_piece_with_all_their_escapes() -> None:
    (chip,) = pieces("\u202e\u200b\u200b")
    assert chip.text == "⟦U+202E⟧⟦U+200B⟧⟦U+200B⟧"
    assert chip.title == "3 code points: RIGHT-TO-LEFT OVERRIDE, ZERO WIDTH SPACE"


def test_inline_has_no_line_end() -> None:
    assert inline("a\nb\r\nc") == "a⟦U+000A⟧b⟦U+000D⟧⟦U+000A⟧c"


def test_more_code_points_than_are_remembered_change_nothing() -> None:
    before = visible("e\u0301 漢 \u202e")
    visible("".join(map(chr, range(0x30000, 0x41000))) + "".join(map(chr, range(0xD800))))
    assert visible("e\u0301 漢 \u202e") == before


def test_of_a_sentence_of_ours_only_what_it_tells_is_made_visible() -> None:
    told = visible(sentence("Held by %(name)s.", name="a\u202e⟦b"))
    assert isinstance(told, Sentence)
    assert told == "Held by a⟦U+202E⟧⟦U+27E6⟧b."
