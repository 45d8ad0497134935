"""The OpenAPI document of the portal, in one piece and under the readings in force."""

import copy
from typing import Any

from mock_server.rulebook.constants import BASE_PATH
from mock_server.rulebook.documents import load, schema_files
from mock_server.rulebook.forms import resolved
from mock_server.rulebook.ledger import Readings
from mock_server.rulebook.operations import BY_NAME

_URN = "urn:vatportal:"
_REFERENCES = ("$ref", "x-items")


def served(readings: Readings, base: str) -> dict[str, Any]:
    """The document with every schema under `components`, and the methods of R-02; no outside `$ref`.

    `x-query` is whether a GET may have its parameters in the query string (R-02b).
    """
    document: dict[str, Any] = copy.deepcopy(load("openapi.json"))
    document["x-query"] = readings.choose("R-02b") == "accepted"
    document["servers"] = [{"url": base + BASE_PATH}]
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for file in schema_files():
        if file.startswith(("requests/", "invoice.", "item.")):
            schemas[_name(file)] = resolved(_URN + file.removesuffix(".json"), readings)
        elif file.startswith(("answers/", "etx_")):
            schemas[_name(file)] = load(file)
    for item in document["paths"].values():
        _with_methods(item, readings)
    bundled: dict[str, Any] = _pointed(document, "")
    return bundled


def _with_methods(item: dict[str, Any], readings: Readings) -> None:
    for method, operation in list(item.items()):
        name = operation.get("operationId") if isinstance(operation, dict) else None
        if name not in BY_NAME:
            continue
        taken = [each.lower() for each in BY_NAME[name].methods(readings)]
        if method not in taken:
            del item[method]
        for other in taken:
            if other not in item:
                item[other] = {**operation, "operationId": f"{name}_{other}" if method in taken else name}
                item[other].pop("links", None)


def _name(file: str) -> str:
    return file.removesuffix(".json").replace("/", "_")


def _pointed(value: Any, inside: str) -> Any:
    """Every reference as a place in this document; `inside` is the component that local ones are about."""
    if isinstance(value, list):
        return [_pointed(each, inside) for each in value]
    if not isinstance(value, dict):
        return value
    out: dict[str, Any] = {}
    for key, each in value.items():
        if key in ("$id", "$schema"):
            continue
        if key in _REFERENCES and isinstance(each, str):
            out[key] = _place(each, inside)
        elif key == "schemas" and not inside:
            out[key] = {name: _pointed(schema, name) for name, schema in each.items()}
        else:
            out[key] = _pointed(each, inside)
    return out


def _place(reference: str, inside: str) -> str:
    target, sign, fragment = reference.partition("#")
    if not target:
        return f"#/components/schemas/{inside}{fragment}" if inside else reference
    name = _name(target.removeprefix(_URN).removeprefix("./").removesuffix(".json"))
    return f"#/components/schemas/{name}{fragment if sign else ''}"
