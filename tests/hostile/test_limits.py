"""Bad input at every limit: filed, opened on a phone, and decided; or refused with a sentence."""

import base64
import random
from typing import Any, Final

import pytest
from countersign_client import Refused

from tests.hostile.judge import UNPROVED, WITHOUT_LIMITS, Judge
from tests.hostile.values import ANSI, MARKS
from tests.plugins.browser import selected
from tests.plugins.served import At, ServedDesk, StartDesk

pytestmark = pytest.mark.browser
PHONE: Final = {"width": 360, "height": 740}
END: Final = "evilEnd77"


def nested(levels: int) -> Any:
    """Return so many objects, one in the other, with the end in the innermost."""
    value: Any = END
    for _ in range(levels):
        value = {"a": value}
    return value


AT_THE_LIMIT: Final[dict[str, dict[str, Any]]] = {
    "9,000 keys": {f"o{n}": {f"k{place:03d}": place for place in range(999)} for n in range(9)} | {"z": END},
    "128 Ki characters in one text": {"text": "W" * (131_072 - len(END)) + END},
    "32 levels": nested(31),
    "look-alike keys": {"scope": "a", "sсope": "b", "ѕcope": END},
    "marks alone": {"text": "".join(MARKS) * 500 + END},
    "right to left everything": {"مفتاح": "שלום " * 300 + "\u202e" * 50 + END},
    "binary in base64": {"data": base64.b64encode(random.Random(1).randbytes(90_000)).decode() + END},  # noqa: S311
    "a template": {"text": "{{ 7 * 7 }}{% raw %}${7*7}<b v-html=x>" * 200 + END},
    "a script": {"text": "<script>window.owned=1</script>" * 300 + END},
    "an SVG": {"text": "<svg onload=window.owned=1><foreignObject>" * 200 + END},
    "a markdown image": {"text": "![x](https://evil.example/p.png)" * 200 + END},
    "an ANSI screen": {"text": "".join(ANSI) * 200 + END},
    "a fake dialog": {"text": "<dialog open><h1>Session expired</h1><button>[ Approve ]</button></dialog>\n" * 40 + END},
    "one endless word as a name": {"k" * 240 + END: 1},
}  # fmt: skip
BEYOND: Final[dict[str, dict[str, Any]]] = {
    "33 levels": nested(33),
    "10,000 keys of one": {f"k{place}": 1 for place in range(10_000)},
    "10,001 values": {"list": [0] * 10_000},
    "names that are the same": {"scope": "a", "ｓcope": "b"},
    "a name without an end": {"k" * 60_000: 1},
    "more bytes than are read": {"text": "x" * 300_000},
}
QUICK: Final = ("32 levels", "right to left everything", "a fake dialog")


@pytest.fixture(scope="module")
def patient(start_desk: StartDesk) -> ServedDesk:
    return start_desk(**WITHOUT_LIMITS)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.sure)
        for name in AT_THE_LIMIT
    ],
)
def test_what_is_at_a_limit_is_opened_on_a_phone_and_decided(
    patient: ServedDesk, at: At, name: str
) -> None:
    asked = patient.client.ask("tool.any", AT_THE_LIMIT[name], risk="low")
    page = at(patient.admin, patient, viewport=PHONE, forgiven="403")
    judge = Judge(page)
    for path in ("/", f"/approvals/{asked.id}"):
        page.goto(path)
        found = judge.look()
    if END not in selected(page.locator("#preview")):
        assert not found["approvable"], f"{name}: can be approved without its end"
        seal = page.locator("#detail input[name=seal]").first.input_value()
        assert page.evaluate(UNPROVED, [asked.id, seal]) == 403
    page.goto(f"/approvals/{asked.id}/full")
    judge.look()
    assert END in selected(page.locator("#preview"))
    page.goto(f"/approvals/{asked.id}?decide=deny")
    page.get_by_role("textbox", name="Reason").fill("It is at a limit.")
    page.get_by_role("button", name="Deny this call").click()
    page.locator("#detail .call__head .badge--denied").wait_for()
    judge.look()
    assert judge.faults == []


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_a_limit_is_refused_with_a_sentence(
    patient: ServedDesk, name: str
) -> None:
    with pytest.raises((Refused, TypeError)) as refusal:
        patient.client.ask("tool.any", BEYOND[name])
    assert len(str(refusal.value)) > 20
