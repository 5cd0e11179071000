"""What a newcomer gets wrong at each kind: the refusal says what, where, and how to mend it."""

import pytest

from tests.receivers.good import GOOD
from webui.approvals.errors import InvalidError
from webui.receivers.kind import Inbound, Refused, SourceSecrets
from webui.receivers.registry import KINDS

NOW = 1_767_225_600_000
HOUR = 3_600_000
SIGNED = [kind for kind in GOOD if kind != "claude-code"]
SIGN_A_TIME = [kind for kind in SIGNED if kind not in {"helio", "github"}]
every_signed_kind = pytest.mark.parametrize("kind", SIGNED)


def told(kind: str, inbound: Inbound, source: SourceSecrets, now: int = NOW) -> str:
    """Return what the sender of a delivery is told."""
    with pytest.raises(Refused) as caught:
        KINDS[kind].verify(inbound, source, now)
    return caught.value.detail


@every_signed_kind
def test_another_secret_is_told_from_a_changed_body_by_nobody_so_both_are_named(
    kind: str,
) -> None:
    good = GOOD[kind]()
    other = SourceSecrets((KINDS[kind].new_secret(),), good.source.config)
    said = told(kind, good.delivery(NOW, 1), other)
    assert "the secret that this source has now" in said
    assert "the body must arrive as it was signed" in said


@every_signed_kind
def test_a_header_that_is_not_there_is_named(kind: str) -> None:
    good = GOOD[kind]()
    inbound = good.delivery(NOW, 1)
    for name in filter(None, (good.signature, good.timestamp)):
        left = {key: text for key, text in inbound.headers.items() if key != name}
        said = told(kind, Inbound(left, inbound.body, ""), good.source)
        assert f"the header {name} is missing" in said.lower()


@pytest.mark.parametrize(
    ("late", "said"), [(HOUR, "more than 60 minutes ago"), (-HOUR, "60 minutes ahead")]
)
@pytest.mark.parametrize("kind", SIGN_A_TIME)
def test_a_clock_that_is_off_by_an_hour_is_told_by_how_much(
    kind: str, late: int, said: str
) -> None:
    good = GOOD[kind]()
    refusal = told(kind, good.delivery(NOW - late, 1), good.source)
    assert said in refusal
    assert "5 minutes are allowed: set the sender's clock" in refusal


@pytest.mark.parametrize(
    ("kind", "config", "said"),
    [
        ("slack", {"channel": "#approvals"}, "the channel's id, such as C0123456789"),
        ("discord", {"channel": "approvals"}, "Copy Channel ID"),
        ("helio", {"api_url": "127.0.0.1:3100"}, "begins with http:// or https://"),
        (
            "github",
            {"app_id": 1, "api_url": "github.com"},
            "begins with http:// or https://",
        ),
    ],
)
def test_a_setting_of_the_wrong_form_is_told_in_plain_words(
    kind: str, config: dict[str, object], said: str
) -> None:
    source = SourceSecrets((KINDS[kind].new_secret(),), config, "a token")
    with pytest.raises(InvalidError) as caught:
        KINDS[kind].check_source(source)
    assert said in caught.value.detail
    assert "pattern" not in caught.value.detail


def test_slacks_secret_and_token_in_each_others_place_are_told_apart() -> None:
    config, secret, token = {"channel": "C0123456789"}, "8f742231b10e8888abcd99", "xoxb-1-2"
    KINDS["slack"].check_source(SourceSecrets((secret,), config, token))
    with pytest.raises(InvalidError, match="Basic Information"):
        KINDS["slack"].check_source(SourceSecrets((token + "-long-enough",), config, token))
    with pytest.raises(InvalidError, match="begin with xox"):
        KINDS["slack"].check_source(SourceSecrets((secret,), config, secret))
