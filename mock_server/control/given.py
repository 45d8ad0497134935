"""What was given, in the form that is wanted; and an explanation where it is not."""

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

import msgspec

from mock_server.control.desk import Problem

_PLACE = re.compile(r" - at (?:key in )?`\$([^`]*)`$")
_STEP = re.compile(r"\.(\w[\w-]*)|\[(\d+)\]|\[\.\.\.\]")
_MISSING = re.compile(r"^Object missing required field `([^`]+)`")
_EXPECTED = re.compile(r"^Expected `([^`]+)`(.*?)(?:, got `[^`]+`)?$")
_SECRET = re.compile("password|token|secret|key|challenge", re.IGNORECASE)

_NAME = 100
"""Characters of a text beyond which it is no mere name."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_KINDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}


def converted(value: Any, kind: Any, *, strict: bool = True) -> Any:
    """The value as `kind`, which msgspec knows.

    Raises:
        Problem: 400, with the value that is of a wrong form, and the form that may stand in its place.
    """
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise _explained(str(error), value, kind) from None


def _explained(said: str, value: Any, kind: Any) -> Problem:
    place = _PLACE.search(said)
    path = "" if place is None else place[1]
    complaint = said if place is None else said[: place.start()]
    given = shown(_at(value, path))
    if _SECRET.search(path):
        given = f"a value of {path.lstrip('.')}"
    missing = _MISSING.match(complaint)
    expected = _EXPECTED.match(complaint)
    if missing is not None:
        allowed = [missing[1]]
    elif expected is not None:
        kinds = [_KINDS.get(each, each) for each in expected[1].split(" | ")]
        allowed = [kind + expected[2] for kind in kinds]
    elif complaint.startswith("Invalid enum value"):
        allowed = _values_at(kind, path)
    else:
        allowed = [complaint]
    if allowed == ["an object"]:
        allowed = [f"an object with {name}" for name in getattr(kind, "__struct_fields__", ())] or allowed
    return Problem(400, "not of the form wanted", said, given=given, allowed=allowed)


def shown(value: Any) -> str:
    """A value as JSON, but for what it says of secrets."""
    try:
        return _encoder.encode(_harmless(value)).decode()
    except (TypeError, ValueError, OverflowError):
        return str(value)


def _harmless(value: Any) -> Any:
    """A value without what it says of secrets, however deep: a world file may stand in it, as a text even."""
    if isinstance(value, Mapping):
        return {key: "***" if _SECRET.search(str(key)) else _harmless(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_harmless(inner) for inner in value]
    return "***" if isinstance(value, str) and len(value) > _NAME and _SECRET.search(value) else value


def _at(value: Any, path: str) -> Any:
    """What stands at a place such as `.customers[0].phones`; as far as it leads."""
    for step in _STEP.finditer(path):
        try:
            value = value[step[1]] if step[1] else value[int(step[2])] if step[2] else _odd(value)
        except (KeyError, IndexError, TypeError):
            break
    return value


def _values_at(kind: Any, path: str) -> list[str]:
    """The values that an annotation such as `Literal[0, 1] | None` has, for the first key of a place."""
    name = path.strip(".").partition(".")[0].partition("[")[0]
    field = next((each for each in msgspec.structs.fields(kind) if each.encode_name == name), None)
    return [] if field is None else [shown(each) for each in values_in(field.type)]


def values_in(kind: Any) -> tuple[Any, ...]:
    """The values of an annotation such as `Literal["a", "b"] | None`."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(value for inner in get_args(kind) for value in values_in(inner))


def _odd(value: Any) -> Any:
    """Of a mapping whose place is not told, the first value that is no text."""
    return next((each for each in value.values() if not isinstance(each, str)), value)
