"""What an answer must look like: `schemas/answers`, compiled as they stand.

They have room for every reading; which of the possible answers is in force, the envelope says (`web/envelope.py`).
"""

from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import jsonschema_rs

from mock_server.rulebook.documents import load, schema_files
from mock_server.rulebook.operations import Operation

_ERROR = "urn:vatportal:answers/error"
_TEXT_KEPT = 300


class Departure(NamedTuple):
    """Where an answer is not as the documents have it; the text shows no value."""

    path: tuple[str | int, ...]
    text: str


def departures(operation: Operation, answer: Any, most: int) -> list[Departure]:
    """What is not as it should be in an answer of that operation, the first ones.

    An `err_code` other than 0 makes it an error, whatever else it holds.
    """
    refused = isinstance(answer, dict) and answer.get("err_code", 0) != 0
    validator = _validator(_ERROR if refused else operation.answer + "#/$defs/success")
    if validator.is_valid(answer):
        return []
    errors = islice(validator.iter_errors(answer), most)
    return [Departure(tuple(error.instance_path), error.message[:_TEXT_KEPT]) for error in errors]


@cache
def _validator(urn: str) -> jsonschema_rs.Validator:
    documents = [load(file) for file in schema_files()]
    registry = jsonschema_rs.Registry([(each["$id"], each) for each in documents if "$id" in each])
    return jsonschema_rs.validator_for({"$ref": urn}, registry=registry, mask="the value")  # which may be somebody's
