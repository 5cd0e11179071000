"""A QR code as the numbers that a template draws."""

from typing import NamedTuple

import segno

BORDER = 3


class Code(NamedTuple):
    """One code: a square of `size` modules, border included, and the path of the dark ones."""

    size: int
    path: str


def code_of(text: str) -> Code:
    """Return the QR code of `text`."""
    rows = list(segno.make_qr(text, error="m").matrix_iter(border=BORDER))
    dark = (
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, module in enumerate(row)
        if module
    )
    return Code(len(rows), "".join(dark))
