"""E-mails and messages: who gets them, and who gets them without its being seen."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.preview.renderers.calls import PROFILE, findings, rendered, text_of
from webui.preview import card
from webui.preview.renderers import Rendering


def mail(**changed: object) -> dict[str, object]:
    return {"to": ["ana@northwind.example"], "subject": "Hello", "body": "Text", **changed}


def test_a_mail_shows_each_recipient_the_subject_and_the_body_as_text() -> None:
    arguments = mail(
        to=["Ana <ana@northwind.example>", "bo@northwind.example"],
        cc="cy@partner.example",
        body="<b>Hi</b>\nsecond",
        attachments=[{"filename": "offer.pdf", "size": 12345}],
    )
    shown = text_of(rendered("send_email", arguments))
    assert shown.startswith("E-mail\nTo (1 of 2): Ana <ana@northwind.example>\n")
    assert "Copy to: cy@partner.example" in shown
    assert "Domains: northwind.example (2), partner.example (1)" in shown
    assert "Attached (12,345 bytes, it says): offer.pdf" in shown
    assert " <b>Hi</b>\n second" in shown
    assert "note: It goes to 2 different domains" in findings("send_email", arguments)


def test_a_mail_inside_one_domain_has_nothing_to_be_said() -> None:
    assert findings("send_email", mail()) == ""


def test_a_message_of_a_chat_shows_its_channel() -> None:
    shown = text_of(rendered("slack_post_message", {"channel_id": "C024", "text": "hi"}))
    assert shown == "Message in a chat\nChannel or person: C024\n[The message]\n hi"


def test_a_line_feed_in_a_subject_is_a_chip_and_no_second_line() -> None:
    shown = text_of(rendered("send_email", mail(subject="a\nBcc: x@evil.example")))
    assert "Subject: a⟦U+000A⟧Bcc: x@evil.example" in shown


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        (
            "send_email",
            mail(subject="a\r\nBcc: x@evil.example"),
            "“Subject” holds a line break",
        ),
        ("send_email", mail(to="a@b.example\nBcc: c@d.example"), "“To” holds a line break"),
        (
            "send_email",
            mail(reply_to="a@b.example\r\nX: y"),
            "“Answers go to” holds a line",
        ),
        ("send_email", mail(subject="a\u2028Bcc: x"), "“Subject” holds a line break"),
        (
            "send_email",
            mail(to=['"ceo@northwind.example" <x@evil.example>']),
            "holds another address than the one it goes to",
        ),
        (
            "send_email",
            mail(to=['"ceo@northwind.example' + 500 * " " + '" <x@evil.example>']),
            "holds another address than the one it goes to",
        ),
        (
            "send_email",
            mail(to=['"x@evil.example ceo@northwind.example" <x@evil.example>']),
            "holds another address than the one it goes to",
        ),
        (
            "send_email",
            mail(to=["ana@northwind.example bo@evil.example"]),
            "holds more than one address",
        ),
        (
            "send_email",
            mail(to=["ana@northw\u0456nd.example"]),
            "looks like northwind.example and is another: \u0456 is U+0456, a Cyrillic letter.",
        ),
        (
            "send_email",
            mail(to=["ana@xn--northwnd-q6a.example"]),
            "stands for letters outside",
        ),
        ("send_email", mail(to=["somebody"]), "is no address of e-mail"),
        ("send_email", mail(bcc=["spy@evil.example"]), "in a hidden copy"),
        (
            "send_email",
            mail(**{"from": "a@b.example"}, reply_to="c@d.example"),
            "Answers go to c@d.example and not to a@b.example",
        ),
        (
            "send_email",
            mail(to=[f"p{n}@a.example" for n in range(80)]),
            "goes to 80 recipients",
        ),
        ("send_email", mail(attachments=["/home/a/.ssh/id_rsa"]), "is attached: a program"),
        ("send_email", mail(attachments=["../../x.pdf"]), "is attached: a program"),
        (
            "send_email",
            mail(attachments=[{"filename": "a.pdf.exe"}]),
            "is attached: a program",
        ),
        ("send_email", mail(body='<img src="https://x.example/a">'), "HTML that loads"),
        (
            "send_email",
            mail(htmlBody="<p style='display:none'>x"),
            "its reader does not see",
        ),
        ("send_email", mail(body="a\n" * 300 + "<script>"), "Line 301 holds HTML"),
        ("send_email", mail(to=["a@b.example"] * 3000), "no more were read"),
        (
            "slack_post_message",
            {"channel_id": "C", "text": "a <!channel> b"},
            "calls everybody",
        ),
        (
            "slack_post_message",
            {"channel_id": "C", "text": "<!here|here>"},
            "calls everybody",
        ),
        (
            "discord_send",
            {"channel_id": "1", "content": "x\n@everyone"},
            "Line 2 calls everybody",
        ),
        (
            "conversations_add_message",
            {"channel_id": "#g", "payload": "@here"},
            "everybody",
        ),
    ],
)
def test_a_message_that_reaches_further_than_it_looks_is_found(
    tool: str, arguments: dict[str, object], words: str
) -> None:
    assert words in findings(tool, arguments)


def test_an_ordinary_comma_in_a_name_makes_no_second_recipient() -> None:
    arguments = mail(to='"Lindqvist, Ana" <ana@northwind.example>, bo@northwind.example')
    assert 'To (1 of 2): "Lindqvist, Ana" <ana@' in text_of(
        rendered("send_email", arguments)
    )


def in_org(arguments: Mapping[str, object], *domains: str) -> Rendering:
    profile = replace(PROFILE, own_domains=domains)
    reading = card("send_email", arguments, profile).rendering
    assert reading is not None
    return reading


def test_a_recipient_outside_the_organization_is_a_danger() -> None:
    arguments = mail(
        to=["Ana <ana@northwind.example>", "x@mail.northwind.example"],
        cc="cy@notnorthwind.example",
        bcc="d@NORTHWIND.example.evil.example",
    )
    reading = in_org(arguments, "shop.example", "northwind.example")
    said = [each.words for each in reading.findings if each.severity == "danger"]
    those = "northwind.example.evil.example (1), notnorthwind.example (1)"
    assert said == [f"2 of 4 recipients are outside the organization: {those}."]
    alarming = {fact.label for fact in reading.facts if fact.is_alarming}
    assert alarming == {"Copy to", "Hidden copy to"}


@pytest.mark.parametrize(
    ("to", "goes_to"),
    [
        ('"me@northwind.example"@evil.example', "evil.example"),
        ('<"me@northwind.example"@evil.example>', "evil.example"),
        ("<me@northwind.example@evil.example>", "evil.example"),
        ("me(you@northwind.example)@evil.example", "evil.example"),
        ("me@evil.example (you@northwind.example)", "evil.example"),
        (
            "<" + 381 * " " + "x@northwind.example.evil.example>",
            "northwind.example.evil.ex",
        ),
        (f"x@{'a.' * 118}northwind.example.evil.example", "a."),
        ("me@evil.example/.northwind.example", "evil.example/.northwind.example"),
        ("me@evil.example\0.northwind.example", "evil.example⟦U+0000⟧.northwind.example"),
        ("me@evil-northwind.example", "evil-northwind.example"),
        ("me@northwind.example.evil.example.", "northwind.example.evil.example"),
        ("me@xn--northwnd-q6a.example", "xn--northwnd-q6a.example"),
    ],
)
def test_an_address_that_looks_like_ours_is_outside(to: str, goes_to: str) -> None:
    dangers = in_org(mail(to=to), "northwind.example").findings
    outside = [each.words for each in dangers if "outside the org" in each.words]
    assert len(outside) == 1
    assert f": {goes_to}" in outside[0]


@pytest.mark.parametrize(
    "to",
    [
        [["cy@partner.example"], "ana@northwind.example"],
        [{"email": "ana@northwind.example", "address": "cy@partner.example"}],
        [{"who": {"at": "cy@partner.example"}}, "ana@northwind.example"],
        [{"email": ["cy@partner.example"]}, "ana@northwind.example"],
    ],
)
def test_no_form_of_a_recipient_is_passed_over(to: object) -> None:
    reading = in_org(mail(to=to), "northwind.example")
    assert "partner.example (1)." in " ".join(each.words for each in reading.findings)
    assert any("cy@" in text for text in text_of(reading).splitlines())


@pytest.mark.parametrize("nothing", [None, "", []])
def test_an_empty_field_stands_before_no_recipients(nothing: object) -> None:
    reading = in_org(mail(to=nothing, recipients="cy@partner.example"), "northwind.example")
    assert "It goes outside the organization: partner.example (1)." in [
        each.words for each in reading.findings
    ]


@pytest.mark.parametrize("name", ["Bcc", "CC", "BccAddresses", "forward_to"])
def test_a_field_of_recipients_that_is_not_read_is_a_danger(name: str) -> None:
    call = mail(**{name: ["cy@partner.example"]})
    said = f"danger: This reading leaves out what may be what is done: {name}."
    assert said in findings("send_email", call)


def test_two_domains_that_only_foldings_make_one_are_two() -> None:
    dangers = in_org(mail(to="a@stra\u00dfe.example"), "strasse.example").findings
    said = "\n".join(each.words for each in dangers)
    assert "outside the organization: stra\u00dfe.example" in said
    assert "has letters outside ASCII" in said


def test_a_quoted_address_before_the_sign_is_another_address() -> None:
    call = mail(to='"me@northwind.example"@evil.example')
    assert "holds more than one address" in findings("send_email", call)


def test_an_address_of_ours_stays_inside_however_it_is_written() -> None:
    call = mail(to=['"Ana" <ANA@Northwind.Example.>', "bo@northwind.example"])
    assert in_org(call, "northwind.example").findings == ()


def test_a_single_recipient_outside_is_named_alone() -> None:
    call = {"message": mail(to="cy@partner.example")}
    (danger,) = in_org(call, "northwind.example").findings
    assert danger == ("danger", "It goes outside the organization: partner.example (1).")


def test_recipients_inside_or_without_an_address_are_not_called_outside() -> None:
    inside = in_org(mail(to="ana@Northwind.example"), "northwind.example")
    assert inside.findings == ()
    nobody = in_org(mail(to=["ana@northwind.example", "Ana"]), "northwind.example")
    assert not any("outside" in each.words for each in nobody.findings)


def test_without_domains_of_its_own_nobody_is_said_to_be_outside() -> None:
    reading = in_org(mail(to=["ana@northwind.example", "cy@partner.example"]))
    assert [each.words for each in reading.findings] == [
        "It goes to 2 different domains: northwind.example (1), partner.example (1)."
    ]
    assert not any(fact.is_alarming for fact in reading.facts)
