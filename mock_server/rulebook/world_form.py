"""The form of a world file, as `schemas/world.json` has it."""

from typing import Any

import jsonschema_rs

from mock_server.rulebook.documents import load, schema_files

_TEXT_BOUND = 300


def complaint(value: Any) -> str | None:
    """What is wrong with the form of a world file, and where; `None` when nothing is.

    >>> complaint([])
    '$: [] is not of type "object"'
    """
    error = next(_validator.iter_errors(value), None)
    if error is None:
        return None
    branches = getattr(error.kind, "context", ())
    while branches:  # of several forms allowed, speak of the one that was probably meant
        error = min(branches, key=lambda errors: (len(errors), -len(errors[0].instance_path)))[0]
        branches = getattr(error.kind, "context", ())
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in error.instance_path)
    text = error.message
    return f"${place}: {text if len(text) <= _TEXT_BOUND else text[:_TEXT_BOUND] + '...'}"


def _validator_of(urn: str) -> jsonschema_rs.Validator:
    documents = [load(file) for file in schema_files()]
    known = jsonschema_rs.Registry([(document["$id"], document) for document in documents if "$id" in document])
    return jsonschema_rs.validator_for({"$ref": urn}, registry=known)


_validator = _validator_of("urn:vatportal:world")
