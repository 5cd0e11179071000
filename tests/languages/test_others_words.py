"""What libraries say of what was typed: Pydantic, RE2, YAML and JSON, in sentences of ours."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webui.approvals.call.canonical import canonical
from webui.approvals.call.json_faults import Unreadable
from webui.approvals.call.strict_json import read_document
from webui.approvals.errors import InvalidError
from webui.approvals.misfits import misfit
from webui.approvals.policy import check_policy
from webui.approvals.policy.faults import BadValueError
from webui.approvals.policy.patterns import Pattern
from webui.languages import language
from webui.receivers.kind import SourceSecrets
from webui.receivers.registry import KINDS
from webui.sentences import Sentence, told
from webui.web.boxes import MistypedError, read_whole

GERMAN, ENGLISH = language("de"), language("en")
FOREIGN = re.compile(
    r"\b(?:expect\w*|missing|invalid|found|while|should|must|input|found|did not|is not)\b",
    re.IGNORECASE,
)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    text: Annotated[str, Field(min_length=2, max_length=3, pattern="^[a-z]+$")]
    whole: Annotated[int, Field(ge=1, le=9)]
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    sure: bool = True
    some: Annotated[list[str], Field(min_length=1, max_length=2)] = []
    named: dict[str, str] = {}
    word: Literal["a", "b"] = "a"
    nothing: None = None


FITS: dict[str, Any] = {"text": "ab", "whole": 5}


@pytest.mark.parametrize(
    ("given", "english", "german"),
    [
        ({"text": 1}, "must be a text", "muss ein Text sein"),
        ({"text": "a"}, "at least 2 characters", "muss mindestens 2 Zeichen haben"),
        ({"text": "abcd"}, "at most 3 characters", "darf höchstens 3 Zeichen haben"),
        ({"text": "A1"}, "fit the pattern ^[a-z]+$", "zum Muster ^[a-z]+$ passen"),
        ({"whole": "5"}, "must be a whole number", "muss eine ganze Zahl sein"),
        ({"whole": 0}, "must be at least 1", "muss mindestens 1 sein"),
        ({"whole": 10}, "must be at most 9", "darf höchstens 9 sein"),
        ({"share": 0.0}, "must be more than 0", "muss größer sein als 0"),
        ({"share": 1.0}, "must be less than 1", "muss kleiner sein als 1"),
        ({"share": "x"}, "must be a number", "muss eine Zahl sein"),
        ({"sure": 1}, "must be true or false", "muss true oder false sein"),
        ({"some": "x"}, "must be a list", "muss eine Liste sein"),
        ({"some": []}, "at least 1 entry", "muss mindestens 1 Eintrag haben"),
        ({"some": ["a"] * 3}, "at most 2 entries", "darf höchstens 2 Einträge haben"),
        ({"named": []}, "must be an object", "muss ein Objekt sein"),
        ({"word": "c"}, "must be one of a, b", "muss eines von a, b sein"),
        ({"nothing": 1}, "must be null", "muss null sein"),
        ({"more": 1}, "is not a member of this body", "gehört nicht in diesen Körper"),
        ({"whole": None}, "must be a whole number", "muss eine ganze Zahl sein"),
    ],
)
def test_what_does_not_fit_a_schema_is_said_in_our_words(
    given: dict[str, Any], english: str, german: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Body.model_validate(FITS | given)
    (fault,) = refused.value.errors(include_url=False, include_input=False)
    said = misfit(fault)
    assert english in said
    assert german in str(told(said, GERMAN))


def test_a_misfit_that_we_have_no_words_for_is_quoted() -> None:
    said = misfit({"type": "of_tomorrow", "msg": "Input should be tomorrow", "ctx": {}})
    assert said == "does not fit (“Input should be tomorrow”)"
    assert told(said, GERMAN) == "passt nicht („Input should be tomorrow“)"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_wrong_settings_of_every_kind_of_source_are_told_in_german(kind: str) -> None:
    wrong: dict[str, Any] = dict.fromkeys(
        ("channel", "url", "expires_in", "api_url", "fields", "public_url", "type"), 7.5
    )
    with pytest.raises(InvalidError) as refused:
        KINDS[kind].check_source(SourceSecrets(("short",), wrong | {"nonsense": 1}))
    for fault in refused.value.faults:
        assert isinstance(fault.detail, Sentence), fault
        assert fault.detail.told(GERMAN) != fault.detail.told(ENGLISH)


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", "[a", "a)", "a**", "\\", "*", "a{2,1}", "(?=x)", "(?P<n", "[z-a]", "\\q"),
        *("(((a{9}){9}){9}){9}", "(a)\\1"),
    ],
)
def test_a_bad_expression_is_told_in_german(pattern: str) -> None:
    with pytest.raises(BadValueError) as refused:
        Pattern(pattern)
    said = str(told(refused.value.args[0], GERMAN))
    assert not FOREIGN.search(said.replace(pattern, "")), said
    assert said != refused.value.args[0]


@pytest.mark.parametrize(
    "text",
    [
        *("a: b: c", "a:\n\tb: 1", "- a\nb: 1", "a: [1, 2", "a: {b: 1", 'a: "x', "a: 'x"),
        *("a: @x", 'a: "\\q"', "key: - a", "a: *", "!e!x a: 1", "a: [b\n---\n", "]"),
    ],
)
def test_a_policy_that_is_no_yaml_is_told_in_german(text: str) -> None:
    faults = check_policy(text)[1]
    said = [str(told(fault.sentence, GERMAN)) for fault in faults]
    assert said
    assert not any(FOREIGN.search(each) for each in said), said


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "{a", '{"a"', '{"a":1,}', '{"a" 1}', '{"a": "abc', '{"a": "\x01"}'),
        *('{"a": "\\x"}', '{"a": "\\u12"}', "{} x", '{"a": [1 2]}', '{"a": 1e999}'),
        *('{"a": NaN}', "\ufeff{}", '{"a": 99999999999999999999}', '{"a": "\\ud800"}'),
    ],
)
def test_what_is_no_json_is_told_in_german(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_document(text.encode())
    said = str(told(refused.value.detail, GERMAN))
    assert said[0].isupper()
    assert not FOREIGN.search(said), said
    with pytest.raises(MistypedError) as typed:
        read_whole(text)
    assert not FOREIGN.search(str(told(typed.value.words, GERMAN)))


def test_the_place_of_a_value_is_told_with_what_is_wrong_there() -> None:
    with pytest.raises(Unreadable) as refused:
        read_document(b'{"a": {"b": 1e999}}')
    fault = refused.value
    assert fault.detail.startswith("At /a/b: the number 1e999")
    assert str(told(fault.detail, GERMAN)).startswith("Bei /a/b: die Zahl 1e999")
    with pytest.raises(Unreadable) as unwritten:
        canonical({"a": {1, 2}})
    assert "set" in str(told(unwritten.value.detail, GERMAN))
