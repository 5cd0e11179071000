"""`countersign providers`."""

from __future__ import annotations

from typing import Any

SECRET = "s3cret-of-the-desk"


def test_providers_are_added_listed_changed_and_switched(
    told: Any, run: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("OIDC_CLIENT_SECRET", SECRET)
    where = ("--issuer", "https://id.example", "--client-id", "desk")
    made = told("providers", "add", "Corp", *where, "--role", "reviewers=reviewer")
    assert made["callback"].endswith("/sign-in/sso/callback")
    assert made["sign_in"].endswith(f"/sign-in/sso/main/{made['id']}")
    told("providers", "change", "Corp", "--scopes", "openid email groups")
    told("providers", "change", "Corp", "--new-secret", "--role", "a=b=viewer")
    told("providers", "off", "Corp")
    (row,) = told("providers", "list")
    assert row["roles"] == {"a=b": "viewer"}
    assert (row["scopes"], row["status"]) == ("openid email groups", "off")
    assert SECRET not in str(row)
    assert told("providers", "on", made["id"])["status"] == "active"
    refused = run("providers", "add", "Other", *where, "--role", "reviewers")
    assert "is not GROUP=ROLE" in refused.output
    refused = run("providers", "add", "Other", *where, "--role", "x=king")
    assert "must be one of" in refused.output
    plain = run("providers", "add", "Other", "--issuer", "http://id", "--client-id", "d")
    assert "over https" in plain.output
    assert run("providers", "off", "Nothing").exit_code == 1
