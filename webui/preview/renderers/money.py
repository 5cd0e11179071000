"""Payments, refunds, transfers and invoices: how much, in what, to whom."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.reading import Value
from webui.preview.renderers.amounts import Amount, Unit, decimals
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.currencies import digits_of
from webui.preview.renderers.rendering import Fact, Rendering, Token
from webui.preview.renderers.saying import (
    Findings,
    fact,
    leaf,
    name_said,
    own_fact,
    said,
    says_yes,
)
from webui.preview.renderers.sheets import Sheets
from webui.preview.renderers.tool_names import globs, squeezed

TOOLS: Final = (
    *globs(
        "payment", "refund", "transfer money", "bank transfer", "create transfer", "payout"
    ),
    *globs(
        "create invoice",
        "send invoice",
        "charge",
        "send money",
        "wire transfer",
        "withdraw",
    ),
    *globs(
        "create order",
        "create price",
        "stripe",
        "paypal",
        "adyen",
        "pay invoice",
        "pay bill",
    ),
    *globs("bank.transfer", "create subscription", "issue credit", "top up", "disburse"),
)
_AMOUNTS: Final = (
    *(
        "amount",
        "unit_amount",
        "amount_cents",
        "amount_minor",
        "amountInCents",
        "amountMinor",
    ),
    *("value", "total", "price", "amount_money", "sum", "targetAmount", "sourceAmount"),
    *(
        "refund_amount",
        "totalAmount",
        "total_amount",
        "amount_usd",
        "amount_eur",
        "quantity_money",
    ),
)
_CURRENCIES: Final = (
    *(
        "currency",
        "currency_code",
        "currencyCode",
        "targetCurrency",
        "sourceCurrency",
        "ccy",
    ),
)
_PAYEES: Final = (
    *(
        "to",
        "payee",
        "recipient",
        "beneficiary",
        "destination",
        "destination_account",
        "iban",
    ),
    *(
        "to_account",
        "toAccount",
        "account",
        "account_number",
        "customer",
        "vendor",
        "receiver",
    ),
    *(
        "recipient_email",
        "email",
        "payment_intent",
        "charge",
        "capture_id",
        "wallet",
        "address",
    ),
    *(
        "creditor",
        "merchant",
        "invoice",
        "subscription",
        "price",
        "beneficiary_name",
        "bic",
    ),
)
_OTHERS: Final = (
    (
        "From",
        ("from", "from_account", "source", "source_account", "debit_account", "payer"),
    ),
    (
        "For",
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
    ("When", ("due_date", "scheduled_at", "execution_date", "date")),
    ("Repeats", ("interval", "frequency", "recurring")),
    ("Quantity", ("quantity",)),
)
_MINOR: Final = re.compile(r"cents|minor|unit_amount|pence|amount_money", re.IGNORECASE)
_CODE: Final = re.compile(r"[A-Za-z]{3}")
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_MOST_READ: Final = 600
_NOT_ASCII_DIGIT: Final = re.compile(r"[^\x00-\x7f]")


def fits(arguments: Arguments) -> bool:
    """Say whether this moves money whatever the tool is called."""
    if arguments.value("amount", "amount_cents", "unit_amount", "amount_money") is None:
        return False
    if leaf(arguments, *_CURRENCIES) is not None:
        return True
    inner = arguments.inside("amount", "amount_money")
    return inner is not None and leaf(inner, *_CURRENCIES) is not None


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return how much goes where."""
    name = squeezed(tool)
    amounts = _amounts(arguments, name)
    more = list(islice(_below(arguments, name), _MOST_READ))
    payees = _payees(arguments)
    if not amounts and not more:
        if not payees or not any(
            word in name for word in ("refund", "payout", "transfer", "pay")
        ):
            return None
    found, sheets = Findings(), Sheets()
    facts: list[Fact] = []
    for label, amount in amounts:
        facts += _told(label if len(amounts) > 1 else "", amount, name)
        _look_at(found, amount, name)
    if not amounts and not more:
        found.danger("no-amount", "It names no amount: it may be all that there is.")
    if len({amount.code for _, amount in amounts}) > 1:
        found.danger("two", "It names amounts in different currencies.")
    facts += payees
    for label, names in _OTHERS:
        text = leaf(arguments, *names)
        if text is not None:
            facts.append(fact(label, text))
    _look_at_payees(found, arguments)
    _list(more, name, found, sheets)
    return Rendering(
        "money", _title(name), tuple(facts), sheets.blocks(), found.sentences()
    )


def _title(name: str) -> str:
    for word, title in (
        ("refund", "Refund"),
        ("payout", "Payout"),
        ("transfer", "Transfer of money"),
        ("invoice", "Invoice"),
        ("price", "Price"),
        ("subscription", "Subscription"),
    ):
        if word in name:
            return title
    return "Payment"


def _amounts(arguments: Arguments, tool: str) -> list[tuple[str, Amount]]:
    found = []
    for name in _AMOUNTS:
        value = arguments.value(name)
        if value is None:
            continue
        if value.kind == "object":
            amount = _nested(Arguments(value.children), name, tool)
        elif value.kind in {"string", "number", "masked"} or value.is_masked:
            currency = leaf(arguments, *_CURRENCIES)
            amount = _amount(value, currency, name, tool, is_nested=False)
        else:
            continue
        if amount is not None:
            found.append((name, amount))
    plain_price = [
        pair for pair in found if pair[0] not in {"price", "value", "total", "sum"}
    ]
    if len(found) > len(plain_price) and leaf(arguments, *_CURRENCIES) is None:
        return plain_price  # `price: "price_123"` is a reference, not an amount
    return found


def _nested(inner: Arguments, name: str, tool: str) -> Amount | None:
    value = inner.value("value", "amount", "minorUnits", "units")
    if value is None or value.kind in {"object", "array", "null"}:
        return None
    return _amount(value, leaf(inner, *_CURRENCIES), name, tool, is_nested=True)


def _amount(
    value: Value, currency: Text | None, name: str, tool: str, *, is_nested: bool
) -> Amount:
    unit: Unit = "open"
    if "paypal" in tool or (is_nested and value.kind == "string"):
        unit = "major"  # as PayPal and Mollie send it
    elif _MINOR.search(name) or any(word in tool for word in ("stripe", "adyen", "square")):
        unit = "minor"
    if value.kind == "string" and "." in "".join(part.text for part in value.segments):
        unit = "major"
    code = currency.plain[:20] if currency is not None else ""
    if not code and name.endswith(("_usd", "_eur")):
        code, unit = name[-3:], "major"
    return Amount(text_of(value), unit, code, value.kind == "number")


def _told(label: str, amount: Amount, tool: str) -> list[Fact]:
    before = f"{label}: " if label else ""
    facts = [
        own_fact(f"{before}{reading.label}", reading.words)
        for reading in amount.readings(tool)
    ]
    received = fact(f"{before}As received", amount.text)
    if amount.currency:
        currency = fact("", Text(amount.currency, {})).pieces
        received = received._replace(
            pieces=(*received.pieces, Piece("text", " "), *currency)
        )
    return [*facts, received]


def _look_at(found: Findings, amount: Amount, tool: str) -> None:
    shown = said(amount.text)
    digits = digits_of(amount.code, tool)
    if amount.text.hides(0, min(len(amount.text.plain), 1000)):
        found.danger("masked", "The amount is masked: nobody can tell how much it is.")
        return
    if not amount.currency:
        found.danger("no-currency", "It names no currency: the amount may be in any.")
    elif not _CODE.fullmatch(amount.currency.strip()) or digits is None:
        words = said(Text(amount.currency, {}))
        found.danger("currency", f"{words} is no currency that is known here (ISO 4217).")
    values = amount.values()
    if not values:
        found.danger("no-number", f"{shown} cannot be read as an amount.")
        if _NOT_ASCII_DIGIT.search(amount.text.plain[:200]):
            found.danger("digits", "The amount is written with signs outside ASCII.")
        return
    if len(amount.readings(tool)) > 1:
        both = " or ".join(reading.words for reading in amount.readings(tool))
        found.danger("open", f"{shown} can be read in more than one way: {both}.")
    for _, value in values:
        if value < 0 or (value == 0 and "-" in amount.plain):
            found.danger(
                "negative", f"{shown} is negative: the money may go the other way."
            )
        elif value == 0:
            found.note("zero", "The amount is zero.")
        if digits is not None and amount.unit != "minor" and decimals(value) > digits:
            found.danger(
                "decimals",
                f"{shown} has more decimals than {amount.code} has: it will be rounded.",
            )
        elif amount.unit == "minor" and decimals(value):
            found.danger(
                "decimals", f"{shown} has decimals, where the smallest unit is counted."
            )
    if "e" in amount.plain.casefold():
        found.danger("exponent", f"{shown} is written with an exponent.")


def _payees(arguments: Arguments) -> list[Fact]:
    facts = []
    for name in _PAYEES:
        value = arguments.value(name)
        if value is None or value.kind in {"array", "null"}:
            continue
        if value.kind == "object":
            inner = Arguments(value.children)
            texts = [
                leaf(inner, each)
                for each in ("name", "email", "iban", "account", "id", "account_number")
            ]
            facts += [fact(_payee_label(name), text) for text in texts if text is not None]
        else:
            facts.append(fact(_payee_label(name), text_of(value)))
    return facts[:12]


def _payee_label(name: str) -> str:
    return {"to": "To", "iban": "To the account (IBAN)", "email": "To, by e-mail"}.get(
        name, f"To ({name.replace('_', ' ')})"
    )


def _look_at_payees(found: Findings, arguments: Arguments) -> None:
    ibans = [leaf(arguments, "iban", "to_iban", "destination_iban")]
    for name in _PAYEES:
        inner = arguments.inside(name)
        ibans.append(leaf(inner, "iban") if inner is not None else leaf(arguments, name))
    for text in ibans:
        if text is None:
            continue
        plain = text.plain[:60].replace(" ", "").upper()
        if _IBAN.fullmatch(plain) and not _is_iban(plain):
            found.danger("iban", f"{said(text)} has wrong check digits: it is no IBAN.")
    if says_yes(leaf(arguments, "off_session", "confirm", "capture", "auto_confirm")):
        found.note("confirm", "It is carried out at once, without another confirmation.")
    sources = leaf(arguments, "from", "from_account", "source")
    targets = leaf(arguments, "to", "to_account", "destination")
    if sources is not None and targets is not None and sources.plain == targets.plain:
        found.note("same", "Money goes from an account to the same account.")


def _is_iban(plain: str) -> bool:
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _below(arguments: Arguments, tool: str) -> Iterator[tuple[str, Amount]]:
    """Yield the amounts deeper inside, such as those of an invoice's lines."""
    for name in arguments.names:
        value = arguments.value(name)
        if value is not None and value.kind in {"object", "array"} and name not in _AMOUNTS:
            yield from _inside(name, value.children, tool, in_array=value.kind == "array")


def _inside(
    name: str, children: Sequence[Value], tool: str, *, in_array: bool
) -> Iterator[tuple[str, Amount]]:
    if not in_array:
        for label, amount in _amounts(Arguments(children), tool):
            yield f"{name} {label}", amount
    for child in children:
        if child.kind in {"object", "array"} and (in_array or child.name not in _AMOUNTS):
            label = (
                f"{name} {int(child.name) + 1}"
                if in_array and child.name.isdecimal()
                else child.name
            )
            yield from _inside(
                name_said(label), child.children, tool, in_array=child.kind == "array"
            )


def _list(
    more: list[tuple[str, Amount]], tool: str, found: Findings, sheets: Sheets
) -> None:
    if not more:
        return
    sheet = sheets.start("Amounts inside")
    if len(more) == _MOST_READ:
        found.danger("many", f"It names {_MOST_READ:,} amounts or more; no more were read.")
    for label, amount in more:
        if found.is_new((amount.text.plain, amount.currency, amount.unit)):
            _look_at(found, amount, tool)
        if sheet.is_full:
            sheet.hidden += 1
            continue
        words = (
            " or ".join(reading.words for reading in amount.readings(tool)) or "no amount"
        )
        tokens = (
            Token("plain", (Piece("text", f"{name_said(label)}: "),)),
            Token("number", (Piece("text", words),)),
            Token(
                "comment", (Piece("text", ", received as "), *fact("", amount.text).pieces)
            ),
        )
        sheet.write(tokens)
    sheets.keep(sheet)
