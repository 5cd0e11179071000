"""E-mails and messages of chats: who gets them, what they say, and what they call up."""

import re
from collections.abc import Sequence
from typing import Final

from webui.preview.renderers.addresses import (
    Recipient,
    facts_about,
    look_at_recipients,
    look_outside,
    recipients,
)
from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.attachments import facts_of_attachments
from webui.preview.renderers.domains import look_at_domains
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.rendering import Fact, Rendering
from webui.preview.renderers.saying import fact, said, whole
from webui.preview.renderers.sheets import Sheets, add_lines
from webui.preview.renderers.tool_names import globs, squeezed
from webui.sentences import Sentence, number, plural, sentence, sentence_in

TOOLS: Final = globs(
    "send email, send mail, send message, send gmail, draft email, reply email, "
    "create draft, draft message, reply to email, forward email, post message, "
    "add message, reply to thread, send reply, send dm, send sms, chat post, slack post, "
    "discord send, teams send, telegram send, send notification, reply to message, "
    "send channel message, messages send, schedule message"
)

_TO: Final = (
    *(
        "to",
        "recipients",
        "recipient",
        "to_recipients",
        "toRecipients",
        "to_email",
        "receiver",
    ),
    *("receiver_email", "receiver_emails", "to_addresses", "toAddresses", "emails"),
)
_CC: Final = ("cc", "cc_recipients", "ccRecipients", "cc_addresses")
_BCC: Final = ("bcc", "bcc_recipients", "bccRecipients", "bcc_addresses")
_FROM: Final = ("from", "from_email", "sender", "fromEmail", "from_address", "send_as")
_REPLY: Final = ("reply_to", "replyTo", "reply-to", "Reply-To")
_SUBJECT: Final = ("subject", "title")
_CHANNEL: Final = (
    *(
        "channel_id",
        "channel",
        "channelId",
        "room",
        "room_id",
        "conversation_id",
        "chat_id",
    ),
    *("user_id", "userId", "user", "phone_number", "channel_name"),
)
_BODY: Final = (
    *("body", "text", "message", "content", "payload", "html", "htmlBody", "html_body"),
    *("plain_body", "body_text", "markdown", "caption", "msg"),
)
_ATTACHED: Final = ("attachments", "files", "attachment", "attachment_paths", "file_paths")
_THREAD: Final = (
    "thread_ts",
    "thread_id",
    "threadId",
    "in_reply_to",
    "inReplyTo",
    "message_id",
)
_AS_TO: Final = sentence_in("who gets a message", "To")
_AS_CC: Final = sentence("Copy to")
_AS_BCC: Final = sentence("Hidden copy to")
_ANSWERED: Final = sentence("Answers go to")
_HEADERS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (_AS_TO, _TO),
    (_AS_CC, _CC),
    (_AS_BCC, _BCC),
    (sentence_in("who sends a message", "From"), _FROM),
    (_ANSWERED, _REPLY),
    (sentence_in("of a message", "Subject"), _SUBJECT),
    (sentence_in("the message that is answered", "Answers"), _THREAD),
)
_MASS: Final = re.compile(
    r"@(?:everyone|channel|here|all|room)\b|<!(?:everyone|channel|here)(?:\|[^>]{0,40})?>"
    r"|<!subteam\^\w+|<@&\d+>",
    re.IGNORECASE,
)
_HEADER: Final = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_TRACKER: Final = re.compile(r"<(?:img|script|iframe|form|object|embed)\b", re.IGNORECASE)
_HIDDEN: Final = re.compile(
    r"display\s{0,9}:\s{0,9}none|font-size\s{0,9}:\s{0,9}0|visibility\s{0,9}:\s{0,9}hidden",
    re.IGNORECASE,
)
_MANY: Final = 50


def fits(arguments: Arguments) -> bool:
    """Say whether this is a message whatever the tool is called."""
    if arguments.value(*_BODY) is None:
        return False
    if arguments.value("to", "to_recipients", "toRecipients") is not None:
        return arguments.value("subject") is not None or bool(_addressed(arguments))
    return arguments.text("channel_id", "channel") is not None


def _addressed(arguments: Arguments) -> bool:
    return all(each.domain for each in recipients(arguments, "to"))


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return who gets what."""
    arguments = arguments.inside("message") or arguments
    found, sheets = Findings(), Sheets()
    groups = [
        (_AS_TO, recipients(arguments, *_TO)),
        (_AS_CC, recipients(arguments, *_CC)),
        (_AS_BCC, recipients(arguments, *_BCC)),
    ]
    channel = arguments.text(*_CHANNEL)
    bodies = [(name, arguments.text(name)) for name in _BODY]
    if not any(those for _, those in groups) and channel is None:
        return None
    if not any(body for _, body in bodies) and arguments.value(*_SUBJECT) is None:
        return None
    is_chat = channel is not None and not any(those for _, those in groups)
    facts = _facts(
        groups, arguments, found, looks_like_mail=not is_chat and _is_mail(tool, groups)
    )
    if channel is not None:
        facts.insert(0, fact(sentence("Channel or person"), channel))
    for name, body in bodies:
        if body is not None:
            sheet = sheets.start(
                sentence("The message")
                if name in {"body", "text"}
                else sentence("The %(name)s", name=name)
            )
            add_lines(sheet, whole(body), first=None)
            sheets.keep(sheet)
            _look_at_body(found, body, is_chat=is_chat)
    facts += facts_of_attachments(arguments.value(*_ATTACHED), found)
    return Rendering(
        "message",
        _title(tool, is_chat=is_chat, is_mail=_is_mail(tool, groups)),
        tuple(facts),
        sheets.blocks(),
        found.sentences(),
        alarms=found.alarms,
    )


def _title(tool: str, *, is_chat: bool, is_mail: bool) -> Sentence:
    title = sentence("E-mail") if is_mail else sentence("Message")
    if is_chat:
        title = sentence("Message in a chat")
    if "draft" in squeezed(tool):
        return sentence("%(title)s, as a draft", title=title)
    return title


def _is_mail(tool: str, groups: Sequence[tuple[str, list[Recipient]]]) -> bool:
    return "mail" in squeezed(tool) or any(
        each.domain for _, those in groups for each in those
    )


def _facts(
    groups: Sequence[tuple[str, list[Recipient]]],
    arguments: Arguments,
    found: Findings,
    *,
    looks_like_mail: bool,
) -> list[Fact]:
    facts: list[Fact] = []
    everyone = [each for _, those in groups for each in those]
    for label, those in groups:
        facts += facts_about(label, those, arguments.own_domains)
        if looks_like_mail:
            look_at_recipients(found, label, those)
        for each in those:
            _look_at_header(found, label, each.span.plain)
    look_outside(found, everyone, arguments.own_domains)
    domains = look_at_domains(found, [each.domain for each in everyone])
    if domains is not None:
        facts.append(domains)
    if hidden := len(groups[2][1]):
        words = plural(
            "One recipient gets it in a hidden copy, unseen by the others.",
            "%(number)s recipients get it in a hidden copy, unseen by the others.",
            hidden,
            number=number(hidden),
        )
        found.note("hidden-copy", words)
    if len(everyone) > _MANY:
        found.danger(
            "many",
            sentence("It goes to %(everyone)s recipients.", everyone=number(len(everyone))),
        )
    for label, names in _HEADERS:
        text = arguments.text(*names)
        if text is not None:
            _look_at_header(found, label, text.plain)
            if label not in {_AS_TO, _AS_CC, _AS_BCC}:
                facts.append(fact(label, text, is_alarming=label == _ANSWERED))
    _look_at_answers(found, arguments)
    return facts


def _look_at_header(found: Findings, label: str, plain: str) -> None:
    if _HEADER.search(plain) and not found.has(("header", label)):
        words = sentence(
            "“%(label)s” holds a line break: it can add headers or recipients.", label=label
        )
        found.danger(("header", label), words)


def _look_at_answers(found: Findings, arguments: Arguments) -> None:
    sender, reply = arguments.text(*_FROM), arguments.text(*_REPLY)
    if reply is None:
        return
    if sender is None:
        found.note("reply", sentence("Answers go to %(reply)s.", reply=said(reply)))
    elif reply.plain.strip() != sender.plain.strip() or reply.hides(0, len(reply.plain)):
        words = sentence(
            "Answers go to %(reply)s and not to %(sender)s, who sends it.",
            reply=said(reply),
            sender=said(sender),
        )
        found.danger("reply", words)


def _look_at_body(found: Findings, body: Text, *, is_chat: bool) -> None:
    plain = body.plain
    if mass := _MASS.search(plain):
        line = plain.count("\n", 0, mass.start()) + 1
        called = inline_of(body, mass)
        if is_chat or mass[0].startswith("<"):
            found.points(body, mass.start())
            found.danger(
                "mass",
                sentence(
                    "Line %(line)s calls everybody: %(called)s.",
                    line=number(line),
                    called=called,
                ),
                line,
            )
        else:
            found.note(
                "mass",
                sentence(
                    "Line %(line)s holds %(called)s.", line=number(line), called=called
                ),
                line,
            )
    if match := _TRACKER.search(plain):
        found.points(body, match.start())
        line = plain.count("\n", 0, match.start()) + 1
        found.danger(
            "active",
            sentence(
                "Line %(line)s holds HTML that loads or sends something.", line=number(line)
            ),
            line,
        )
    if match := _HIDDEN.search(plain):
        found.points(body, match.start())
        line = plain.count("\n", 0, match.start()) + 1
        found.danger(
            "unseen",
            sentence(
                "Line %(line)s holds HTML that its reader does not see.", line=number(line)
            ),
            line,
        )


def inline_of(text: Text, match: re.Match[str]) -> str:
    """Return what a pattern found, for a sentence."""
    return said(whole(text)._replace(begin=match.start(), end=match.end()))
