"""Currencies and how many digits stand behind the point (ISO 4217, list one, of 2026).

CLDR's numbers, which Babel has, are those of shop windows, not of payments: it gives RSD and AFN
none. Two processors count some currencies in their own way, and their own documentation says so.
"""

from collections.abc import Mapping
from typing import Final

_NONE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD"
    " CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP"
    " GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK"
    " LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO"
    " NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS"
    " SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST"
    " XCD XCG YER ZAR ZMW ZWG"
)
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_FOUR: Final = "CLF UYW"
DIGITS: Final[Mapping[str, int]] = {
    code: digits
    for digits, codes in ((0, _NONE), (2, _TWO), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}
"""By code: digits of the minor unit."""

_OWN_COUNT: Final[Mapping[str, Mapping[str, int]]] = {
    "stripe": {"MGA": 0, "ISK": 2, "UGX": 2},
    "adyen": {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2},
}


def digits_of(code: str, tool: str) -> int | None:
    """Return the digits of a currency as the processor that a tool belongs to counts them."""
    for processor, own in _OWN_COUNT.items():
        if processor in tool and code in own:
            return own[code]
    return DIGITS.get(code)
