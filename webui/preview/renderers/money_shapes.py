"""Where the amounts of a call are: in the shapes of Stripe, PayPal, Adyen, and in plain ones.

What is counted is known where the member's name says it or where the tool belongs to a processor
that counts in one way only. Elsewhere it stays open, and all that it can mean is shown.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from webui.preview.reading import Value
from webui.preview.renderers.amounts import Amount, Unit
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.currencies import digits_of
from webui.preview.renderers.saying import leaf, name_said

_AMOUNTS: Final = (
    *(
        "amount",
        "unit_amount",
        *("amount_minor", "amountMinor", "minor_units", "minorUnits"),
        *("amount_micros", "amountMicros", "price_micros", "priceMicros"),
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
CURRENCIES: Final = (
    *(
        "currency",
        "currency_code",
        "currencyCode",
        "targetCurrency",
        "sourceCurrency",
        "ccy",
    ),
)
_INSIDE: Final = (
    *("value", "amount", "total", "units"),
    *("minorUnits", "minor_units", "amount_minor", "amountMinor", "centAmount"),
    *("amount_micros", "amountMicros"),
)
"""Names of the number where an amount is an object."""
_CENTS: Final = re.compile(
    r"(?:^|_)(?:cents|pence)$|[a-z](?:Cents|Pence)$|^(?:Cents|Pence)$", re.ASCII
)
_MINOR: Final = re.compile(r"minor|centAmount", re.IGNORECASE)
_IN_MINOR: Final = {("unit_amount",), ("amount_money", "amount")}
"""As Stripe and Square say it, who count in minor units; an object under `unit_amount` is PayPal's,
who does not."""
_COUNT_IN_MINOR: Final = re.compile("stripe|adyen|square(?!space)|razorpay")
"""Processors; an amount of theirs is a whole number of the smallest unit."""
_SEND_DECIMALS: Final = re.compile("paypal|mollie")
"""Processors; an amount of theirs is a text of whole units."""


def amounts_in(arguments: Arguments, tool: str) -> list[tuple[str, Amount]]:
    found = []
    for name in (*_AMOUNTS, *filter(_CENTS.search, arguments.names)):
        value = arguments.value(name)
        if value is None:
            continue
        if value.kind == "object":
            found += _nested(Arguments(value.children), name, tool)
        elif value.kind in {"string", "number", "masked"} or value.is_masked:
            currency = leaf(arguments, *CURRENCIES)
            found.append((name, _amount(value, currency, (name,), tool)))
    plain_price = [
        (name, amount)
        for name, amount in found
        if amount.code or name not in {"price", "value", "total", "sum"}
    ]
    if len(found) > len(plain_price) and leaf(arguments, *CURRENCIES) is None:
        return plain_price  # `price: "price_123"` is a reference, not an amount
    return found


def _nested(inner: Arguments, name: str, tool: str) -> list[tuple[str, Amount]]:
    """Return what an amount says that is an object: all of it, if it says more than one thing."""
    currency = leaf(inner, *CURRENCIES)
    found = []
    for each in (*_INSIDE, *filter(_CENTS.search, inner.names)):
        value = inner.value(each)
        if value is None or value.kind in {"object", "array", "null"}:
            continue
        amount = _amount(value, currency, (name, each), tool)
        nanos = leaf(inner, "nanos") if each == "units" else None
        if nanos is not None:
            amount = amount._replace(unit="major", nanos=nanos)
        digits = leaf(inner, "fractionDigits") if each == "centAmount" else None
        if digits is not None and digits.plain != str(digits_of(amount.code, tool)):
            amount = amount._replace(unit="open")
        found.append((each, amount))
    return [(name if len(found) == 1 else f"{name} {each}", one) for each, one in found]


def _amount(
    value: Value, currency: Text | None, names: tuple[str, ...], tool: str
) -> Amount:
    text, code = text_of(value), currency.plain[:20] if currency is not None else ""
    unit = _unit(text.plain if value.kind == "string" else "", names, tool)
    if not code and names[-1].endswith(("_usd", "_eur")):
        code, unit = names[-1][-3:], "major"
    return Amount(text, unit, code, is_text=value.kind == "string")


def _unit(written: str, names: tuple[str, ...], tool: str) -> Unit:
    """Return what is counted, if the names, the text or the processor say it."""
    if any(map(_CENTS.search, names)):
        return "cents"
    if names[-1].lower().endswith("micros"):
        return "micros"
    if any(map(_MINOR.search, names)):
        return "minor"
    whole = names[-1] == "units" and written  # of google.type.Money
    if whole or _SEND_DECIMALS.search(tool):
        return "major"
    counted = _COUNT_IN_MINOR.search(tool) or names in _IN_MINOR
    if "." in written and not counted:
        return "major"
    # By a text in an object PayPal means whole units, Antom minor ones.
    is_open = not counted or "." in written or (written and len(names) > 1)
    return "open" if is_open else "minor"


def amounts_below(arguments: Arguments, tool: str) -> Iterator[tuple[str, Amount]]:
    """Yield the amounts deeper inside, such as those of an invoice's lines."""
    for name in arguments.names:
        value = arguments.look(name)
        if value is not None and value.kind in {"object", "array"} and name not in _AMOUNTS:
            yield from _inside(name, value.children, tool, in_array=value.kind == "array")


def _inside(
    name: str, children: Sequence[Value], tool: str, *, in_array: bool
) -> Iterator[tuple[str, Amount]]:
    if not in_array:
        for label, amount in amounts_in(Arguments(children), tool):
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
