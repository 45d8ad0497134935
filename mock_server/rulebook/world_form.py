"""The form of a world file, as `schemas/world.json` has it: what is wrong with one, where, and what was meant."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs

from mock_server.refusals import nearest
from mock_server.rulebook.documents import load, schema_files

TEXT_BOUND = 300
AT_ONCE = 2_000
"""How many parts a value may have for all its errors to be built: they all are, before the first is seen."""

_SECRET = re.compile("password|token|secret|challenge", re.IGNORECASE)
_WORLD = "urn:vatportal:world"

Path = tuple[str | int, ...]


class Complaint(NamedTuple):
    """Something wrong at a place; where a word was meant, the one that was given and those that are allowed."""

    path: Path
    text: str
    given: str | None = None
    allowed: Sequence[str] | None = None

    @property
    def nearest(self) -> str | None:
        return None if self.given is None or not self.allowed else nearest(self.given, self.allowed)

    @property
    def place(self) -> str:
        """As JSONPath has it: `$.accounts[0].token`."""
        return place_of(self.path)

    @property
    def sentence(self) -> str:
        """The text with the word that was probably meant, and those allowed if there is none such."""
        guess = self.nearest
        if guess is not None:
            return f'{self.text}; did you mean "{guess}"?'
        return f"{self.text}; allowed: {', '.join(self.allowed)}" if self.allowed else self.text


def place_of(path: Path) -> str:
    """As JSONPath has it."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def complaints(value: Any) -> Iterator[Complaint]:
    """Everything that is wrong with the form of a world file, of a large one as it is asked for.

    Of an entry with thousands of parts, it is the first mistake only.

    >>> [complaint] = complaints({"format": 1, "name": "x", "series": "AA", "next_process": 0, "companies": [{"tin":
    ...     "1234567890", "name": "A"}], "accounts": []})
    >>> complaint.place, complaint.text
    ('$.next_process', '0 is less than the minimum of 1')
    """
    lists: dict[str, list[Any]] = {}
    if isinstance(value, dict) and _is_large(value):
        lists = {name: value[name] for name in _lists() if isinstance(value.get(name), list)}
    if not lists:
        for error in _errors(_validator(), value):
            yield from _complaints(_meant(error))
        return
    head = {**value, **{name: [None] if entries else [] for name, entries in lists.items()}}
    for error in _errors(_validator(within=False), head):
        yield from _complaints(_meant(error))
    for name, entries in lists.items():
        for place, entry in enumerate(entries):
            if not _of_entries(name).is_valid(entry):
                for error in _errors(_of_entries(name), entry):
                    yield from _complaints(_meant(error), (name, place), ("properties", name, "items"))


def _is_large(value: Any) -> bool:
    """Whether a value has so many parts that only what is wrong first is told of it."""
    level, seen = [value], 0
    while level:
        inner = [
            part.values() if isinstance(part, dict) else part for part in level if isinstance(part, (dict, list))
        ]
        seen += sum(map(len, inner))
        if seen > AT_ONCE:
            return True
        level = [part for parts in inner for part in parts]
    return False


def _errors(validator: jsonschema_rs.Validator, value: Any) -> Iterator[jsonschema_rs.ValidationError]:
    """Every error; of a large value the first."""
    if not _is_large(value):
        yield from validator.iter_errors(value)
        return
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        yield error


def _meant(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """Of several forms allowed, speak of the one that was probably meant."""
    branches = getattr(error.kind, "context", ())
    while branches:
        error = min(branches, key=len)[0]
        branches = getattr(error.kind, "context", ())
    return error


def _complaints(
    error: jsonschema_rs.ValidationError, within: Path = (), below: tuple[str, ...] = ()
) -> Iterator[Complaint]:
    """What an error says; `within` and `below`: the place of an entry in the file, and of its schema."""
    path = (*within, *error.instance_path)
    route = [*below, *list(error.evaluation_path)[1 if below else 0 :]]  # an entry's begins with its reference
    kind: Any = error.kind
    if kind.name in ("additionalProperties", "unevaluatedProperties"):
        allowed = sorted(_keys(*_node(route[:-1])))
        for key in kind.unexpected:
            yield Complaint((*path, key), f"{key[:100]!r} was unexpected", key, allowed)
    elif kind.name != "required" and _secret(path, error.instance):
        wanted = _bounded(json.dumps(_node(route[:-1])[1].get(route[-1])))
        quotes = ": put it in quotes" if isinstance(error.instance, int) else ""
        yield Complaint(path, f'the value, a secret and so not shown, does not fit "{kind.name}": {wanted}{quotes}')
    elif kind.name == "enum" and isinstance(error.instance, str):
        yield Complaint(path, _bounded(error.message), error.instance, [str(word) for word in kind.options])
    elif kind.name == "type" and isinstance(error.instance, int) and "string" in kind.types:
        yield Complaint(path, f"{_bounded(error.message)}: put it in quotes")
    else:
        yield Complaint(path, _bounded(error.message))


def _secret(path: Path, value: Any) -> bool:
    """Whether a value stands where only secrets do, or holds one."""
    return any(isinstance(step, str) and _SECRET.search(step) for step in path) or _holds_secret(value)


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_SECRET.search(key) or _holds_secret(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(_holds_secret, value))


def _bounded(text: str) -> str:
    return text if len(text) <= TEXT_BOUND else f"{text[:TEXT_BOUND]}..."


def _node(route: Sequence[str | int]) -> tuple[str, Any]:
    """The part of a schema that a route of evaluation leads to, and which schema it is of."""
    urn = _WORLD
    node: Any = _documents()[urn]
    for step in route:
        node = node[step]
        if step == "$ref":
            urn, node = _referred(urn, node)
    return urn, node


def _keys(urn: str, node: Mapping[str, Any]) -> set[str]:
    """The keys that an object may have."""
    keys = set(node.get("properties", {}))
    return keys | _keys(*_referred(urn, node["$ref"])) if "$ref" in node else keys


def _referred(urn: str, reference: str) -> tuple[str, Any]:
    """What a reference in the schema of that name means."""
    other, _, pointer = reference.partition("#")
    node = _documents()[other or urn]
    for part in filter(None, pointer.split("/")):
        node = node[part]
    return other or urn, node


@cache
def _documents() -> dict[str, Any]:
    documents = [load(file) for file in schema_files()]
    return {document["$id"]: document for document in documents if "$id" in document}


@cache
def _validator(*, within: bool = True) -> jsonschema_rs.Validator:
    """Of world files; without what is `within` their lists if so asked."""
    schema = load("world.json")
    if not within:
        bare = {
            name: {"type": "array", "minItems": schema["properties"][name].get("minItems", 0)} for name in _lists()
        }
        schema = {**schema, "properties": {**schema["properties"], **bare}}
    return jsonschema_rs.validator_for(schema, registry=_registry())


@cache
def _of_entries(name: str) -> jsonschema_rs.Validator:
    """Of the entries of one of the lists."""
    return jsonschema_rs.validator_for({"$ref": f"{_WORLD}#/properties/{name}/items"}, registry=_registry())


@cache
def _lists() -> list[str]:
    return [name for name, node in load("world.json")["properties"].items() if node.get("type") == "array"]


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry(list(_documents().items()))
