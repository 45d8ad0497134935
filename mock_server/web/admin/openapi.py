"""The OpenAPI 3.1 document of the control API, made from the table of its routes."""

import re
from typing import Any

import msgspec

from mock_server.release import VERSION
from mock_server.web.admin.calls import Route
from mock_server.web.admin.routes import ROUTES

_PARAMETER = re.compile(r"\{(\w+)\}")


def described(base: str) -> dict[str, Any]:
    """The document, with this address as its server."""
    kinds = [route.body for route in ROUTES if route.body is not None and issubclass(route.body, msgspec.Struct)]
    _, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "vatportal-mock control API",
            "version": VERSION,
            "description": "Steers the simulator. Each call works on one world: this one, or /w/<world>/__admin.",
        },
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "securitySchemes": {"admin": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PARAMETER.findall(route.path)
        ]
        + [{"name": name, "in": "query", "schema": {"type": "string"}} for name in route.query],
        "responses": {
            str(route.status): {"description": "done", "content": {"application/json": {"schema": _answer(route)}}},
            "default": {
                "description": "refused",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
        "security": [] if route.open else [{"admin": []}],
    }
    if route.body is not None:
        reference = (
            {"$ref": f"#/components/schemas/{route.body.__name__}"}
            if issubclass(route.body, msgspec.Struct)
            else {"type": "object"}
        )
        operation["requestBody"] = {"content": {"application/json": {"schema": reference}}}
    return operation


def _answer(route: Route) -> dict[str, Any]:
    if route.plural is None:
        return {"type": "object"}
    return {
        "type": "object",
        "required": [route.plural, "total"],
        "properties": {route.plural: {"type": "array", "items": {"type": "object"}}, "total": {"type": "integer"}},
    }


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "given": {"type": "string"},
        "allowed": {"type": "array", "items": {"type": "string"}},
        "nearest": {"type": "string"},
    },
}
