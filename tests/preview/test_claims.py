"""The agent's words are compared with what a payment names; a slip is said aloud."""

from collections.abc import Mapping

import pytest

from webui.preview import Profile, card, other_sums

REFUND = {"order": "A-20931", "amount": "845.00", "currency": "EUR"}


def told(
    profile: Profile, arguments: Mapping[str, object], *words: str | None
) -> list[str]:
    rendering = card("payments.refund", arguments, profile).rendering
    return [str(each) for each in other_sums(rendering, *words)]


def test_another_sum_in_the_agents_words_is_said(profile: Profile) -> None:
    words = ("Refund the lamp, 84.50 EUR", "It arrived broken. The order was 84.50 EUR.")
    assert told(profile, REFUND, *words) == [
        "The agent's words speak of 84.50 EUR; the call does not."
    ]


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("Refund 845.00 EUR", REFUND),
        ("Refund €845", REFUND),
        ("Refund 845,00 €, as agreed", REFUND),
        ("Refund EUR 1,234.50", REFUND | {"amount": "1234.50"}),
        ("Erstatte 1.234,50 EUR", REFUND | {"amount": "1234.50"}),
        ("Refund 84.50 EUR", REFUND | {"amount": 8450}),  # if these are cents
        ("Refund $84.50", REFUND | {"amount": "84.50", "currency": "CAD"}),
        ("Order 20931, at 14:00, on 2026-11-27, build 3.11.4, 12.50% off, 2 lamps", REFUND),
        (None, REFUND),
        ("", REFUND),
    ],
)  # fmt: skip
def test_the_same_sum_however_it_is_written_and_other_numbers_are_no_slip(
    profile: Profile, words: str | None, arguments: dict[str, object]
) -> None:
    assert told(profile, arguments, words) == []


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Refund 845.00 USD", "845.00 USD"),
        ("Refund $ 84.50", "$ 84.50"),
        ("Refund €84", "€84"),
        ("Refund 84,50", "84,50"),
        ("Refund 8 450.00 EUR", "8 450.00 EUR"),
        ("Refund 8\xa0450,00\xa0EUR", "8 450,00 EUR"),
    ],
)
def test_other_currencies_and_ways_to_write_are_told_apart(
    profile: Profile, words: str, shown: str
) -> None:
    assert told(profile, REFUND, words) == [
        f"The agent's words speak of {shown}; the call does not."
    ]


def test_a_line_of_an_invoice_is_a_sum_of_the_call_too(profile: Profile) -> None:
    lines = [{"amount": "12.00"}, {"amount": "3.50"}]
    arguments = {"amount": "15.50", "currency": "EUR", "lines": lines}
    assert told(profile, arguments, "12.00 and 3.50 make 15.50 EUR") == []


def test_a_call_without_a_sum_is_compared_with_nothing(profile: Profile) -> None:
    assert told(profile, {"amount": "[masked]", "currency": "EUR"}, "84.50 EUR") == []
    assert (
        other_sums(card("shell.run", {"command": "ls"}, profile).rendering, "84.50 EUR")
        == ()
    )
    assert other_sums(None, "84.50 EUR") == ()


def test_no_more_than_three_are_told(profile: Profile) -> None:
    words = " ".join(f"{number}.50 EUR" for number in range(50))
    assert len(told(profile, REFUND, words)) == 3
