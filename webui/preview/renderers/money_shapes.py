"""Where the amounts of a call are: in the shapes of Stripe, PayPal, Adyen, and in plain ones."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from webui.preview.reading import Value
from webui.preview.renderers.amounts import Amount, Unit
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.saying import leaf, name_said

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
_MINOR: Final = re.compile(r"cents|minor|unit_amount|pence|amount_money", re.IGNORECASE)


def amounts_in(arguments: Arguments, tool: str) -> list[tuple[str, Amount]]:
    found = []
    for name in _AMOUNTS:
        value = arguments.value(name)
        if value is None:
            continue
        if value.kind == "object":
            amount = _nested(Arguments(value.children), name, tool)
        elif value.kind in {"string", "number", "masked"} or value.is_masked:
            currency = leaf(arguments, *CURRENCIES)
            amount = _amount(value, currency, name, tool, is_nested=False)
        else:
            continue
        if amount is not None:
            found.append((name, amount))
    plain_price = [
        pair for pair in found if pair[0] not in {"price", "value", "total", "sum"}
    ]
    if len(found) > len(plain_price) and leaf(arguments, *CURRENCIES) is None:
        return plain_price  # `price: "price_123"` is a reference, not an amount
    return found


def _nested(inner: Arguments, name: str, tool: str) -> Amount | None:
    value = inner.value("value", "amount", "minorUnits", "units")
    if value is None or value.kind in {"object", "array", "null"}:
        return None
    return _amount(value, leaf(inner, *CURRENCIES), name, tool, is_nested=True)


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
