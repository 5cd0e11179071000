"""The OpenAPI 3.1 document, made from the table of calls and the schemas that validate."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from webui.api.answer_schemas import ANSWERS, REF, ref
from webui.api.operations import Operation


def document_for(operations: Sequence[Operation], admin_api: bool) -> dict[str, Any]:
    """Return the whole document; people's calls only where they are switched on."""
    shown = sorted(  # not as their modules happened to be imported
        (each for each in operations if admin_api or not each.admin_api),
        key=lambda each: (each.path, each.method),
    )
    models = {
        model
        for operation in shown
        for model in (operation.body, operation.alternative)
        if model is not None
    }
    keyed: list[tuple[type[BaseModel], Any]] = [
        (model, "validation") for model in sorted(models, key=lambda model: model.__name__)
    ]
    _, definitions = models_json_schema(keyed, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in shown:
        path = re.sub(r"<(?:path:)?(\w+)>", r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Countersign",
            "version": "1",
            "description": "Agents ask here before a sensitive tool call. Loopback only.",
        },
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": definitions.get("$defs", {}) | ANSWERS,
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"<(?:path:)?(\w+)>", operation.path)
    ]
    parameters += [
        {
            "name": query.name,
            "in": "query",
            "required": False,
            "schema": query.schema,
            "description": query.description,
        }
        for query in operation.queries
    ]
    responses: dict[str, Any] = {
        str(status): _answer(status, name) for status, name in operation.answers.items()
    }
    if operation.stream:
        events = {"text/event-stream": {"schema": {"type": "string"}}}
        responses["200"] = {
            "description": "Events, one after the other.",
            "content": events,
        }
    responses["default"] = {
        "description": "A problem, with what is wrong and how to mend it.",
        "content": {"application/problem+json": {"schema": ref("Problem")}},
    }
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses,
    }
    if operation.body is not None:
        described["requestBody"] = _body(operation)
    return described


def _answer(status: int, name: str) -> dict[str, Any]:
    if not name:
        return {"description": "You have it already: it did not change."}
    refused = status >= HTTPStatus.BAD_REQUEST
    kind = "application/problem+json" if refused else "application/json"
    return {"description": name, "content": {kind: {"schema": ref(name)}}}


def _body(operation: Operation) -> dict[str, Any]:
    forms = [model.__name__ for model in (operation.body, operation.alternative) if model]
    schema: dict[str, Any] = (
        ref(forms[0]) if len(forms) == 1 else {"anyOf": [ref(form) for form in forms]}
    )
    return {
        "required": not operation.body_optional,
        "content": {"application/json": {"schema": schema}},
    }
