"""Calls of the kinds that the policies of the shelf rule on."""

import random
from typing import Final

TOOLS: Final = {
    "github": ("get_file_contents", "create_issue", "push_files", "merge_pull_request"),
    "kubernetes": ("kubectl_get", "kubectl_delete", "kubectl_scale", "kubectl_logs"),
    "stripe": ("list_invoices", "create_refund", "cancel_subscription", "create_coupon"),
}


def arguments_of(chance: random.Random) -> dict[str, object]:
    """Return arguments of about half a kilobyte, without anything that is masked."""
    return {
        "amount": chance.randrange(1, 600_000),
        "branch": chance.choice(["main", "agent/fix-1"]),
        "files": [{"path": f"src/{number}.py", "content": "x" * 80} for number in range(3)],
        "namespace": chance.choice(["dev", "production"]),
        "resourceType": chance.choice(["pods", "secrets"]),
        "replicas": chance.randrange(12),
        "title": "A title of the usual length",
    }
