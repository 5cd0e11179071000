"""Money: how much by the digits of its currency, to whom, and amounts that can be read twice."""

import pytest
from babel import Locale

from tests.preview.renderers.calls import PROFILE, findings, rendered, text_of
from webui.preview import card
from webui.preview.renderers.currencies import DIGITS


def pay(amount: object, currency: str | None = "EUR", **more: object) -> dict[str, object]:
    found = {"amount": amount, "to": "Ana", **more}
    return found if currency is None else {**found, "currency": currency}


def test_every_currency_is_one_that_cldr_knows_too() -> None:
    assert set(DIGITS) <= set(Locale("en").currencies)
    assert len(DIGITS) > 150
    assert (DIGITS["JPY"], DIGITS["EUR"], DIGITS["BHD"], DIGITS["CLF"]) == (0, 2, 3, 4)


@pytest.mark.parametrize(
    ("tool", "arguments", "shown"),
    [
        ("stripe_create_payment", pay(123456, "usd"), "Amount: 1,234.56 USD\nAs received: 123456 usd"),
        ("stripe_create_payment", pay(5000, "jpy"), "Amount: 5,000 JPY"),
        ("stripe_create_payment", pay(5000, "isk"), "Amount: 50.00 ISK"),
        ("adyen_payment", {"amount": {"value": 1000, "currency": "BHD"}}, "Amount: 1.000 BHD"),
        ("adyen_payment", {"amount": {"value": 1000, "currency": "CLP"}}, "Amount: 10.00 CLP"),
        (
            "paypal_refund",
            {"amount": {"value": "10.50", "currency_code": "USD"}, "capture_id": "x"},
            "Amount: 10.50 USD\nAs received: 10.50 USD",
        ),
        ("bank.transfer", pay(12.5), "Amount: 12.50 EUR\nAs received: 12.5 EUR\nTo: Ana"),
        ("bank.transfer", pay("1,234,567.8"), "Amount, read with commas between thousands: 1,234,567.80 EUR"),
        ("bank.transfer", pay("1.234,56"), "read with a comma for the point: 1,234.56 EUR"),
        ("bank.transfer", pay(1000), "If these are whole units: 1,000.00 EUR\nIf these are 1/100 units: 10.00 EUR"),
        ("square_payment", {"amount_money": {"amount": 100, "currency": "USD"}}, "Amount: 1.00 USD"),
        ("bank.transfer", {"amount_cents": 99, "currency": "EUR", "to": "x"}, "Amount: 0.99 EUR"),
        ("refund", {"order": "o-7", "cents": 8450}, "Amount: 84.50 of an unknown currency\nAs received: 8450"),
        ("x", {"cents": 8450, "currency": "EUR"}, "Amount: 84.50 EUR\nAs received: 8450 EUR"),
        ("refund", {"fee_cents": 50, "currency": "USD"}, "Amount: 0.50 USD"),
        ("x", {"amount_minor": 100, "currency": "JPY"}, "Amount: 100 JPY"),
        ("x", {"amountMinor": 1000, "currency": "KWD"}, "Amount: 1.000 KWD"),
        ("x", {"amount": {"minorUnits": 8450, "currency": "GBP"}}, "Amount: 84.50 GBP"),
        ("x", {"amount": {"cents": 8450, "currency": "EUR"}}, "Amount: 84.50 EUR"),
        ("x", {"amount": {"value": "84.50", "currency": "EUR"}}, "Amount: 84.50 EUR"),
        ("adyen_payment", {"amount": {"value": 500, "currency": "JPY"}}, "Amount: 500 JPY"),
        ("paypal_refund", {"amount": {"value": "500", "currency_code": "JPY"}}, "Amount: 500 JPY"),
        ("paypal_refund", {"amount": {"total": "9.00", "currency": "USD"}}, "Amount: 9.00 USD"),
        ("paypal_create_order", {"unit_amount": {"value": "9", "currency_code": "USD"}}, "Amount: 9.00 USD"),
        ("razorpay_refund", pay(50000, "INR"), "Amount: 500.00 INR"),
        ("squarespace_refund", pay(100), "If these are whole units: 100.00 EUR"),
        (
            "x",
            {"amount": {"centAmount": 8450, "currencyCode": "EUR", "fractionDigits": 2}},
            "Amount: 84.50 EUR",
        ),
        (
            "x",
            {"amount": {"units": "84", "nanos": 500000000, "currencyCode": "EUR"}},
            "Amount: 84.50 EUR\nAs received: 84 + nanos 500000000 EUR",
        ),
        ("x", {"amount_minor": "8450.00", "currency": "EUR"}, "Amount: 84.50 EUR"),
        ("create_order", {"total": {"amount": "84.50", "currency": "EUR"}}, "Amount: 84.50 EUR"),
        ("pay_bill", pay("1.234", "KWD"), "Amount: 1.234 KWD"),
        ("pay_bill", pay(1.234), "Amount: 1.234 EUR"),
        ("x", {"amount_micros": "84500000", "currency_code": "EUR"}, "Amount: 84.50 EUR"),
        ("x", pay("1" + "0" * 24, "USD"), "If these are whole units: 1,000,000,000,000,000,000,000,000.00 USD"),
    ],
)  # fmt: skip
def test_an_amount_is_shown_by_its_currency_and_as_it_was_received(
    tool: str, arguments: dict[str, object], shown: str
) -> None:
    assert shown in text_of(rendered(tool, arguments))


def test_an_object_that_says_two_amounts_is_shown_with_both() -> None:
    said = {"amount": {"value": "1.00", "cents": 99999, "currency": "EUR"}}
    shown = text_of(rendered("pay_bill", said))
    assert "amount value: Amount: 1.00 EUR" in shown
    assert "amount cents: Amount: 999.99 EUR" in shown


def test_cents_alone_make_no_payment_of_a_tool_that_is_none() -> None:
    assert card("count", {"cents": 3}, PROFILE).rendering is None


def test_the_amounts_inside_an_order_are_listed() -> None:
    item = {"name": "Chair", "unit_amount": {"value": "9.90", "currency_code": "USD"}}
    arguments = {
        "amount": {"value": "19.80", "currency_code": "USD"},
        "items": [item, item],
    }
    shown = text_of(rendered("paypal_create_order", arguments))
    assert "items 2 unit_amount: 9.90 USD, received as 9.90" in shown


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        (
            "pay_bill",
            pay(1000),
            "can be read in more than one way: 1,000.00 EUR or 10.00 EUR",
        ),
        ("pay_bill", pay("1,234"), "can be read in more than one way"),
        (
            "pay_bill",
            pay("1.234"),
            "can be read in more than one way: 1.234 EUR or 1,234.00 EUR",
        ),
        (
            "create_order",
            {"unit_amount": {"value": 9, "currency_code": "USD"}},
            "can be read in more than one way: 9.00 USD or 0.09 USD",
        ),
        (
            "pay_bill",
            {"amount_money": 900, "currency": "USD"},
            "can be read in more than one way: 900.00 USD or 9.00 USD",
        ),
        (
            "stripe_refund",
            pay("900.00"),
            "can be read in more than one way: 900.00 EUR or 9.00 EUR",
        ),
        (
            "stripe_refund",
            pay(10.5),
            "can be read in more than one way: 10.50 EUR or 0.105 EUR",
        ),
        (
            "x",
            {"cents": "84.50", "currency": "EUR"},
            "can be read in more than one way: 84.50 EUR or 0.845 EUR",
        ),
        (
            "x",
            {"amount": {"value": "8450", "currency": "EUR"}},
            "can be read in more than one way: 8,450.00 EUR or 84.50 EUR",
        ),
        (
            "adyen_payment",
            {"amount": {"value": "8450", "currency": "EUR"}},
            "can be read in more than one way",
        ),
        (
            "x",
            {"amount_cents": 100, "currency": "JPY"},
            "can be read in more than one way: 100 JPY or 1 JPY",
        ),
        (
            "x",
            {"amount_cents": 100, "currency": "KWD"},
            "can be read in more than one way: 1.000 KWD or 0.100 KWD",
        ),
        (
            "x",
            {"amount": {"centAmount": 845, "currencyCode": "EUR", "fractionDigits": 3}},
            "can be read in more than one way",
        ),
        (
            "x",
            {"amount": {"units": "84", "nanos": -5, "currencyCode": "EUR"}},
            "84 cannot be read as an amount",
        ),
        (
            "x",
            {"amount": {"units": "84", "nanos": "some", "currencyCode": "EUR"}},
            "84 cannot be read as an amount",
        ),
        (
            "x",
            {"amount": {"units": "84", "nanos": 10**9, "currencyCode": "EUR"}},
            "84 cannot be read as an amount",
        ),
        (
            "x",
            {"amount_micros": 84500001, "currency": "EUR"},
            "has more decimals than EUR has",
        ),
        (
            "x",
            {"cents": "84.50", "currency": "EUR"},
            "has decimals, where the smallest unit is counted",
        ),
        ("refund", {"cents": 100}, "It names no currency"),
        ("pay_bill", pay(-5.5), "is negative: the money may go the other way"),
        ("pay_bill", pay("-0.00"), "is negative"),
        ("pay_bill", pay(0), "The amount is zero"),
        ("pay_bill", pay("1e3"), "is written with an exponent"),
        ("pay_bill", pay(12.345), "has more decimals than EUR has"),
        ("pay_bill", pay("10.5", "JPY"), "has more decimals than JPY has"),
        ("pay_bill", pay("10.00 USD"), "itself names another currency than EUR"),
        ("pay_bill", pay("£10.00"), "itself names another currency than EUR"),
        ("pay_bill", pay("ten"), "cannot be read as an amount"),
        ("pay_bill", pay("NaN"), "cannot be read as an amount"),
        ("pay_bill", pay("١٠٠"), "written with signs outside ASCII"),
        ("pay_bill", pay("１００"), "written with signs outside ASCII"),
        ("pay_bill", pay("9" * 500), "cannot be read as an amount"),
        ("pay_bill", pay(10, "DOGE"), "DOGE is no currency that is known here"),
        ("pay_bill", pay(10, "US\u0405"), "is no currency that is known here"),
        ("pay_bill", pay(10.5, None), "It names no currency"),
        ("create_refund", {"payment_intent": "pi_1"}, "It names no amount"),
        ("pay_bill", pay(10.5, iban="DE89370400440532013001"), "wrong check digits"),
        ("pay_bill", pay(10.5, confirm=True), "without another confirmation"),
        (
            "create_invoice",
            {
                "amount": 5.5,
                "currency": "EUR",
                "lines": [{"amount": "-9.00", "currency": "EUR"}],
            },
            "-9.00 is negative",
        ),
        (
            "pay_bill",
            {"amount_eur": "5.00", "amount_usd": "5.00", "to": "x"},
            "amounts in different currencies",
        ),
    ],
)
def test_an_amount_that_misleads_is_found(
    tool: str, arguments: dict[str, object], words: str
) -> None:
    assert words in findings(tool, arguments)
