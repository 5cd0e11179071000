"""Which keys of one object could be taken for each other.

In the manner of UTS 39 a name becomes a skeleton of the shapes that its signs have; two names with
one skeleton look alike. Only signs that are drawn as a Latin letter, a digit or a common sign are
in the table: that is what a tool's own keys are made of.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import compress
from typing import Final

from webui.preview.codes import classes

_ALIKE: Final = (
    ("a", "аɑα"), ("b", "ЬƄƅᏏ"), ("B", "ВΒᏴꓐ"), ("c", "сϲᴄ"), ("C", "СϹᏟꓚ"), ("d", "ԁᏧꓒ"),
    ("D", "Ꭰꓓ"), ("e", "еҽє"), ("E", "ЕΕᎬꓰ"), ("f", "ꞙẝ"), ("F", "Ϝꓝ"), ("g", "ɡցᶃ"),
    ("G", "ԌᏀꓖ"), ("h", "һհᏂ"), ("H", "НΗᎻꓧ"), ("i", "іɩιıӏꙇᎥ"), ("j", "јϳյ"), ("J", "ЈᎫꓙ"),
    ("k", "кκᴋ"), ("K", "КΚᏦꓗ"), ("L", "Ꮮꓡ"), ("M", "МΜᎷꓟ"), ("m", "мᴍ"), ("n", "ոռηп"),
    ("N", "Νꓠ"), ("o", "оοσօᴏ0ഠ๐໐"), ("O", "ОΟՕꓳ"), ("p", "рρϱ"), ("P", "РΡᏢꓑ"),
    ("q", "ԛզգ"), ("Q", "Ԛ"), ("r", "гᴦɾ"), ("R", "ᎡᏒꓣ"), ("s", "ѕꜱ"), ("S", "ЅՏᏕᏚꓢ"),
    ("t", "тτᴛ"), ("T", "ТΤᎢꓔ"), ("u", "υսʋᴜц"), ("U", "Սꓴ"), ("v", "νѵᴠ"), ("V", "ѴᏙꓦ"),
    ("w", "ԝաѡᴡω"), ("W", "ԜᎳᏔꓪ"), ("x", "хχ᙮"), ("X", "ХΧꓫ"), ("y", "уγүʏ"), ("Y", "УΥҮꓬ"),
    ("z", "ᴢ"), ("Z", "ΖᏃꓜ"), ("A", "АΑᎪꓮ"), ("l", "1I|ІΙӀꓲןا"), ("3", "Зз"), ("6", "б"),
    ("-", "‐‑‒–—−˗"), (".", "․ꓸ٠"), ("_", "ˍ﹍"), ("/", "⁄∕⧸"), (":", "ː˸꞉∶"), ("'", "‘’ʼ`´ʹ′"),
)  # fmt: skip
_SHAPES: Final = str.maketrans({sign: shape for shape, signs in _ALIKE for sign in signs})

_SHAPES_FIRST: Final = {ord("ϲ"): "c", ord("Ϲ"): "C"}
"""What NFKC makes another letter of."""


def look_alikes(names: tuple[str, ...]) -> frozenset[str]:
    """Return those of the names of an object that look like another of them."""
    if len(names) < 2:  # noqa: PLR2004  one name has none beside it
        return frozenset()
    found: set[str] = set()
    for skeletons in _skeletons(names):
        often = Counter(skeletons)
        if len(often) < len(names):
            found.update(compress(names, [often[each] > 1 for each in skeletons]))
    return frozenset(found)


def looks_like(name: str, other: str) -> bool:
    """Say whether two names could be taken for each other; blanks and case tell none apart."""
    both = ["".join(each.split()) for each in (name, other)]
    return any(one == two for one, two in _skeletons(both))


def shape_of(name: str) -> str:
    """Return a name as it looks: letters of other scripts as the Latin ones they are drawn like."""
    whole = unicodedata.normalize("NFKC", name.translate(_SHAPES_FIRST))
    return "".join([sign if sign.isascii() else sign.translate(_SHAPES) for sign in whole])


def _skeletons(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names folded, and the names as shapes; all at once, as there may be many."""
    whole = "\n".join([name.replace("\n", " ") for name in names])
    if not whole.isascii():
        whole = "".join(compress(whole, map("x".__ne__, classes(whole))))
        whole = unicodedata.normalize("NFKC", whole.translate(_SHAPES_FIRST))
    shapes = whole.translate(_SHAPES).replace("rn", "m").replace("vv", "w")
    return whole.casefold().split("\n"), shapes.casefold().split("\n")
