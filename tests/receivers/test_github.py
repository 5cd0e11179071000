"""GitHub's deployment protection rules, as docs.github.com describes them (2022-11-28)."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.plugins.upstream import APP_KEY, converse
from webui.approvals.errors import InvalidError
from webui.receivers import github
from webui.receivers.kind import Ignored, Inbound, Refused, SourceSecrets
from webui.receivers.reading import read_body
from webui.receivers.way_back import End, Heard, Outcome, Told

NOW = 1_767_225_600_000
SECRET = "a webhook secret of the app"
SOURCE = SourceSecrets((SECRET,), {"app_id": 7}, APP_KEY)
API = "https://api.github.com"
CALLBACK = f"{API}/repos/acme/shop/actions/runs/99/deployment_protection_rule"
EVENT = {
    "action": "requested",
    "environment": "production",
    "event": "push",
    "deployment_callback_url": CALLBACK,
    "deployment": {"id": 42, "sha": "d34db33f", "ref": "main"},
    "pull_requests": [{"number": 5}],
    "repository": {"full_name": "acme/shop"},
    "sender": {"login": "octocat"},
    "installation": {"id": 1234},
}
REPLY_TO = {"callback": CALLBACK, "environment": "production", "installation": 1234}
TOKEN = Heard(201, b'{"token": "ghs_one"}')


def delivery(document: Any, event: str = "deployment_protection_rule") -> Inbound:
    body = json.dumps(document, separators=(",", ":")).encode()
    made = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-github-event": event,
        "x-hub-signature-256": f"sha256={made}",
    }
    return Inbound(headers, body, "192.0.2.1")


def asked(document: Any = EVENT, event: str = "deployment_protection_rule") -> Any:
    inbound = delivery(document, event)
    github.verify(inbound, SOURCE, NOW)
    [submission] = github.to_submissions(read_body(inbound), inbound.headers, SOURCE.config)
    return submission


def told(verdict: str, *answers: Heard, by: str = "Rae") -> Any:
    conversation = github.tell(Told(verdict, "Looks right.", by), REPLY_TO, SOURCE, NOW)
    return converse(conversation, *answers)


def test_a_rule_becomes_a_submission_that_knows_its_way_back() -> None:
    found = asked()
    assert found["tool"] == "github.deploy"
    assert found["arguments"] == {
        "repository": "acme/shop",
        "environment": "production",
        "ref": "main",
        "sha": "d34db33f",
        "event": "push",
        "run": "99",
    }
    assert json.loads(found["arguments_text"]) == found["arguments"]
    assert (found["source_ref"], found["expires_in"]) == ("deployment 42", 86_400)
    assert found["context"] == {"sender": "octocat", "pull_requests": [5]}
    assert found["reply_to"] == REPLY_TO


def test_a_rule_without_a_sender_has_less_to_tell() -> None:
    found = asked(EVENT | {"sender": None, "pull_requests": None})
    assert found["context"] == {}


@pytest.mark.parametrize(
    ("event", "document"),
    [
        ("ping", {"zen": "Keep it logically awesome."}),
        ("", EVENT),
        ("deployment_protection_rule", EVENT | {"action": "other"}),
    ],
    ids=["ping", "no event", "other action"],
)
def test_a_ping_and_the_like_are_ignored(event: str, document: Any) -> None:
    with pytest.raises(Ignored):
        asked(document, event)


@pytest.mark.parametrize(
    "callback",
    [
        "https://evil.example/repos/acme/shop/actions/runs/9/deployment_protection_rule",
        "http://api.github.com/repos/acme/shop",
        "https://api.github.com.evil.example/repos/acme/shop",
        "https://api.github.com@evil.example/repos/x",
        f"{API}/user",
        f"{API}/repos/../user",
    ],
)
def test_the_token_goes_nowhere_but_to_the_api(callback: str) -> None:
    with pytest.raises(Refused) as caught:
        asked(EVENT | {"deployment_callback_url": callback})
    assert caught.value.code == "callback_elsewhere"


@pytest.mark.parametrize(
    "missing",
    ["environment", "deployment_callback_url", "repository", "deployment", "installation"],
)
def test_a_rule_without_what_it_needs_is_refused(missing: str) -> None:
    with pytest.raises(Refused) as caught:
        asked(EVENT | {missing: None})
    assert caught.value.code == "field_missing"


@pytest.mark.parametrize(
    ("verdict", "state"), [("approve", "approved"), ("deny", "rejected")]
)
def test_the_app_signs_in_and_answers_the_callback(verdict: str, state: str) -> None:
    (sent, outcome) = told(verdict, TOKEN, Heard(204, b""))
    signing_in, answer = sent
    assert signing_in.url == f"{API}/app/installations/1234/access_tokens"
    token = signing_in.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, RSAKey.import_key(APP_KEY), algorithms=["RS256"]).claims
    seconds = NOW // 1000
    assert claims == {"iat": seconds - 60, "exp": seconds + 540, "iss": "7"}
    assert (answer.method, answer.url) == ("POST", CALLBACK)
    assert answer.headers["Authorization"] == "Bearer ghs_one"
    assert json.loads(answer.body) == {
        "environment_name": "production",
        "state": state,
        "comment": f"{state.capitalize()} by Rae in Countersign. Looks right.",
    }
    assert outcome.end is End.CONFIRMED


LISTED = json.dumps([{"environment": {"name": "production"}}]).encode()


@pytest.mark.parametrize(
    ("answers", "end"),
    [
        ((Heard(401, b""),), End.PERMANENT),
        ((Heard(404, b""),), End.PERMANENT),
        ((Heard(200, b""),), End.PERMANENT),
        ((Heard(502, b""),), End.TRANSIENT),
        ((TOKEN, Heard(503, b"")), End.TRANSIENT),
        ((TOKEN, Heard(422, b""), Heard(200, b"[]")), End.GONE),
        ((TOKEN, Heard(422, b""), Heard(200, LISTED)), End.PERMANENT),
        ((TOKEN, Heard(404, b""), Heard(403, b"")), End.PERMANENT),
        ((TOKEN, Heard(404, b""), Heard(200, b"{")), End.PERMANENT),
        ((TOKEN, Heard(404, b""), Heard(200, b"[1]")), End.PERMANENT),
    ],
)
def test_each_answer_of_github_has_its_meaning(
    answers: tuple[Heard, ...], end: End
) -> None:
    outcome: Outcome = told("deny", *answers, by="")[1]
    assert outcome.end is end


def test_a_key_may_lose_its_line_breaks_on_the_way() -> None:
    for written in (APP_KEY.replace("\n", ""), APP_KEY.replace("\n", "\\n")):
        github.check_source(SourceSecrets((SECRET,), {"app_id": 7}, written))


PUBLIC = RSAKey.import_key(APP_KEY).as_pem(private=False).decode()


@pytest.mark.parametrize(
    "token",
    [None, "ghp_token", APP_KEY[:300], PUBLIC, APP_KEY.replace("M", "N", 3)],
    ids=["none", "token", "half", "public", "broken"],
)
def test_what_is_no_key_of_an_app_makes_no_source(token: str | None) -> None:
    with pytest.raises(InvalidError) as caught:
        github.check_source(SourceSecrets((SECRET,), {"app_id": 7}, token))
    assert [fault.pointer for fault in caught.value.faults] == ["/token"]
