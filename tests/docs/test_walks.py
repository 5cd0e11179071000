"""The pages about sources, followed to their end as they stand.

On the other side are the official packages, and stand-ins on loopback for what is a service of
others. Only what a page tells its reader to replace is replaced.
"""

from __future__ import annotations

import re

import pytest
import yaml
from ctrlrun import SQLiteStateStore

from tests.docs.reader import Reader, blocks, printed
from tests.docs.world import (
    ASKS,
    post,
    ticket,
)
from tests.outbox.standins import CtrlRun, GitHub, Helio
from tests.plugins.served import ROOT
from tests.plugins.upstream import APP_KEY

PLACEHOLDER = "https://desk.example.com/hooks/src_..."


def test_langgraph(reader: Reader) -> None:
    [shell], [graph] = (blocks("sources/langgraph.md", word) for word in ("sh", "python"))
    made = printed(reader.shell(shell))
    assert {"url", "secret"} <= set(made)
    exports = reader.fill(
        shell.splitlines()[-1],
        **{"http://localhost:8080/hooks/src_...": made["url"], "whsec_...": made["secret"]},
    )
    reader.shell(exports)
    program = reader.start(graph)
    reader.decide("approve", reader.waiting("refund", program))
    assert reader.end(program) == "refunded: {'order': 'o-7', 'cents': 1200}\n"


def test_humanlayer(reader: Reader) -> None:
    [shell], [asking] = (blocks("sources/humanlayer.md", word) for word in ("sh", "python"))
    made = printed(reader.shell(shell))
    exports = reader.fill(
        "".join(re.findall(r"(?m)^export .*\n", shell)),
        **{"http://127.0.0.1:9111": reader.desk.agents, "csk_...": made["key"]},
    )
    reader.shell(exports)
    program = reader.start(asking)
    reader.decide("approve", reader.waiting("refund", program))
    answered = ("--answer", "Blue")
    reader.decide("respond", reader.waiting("human_contact", program), *answered)
    assert reader.end(program) == "refunded 1200 of o-7\nBlue\n"


def test_github(reader: Reader) -> None:
    (reader.folder / "app.pem").write_text(APP_KEY, "utf-8")
    [command] = blocks("sources/github.md", "sh")
    github = GitHub(APP_KEY, "123456")
    with github.running():
        elsewhere = f"--kind github --set api_url={github.url}"
        made = printed(reader.shell(reader.fill(command, **{"--kind github": elsewhere})))
        url, secret, sha = made["url"], made["secret"], "X-Hub-Signature-256"
        ping = post(
            url, {"zen": "Design for failure."}, sha, secret, **{"X-GitHub-Event": "ping"}
        )
        assert ping["status"] == "ignored"
        runs = f"{github.url}/repos/acme/shop/actions/runs/99"
        asked = {
            "action": "requested",
            "environment": "production",
            "event": "push",
            "deployment_callback_url": f"{runs}/deployment_protection_rule",
            "deployment": {"id": 42, "sha": "d34db33f", "ref": "main"},
            "repository": {"full_name": "acme/shop"},
            "installation": {"id": 1234},
        }
        event = {"X-GitHub-Event": "deployment_protection_rule"}
        card = post(url, asked, sha, secret, **event)["id"]
        reader.decide("approve", card)
        reader.becomes(card, "consumed")
    assert [one["state"] for one in github.reviews] == ["approved"]


def test_helio(reader: Reader) -> None:
    [command], [settings] = (blocks("sources/helio.md", word) for word in ("sh", "yaml"))
    helio = Helio()
    helio.tickets["t-1"] = "pending"
    reader.known["HELIO_DASHBOARD_SECRET"] = "api-secret"
    with helio.running():
        address = {"http://127.0.0.1:3100": helio.url}
        made = printed(reader.shell(reader.fill(command, **address)))
        told = yaml.safe_load(reader.fill(settings, **{PLACEHOLDER: made["url"]}))
        [channel] = told["approval"]["channels"]
        assert channel["secret"] == "${COUNTERSIGN_SOURCE_SECRET}"
        assert "COUNTERSIGN_SOURCE_SECRET=" in (ROOT / "docs/sources/helio.md").read_text()
        [rule] = told["rules"]
        assert (rule["action"], rule["approval"]["channel"]) == (
            "require_approval",
            channel["type"],
        )
        card = post(channel["url"], ticket("t-1"), "X-Helio-Signature", made["secret"])[
            "id"
        ]
        reader.decide("approve", card)
        reader.becomes(card, "consumed")
    assert helio.tickets == {"t-1": "approved"}


def test_ctrlrun(reader: Reader) -> None:
    shell, gateway_of = blocks("sources/ctrlrun.md", "sh")
    [provider] = blocks("sources/ctrlrun.md", "python")
    gateway = CtrlRun()
    with gateway.running():
        place = {"https://agents.example.com": gateway.url}
        made = printed(reader.shell(reader.fill(shell, **place)))
        export = reader.fill(gateway_of.splitlines()[0], **{"...": made["secret"]})
        reader.shell(export)
        gateway.secret = made["secret"]
        gateway.store = SQLiteStateStore(str(reader.folder / "ctrlrun.db"))
        # a desk without https, for which the page names what has to be said
        address = f'{made["url"]}",\n    allow_insecure=True, #"'
        written = reader.fill(
            provider,
            **{f'{PLACEHOLDER}"': address} | place,
        )
        request_id = reader.python(written + ASKS).strip()
        card = reader.waiting("refund(amount")
        reader.decide("approve", card)
        reader.becomes(card, "consumed")
    assert gateway.status(request_id) == "granted"


@pytest.mark.sure  # its command line takes seconds to import
def test_the_words_to_ctrlruns_gateway_are_its_own() -> None:
    from ctrlrun import Policy  # noqa: PLC0415 - half a second
    from ctrlrun.cli.main import main  # noqa: PLC0415 - seconds

    told = set(
        re.findall(r"--[a-z][a-z-]+", (ROOT / "docs/sources/ctrlrun.md").read_text())
    )
    known = {option for one in main.commands["gateway"].params for option in one.opts}
    assert told - {"--kind", "--set"} <= known
    [policy] = blocks("sources/ctrlrun.md", "yaml")
    assert "mcp.shop.refund" in Policy.from_yaml(policy).approving_actions()
