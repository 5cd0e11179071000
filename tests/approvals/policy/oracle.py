"""What each operator must answer, written another way than the product writes it."""

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import rfc8785

Y, N, D = "yes", "no", "cannot_tell"


def number(value: Any) -> bool:
    return isinstance(value, int | float) and value is not True and value is not False


def text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        if number(value) and abs(value) > 2**53 - 1:
            return None
        return rfc8785.dumps(value).decode()
    return None


def same(seen: Any, value: Any) -> str:
    if number(seen) and number(value):
        return Y if Decimal(str(seen)) == Decimal(str(value)) else N
    if text(seen) is None or text(value) is None:
        return D
    return Y if text(seen) == text(value) else N


def turned(answer: str) -> str:
    return {Y: N, N: Y, D: D}[answer]


def best(answers: list[str]) -> str:
    return Y if Y in answers else D if D in answers else N


def worst(answers: list[str]) -> str:
    return N if N in answers else D if D in answers else Y


def glob(pattern: str, seen: str) -> bool:
    """Match by trying everything: slow, and plain."""
    if not pattern:
        return not seen
    if pattern.startswith("**"):
        return any(glob(pattern[2:], seen[cut:]) for cut in range(len(seen) + 1))
    if pattern[0] == "*":
        head = len(seen.partition("/")[0])
        return any(glob(pattern[1:], seen[cut:]) for cut in range(head + 1))
    if not seen or (pattern[0] == "?" and seen[0] == "/"):
        return False
    return pattern[0] in {"?", seen[0]} and glob(pattern[1:], seen[1:])


def bits(address: str) -> tuple[int, int] | None:  # noqa: PLR0911 - a list of reasons
    """Return an IPv4 address as a number, the hard way; IPv6 by its groups."""
    parts = address.split(".")
    if len(parts) == 4 and all(re.fullmatch("0|[1-9][0-9]{0,2}", each) for each in parts):
        numbers = [int(each) for each in parts]
        if max(numbers) > 255:
            return None
        return 32, sum(each << (24 - 8 * place) for place, each in enumerate(numbers))
    if not re.fullmatch("[0-9a-fA-F:]+", address) or ":::" in address:
        return None
    head, gap, tail = address.partition("::")
    left, right = ([each for each in side.split(":") if each] for side in (head, tail))
    count = len(left) + len(right)
    if count > 7 if gap else (count != 8 or address.count(":") != 7):
        return None
    groups = left + ["0"] * (8 - count) + right
    if any(len(each) > 4 for each in groups) or "::" in tail or tail.endswith(":"):
        return None
    if not gap and address.endswith(":"):
        return None
    return 128, int("".join(each.rjust(4, "0") for each in groups), 16)


def within(network: str, address: str) -> str:
    found = bits(address)
    if found is None or (found[0] == 128 and (found[1] >> 32) == 0xFFFF):
        return D
    if found[0] == 128 and (found[1] >> 112 == 0x2002 or found[1] >> 96 == 0x20010000):
        return D  # an IPv4 address travels inside
    if found[0] == 128 and found[1] >> 32 == 0x64FF9B << 64:
        return D
    base, _, length = network.partition("/")
    size, start = bits(base) or (0, 0)
    if size != found[0]:
        return N
    shift = size - int(length or size)
    return Y if found[1] >> shift == start >> shift else N


def host(pattern: str, url: str) -> str:  # noqa: PLR0911 - a list of reasons
    if re.search(r"[\x00-\x20\x7f\\]", url) or not re.match(
        r"(?i)[a-z][a-z0-9+.-]*://", url
    ):
        return D
    try:
        parts = urlsplit(url)
        name = parts.netloc
    except ValueError:
        return D
    name = re.sub(r":[0-9]{1,5}\Z", "", name)
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name) or len(name) > 253:
        return D
    labels = name.lower().split(".")
    if any(not label or label[0] == "-" or label[-1] == "-" for label in labels):
        return D
    if re.fullmatch("[0-9]+|0x[0-9a-f]*", labels[-1]) and bits(name) is None:
        return D
    if pattern.startswith("*."):
        wanted = pattern[2:].lower().split(".")
        return Y if len(labels) > len(wanted) and labels[-len(wanted) :] == wanted else N
    return Y if labels == pattern.lower().split(".") else N


def answer(op: str, value: Any, seen: Any) -> str:  # noqa: C901, PLR0911, PLR0912 - a table
    if op == "exists":
        return Y if (seen is not None) == value else N
    if seen is None:
        return D
    several = value if isinstance(value, list) else [value]
    if op == "eq":
        return same(seen, value)
    if op == "neq":
        return turned(same(seen, value))
    if op in {"in", "not_in"}:
        known = N if number(seen) or text(seen) is not None else D
        found = best([same(seen, each) for each in several]) if several else known
        return found if op == "in" else turned(found)
    if op in {"lt", "lte", "gt", "gte"}:
        if not number(seen):
            return D
        order = (Decimal(str(seen)) > Decimal(str(value))) - (
            Decimal(str(seen)) < Decimal(str(value))
        )
        fits = {"lt": (-1,), "lte": (-1, 0), "gt": (1,), "gte": (0, 1)}[op]
        return Y if order in fits else N
    if op == "contains":
        if isinstance(seen, list):
            return best([same(each, value) if each is not None else D for each in seen])
        both = isinstance(seen, str) and isinstance(value, str)
        return D if not both else Y if seen.find(value) >= 0 else N
    if op in {"any", "all"}:
        if not isinstance(seen, list) or (op == "all" and not seen):
            return D
        answers = [answer(value["op"], value["value"], each) for each in seen]
        return best(answers) if op == "any" else worst(answers)
    if not isinstance(seen, str) or not encodes(seen):
        return (
            D
            if not isinstance(seen, str) or op in {"regex", "glob"}
            else loose(op, value, seen)
        )
    if op == "regex":
        if len(seen.encode()) > 65536:
            return D
        return Y if re.search(value.replace("$", r"\Z"), seen, re.ASCII) else N
    if op == "glob":
        if len(seen.encode()) > 65536:
            return D
        if "/" in value and ".." in re.split(r"[/\\]", seen):
            return D
        return Y if glob(value, seen) else N
    return loose(op, value, seen)


def loose(op: str, value: Any, seen: str) -> str:
    several = value if isinstance(value, list) else [value]
    if op == "starts_with":
        return Y if seen[: len(value)] == value else N
    if op == "ends_with":
        return Y if seen[max(0, len(seen) - len(value)) :] == value else N
    if op == "cidr":
        return best([within(each, seen) for each in several])
    return best([host(each, seen) for each in several])


def encodes(seen: str) -> bool:
    return not any(0xD800 <= ord(each) <= 0xDFFF for each in seen)
