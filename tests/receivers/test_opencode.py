"""OpenCode: what a request becomes, what it is told, and what its record says. Bytes of 1.18.33."""

import contextlib
import json
from typing import Any

import pytest

from webui.approvals.call.strict_json import read_document
from webui.approvals.errors import InvalidError
from webui.receivers import opencode
from webui.receivers.kind import Refused, SourceSecrets
from webui.receivers.opencode_wire import Asked, Replied, Unknown, read_event, read_pending
from webui.receivers.way_back import End, Heard, Outcome, Told

SES, PER, MSG = (f"{kind}_21c7cf653001Jck8sJPDcQmP0Z" for kind in ("ses", "per", "msg"))
BASH = {
    "id": PER,
    "sessionID": SES,
    "permission": "bash",
    "patterns": ["touch made.txt", "echo hi"],
    "metadata": {"command": "touch made.txt && echo hi"},
    "always": ["touch *", "echo *"],
    "tool": {"messageID": MSG, "callID": "call_0"},
}
NEWER = {
    "id": PER,
    "sessionID": SES,
    "action": "external_directory",
    "resources": ["/etc/passwd"],
    "save": ["*"],
    "metadata": {"command": "cat /etc/passwd"},
    "source": {"type": "tool", "messageID": MSG, "callID": "c1"},
}
SOURCE = SourceSecrets(
    ("s" * 40,), {"url": "http://127.0.0.1:4096/", "directory": "/srv/my work"}, "sesame"
)
REPLY_TO = {"version": 1, "session": SES, "request": PER, "message": MSG, "call": "call_0"}
NOT_FOUND = Heard(
    404, b'{"_tag":"PermissionNotFoundError","requestID":"per_1","message":"x"}'
)


def event(kind: str, properties: Any) -> str:
    return json.dumps({"id": "evt_1", "type": kind, "properties": properties})


def submission(request: Any, version: int = 1, call: Any = None, **config: Any) -> Any:
    body = json.dumps({"version": version, "request": request, "call": call}).encode()
    settings = {"url": "http://127.0.0.1:4096", **config}
    (made,) = opencode.to_submissions(read_document(body), {}, settings)
    return made


def tells(told: Told, *answers: Heard, **place: Any) -> tuple[list[Any], Outcome]:
    """Hold the conversation; return what was sent, and how it ended."""
    conversation = opencode.tell(told, REPLY_TO | place, SOURCE, 0)
    sent = [next(conversation)]
    for answer in answers:
        try:
            sent.append(conversation.send(answer))
        except StopIteration as end:
            return sent, end.value
    raise AssertionError("It did not come to an end.")


def record(**state: Any) -> Heard:
    part = {"type": "tool", "tool": "bash", "callID": "call_0", "state": state}
    return Heard(200, json.dumps({"info": {}, "parts": [{"type": "text"}, part]}).encode())


def test_a_reviewer_sees_the_command_and_what_else_the_tool_was_given() -> None:
    given = {"command": "touch made.txt && echo hi", "workdir": "/etc", "description": "Hi"}
    made = submission(BASH, call={"tool": "bash", "input": given}, expires_in=60)
    assert made["tool"] == "bash"
    assert made["arguments"] == {
        "command": "touch made.txt && echo hi",
        "patterns": ["touch made.txt", "echo hi"],
        "input": {"workdir": "/etc", "description": "Hi"},
    }
    assert json.loads(made["arguments_text"]) == made["arguments"]
    assert (made["summary"], made["expires_in"]) == ("Hi", 60)
    assert (made["session"], made["source_ref"]) == (SES, PER)
    assert made["context"]["always"] == ["touch *", "echo *"]
    assert made["reply_to"] == REPLY_TO


def test_a_diff_and_an_input_that_says_something_else_are_both_shown() -> None:
    edit = BASH | {"permission": "edit", "metadata": {"filepath": "/a", "diff": "+x\n"}}
    made = submission(edit, call={"tool": "write", "input": {"filepath": "/b"}})
    assert made["arguments"]["filepath"] == "/a"
    assert made["arguments"]["input"] == {"filepath": "/b"}
    assert made["context"]["tool"] == "write"


def test_names_that_clash_hide_nothing() -> None:
    metadata = {"input": {"command": "rm"}, "patterns": ["other"]}
    made = submission(BASH | {"metadata": metadata})
    assert made["arguments"]["metadata"] == metadata
    assert made["arguments"]["patterns"] == BASH["patterns"]


def test_the_newer_words_say_the_same() -> None:
    asked = read_event(event("permission.v2.asked", NEWER))
    assert isinstance(asked, Asked)
    assert asked.version == 2
    made = submission(NEWER, 2)
    assert made["tool"] == "external_directory"
    assert made["arguments"] == {"command": "cat /etc/passwd", "patterns": ["/etc/passwd"]}
    (listed,) = read_pending(json.dumps({"location": {}, "data": [NEWER]}).encode(), 2)
    assert listed == asked


@pytest.mark.parametrize("reply", ["once", "always", "reject"])
@pytest.mark.parametrize("kind", ["permission.replied", "permission.v2.replied"])
def test_an_answer_names_its_request(kind: str, reply: str) -> None:
    said = {"sessionID": SES, "requestID": PER, "reply": reply}
    found = read_event(event(kind, said))
    assert isinstance(found, Replied)
    assert (found.requestID, found.reply) == (PER, reply)


def test_other_events_say_nothing_of_permissions() -> None:
    assert read_event(event("server.heartbeat", {})) is None
    text = {"part": {"text": 'see "permission.asked" there'}}
    assert read_event(event("message.part.updated", text)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"id": "per_1/../../x"},
        {"id": "per_1?x"},
        {"id": 7},
        {"id": ""},
        {"sessionID": "ses 1"},
        {"permission": ""},
        {"permission": "x" * 201},
        {"patterns": "x"},
        {"patterns": [1]},
        {"metadata": []},
        {"tool": {"messageID": "a/b", "callID": "c"}},
    ],
)
def test_a_request_that_could_lead_elsewhere_is_not_understood(change: Any) -> None:
    with pytest.raises(Unknown):
        read_event(event("permission.asked", BASH | change))


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"permission.asked"',
        '["permission.asked"]',
        '{"type":"permission.asked"}',
        '"permission.' + "[" * 50_000,
    ],
    ids=["cut", "list", "empty", "deep"],
)
def test_what_is_no_event_breaks_nothing(text: str) -> None:
    with contextlib.suppress(Unknown):
        assert read_event(text) is None


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (Told("approve", "", "Ana"), {"reply": "once"}),
        (Told("approve", "Fine.", "Ana", "once"), {"reply": "once"}),
        (Told("approve", "", "Ana", "always"), {"reply": "always"}),
        (Told("deny", "Not so.", "Ana"), {"reply": "reject", "message": "Not so."}),
        (Told("deny", "", "Ana"), {"reply": "reject", "message": "Ana denied this."}),
        (
            Told("deny", "  ", "", "tell"),
            {"reply": "reject", "message": "This was not allowed."},
        ),
        (Told("deny", "Not so.", "Ana", "stop"), {"reply": "reject"}),
        (
            Told("deny", "Expired.", "", ended=True),
            {"reply": "reject", "message": "Expired."},
        ),
    ],
)
def test_each_verdict_has_its_words(told: Told, said: Any) -> None:
    (sent,), outcome = tells(told, Heard(200, b"true"))
    assert outcome.end is End.CONFIRMED
    assert json.loads(sent.body) == said
    where = "?directory=%2Fsrv%2Fmy+work"
    assert sent.url == f"http://127.0.0.1:4096/permission/{PER}/reply{where}"
    assert sent.headers["Authorization"] == "Basic b3BlbmNvZGU6c2VzYW1l"


def test_the_newer_kind_is_answered_at_its_own_place() -> None:
    (sent,), outcome = tells(Told("approve", "", "Ana"), Heard(204, b""), version=2)
    assert outcome.end is End.CONFIRMED
    assert sent.url == f"http://127.0.0.1:4096/api/session/{SES}/permission/{PER}/reply"


@pytest.mark.parametrize(
    ("state", "end", "approved"),
    [
        ({"status": "completed"}, End.GONE, True),
        (
            {"status": "error", "error": f"The user rejected permission to {'x'}"},
            End.GONE,
            False,
        ),
        ({"status": "error", "error": "Tool execution aborted"}, End.GONE, None),
        ({"status": "running"}, End.TRANSIENT, None),
        ({}, End.GONE, None),
    ],
)
def test_what_it_knows_no_more_is_looked_up_in_its_record(
    state: Any, end: End, approved: bool | None
) -> None:
    sent, outcome = tells(Told("approve", "", "Ana"), NOT_FOUND, record(**state))
    assert (outcome.end, outcome.approved) == (end, approved)
    assert sent[1].url.startswith(f"http://127.0.0.1:4096/session/{SES}/message/{MSG}?")


@pytest.mark.parametrize(
    ("heard", "end"),
    [
        (Heard(200, b"<!doctype html>"), End.PERMANENT),
        (Heard(204, b""), End.PERMANENT),
        (Heard(404, b"<h1>Not found</h1>"), End.PERMANENT),
        (Heard(404, b'{"name":"NotFoundError"}'), End.PERMANENT),
        (Heard(302, b""), End.PERMANENT),
        (Heard(400, b"{}"), End.PERMANENT),
        (Heard(401, b""), End.PERMANENT),
        (Heard(503, b""), End.TRANSIENT),
        (Heard(429, b""), End.TRANSIENT),
    ],
)
def test_what_some_other_server_says_confirms_and_ends_nothing(
    heard: Heard, end: End
) -> None:
    _, outcome = tells(Told("approve", "", "Ana"), heard)
    assert outcome.end is end


def test_a_request_without_a_call_has_no_record() -> None:
    _, outcome = tells(Told("deny", "", "Ana"), NOT_FOUND, message=None, call=None)
    assert (outcome.end, outcome.approved) == (End.GONE, None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:4096",
        "ftp://h/",
        "http://",
        "http://u:p@h/",
        "http://h/?a",
        "http://h/#a",
        "http://[x/",
        "http://h:99999/",
        "http://h:0/",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidError) as caught:
        opencode.check_source(SourceSecrets(SOURCE.secrets, {"url": url}))
    assert [fault.pointer for fault in caught.value.faults] == ["/url"]


def test_a_body_that_the_bridge_did_not_make_is_refused() -> None:
    for body in (b"{}", b'{"version":1,"request":{}}', b'{"version":"x","request":[]}'):
        with pytest.raises(Refused):
            opencode.to_submissions(read_document(body), {}, SOURCE.config)


def test_a_record_that_cannot_be_read_now_is_asked_for_again() -> None:
    _, outcome = tells(Told("approve", "", "Ana"), NOT_FOUND, Heard(503, b""))
    assert outcome.end is End.TRANSIENT
