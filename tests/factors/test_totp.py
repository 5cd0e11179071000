"""Codes of authenticator apps, against the vectors of RFC 6238, appendix B."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.factors import totp

SECRET = b"12345678901234567890"
NOW = 1_700_000_000_000
STEP = NOW // totp.STEP


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_the_vectors_of_the_rfc(seconds: int, code: str) -> None:
    assert totp.code_at(SECRET, seconds * 1000 // totp.STEP) == code


@pytest.mark.parametrize("early", [-2, -1, 0, 1, 2])
def test_one_step_of_drift_is_forgiven(early: int) -> None:
    code = totp.code_at(SECRET, STEP + early)
    found = totp.step_of(SECRET, code, NOW, after=0)
    assert found == (STEP + early if abs(early) <= 1 else None)


def test_a_step_that_was_taken_is_over_and_so_are_those_before() -> None:
    for early in (-1, 0):
        code = totp.code_at(SECRET, STEP + early)
        assert totp.step_of(SECRET, code, NOW, after=STEP) is None
    assert totp.step_of(SECRET, totp.code_at(SECRET, STEP + 1), NOW, after=STEP) == STEP + 1


@given(st.text(max_size=12))
def test_nothing_else_is_a_code(typed: str) -> None:
    right = {totp.code_at(SECRET, STEP + early) for early in (-1, 0, 1)}
    assert (totp.step_of(SECRET, typed, NOW, after=0) is not None) == (typed in right)


def test_the_address_for_the_app_names_desk_and_person() -> None:
    address = totp.address(SECRET, "ana@example.org", "Countersign Acme & Co")
    assert address == (
        "otpauth://totp/Countersign%20Acme%20%26%20Co:ana%40example.org"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Countersign+Acme+%26+Co"
    )
    assert totp.spelled(SECRET).replace(" ", "") in address
