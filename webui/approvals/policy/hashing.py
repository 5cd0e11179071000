"""The hashes of rules and of whole policies: what a yes is bound to."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from webui.approvals.call.canonical import digest, sha256_of
from webui.approvals.policy.conditions import Condition
from webui.approvals.policy.document import Action, Counter, Terms


def policy_revision(text: str) -> str:
    """Return the hash of a policy's text: SHA-256 of its UTF-8, as `sha256sum` prints it."""
    return sha256_of(text.encode())


def rule_hash(
    *,
    tool: str,
    name: str,
    action: Action,
    conditions: Iterable[Condition],
    on_deny: str | None,
    counter: Counter | None,
    terms: Terms,
) -> str:
    """Return the hash of a rule's canonical form: what it says, not how it is written."""
    return digest(
        {
            "v": 1,
            "tool": tool,
            "name": name,
            "action": str(action),
            "conditions": [condition.as_document() for condition in conditions],
            "on_deny": on_deny,
            "counter": None if counter is None else _plain(counter),
            "terms": _plain(terms),
        },
        b"policy-rule-v1\x00",
    )


def joint_hash(hashes: Iterable[str]) -> str:
    """Return the hash of rules that ask together; of one rule, its own."""
    several = sorted(hashes)
    return several[0] if len(several) == 1 else digest(several, b"policy-rules-v1\x00")


def default_hash(default: str) -> str:
    """Return what stands for a rule's hash where the policy's default settled."""
    return digest(default, b"policy-default-v1\x00")


def _plain(value: Any) -> dict[str, Any]:
    return asdict(value)
