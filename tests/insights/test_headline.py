"""How a number differs from that of the period before, in words and by a sign."""

from __future__ import annotations

import pytest

from webui.insights.headline import counts_compared, shares_compared, waits_compared

BEFORE = "in the 30 days before"


@pytest.mark.parametrize(
    ("now", "was", "sign", "words"),
    [
        (88, 100, "↓", f"12 % fewer than {BEFORE} (100)"),
        (3_600, 1_200, "↑", f"200 % more than {BEFORE} (1,200)"),
        (3, 2, "↑", f"1 more than {BEFORE} (2)"),
        (0, 4, "↓", f"4 fewer than {BEFORE} (4)"),
        (0, 40, "↓", f"100 % fewer than {BEFORE} (40)"),
        (10_001, 10_000, "↑", f"1 more than {BEFORE} (10,000)"),
        (5, 0, "↑", f"none {BEFORE}"),
        (7, 7, "=", f"as many as {BEFORE}"),
        (0, 0, "=", f"as many as {BEFORE}"),
        (7, None, "", "no figure before"),
    ],
)
def test_a_count_says_how_it_differs(
    now: int, was: int | None, sign: str, words: str
) -> None:
    assert counts_compared(now, was, 30) == (sign, words)


@pytest.mark.parametrize(
    ("now", "was", "sign", "words"),
    [
        (12, 16, "↓", f"4 points less than {BEFORE} (16 %)"),
        (17, 16, "↑", f"1 point more than {BEFORE} (16 %)"),
        (16, 16, "=", f"as large as {BEFORE}"),
        (None, 16, "", f"16 % {BEFORE}"),
        (16, None, "", "no figure before"),
    ],
)
def test_a_share_differs_by_points(
    now: int | None, was: int | None, sign: str, words: str
) -> None:
    assert shares_compared(now, was, 30) == (sign, words)


@pytest.mark.parametrize(
    ("now", "was", "sign", "words"),
    [
        (0, 6, "↓", f"shorter than {BEFORE} (2 min to 5 min)"),
        (7, 0, "↑", f"longer than {BEFORE} (under 2 s)"),
        (0, 0, "=", f"as long as {BEFORE}"),
        (None, 0, "", f"under 2 s {BEFORE}"),
        (0, None, "", "no figure before"),
    ],
)
def test_a_median_differs_by_its_bucket(
    now: int | None, was: int | None, sign: str, words: str
) -> None:
    assert waits_compared(now, was, 30) == (sign, words)
