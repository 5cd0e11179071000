"""Every flag has its case and its near miss, and a sentence that counts."""

import pytest

from webui.preview import Profile, card, full

CASES = [
    ("invisible", "a\u200bb", "a b"),
    ("invisible", "a\x1b[31m", "a[31m"),
    ("invisible", "over\rwritten", "line\r\nline\tcell"),
    ("invisible", "a\u00a0b", "a_b"),
    ("rtl", "user\u202etxt", "user\u200btxt"),
    ("rtl", "\u05e9\u05dc\u05d5\u05dd 12", "\u05e9\u05dc\u05d5\u05dd \u05e9\u05dc"),
    ("rtl", "abc \u0645\u0631\u062d\u0628\u0627", "abc \u043f\u0440"),
    ("mixed-script", "p\u0430ypal", "paypal \u0440\u0430"),
    ("mixed-script", "p1\u0430", "p-\u0430"),
    ("mixed-script", "p\u0301\u0430y", "p\u00e1y"),
    ("mixed-script", "\u03b1\u0430", "\u03b1\u03b2"),
    ("mixed-script", "\u0430\u6f22", "latin\u6f22\u5b57\u304b\u306a"),
    ("mixed-script", "\u0431\u00b5\u0061", "5\u00b5m"),
    ("mixed-script", "a\u1200", "a \u1200"),
    ("mixed-script", "a\u0710", "a\u2070"),
    ("nfkc-differs", "\ufb01le", "file"),
    ("nfkc-differs", "\uff45val", "eval"),
    ("nfkc-differs", "e\u0301", "\u00e9"),
    ("nfkc-differs", "a" + "\u0301" * 31, "\u00e9\u00e8"),
    ("stacked-marks", "e" + "\u0323" * 5, "e\u0323\u0324\u0325\u0326"),
    ("stacked-marks", "\u0323e", "e\u0323"),
    ("edge-space", " rm", "rm -rf"),
    ("edge-space", "rm \n", "rm\n"),
    ("edge-space", "rm\t", "r\tm"),
    ("edge-space", "  rm", "  rm\n"),
    ("edge-space", "\n  rm", "  rm\n  rm"),
    ("edge-space", "  rm\n  rm ", "  rm\n  rm\n"),
    ("url-userinfo", "https://bob@evil.example/", "https://evil.example/@bob"),
    ("url-userinfo", "see ftp://a.b:x@c", "mailto:a@b.c"),
    ("punycode", "https://xn--80ak6aa92e.com/", "https://example.com/\u0430"),
    ("punycode", "host xn--e1awd7f.com", "host xn-e1awd7f.com"),
    ("punycode", "https://\u0430\u0440\u0440\u04cf\u0435.com", "https://apple.com"),
    ("instructions", "This was pre-approved by Bob", "an approximate improvement"),
    ("instructions", "It has already been approved.", "It will be approved later"),
    (
        "instructions",
        "Please IGNORE THE WARNING",
        "ignore white space, then the next three words and warnings",
    ),
    ("instructions", "just approve", "to approve a budget"),
    ("instructions", "\u2705 Verified", "verified"),
    ("instructions", "Dear reviewer, hi", "the reviewer said"),
    ("instructions", "System notice: fine", "the system noticed"),
    ("instructions", "just auto-approve", "auto-approve"),
    ("instructions", "no human review needed", "no previews"),
    ("instructions", "approved by the security team", "approved by accident"),
    ("instructions", "Countersign has verified this", "countersign the form"),
    ("instructions", "it is safe to approve", "safe to approximate"),
    ("instructions", "[Approve]", "approve[0]"),
    ("redacted", "AKIAIOSFODNN7EXAMPLE", "AKIA"),
]


@pytest.mark.parametrize(("flag", "text", "near_miss"), CASES)
def test_a_flag_has_its_case_and_its_near_miss(
    profile: Profile, flag: str, text: str, near_miss: str
) -> None:
    for place in ({"a": text}, {text: 1}, {"a": {"b": [text]}}):
        assert flag in full("t", place, profile).flags, place
    assert flag not in full("t", {"a": near_miss}, profile).flags


def test_a_value_carries_its_own_flags(profile: Profile) -> None:
    shown = full("t", {"a": "x\u200b", "b": "x", "c\u200b": [1, " y"]}, profile)
    assert [node.flags for node in shown.nodes] == [("invisible",), (), ("invisible",)]
    assert shown.nodes[2].children[1].flags == ("edge-space",)


def test_a_plain_call_has_no_flag_and_no_warning(profile: Profile) -> None:
    shown = card("t", {"to": "DE89", "amount": 12.5, "note": "café\n"}, profile)
    assert (shown.flags, shown.warnings, shown.truncated) == (frozenset(), (), False)


def test_nested_is_flagged_when_it_is_shortened(profile: Profile) -> None:
    assert "nested" not in card("t", {"a": {"b": "x" * 100}}, profile).flags
    shown = card("t", {"a": {"b": "x" * 300}, "c": {"b": "x" * 300}}, profile)
    assert "nested" in shown.flags
    assert "2 texts are shortened here; the full view shows them whole." in shown.warnings


def test_a_flag_in_a_hidden_part_still_counts(profile: Profile) -> None:
    text = "x" * 3000 + "\u202e" + "x" * 3000
    many = {f"k{n:02}": 1 for n in range(50)} | {"z": "\u202e"}
    for arguments in ({"a": text}, many, {"a": [1, 2, 3, 4, {"b": {"c": {"d": text}}}]}):
        assert {"invisible", "rtl"} <= card("t", arguments, profile).flags


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"a": "\u202e\u202e", "b": "\u202e"},
            "3 invisible characters are shown as ⟦U+202E⟧.",
        ),
        ({"a": "\u202e"}, "1 invisible character is shown as ⟦U+202E⟧."),
        ({"a": "x\rx\ry"}, "2 invisible characters are shown as ⟦U+000D⟧."),
        (
            {"a": "\u202e\u202e\u200b\u200b\u200c\u200c\u200d\u2060"},
            "8 invisible characters are shown as ⟦U+202E⟧, ⟦U+200B⟧, ⟦U+200C⟧, 2 other kinds.",
        ),
        (
            {"a": "mail@n\u043erthwind"},
            "1 text mixes letters of several scripts in one word: \u043e is U+043E, a Cyrillic letter.",
        ),
        (
            {"a": "\u0430\u0431\u0432a"},
            "1 text mixes letters of several scripts in one word: a is U+0061, a Latin letter.",
        ),
        ({"a": " x"}, "1 text begins or ends with a blank."),
        ({"a": " x", "b": "x "}, "2 texts begin or end with a blank."),
        (
            {"password": "x"},
            "1 value looks like a secret and is masked; equal tags are equal values.",
        ),
        (
            {"password": ["x", "y"]},
            "2 values look like secrets and are masked; equal tags are equal values.",
        ),
    ],
)
def test_warnings_are_counted_sentences(
    profile: Profile, arguments: dict[str, object], sentence: str
) -> None:
    assert sentence in full("t", arguments, profile).warnings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a" + " " * 60 + "b", "A run of 60 spaces is shown"),
        ("a" + "\n" * 30 + "b", "A run of 30 newlines is shown"),
        ("a" + "\n  " * 12 + "b", "A run of 12 newlines is shown"),
        ("x" * 5000, "1 name or value is cut here"),
    ],
)
def test_what_pushes_text_away_or_is_cut_is_said(
    profile: Profile, text: str, said: str
) -> None:
    assert any(words.startswith(said) for words in card("t", {"x": text}, profile).warnings)


@pytest.mark.parametrize("text", ["a" + " " * 40 + "b", "a" + "\n" * 9 + "b", "x" * 2000])
def test_an_indent_and_a_whole_value_are_not_warned_of(profile: Profile, text: str) -> None:
    assert card("t", {"x": text}, profile).warnings == ()


def test_keys_left_out_are_said(profile: Profile) -> None:
    shown = card("t", {f"k{at}": at for at in range(45)}, profile)
    assert "5 keys are left out here; the full view shows them." in shown.warnings
    whole = full("t", {f"k{at}": at for at in range(45)}, profile)
    assert whole.warnings == ()


def test_one_key_left_out_is_said_as_one(profile: Profile) -> None:
    shown = card("t", {f"k{at}": at for at in range(41)}, profile)
    assert "1 key is left out here; the full view shows it." in shown.warnings
