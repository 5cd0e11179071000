"""Reading a policy: text in, a frozen Policy out, or everything that is wrong with it."""

from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from webui.approvals.errors import Fault
from webui.approvals.policy.document import Defaults, Policy, Tool, Verdict, Webhook
from webui.approvals.policy.faults import MOST_FAULTS, PolicyError, PolicyFault
from webui.approvals.policy.fields import MOST_NAME, MOST_NAMES, Fields
from webui.approvals.policy.hashing import policy_revision
from webui.approvals.policy.reading_counters import check_counters
from webui.approvals.policy.reading_rules import read_rule
from webui.approvals.policy.reading_tests import read_tests
from webui.approvals.policy.secret import POINTER, without_secret
from webui.approvals.policy.yaml_text import read_yaml
from webui.sentences import sentence

_KEYS: Final = (
    "version",
    "description",
    "default",
    "hide",
    "tools",
    "approvals",
    "groups",
    "redact",
    "tests",
)


def read_policy(text: str) -> Policy:
    """Return the policy of a text.

    Raises PolicyError with everything that is wrong, each with its line and how to mend it.
    """
    policy, faults = check_policy(text)
    if policy is None:
        raise PolicyError(faults)
    return policy


def check_policy(text: str) -> tuple[Policy | None, tuple[PolicyFault, ...]]:
    """Return the policy of a text, or None and all its faults in the order of the lines."""
    source, wrong = read_yaml(text)
    faults: list[Fault] = []
    policy = None
    if source.value is not None or not wrong:
        policy = _policy(
            Fields(source, faults, source.value, "", sentence("the file")), text
        )
    wrong += [source.fault(fault.pointer, fault.detail) for fault in faults]
    found = tuple(sorted(set(wrong))[:MOST_FAULTS])
    return (None if found else policy), found


def _policy(fields: Fields, text: str) -> Policy:
    fields.only(_KEYS)
    _check_version(fields)
    default = fields.word("default", Verdict)
    tools = _tools(fields.below("tools", "tools"))
    check_counters(fields.get("tools"), fields.faults)
    approvals = _approvals(fields.below("approvals", "approvals"))
    kept = text if approvals.webhook is None else _kept(fields, text)
    return Policy(
        revision=policy_revision(kept),
        text=kept,
        description=fields.text("description") or "",
        default=Verdict(default or Verdict.REQUIRE_APPROVAL),
        default_written=fields.has("default"),
        default_line=fields.source.place("/default").line,
        hide=fields.names("hide"),
        tools=tools,
        approvals=approvals,
        groups=_groups(fields.below("groups", "groups")),
        redact=fields.names("redact"),
        tests=read_tests(fields, tools),
    )


def _check_version(fields: Fields) -> None:
    version = fields.text("version")
    if not fields.has("version"):
        fields.wrong("", sentence('the file needs version: "1". Add it as the first line.'))
    elif version is not None and version != "1":
        fields.wrong(
            "version",
            sentence('version must be "1", not "%(version)s".', version=version[:40]),
        )


def _tools(fields: Fields) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    if len(fields.values) > MOST_NAMES:
        fields.wrong(
            "",
            sentence(
                "there are more than %(most)s tools. Use globs, or fewer.", most=MOST_NAMES
            ),
        )
        return ()
    for name in fields.values:
        if fields.full:
            break
        if not name.strip() or not name.isprintable() or len(name) > MOST_NAME:
            fields.wrong(name, sentence("a tool's name must be on one line and not blank."))
            continue
        entry = fields.below(name, sentence("a tool"))
        entry.only(("rules", "idempotent", "irreversible"))
        rules = [
            read_rule(entry.inside("rules", index, value, sentence("a rule")), name)
            for index, value in enumerate(entry.items("rules"))
        ]
        tools.append(
            Tool(
                name=name,
                line=fields.source.place(entry.pointer).line,
                rules=tuple(rule for rule in rules if rule is not None),
                idempotent=entry.flag("idempotent"),
                irreversible=entry.flag("irreversible"),
            )
        )
    return tuple(tools)


def _approvals(fields: Fields) -> Defaults:
    fields.only(("timeout", "dedupe_window", "notify"))
    notify = fields.below("notify", "notify")
    notify.only(("webhook",))
    return Defaults(
        timeout=fields.duration("timeout"),
        dedupe_window=fields.duration("dedupe_window"),
        webhook=_webhook(notify.below("webhook", "webhook")),
    )


def _webhook(fields: Fields) -> Webhook | None:
    fields.only(("url", "secret"))
    url, secret = fields.text("url"), fields.text("secret")
    if not fields.values:
        return None
    for key, value in (("url", url), ("secret", secret)):
        if not value:
            fields.wrong(
                "",
                sentence(
                    "webhook needs %(key)s as well. Add it, or remove the webhook.", key=key
                ),
            )
    if not url or not secret:
        return None
    if not _is_web(url):
        fields.wrong(
            "url", sentence("url must begin with http:// or https:// and name a host.")
        )
        return None
    return Webhook(url, secret, fields.source.place(fields.pointer).line)


def _kept(fields: Fields, text: str) -> str:
    """Return a text without its secret; one that cannot be taken out surely is a fault."""
    kept = without_secret(fields.source, text)
    if kept is None:
        said = sentence("the secret must stand on one line. Write it in double quotes.")
        fields.faults.append(Fault(POINTER, said))
    return kept or ""


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isprintable()


def _groups(fields: Fields) -> MappingProxyType[str, tuple[str, ...]]:
    groups: dict[str, Any] = {name: fields.names(name) for name in fields.values}
    return MappingProxyType(groups)
