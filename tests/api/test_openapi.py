"""The OpenAPI document: what it says, and that the server does what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from schemathesis.engine import from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder
from werkzeug.serving import make_server

from webui.api.openapi import document_for
from webui.api.operations import OPERATIONS
from webui.settings import Settings

ROOT = Path(__file__).parents[2]
NOT_IN_SCHEMAS = {
    "out_of_range",
    "underflow",
    "confusable_key",
    "number_too_long",
    "too_deep",
    "name_too_long",
}
COMMITTED = ROOT / "docs" / "openapi.json"
FEW = 2
"""Examples of each operation in `make test`."""


@pytest.fixture
def settings(instance: Any) -> Settings:
    return Settings.model_validate(
        {"instance": instance, "admin_api": True, "rate_limit": 0, "max_pending": 0}
    )


def test_the_committed_document_is_the_one_that_is_served(ci: Any) -> None:
    served = ci.get("/api/v1/openapi.json").json
    written = json.dumps(served, indent=1, ensure_ascii=False) + "\n"
    if COMMITTED.read_text(encoding="utf-8") != written:
        COMMITTED.write_text(written, encoding="utf-8")
        pytest.fail("docs/openapi.json was old and is written anew: look at it, commit it")


def test_it_is_openapi_3_1_and_every_schema_in_it_is_one(ci: Any) -> None:
    document = ci.get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    for schema in document["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid(schema)
    schemathesis.openapi.from_dict(document).validate()


def test_every_reference_leads_somewhere(ci: Any) -> None:
    document = ci.get("/api/v1/openapi.json").json
    text = json.dumps(document)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= document["components"]["schemas"].keys()


def test_every_route_is_in_the_document_and_nothing_else(agents_app: Any) -> None:
    routes = {
        (method, rule.rule)
        for rule in agents_app.url_map.iter_rules()
        for method in rule.methods & {"GET", "POST"}
    }
    assert routes == {(operation.method, operation.path) for operation in OPERATIONS}


def test_what_is_switched_off_is_left_out() -> None:
    assert "/api/pending" in document_for(OPERATIONS, admin_api=True)["paths"]
    assert "/api/pending" not in document_for(OPERATIONS, admin_api=False)["paths"]


@pytest.fixture
def server(runtime: Any) -> Iterator[str]:
    """The application behind its guard, on a port of its own."""
    from webui.api.app import create_app  # noqa: PLC0415
    from webui.api.guard import Door, guarded  # noqa: PLC0415

    app = create_app(runtime)
    served = make_server("127.0.0.1", 0, app, threaded=True)
    host = f"127.0.0.1:{served.port}"
    served.app = guarded(
        app, Door(frozenset({host}), runtime.settings.body_bytes), lambda _: None
    )
    thread = Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://{host}"
    served.shutdown()
    thread.join()
    served.server_close()


def _failures(url: str, key: str, examples: int) -> list[str]:
    """Run schemathesis with all of its checks; return what it found.

    And with all of its phases, but for few examples: the one that tries each bound of each value
    of each operation sends ten times as much as the others together.
    """
    headers = {"Authorization": f"Bearer {key}"}
    schema = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json", headers=headers)
    schema.config.update(headers=headers, base_url=url, request_timeout=90)
    schema.config.generation.update(
        max_examples=examples, database="none", deterministic=True
    )
    schema.config.phases.coverage.enabled = examples > FEW
    found = []
    # what streams does not end; see test_events.py
    for event in from_schema(schema.exclude(path="/api/v1/events")).execute():
        if isinstance(event, NonFatalError):
            found.append(str(event.info.format()))
        if isinstance(event, ScenarioFinished):
            found += _found_in(event.recorder)
    return found


def _found_in(recorder: ScenarioRecorder) -> list[str]:
    return [
        f"{check.failure_info.failure}\n{check.failure_info.code_sample}"
        for case_id, checks in recorder.checks.items()
        for check in checks
        if check.failure_info is not None
        # The guard refuses other methods before routing: Allow names what the listener takes.
        and "Allow header mismatch" not in str(check.failure_info.failure)
        and not _beyond_a_schema(recorder, case_id, check.name)
        and not _refused_by_its_size(recorder, case_id, check.name)
    ]


def _refused_by_its_size(recorder: ScenarioRecorder, case_id: str, check: str) -> bool:
    """Say whether a body was refused before it was read; the tool knows no 413."""
    response = recorder.interactions[case_id].response
    if check != "negative_data_rejection" or response is None:
        return False
    return response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _beyond_a_schema(recorder: ScenarioRecorder, case_id: str, check: str) -> bool:
    """Say whether a refusal rests on what no JSON Schema can say, such as 2^53 or who exists."""
    response = recorder.interactions[case_id].response
    if check != "positive_data_acceptance" or response is None:
        return False
    said = json.loads(response.content)
    pointers = [error["pointer"] for error in said.get("errors", ())]
    beyond = (
        "/callback_url",
        "/run_deadline",
        "/on_behalf_of",
        "/triggered_by",
        "/link",
        "/at",
    )
    # what a question says of its resource must be so
    looked_up = ("/projectId", "/parentIssueId", "/assigneeAgentId", "/assigneeUserId")
    return said["code"] in NOT_IN_SCHEMAS or all(
        p.endswith(beyond + looked_up) for p in pointers
    )


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.parametrize(
    "examples",
    [
        FEW,
        pytest.param(8, marks=pytest.mark.sure),
        pytest.param(300, marks=pytest.mark.proof),
    ],
)
def test_the_server_does_what_the_document_says(
    server: str, house: Any, examples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.api.keys.FAILURES_EACH", 1_000_000)
    monkeypatch.setattr("webui.api.keys.FAILURES_ALL", 1_000_000)
    found = _failures(server, house.ci.key, examples)
    assert not found, "\n\n".join(found)
