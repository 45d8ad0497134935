"""What a request must look like: JSON Schemas compiled under the readings in force.

A property says which code its absence and its wrongness have:

    "seller": {"type": "string", "pattern": "^[0-9]{10}$", "x-error": {"required": 20, "invalid": 21}}

so a violation becomes a code by looking at the annotation next to the failing keyword. What a schema adds to
JSON Schema is listed in `ANNOTATIONS`; any other `x-` word stops the program when this module is loaded.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

import jsonschema_rs

from mock_server import wire
from mock_server.refusals import nearest
from mock_server.rulebook.documents import load, schema_files
from mock_server.rulebook.ledger import Readings

ANNOTATIONS = frozenset(
    {
        "x-error",
        "x-warn",
        "x-reading",
        "x-source",
        "x-provenance",
        "x-format",
        "x-scope",
        "x-items",
        "x-grammar",
    }
)
NOTES_PER_FORM = 100
"""How many unknown keys of one object are told of."""

_URN = "urn:vatportal:"
_SCHEMA_MAPS = ("properties",)
_SCHEMA_NODES = ("items",)

Path = tuple[str | int, ...]
Node = dict[str, Any]


class UnknownAnnotation(Exception):
    """A schema has an `x-` keyword that nothing here understands."""


def check_annotations(origin: str, node: Any) -> None:
    """Raises UnknownAnnotation for the first one anywhere in the schema that `origin` names.

    A misspelt annotation would otherwise be no annotation at all, and its code would silently change.
    """
    if isinstance(node, dict):
        for key in node:
            if key.startswith("x-") and key not in ANNOTATIONS:
                guess = nearest(key, ANNOTATIONS)
                hint = f', did you mean "{guess}"?' if guess else ";"
                known = ", ".join(sorted(ANNOTATIONS))
                raise UnknownAnnotation(f'{origin}: unknown annotation "{key}"{hint} known are {known}')
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        check_annotations(origin, inner)


for _name in schema_files():
    check_annotations(f"schemas/{_name}", load(_name))


class Violation(NamedTuple):
    """Something wrong in a body. `code` is `None` where the documents have none: then it is only noted."""

    path: Path
    keyword: str
    code: int | None
    text: str


class Note(NamedTuple):
    """Something accepted that the caller should know of; `reading` says by whose grace."""

    path: Path
    reading: str
    text: str


class _Part:
    """A schema and those below it, each a validator of its own.

    A validator of the whole builds each error with a copy of what is wrong, and all of them before the first is
    seen: one body of thousands of empty items would take minutes and gigabytes.
    """

    def __init__(self, form: Node, node: Node, route: tuple[str, ...], codes: Mapping[str, int | None]) -> None:
        """`route` leads through `form` to `node`; `codes` are those of the node that holds it."""
        codes = node.get("x-error", codes)
        properties: Node = node.get("properties", {})
        self._form, self._route = form, route
        self._required = [
            (name, properties[name].get("x-error", {}).get("required")) for name in node.get("required", ())
        ]
        self._properties = {
            name: _Part(form, inner, (*route, "properties", name), codes) for name, inner in properties.items()
        }
        self._entries = _Part(form, node["items"], (*route, "items"), codes) if "items" in node else None
        own = {key: value for key, value in node.items() if key not in ("properties", "required", "items")}
        self._own = jsonschema_rs.validator_for(own)
        self._is_object = properties != {}
        self._is_leaf = not properties and self._entries is None

    def violations(self, value: Any, path: Path) -> Iterator[Violation]:
        """Every violation, one at a time: whoever has enough stops."""
        holds = {} if self._is_object and isinstance(value, dict) else value
        if not self._own.is_valid(holds):
            for error in self._own.iter_errors(holds):
                yield _violation(self._form, error, path, self._route)
        if isinstance(value, dict):
            for name, code in self._required:
                if name not in value:
                    yield Violation((*path, name), "required", code, f"{name} is missing")
            for name, inner in value.items():
                part = self._properties.get(name)
                if part is not None and not (part._is_leaf and part._own.is_valid(inner)):
                    yield from part.violations(inner, (*path, name))
        elif self._entries is not None and isinstance(value, list):
            for place, entry in enumerate(value):
                yield from self._entries.violations(entry, (*path, place))


class Form:
    """One schema, ready to check bodies: first whether all is well, and only if not, what is wrong."""

    def __init__(self, urn: str, readings: Readings) -> None:
        self.schema = resolved(urn, readings)
        self.defaults = {
            name: inner["default"] for name, inner in self.schema["properties"].items() if "default" in inner
        }
        self._apart = [name for name, inner in self.schema["properties"].items() if "x-items" in inner]
        self._parts = _Part(self.schema, self.schema, (), {})
        self._curious = _noting(self.schema)
        self._noting = jsonschema_rs.validator_for(self._curious)
        self._flawless = jsonschema_rs.validator_for({"allOf": [self.schema, self._curious]})
        self._whole = _with_entries(self.schema, readings)

    def flawless(self, body: Any) -> bool:
        """Whether there is neither a violation nor a note: one look, which is all that most bodies need."""
        return self._flawless.is_valid(self._outline(body))

    def violations(self, body: Any, most: int | None = None) -> list[Violation]:
        """Every violation, in no particular order, or `most` of them."""
        return list(islice(self._parts.violations(self._outline(body), ()), most))

    def _outline(self, body: Any) -> Any:
        """The body without the insides of lists whose entries are checked one by one: nothing here looks at them."""
        lists = {name: [None] * len(body[name]) for name in self._apart if isinstance(body.get(name), list)}
        return {**body, **lists} if lists else body

    def notes(self, body: Any) -> list[Note]:
        """Unknown keys (R-43) and what a lenient reading let through."""
        if self._noting.is_valid(body):
            return []
        return [note for error in self._noting.iter_errors(body) for note in _notes(self._curious, error)]

    def coerced(self, body: Any) -> Any:
        """The body with values of another JSON type taken for what they say (R-42, R-02b), at any depth."""
        return _coerced(self._whole, body)

    def known(self, body: Any) -> Any:
        """The body without the keys that nobody asked for (R-43)."""
        return _known(self.schema, body)


def resolved(urn: str, readings: Readings) -> Node:
    """The schema of that name with every reference put in place and every reading chosen."""
    return _resolved(load(urn.removeprefix(_URN) + ".json"), readings)


def without_nulls(value: Any) -> Any:
    """The value without object members that are `null`: they count as absent (R-44)."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _resolved(node: Node, readings: Readings) -> Node:
    if "$ref" in node:
        target = load(node["$ref"].removeprefix(_URN) + ".json")
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    for reading, answers in node.get("x-reading", {}).items():
        node = _merged(node, answers.get(readings.choose(reading), {}))
    out: Node = {key: value for key, value in node.items() if key not in ("$id", "$schema", "x-reading")}
    for key in _SCHEMA_MAPS:
        if key in out:
            out[key] = {name: _resolved(inner, readings) for name, inner in out[key].items()}
    for key in _SCHEMA_NODES:
        if key in out:
            out[key] = _resolved(out[key], readings)
    return out


def _merged(node: Node, fragment: Node) -> Node:
    required = [*node.get("required", []), *fragment.get("required", [])]
    properties = {**node.get("properties", {})}
    for name, inner in fragment.get("properties", {}).items():
        properties[name] = _merged(properties.get(name, {}), inner)
    merged = {**node, **fragment}
    return {
        **merged,
        **({"required": required} if required else {}),
        **({"properties": properties} if properties else {}),
    }


def _with_entries(schema: Node, readings: Readings) -> Node:
    """The schema with the entries of its lists that are checked one by one (`x-items`)."""
    properties = {
        name: {**inner, "items": resolved(inner["x-items"], readings)} if "x-items" in inner else inner
        for name, inner in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def _noting(node: Node) -> Node:
    """The same tree with nothing but what is worth a warning."""
    out: Node = {}
    if "properties" in node:
        out["properties"] = {name: _noting(inner) for name, inner in node["properties"].items()}
        out["additionalProperties"] = False
    if "items" in node:
        out["items"] = _noting(node["items"])
    if "x-warn" in node:
        out["allOf"] = [dict(warn) for warn in node["x-warn"]]
    return out


def _nodes(schema: Node, path: Sequence[Any]) -> Iterator[Any]:
    """The schema and everything below it along `path`."""
    node: Any = schema
    yield node
    for segment in path:
        node = node[segment]
        yield node


def _violation(
    schema: Node, error: jsonschema_rs.ValidationError, within: Path = (), below: tuple[str, ...] = ()
) -> Violation:
    """What an error is; `within` and `below`: where the value stands in the body, and its schema in the form's."""
    route = [*below, *error.evaluation_path]
    keyword = str(route[-1])
    path = (*within, *error.instance_path)
    codes = {}
    for node in _nodes(schema, route[:-1]):
        if isinstance(node, Mapping) and "x-error" in node:
            codes = node["x-error"]
    code = codes.get(keyword, codes.get("invalid"))
    return Violation(path, keyword, code, f"{'.'.join(map(str, path)) or 'the body'}: {keyword}")


def _notes(schema: Node, error: jsonschema_rs.ValidationError) -> list[Note]:
    path = tuple(error.instance_path)
    if error.kind.name == "additionalProperties":
        unexpected: list[str] = error.kind.unexpected  # type: ignore[attr-defined]  # of its variant
        return [Note((*path, key), "R-43", f"unknown key {key!r} is ignored") for key in unexpected[:NOTES_PER_FORM]]
    for node in _nodes(schema, list(error.evaluation_path)[:-1]):
        if isinstance(node, Mapping) and "says" in node:
            return [Note(path, node["reading"], node["says"])]
    return []


def _coerced(node: Node, value: Any) -> Any:
    if isinstance(value, dict) and "properties" in node:
        known = node["properties"]
        return {key: _coerced(known[key], inner) if key in known else inner for key, inner in value.items()}
    if isinstance(value, list) and "items" in node:
        return [_coerced(node["items"], inner) for inner in value]
    kind = node.get("type")
    if kind in ("integer", "number"):
        return _as_number(value)
    if kind == "boolean":
        return _as_boolean(value)
    if kind == "string" and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return value if value == wire.TOO_WIDE else wire.text(value).decode()
    return value


def _known(node: Node, value: Any) -> Any:
    if isinstance(value, dict) and "properties" in node:
        known = node["properties"]
        return {
            key: _known(known[key], inner) if isinstance(inner, (dict, list)) else inner
            for key, inner in value.items()
            if key in known
        }
    if isinstance(value, list) and "items" in node:
        return [_known(node["items"], inner) for inner in value]
    return value


def _as_number(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        try:
            number = wire.parse(value.strip().encode())
        except (wire.Unreadable, UnicodeEncodeError):
            return value
        return number if isinstance(number, (int, Decimal)) and not isinstance(number, bool) else value
    return value


def _as_boolean(value: Any) -> Any:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower(), value)
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    return value
