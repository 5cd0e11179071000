"""`t=...,v1=...`: the official package signs what we verify, and the reverse."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from ctrlrun import webhook as official

from webui.signatures import stamped
from webui.signatures.errors import BadSecret, Flaw, NotSigned

NOW = 1_767_225_600_000
SECRET = "a secret of at least thirty-two bytes"
BODY = '{"schema":"ctrlrun.approval_request/v1","é":1}'.encode()
GOOD = official.sign(BODY, SECRET, at=datetime.fromtimestamp(NOW / 1000, UTC))


def flaw(header: str | None, body: bytes = BODY, now: int = NOW) -> Flaw:
    with pytest.raises(NotSigned) as caught:
        stamped.verify((SECRET,), header, body, now=now)
    assert SECRET not in caught.value.detail
    return caught.value.flaw


def test_the_official_signature_is_ours() -> None:
    assert stamped.sign(SECRET, BODY, now=NOW) == GOOD
    assert (
        stamped.verify(("another secret of thirty-two bytes", SECRET), GOOD, BODY, now=NOW)
        == NOW
    )


def test_the_official_package_takes_ours() -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    header = stamped.sign(SECRET, BODY, now=now)
    assert official.verify(header, BODY, SECRET, timedelta(seconds=300))


def test_no_flipped_bit_is_accepted() -> None:
    dice = random.Random(1)  # noqa: S311  the same in every run
    for _ in range(2_000):
        message = bytearray(BODY + b"\n" + GOOD.encode())
        place = dice.randrange(len(message))
        message[place] ^= 1 << dice.randrange(8)
        body, header = (
            bytes(message[: len(BODY)]),
            message[len(BODY) + 1 :].decode("latin-1"),
        )
        if place != len(BODY):
            assert flaw(header, body) in set(Flaw)


@pytest.mark.parametrize(
    "header",
    [
        "",
        None,
        GOOD.upper(),
        GOOD + ",v1=00",
        GOOD.replace(",", ", "),
        GOOD.replace("t=", "t=0"),
        GOOD[:-1],
        ",".join(reversed(GOOD.split(","))),
        GOOD + "\n",
        "t=١,v1=" + "0" * 64,
    ],
)
def test_every_second_spelling_is_refused(header: str | None) -> None:
    assert flaw(header) in {Flaw.MISSING, Flaw.MALFORMED}


def test_another_time_is_refused() -> None:
    assert flaw(GOOD, now=NOW + 301_000) is Flaw.TOO_OLD
    assert flaw(GOOD, now=NOW - 301_000) is Flaw.TOO_NEW


@pytest.mark.parametrize("secrets", [(), ("short",), ("x" * 31,)])
def test_what_is_no_secret_verifies_nothing(secrets: tuple[str, ...]) -> None:
    with pytest.raises(BadSecret):
        stamped.verify(secrets, GOOD, BODY, now=NOW)
