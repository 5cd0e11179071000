"""GitHub: custom deployment protection rules ask, and their callback takes the answer.

The desk signs in as the GitHub App that the rule belongs to: its key makes a token for the
installation, for an hour and for nothing else.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import Field

from webui.approvals.call.canonical import canonical
from webui.approvals.call.strict_json import Document
from webui.approvals.errors import Fault
from webui.receivers.app_key import app_token, read_key
from webui.receivers.config import WEB_ADDRESS, reject
from webui.receivers.kind import (
    Ignored,
    Inbound,
    Refused,
    SourceSecrets,
    Submission,
    Verified,
)
from webui.receivers.signed_body import (
    UpstreamConfig,
    check_settings,
    member,
    settings_of,
    verify_body,
)
from webui.receivers.under import lies_under
from webui.receivers.way_back import (
    APPROVE,
    Conversation,
    End,
    Heard,
    Option,
    Outcome,
    Outgoing,
    Told,
    judged,
)
from webui.sentences import sentence

name = "github"
label = "GitHub deployments"
about = sentence(
    "Custom deployment protection rules of a GitHub App; the rule's callback is answered."
)
token: str | None = sentence("Private key (PEM) of the GitHub App")
example: Mapping[str, Any] = {"app_id": 123456}
options: Mapping[str, Sequence[Option]] = {}
on_shutdown: Literal["reject", "keep"] = "keep"

_SIGNATURE = "x-hub-signature-256"
_COMMENT_MAX = 1_000
_API = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class _Config(UpstreamConfig):
    app_id: int = Field(ge=1)
    api_url: Annotated[str, WEB_ADDRESS, Field(max_length=300)] = "https://api.github.com"
    expires_minutes: int = Field(default=1_440, ge=1, le=43_200)


def new_secret() -> str:
    """Return 43 random characters."""
    return secrets.token_urlsafe(32)


def check_source(source: SourceSecrets) -> None:
    """Raise InvalidError with every fault of config and secrets at once."""
    check_settings(_Config, source, token_needed=True)
    try:
        read_key(source.token or "")
    except ValueError as error:
        reject([Fault("/token", error.args[0])])


def verify(delivery: Inbound, source: SourceSecrets, now: int) -> Verified:  # noqa: ARG001 - GitHub signs no time
    """Prove the sender; raises Refused."""
    return verify_body(delivery, source, _SIGNATURE)


def to_submissions(
    body: Document, headers: Mapping[str, str], config: Mapping[str, Any]
) -> list[Submission]:
    """Ask for the deployment of a rule; raises Refused, or Ignored for a ping and the like."""
    settings = settings_of(_Config, config)
    event = headers.get("x-github-event", "")
    if event != "deployment_protection_rule":
        raise Ignored(
            sentence(
                "The event %(event)s asks for nothing.",
                event=event[:60] or sentence("without a name"),
            )
        )
    asked = body.value
    if asked.get("action") != "requested":
        raise Ignored(sentence("Only the action requested asks for anything."))
    callback = member(asked, "deployment_callback_url")
    _check_callback(callback, settings.api_url)
    environment, deployment = member(asked, "environment"), member(asked, "deployment")
    repository = member(asked, "repository", "full_name")
    arguments = {
        "repository": repository,
        "environment": environment,
        "ref": deployment.get("ref"),
        "sha": member(deployment, "sha"),
        "event": asked.get("event"),
        "run": callback.split("/runs/", 1)[-1].split("/", 1)[0],
    }
    return [
        {
            "tool": "github.deploy",
            "arguments": arguments,
            "arguments_text": canonical(arguments).decode(),
            "summary": f"Deploy {repository} to {environment}"[:500],
            "context": _context(asked),
            "source_ref": f"deployment {member(deployment, 'id')}",
            "expires_in": settings.expires_minutes * 60,
            "reply_to": {
                "callback": callback,
                "environment": environment,
                "installation": member(asked, "installation", "id"),
            },
        }
    ]


def _check_callback(callback: Any, api_url: str) -> None:
    """The App's token goes there: only to the API itself."""
    if not lies_under(callback, api_url.rstrip("/") + "/repos"):
        raise Refused(
            422,
            "callback_elsewhere",
            sentence(
                "The callback does not lie under the api_url of this source's settings."
            ),
        )


def _context(asked: Mapping[str, Any]) -> dict[str, Any]:
    sender, pulls = asked.get("sender"), asked.get("pull_requests")
    found: dict[str, Any] = {}
    if isinstance(sender, dict) and isinstance(sender.get("login"), str):
        found["sender"] = sender["login"]
    if isinstance(pulls, list):
        numbers = [pull.get("number") for pull in pulls if isinstance(pull, dict)]
        found["pull_requests"] = numbers
    return found


def tell(
    told: Told, reply_to: Mapping[str, Any], source: SourceSecrets, now: int
) -> Conversation:
    """Approve or reject the deployment, as the App's installation."""
    config = _Config.model_validate(dict(source.config))
    api = config.api_url.rstrip("/")
    jwt = app_token(source.token or "", config.app_id, now)
    heard = yield Outgoing(
        "POST",
        f"{api}/app/installations/{int(reply_to['installation'])}/access_tokens",
        _signed(jwt),
    )
    if heard.status != HTTPStatus.CREATED:
        return _not_in(heard)
    bearer = str(json.loads(heard.body)["token"])
    yes = told.verdict == APPROVE
    heard = yield Outgoing(
        "POST",
        reply_to["callback"],
        _signed(bearer),
        json.dumps(
            {
                "environment_name": reply_to["environment"],
                "state": "approved" if yes else "rejected",
                "comment": _comment(told),
            }
        ).encode(),
    )
    outcome = judged(heard, gone=())
    if outcome.end is not End.PERMANENT:
        return outcome
    runs = reply_to["callback"].rsplit("/", 1)[0]
    listed = yield Outgoing("GET", f"{runs}/pending_deployments", _signed(bearer))
    return _by_list(listed, reply_to["environment"], outcome)


def _signed(bearer: str) -> dict[str, str]:
    return {
        **_API,
        "Authorization": f"Bearer {bearer}",
        "Content-Type": "application/json",
    }


def _comment(told: Told) -> str:
    done = "Approved" if told.verdict == APPROVE else "Rejected"
    by = f" by {told.by}" if told.by else ""
    return f"{done}{by} in Countersign. {told.reason}".strip()[:_COMMENT_MAX]


def _not_in(heard: Heard) -> Outcome:
    outcome = judged(heard, gone=())
    if outcome.end is End.TRANSIENT:
        return outcome
    said = sentence(
        "GitHub gave the App no token for its installation (%(status)s).",
        status=heard.status,
    )
    return Outcome(End.PERMANENT, said)


def _by_list(listed: Heard, environment: str, refused: Outcome) -> Outcome:
    """Say by GitHub's own list whether the deployment still waits."""
    if listed.status != HTTPStatus.OK:
        return refused
    try:
        waiting = {str(one["environment"]["name"]) for one in json.loads(listed.body)}
    except (ValueError, LookupError, TypeError):
        return refused
    if environment in waiting:
        return refused
    return Outcome(
        End.GONE, sentence("GitHub's list of what waits does not name this deployment.")
    )
