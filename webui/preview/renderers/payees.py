"""Who gets the money, as far as a call says it."""

import re
from typing import Final

from webui.preview.renderers.arguments import Arguments, text_of
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.rendering import Fact
from webui.preview.renderers.saying import fact, leaf, said, says_yes
from webui.sentences import Sentence, sentence, sentence_in

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
_LABELS: Final = {
    "to": sentence_in("who gets money", "To"),
    "iban": sentence("To the account (IBAN)"),
    "email": sentence("To, by e-mail"),
}
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


def facts_of_payees(arguments: Arguments) -> list[Fact]:
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


def _payee_label(name: str) -> Sentence:
    known = _LABELS.get(name)
    if known is not None:
        return known
    return sentence("To (%(name)s)", name=name.replace("_", " "))


def look_at_payees(found: Findings, arguments: Arguments) -> None:
    ibans = [leaf(arguments, "iban", "to_iban", "destination_iban")]
    for name in _PAYEES:
        inner = arguments.inside(name)
        ibans.append(leaf(inner, "iban") if inner is not None else leaf(arguments, name))
    for text in ibans:
        if text is None:
            continue
        plain = text.plain[:60].replace(" ", "").upper()
        if _IBAN.fullmatch(plain) and not _is_iban(plain):
            found.danger(
                "iban",
                sentence(
                    "%(account)s has wrong check digits: it is no IBAN.", account=said(text)
                ),
            )
    if says_yes(leaf(arguments, "off_session", "confirm", "capture", "auto_confirm")):
        found.note(
            "confirm", sentence("It is carried out at once, without another confirmation.")
        )
    sources = leaf(arguments, "from", "from_account", "source")
    targets = leaf(arguments, "to", "to_account", "destination")
    if sources is not None and targets is not None and sources.plain == targets.plain:
        found.note("same", sentence("Money goes from an account to the same account."))


def _is_iban(plain: str) -> bool:
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1
