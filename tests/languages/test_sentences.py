"""Sentences that know of what they were made."""

import json
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from webui.languages import Language, chosen, language
from webui.preview import visible
from webui.sentences import (
    Sentence,
    capital,
    exact,
    joined,
    kept,
    moment,
    number,
    one_text,
    plural,
    sentence,
    sentence_in,
    told,
)


class Shouting:
    """A language of tests: English, loudly."""

    def gettext(self, message: str) -> str:
        return _loud(message)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return _loud(one if number == 1 else many)

    def pgettext(self, context: str, message: str) -> str:
        return f"{context}/{_loud(message)}"

    def again(self, text: str) -> str:
        return _loud(text)

    def moment(self, ms: int) -> str:
        return f"<{ms}>"

    def number(self, value: float | Decimal) -> str:
        return f"#{value}"

    def exact(self, english: str) -> str:
        return f"={english}"


def _loud(text: str) -> str:
    return (
        text.replace("held by", "HELD BY").replace("call", "CALL").replace("open", "OPEN")
    )


LOUD = Shouting()


def test_a_sentence_is_its_english_for_whoever_does_not_know_it() -> None:
    made = sentence("It is held by %(name)s.", name="Ada")
    assert made == "It is held by Ada."
    assert json.dumps({"detail": made}) == '{"detail": "It is held by Ada."}'
    assert isinstance(made, str)


def test_a_sentence_is_told_in_another_language_with_its_values() -> None:
    made = sentence("It is held by %(name)s.", name="held by")
    assert made.told(LOUD) == "It is HELD BY held by."


def test_a_sentence_within_a_sentence_is_told_too() -> None:
    inner = sentence("held by %(name)s", name="Ada")
    assert sentence("Now %(how)s.", how=inner).told(LOUD) == "Now HELD BY Ada."


def test_a_number_chooses_between_two_sentences() -> None:
    one, many = (plural("%(number)s call", "%(number)s calls", n) for n in (1, 3))
    assert (one, many) == ("1 call", "3 calls")
    assert (one.told(LOUD), many.told(LOUD)) == ("1 CALL", "3 CALLs")


def test_a_number_within_a_sentence_is_told_as_the_language_writes_it() -> None:
    made = sentence("%(most)s calls", most=number(1_000))
    assert made == "1,000 calls"
    assert made.told(LOUD) == "#1000 CALLs"
    assert made.told(language("de")).startswith("1.000")


def test_a_word_for_two_things_is_told_by_what_it_is_about() -> None:
    assert sentence_in("a door", "open").told(LOUD) == "a door/OPEN"


def test_sentences_are_told_one_after_the_other() -> None:
    both = joined(" ", [sentence("held by %(n)s", n=1), "call"])
    assert both == "held by 1 call"
    assert both.told(LOUD) == "HELD BY 1 call", "a plain text stays as it is"


def test_a_moment_is_written_as_the_language_writes_it() -> None:
    when = moment(7, "then")
    assert sentence("since %(when)s", when=when) == "since then"
    assert sentence("since %(when)s", when=when).told(LOUD) == "since <7>"


def test_a_number_in_a_sentence_is_written_as_the_language_writes_it() -> None:
    many = plural("%(number)s call", "%(number)s calls", 4200, number=number(4200))
    assert many == "4,200 calls"
    assert many.told(LOUD) == "#4200 CALLs"


def test_a_number_that_is_exact_keeps_every_digit_in_every_language() -> None:
    sum_of_it = sentence("held by %(amount)s", amount=exact("-1,234.5000"))
    assert sum_of_it == "held by -1,234.5000"
    assert sum_of_it.told(LOUD) == "HELD BY =-1,234.5000"
    assert "-1.234,5000" in sum_of_it.told(language("de"))
    assert visible(sum_of_it) == sum_of_it


def test_texts_are_one_sentence_if_a_sentence_is_among_them() -> None:
    assert not isinstance(one_text(["a", "b"]), Sentence)
    assert told(one_text(["a ", sentence("call")]), LOUD) == "a CALL"


def test_a_sentence_begins_with_a_capital_letter_in_every_language() -> None:
    made = capital(sentence("call %(name)s", name="x"))
    assert (made, made.told(LOUD)) == ("Call x", "CALL x")
    assert capital(joined(" ", ["is", sentence("open")])).told(LOUD) == "Is OPEN"


def test_what_strangers_wrote_into_a_sentence_is_made_visible_in_every_language() -> None:
    inner = sentence("held by %(name)s", name="A\u202eda")
    made = visible(
        capital(joined(": ", ["x", sentence("%(how)s, %(n)s.", how=inner, n=number(2))]))
    )
    assert made == "X: held by A⟦U+202E⟧da, 2."
    assert isinstance(made, Sentence)
    assert made.told(LOUD) == "X: HELD BY A⟦U+202E⟧da, #2."


def test_a_text_of_others_is_looked_through_in_one_walk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webui.languages.LONGEST_KEPT", 10**6)
    ends = ("%", ".", ")", '"', "")
    for part in (
        " is deleted: : . of , ",
        '\u201d).">"? s. of . is ` now)\u2026  by  to (% ',
    ):
        for end in ends:  # searches that begin again would take hours over this
            text = part * 4_000 + "\x01" + end
            assert "\x01" in kept(text).told(language("de"))


@pytest.mark.parametrize(
    "text",
    ["%(name)s", "%s %d %%", "100%", "{0} {name}", "%(", "\0", "<b>%(x)s</b>", "\x04"],
)
def test_what_others_wrote_is_never_filled_in(text: str) -> None:
    assert kept(text).told(language("de")) == text


def test_what_was_kept_is_told_again_and_a_percent_sign_is_one() -> None:
    assert kept("50% of the calls") == "50% of the calls"
    assert kept("50% of the calls").told(LOUD) == "50% of the CALLs"
    assert kept("shown \u202e to all").changed(visible) == "shown ⟦U+202E⟧ to all"


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("This place was paused.", "Dieser Weg wurde pausiert."),
        ("The service answered 410.", "Der Dienst hat mit 410 geantwortet."),
        (
            "The service answered 302; redirects are not followed.",
            "Der Dienst hat mit 302 geantwortet; Weiterleitungen wird nicht gefolgt.",
        ),
        (
            "The mail server answered 550 This place was paused.",
            "Der Mailserver hat geantwortet: 550 This place was paused.",
        ),
        (
            "The connection failed: Connection refused.",
            "Die Verbindung ist gescheitert: sie wurde abgewiesen.",
        ),
        (
            "The connection failed: Words of a stranger.",
            "Die Verbindung ist gescheitert: Words of a stranger.",
        ),
        (
            "Slack refused it: Connection refused.",
            "Slack lehnte es ab: Connection refused.",
        ),
        ("Words of a stranger.", "Words of a stranger."),
        ("", ""),
    ],
)
def test_what_was_kept_with_its_values_is_found_again_and_these_stay(
    english: str, german: str
) -> None:
    assert kept(english).told(language("de")) == german
    assert kept(english).told(language("en")) == english


def test_a_value_that_is_missing_fails_where_the_sentence_is_made() -> None:
    with pytest.raises(KeyError):
        sentence("held by %(name)s")


def test_english_and_german_write_a_moment_their_own_way() -> None:
    ms = 1_795_240_522_000  # 2026-11-21T05:55:22Z
    assert language("en").moment(ms) == "21 Nov 2026, 05:55:22 UTC"
    assert language("de").moment(ms) == "21. Nov. 2026, 05:55:22 UTC"
    assert language("en").number(12_345.5) == "12,345.5"
    assert language("de").number(12_345.5) == "12.345,5"


@pytest.mark.parametrize(
    ("zone", "english", "german"),
    [
        ("UTC", "21 Nov 2026, 05:55 UTC", "21. Nov. 2026, 05:55 UTC"),
        (
            "Europe/Berlin",
            "21 Nov 2026, 06:55 CET (2026-11-21T05:55Z)",
            "21. Nov. 2026, 06:55 CET (2026-11-21T05:55Z)",
        ),
        (
            "America/Sao_Paulo",
            "21 Nov 2026, 02:55 UTC-03 (2026-11-21T05:55Z)",
            "21. Nov. 2026, 02:55 UTC-03 (2026-11-21T05:55Z)",
        ),
    ],
)
def test_a_moment_in_a_zone_is_exact_besides(zone: str, english: str, german: str) -> None:
    ms = 1_795_240_522_000
    assert language("en").local(ms, ZoneInfo(zone)) == english
    assert language("de").local(ms, ZoneInfo(zone)) == german


@pytest.mark.parametrize(
    ("own", "accepted", "code"),
    [
        ("de", ["en"], "de"),
        (None, ["fr-CH", "de-AT", "en"], "de"),
        (None, ["de-DE"], "de"),
        (None, ["ja"], "en"),
        (None, [], "en"),
        ("xx", ["de"], "de"),
    ],
)
def test_ones_own_choice_goes_before_what_the_browser_asks_for(
    own: str | None, accepted: list[str], code: str
) -> None:
    assert chosen(own, accepted).code == code


def test_a_sentence_in_german_is_the_catalogues() -> None:
    made = sentence("must be one of %(known)s", known="en, de")
    german: Language = language("de")
    assert isinstance(made, Sentence)
    assert made.told(german) == "muss eines von en, de sein"
