"""Payments, refunds, transfers and invoices: how much, in what, to whom."""

import re
from decimal import Decimal
from itertools import islice
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.renderers.amounts import EXACT, Amount, decimals, either
from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.currencies import digits_of
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.money_shapes import CURRENCIES, amounts_below, amounts_in
from webui.preview.renderers.payees import facts_of_payees, look_at_payees
from webui.preview.renderers.rendering import Fact, Rendering, Token
from webui.preview.renderers.saying import fact, leaf, name_said, own_fact, said
from webui.preview.renderers.sheets import Sheets
from webui.preview.renderers.tool_names import globs, squeezed
from webui.preview.visible import inline
from webui.sentences import joined, number, sentence, sentence_in

TOOLS: Final = globs(
    "payment, refund, transfer money, bank transfer, create transfer, payout, "
    "create invoice, send invoice, charge, send money, wire transfer, withdraw, "
    "create order, create price, stripe, paypal, adyen, pay invoice, pay bill, "
    "bank.transfer, create subscription, issue credit, top up, disburse"
)
_OTHERS: Final = (
    (
        sentence_in("where money comes from", "From"),
        ("from", "from_account", "source", "source_account", "debit_account", "payer"),
    ),
    (
        sentence_in("what money is for", "For"),
        (
            "description",
            "reason",
            "reference",
            "memo",
            "note",
            "purpose",
            "statement_descriptor",
        ),
    ),
    (
        sentence_in("when money moves", "When"),
        ("due_date", "scheduled_at", "execution_date", "date"),
    ),
    (
        sentence_in("how often money moves", "Repeats"),
        ("interval", "frequency", "recurring"),
    ),
    (sentence("Quantity"), ("quantity",)),
)
_WRITTEN: Final = re.compile(r"[€£₹]|(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_SIGNS: Final = {"€": "EUR", "£": "GBP", "₹": "INR"}
_NAMED: Final = (
    *("amount", "amount_cents", "amountInCents", "amount_in_cents", "cents"),
    *("amount_minor", "amountMinor", "amount_micros", "amountMicros"),
    *("unit_amount", "amount_money"),
)
"""What is an amount of money whatever else there is, if a currency stands beside it."""
_MOVING: Final = ("refund", "payout", "transfer", "pay")
_CODE: Final = re.compile(r"[A-Za-z]{3}")
_MOST_READ: Final = 600
_RECEIVED: Final = Piece("text", joined("", (", ", sentence("received as"), " ")))
_NOT_ASCII_DIGIT: Final = re.compile(r"[^\x00-\x7f]")


def fits(arguments: Arguments) -> bool:
    """Say whether this moves money whatever the tool is called."""
    if arguments.value(*_NAMED) is None:
        return False
    if leaf(arguments, *CURRENCIES) is not None:
        return True
    inner = arguments.inside("amount", "amount_money")
    return inner is not None and leaf(inner, *CURRENCIES) is not None


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return how much goes where."""
    name = squeezed(tool)
    amounts = amounts_in(arguments, name)
    more = list(islice(amounts_below(arguments, name), _MOST_READ))
    payees = facts_of_payees(arguments)
    moves = payees and any(word in name for word in _MOVING)
    if not amounts and not more and not moves:
        return None
    found, sheets = Findings(), Sheets()
    facts: list[Fact] = []
    for label, amount in amounts:
        facts += _told(label if len(amounts) > 1 else "", amount, name)
        _look_at(found, amount, name)
    if not amounts and not more:
        found.danger(
            "no-amount", sentence("It names no amount: it may be all that there is.")
        )
    if len({amount.code for _, amount in amounts}) > 1:
        found.danger("two", sentence("It names amounts in different currencies."))
    facts += payees
    for label, names in _OTHERS:
        text = leaf(arguments, *names)
        if text is not None:
            facts.append(fact(label, text))
    look_at_payees(found, arguments)
    _list(more, name, found, sheets)
    sums = dict.fromkeys(
        each for _, amount in (*amounts, *more) for each in amount.sums(name)
    )
    return Rendering(
        "money", _title(name), tuple(facts), sheets.blocks(), found.sentences(), tuple(sums)
    )


def _title(name: str) -> str:
    for word, title in (
        ("refund", sentence("Refund")),
        ("payout", sentence("Payout")),
        ("transfer", sentence("Transfer of money")),
        ("invoice", sentence("Invoice")),
        ("price", sentence("Price")),
        ("subscription", sentence("Subscription")),
    ):
        if word in name:
            return title
    return sentence("Payment")


def _told(label: str, amount: Amount, tool: str) -> list[Fact]:
    before = (label, ": ") if label else ()
    facts = [
        own_fact(joined("", (*before, reading.label)), reading.words)
        for reading in amount.readings(tool)
    ]
    received = fact(joined("", (*before, sentence("As received"))), amount.text)
    received = received._replace(pieces=_received(amount))
    if amount.currency:
        currency = fact("", Text(amount.currency, {})).pieces
        received = received._replace(
            pieces=(*received.pieces, Piece("text", " "), *currency)
        )
    return [*facts, received]


def _received(amount: Amount) -> tuple[Piece, ...]:
    pieces = fact("", amount.text).pieces
    if amount.nanos is None:
        return pieces
    return (*pieces, Piece("text", " + nanos "), *fact("", amount.nanos).pieces)


def _look_at(found: Findings, amount: Amount, tool: str) -> None:
    shown = said(amount.text)
    digits = digits_of(amount.code, tool)
    if amount.text.hides(0, min(len(amount.text.plain), 1000)):
        found.danger(
            "masked", sentence("The amount is masked: nobody can tell how much it is.")
        )
        return
    _look_at_currency(found, amount, digits)
    values = amount.values()
    if not values:
        found.danger(
            "no-number", sentence("%(shown)s cannot be read as an amount.", shown=shown)
        )
        if _NOT_ASCII_DIGIT.search(amount.text.plain[:200]):
            found.danger(
                "digits", sentence("The amount is written with signs outside ASCII.")
            )
        return
    readings = amount.readings(tool)
    if len(readings) > 1:
        words = sentence(
            "%(shown)s can be read in more than one way: %(both)s.",
            shown=shown,
            both=either(readings),
        )
        found.danger("open", words)
    for _, value in values:
        _look_at_value(found, amount, value, digits)
    if "e" in amount.plain.casefold():
        found.danger(
            "exponent", sentence("%(shown)s is written with an exponent.", shown=shown)
        )


def _look_at_currency(found: Findings, amount: Amount, digits: int | None) -> None:
    written = _WRITTEN.search(amount.text.plain[:80])
    if written and amount.code and _SIGNS.get(written[0], written[0]) != amount.code:
        words = sentence(
            "%(amount)s itself names another currency than %(code)s.",
            amount=said(amount.text),
            code=inline(amount.code),
        )
        found.danger("other-currency", words)
    if not amount.currency:
        found.danger(
            "no-currency", sentence("It names no currency: the amount may be in any.")
        )
    elif not _CODE.fullmatch(amount.currency.strip()) or digits is None:
        shown = said(Text(amount.currency, {}))
        found.danger(
            "currency",
            sentence(
                "%(shown)s is no currency that is known here (ISO 4217).", shown=shown
            ),
        )


def _look_at_value(
    found: Findings, amount: Amount, value: Decimal, digits: int | None
) -> None:
    shown = said(amount.text)
    if value < 0 or (value == 0 and "-" in amount.plain):
        found.danger(
            "negative",
            sentence("%(shown)s is negative: the money may go the other way.", shown=shown),
        )
    elif value == 0:
        found.note("zero", sentence("The amount is zero."))
    whole = value.scaleb(-6, EXACT) if amount.unit == "micros" else value
    counts_small = amount.unit in {"minor", "cents"}
    if digits is not None and not counts_small and decimals(whole) > digits:
        found.danger(
            "decimals",
            sentence(
                "%(shown)s has more decimals than %(code)s has: it will be rounded.",
                shown=shown,
                code=amount.code,
            ),
        )
    elif counts_small and decimals(value):
        found.danger(
            "decimals",
            sentence(
                "%(shown)s has decimals, where the smallest unit is counted.", shown=shown
            ),
        )


def _list(
    more: list[tuple[str, Amount]], tool: str, found: Findings, sheets: Sheets
) -> None:
    if not more:
        return
    sheet = sheets.start(sentence("Amounts inside"))
    if len(more) == _MOST_READ:
        found.danger(
            "many",
            sentence(
                "It names %(most)s amounts or more; no more were read.",
                most=number(_MOST_READ),
            ),
        )
    for label, amount in more:
        if found.is_new((amount.text.plain, amount.currency, amount.unit)):
            _look_at(found, amount, tool)
        if sheet.is_full:
            sheet.hidden += 1
            continue
        words = either(amount.readings(tool)) or sentence("no amount")
        tokens = (
            Token("plain", (Piece("text", f"{name_said(label)}: "),)),
            Token("number", (Piece("text", words),)),
            Token("comment", (_RECEIVED, *_received(amount))),
        )
        sheet.write(tokens)
    sheets.keep(sheet)
