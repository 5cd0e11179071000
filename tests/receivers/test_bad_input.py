"""Bad input to every kind of source in the registry: none of it is taken (T34, T35, S5).

What breaks is one good delivery of the kind (`good.py`); a kind that has none there fails.
"""

import random
import string
from collections.abc import Iterator, Sequence

import pytest

from tests.receivers.good import GOOD, WITHOUT, Good
from webui.receivers.kind import Inbound, Refused, SourceSecrets
from webui.receivers.reading import read_body
from webui.receivers.registry import KINDS

NOW = 1_767_225_600_000
FLIPS = 10_000

by_webhook = pytest.mark.parametrize(
    "kind", [name for name in KINDS if name not in WITHOUT]
)


def test_every_kind_says_how_a_good_delivery_looks() -> None:
    assert set(KINDS) == set(GOOD) | set(WITHOUT)
    assert not set(GOOD) & set(WITHOUT)


def taken(kind: str, good: Good, inbound: Inbound, now: int = NOW) -> bool:
    """Whether a delivery is believed; if not, its sender is told so and nothing of the secret."""
    refused = None
    try:
        KINDS[kind].verify(inbound, good.source, now)
    except Refused as error:
        refused = error
    if refused is None:
        return True
    assert 400 <= refused.status < 500, refused.status
    assert not any(secret in refused.detail for secret in good.source.secrets)
    return False


def with_header(inbound: Inbound, name: str, value: str | None) -> Inbound:
    headers = {key: text for key, text in inbound.headers.items() if key != name}
    return Inbound(headers | ({} if value is None else {name: value}), inbound.body, "")


def malformed(value: str) -> list[str]:
    """Return ways to write a signature wrong; none of them holds the right one whole."""
    marks = [mark for mark in (",", " ", "=") if mark in value[:12]]
    head, mark, digest = value.rpartition(marks[0]) if marks else ("", "", value)
    if digest == "":  # the padding of base64 is no prefix
        head, mark, digest = "", "", value
    prefix = head + mark
    half = len(digest) // 2
    spellings = [
        "", " ", "\t", "\0", ",", "=", ".", "v1", "v1,", "v1, ", "v1=", "v0=", "v1a,", "v2,",
        "sha256=", "sha1=", "sha512=", "t=", "t=,v1=", "Bearer", "Bearer ", "null", "None",
        "undefined", "true", "{}", "[]", '""', "*", "%", "%00",
        prefix, prefix + " ", prefix + "A", prefix + "=" * 44, prefix + "A" * 43 + "=",
        prefix + "0" * 64, prefix + "0" * 128, prefix + "f" * 64, prefix + "g" * 64,
        prefix + digest[:-1], prefix + digest[1:], prefix + digest[:half], prefix + digest[half:],
        prefix + digest[::-1], prefix + digest.swapcase(), prefix + digest + "A",
        prefix + digest + "==", prefix + digest + "\0", prefix + digest + "é",
        prefix + digest[:half] + " " + digest[half:], prefix + digest[:half] + "\n" + digest[half:],
        prefix + digest[:half] + "\0" + digest[half + 1:], prefix + "é" * len(digest),
        prefix + "\u0661" * len(digest), prefix + "\uff21" * len(digest), prefix + digest * 2,
        prefix + "A" * 5_000, prefix + "v1," * 500, "x" + value, value[1:], value.replace("=", ""),
        value.replace(",", ";"), value.replace("1", "l"), "v9," + digest, "sha1=" + digest,
        "md5=" + digest, "é" + value, "%" + value, '"' + value + '"', "<" + value + ">",
    ]  # fmt: skip
    spellings += [prefix + text for text in _spelt_otherwise(digest)]
    whole = [text for text in spellings if text == value or value in text.split(" ")]
    return [text for text in dict.fromkeys(spellings) if text not in whole]


def _spelt_otherwise(digest: str) -> list[str]:
    """Return other spellings of the same bytes: the last letter of base64 has bits to spare."""
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    bare = digest.rstrip("=")
    if bare == digest or bare[-1] not in letters:
        return []
    place, padding = letters.index(bare[-1]), digest[len(bare) :]
    spare = 4 if padding == "=" else 16
    return [
        bare[:-1] + letters[place - place % spare + other] + padding
        for other in range(spare)
        if other != place % spare
    ]


@by_webhook
def test_a_good_delivery_is_taken(kind: str) -> None:
    good = GOOD[kind]()
    KINDS[kind].check_source(good.source)
    for number in range(3):
        assert taken(kind, good, good.delivery(NOW, number))


@by_webhook
def test_sixty_malformed_signatures_are_refused(kind: str) -> None:
    good = GOOD[kind]()
    inbound = good.delivery(NOW, 1)
    spellings = malformed(inbound.headers[good.signature])
    assert len(spellings) >= 60
    assert [
        text
        for text in (None, *spellings)
        if taken(kind, good, with_header(inbound, good.signature, text))
    ] == []


@by_webhook
def test_no_flipped_bit_is_believed(kind: str) -> None:
    good = GOOD[kind]()
    inbound = good.delivery(NOW, 1)
    believed = [
        places for places, broken in flipped(good, inbound) if taken(kind, good, broken)
    ]
    assert believed == []


def flipped(
    good: Good, inbound: Inbound
) -> Iterator[tuple[Sequence[tuple[str, int]], Inbound]]:
    """Flip each bit of all that is proven alone, and then pairs of them, `FLIPS` times."""
    dice = random.Random(7)  # noqa: S311  the same in every run
    names = [good.signature, *filter(None, (good.timestamp,)), *good.proven]
    bits = [(name, bit) for name in names for bit in range(7 * len(inbound.headers[name]))]
    capitals = {(good.signature, 7 * at + 5) for at in range(len(good.scheme))}
    bits = [place for place in bits if place not in capitals]
    if good.covers_body:
        bits += [("", bit) for bit in range(8 * len(inbound.body))]
    for number in range(FLIPS):
        places = [bits[number]] if number < len(bits) else dice.sample(bits, 2)
        broken = inbound
        for name, bit in places:
            broken = one_flipped(broken, name, bit)
        yield places, broken


def one_flipped(inbound: Inbound, name: str, bit: int) -> Inbound:
    """Flip a bit of the header of this name, or of the body if there is no name."""
    if not name:
        body = bytearray(inbound.body)
        body[bit // 8] ^= 1 << bit % 8
        return Inbound(inbound.headers, bytes(body), "")
    text = inbound.headers[name]
    flipped = chr(ord(text[bit // 7]) ^ 1 << bit % 7)
    return with_header(inbound, name, text[: bit // 7] + flipped + text[bit // 7 + 1 :])


@by_webhook
def test_old_and_future_times_are_refused(kind: str) -> None:
    good = GOOD[kind]()
    inbound = good.delivery(NOW, 1)
    hour = 3_600_000
    if KINDS[kind].verify(inbound, good.source, NOW).signed_at is None:
        pytest.skip("this kind signs no time: its message ids are kept for good")
    assert not taken(kind, good, inbound, NOW + 2 * hour)
    assert not taken(kind, good, inbound, NOW - 2 * hour)
    if good.timestamp is None:
        return
    for text in ("", "0", "-1", "1e9", " 1", "9" * 30, "now", "٣", f"{NOW}", "0x6955B900"):
        assert not taken(kind, good, with_header(inbound, good.timestamp, text)), text
    # a fresh time over an old signature is a forgery
    fresh = with_header(inbound, good.timestamp, str(NOW // 1000 + 60))
    assert not taken(kind, good, fresh)


@by_webhook
def test_a_signature_by_another_secret_is_refused(kind: str) -> None:
    good, other = GOOD[kind](), GOOD[kind]()
    assert not taken(kind, good, other.delivery(NOW, 1))
    stolen = SourceSecrets(other.source.secrets, good.source.config, good.source.token)
    with pytest.raises(Refused):
        KINDS[kind].verify(good.delivery(NOW, 1), stolen, NOW)


@by_webhook
def test_a_message_is_known_again_and_no_other_is_taken_for_it(kind: str) -> None:
    good = GOOD[kind]()
    if not good.files:
        pytest.skip("this kind answers in its own words")
    ids = [
        set(KINDS[kind].verify(good.delivery(at, number), good.source, NOW).message_ids)
        for at, number in ((NOW, 1), (NOW, 1), (NOW, 2))
    ]
    assert ids[0] & ids[1]
    assert not ids[0] & ids[2]


@by_webhook
@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data",
     "application/json; charset=utf-16", "application/jsonp", "json", "application/xml"],
)  # fmt: skip
def test_other_content_types_are_not_read(kind: str, media_type: str) -> None:
    good = GOOD[kind]()
    if "json" not in good.delivery(NOW, 1).headers["content-type"]:
        pytest.skip("this kind sends no JSON")
    inbound = with_header(good.delivery(NOW, 1), "content-type", media_type)
    with pytest.raises(Refused) as caught:
        read_body(inbound)
    assert caught.value.status == 415
