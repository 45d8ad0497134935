"""Texts in YAML or JSON: the value they stand for, and on which line each part of it was written.

YAML is read as its core has it: a text is a text unless it is a number as JSON knows them, `true`, `false` or
`null`. So `0987654321` and `NO` stay texts, which YAML of old turns into something else.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import yaml

from mock_server import wire

MAX_NODES = 5_000_000
"""How many parts a YAML text has at most, those that an alias repeats counted each time."""

Path = tuple[str | int, ...]


class Unreadable(Exception):
    """The text is not what it should be; `line` is where, if that is known."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


class Markup(NamedTuple):
    """A value with the lines it came from; a part that is not there has the line of what should hold it."""

    value: Any
    line_of: Callable[[Path], int | None]


def read(raw: bytes, *, is_yaml: bool | None = None) -> Markup:
    """What a text stands for; if not said, one that begins with `{` or `[` is JSON, any other one YAML.

    Raises:
        Unreadable: it is neither.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("the text is not UTF-8") from None
    if is_yaml is None:
        is_yaml = not text.lstrip().startswith(("{", "["))
    return _from_yaml(text) if is_yaml else _from_json(text)


def plain(value: Any) -> Markup:
    """A value that was never a text of its own."""
    return Markup(value, lambda _: None)


def _from_json(text: str) -> Markup:
    try:
        value = wire.parse(text.encode())
    except wire.Unreadable as error:
        raise Unreadable(f"no JSON: {error}", _line_of_fault(text)) from None
    return Markup(value, lambda path: _line_in_json(text, path))


def _line_of_fault(text: str) -> int | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        return None
    return None


_WHITE = re.compile(r"[ \t\r\n]*")
_decoder = json.JSONDecoder()


def _line_in_json(text: str, path: Path) -> int:
    at = mark = _skip(text, 0)
    for step in path:
        found = _member(text, at, step) if text[at] == "{" else _element(text, at, step)
        if found is None:
            break
        mark, at = found
    return text.count("\n", 0, mark) + 1


def _member(text: str, at: int, wanted: str | int) -> tuple[int, int] | None:
    """Where the key and its value begin."""
    found = None
    at = _skip(text, at + 1)
    while text[at] == '"':
        key_at = at
        key, at = _decoder.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if key == wanted:
            found = key_at, at
        at = _behind(text, at)
    return found


def _element(text: str, at: int, wanted: str | int) -> tuple[int, int] | None:
    if text[at] != "[":
        return None
    at = _skip(text, at + 1)
    place = 0
    while text[at] != "]":
        if place == wanted:
            return at, at
        at = _behind(text, at)
        place += 1
    return None


def _behind(text: str, at: int) -> int:
    """Where the next one begins, or the bracket stands."""
    _, end = _decoder.raw_decode(text, at)
    end = _skip(text, end)
    return _skip(text, end + 1) if text[end] == "," else end


def _skip(text: str, at: int) -> int:
    match = _WHITE.match(text, at)
    return at if match is None else match.end()


_TAG = "tag:yaml.org,2002:"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # whichever this yaml was built with
    """Makes nodes only; what a plain scalar stands for is said below."""


_Loader.yaml_implicit_resolvers = {}


_WORD = re.compile("'[^'<][^']+'")
_ELLIPSIS = "'...'"
"""Stands for a word of the text's own, which may be a password that should have been in quotes."""


def _from_yaml(text: str) -> Markup:
    reader = _Nodes()
    try:
        node = yaml.compose(text, Loader=_Loader)
        value = None if node is None else reader.value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(
            f"no YAML: {_WORD.sub(_ELLIPSIS, str(error.problem or error.context))}",
            None if mark is None else mark.line + 1,
        ) from None
    except yaml.YAMLError as error:
        raise Unreadable(f"no YAML: {error}") from None
    except RecursionError:
        raise Unreadable(f"nested deeper than {wire.MAX_DEPTH}") from None
    return Markup(value, reader.line_of)


class _Nodes:
    """Turns the nodes of a YAML text into a value, and remembers their lines."""

    def __init__(self) -> None:
        self._lines: dict[Path, int] = {}
        self._sizes: dict[int, int] = {}

    def line_of(self, path: Path) -> int | None:
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path)

    def value(self, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        if not path and self._size(node) > MAX_NODES:
            raise Unreadable("too large", line)
        if len(path) > wire.MAX_DEPTH:
            raise Unreadable(f"nested deeper than {wire.MAX_DEPTH}", line)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(inner, (*path, place)) for place, inner in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}str":
            return _scalar(node)
        raise Unreadable("a word that begins with ! is a tag, which has no meaning here; put a text in quotes", line)

    def _size(self, node: yaml.Node) -> int:
        """How many parts a node stands for, told without writing out what aliases repeat."""
        known = self._sizes.get(id(node))
        if known is None:
            self._sizes[id(node)] = 0  # what holds itself is nested too deep, which is told elsewhere
            inner = node.value if isinstance(node.value, list) else []
            flat = [part for entry in inner for part in (entry if isinstance(entry, tuple) else (entry,))]
            known = self._sizes[id(node)] = 1 + sum(self._size(part) for part in flat)
        return known

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, inner in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable("a key is a text", line)
            if key.value in found:
                raise Unreadable(f"the key {key.value!r} stands twice", line)
            self._lines[(*path, key.value)] = line
            found[key.value] = self.value(inner, (*path, key.value))
        return found


def _scalar(node: yaml.ScalarNode) -> str | int | Decimal | bool | None:
    text: str = node.value
    if node.style:  # quoted
        return text
    if text.lower() in _WORDS:
        word: bool | None = _WORDS[text.lower()]
        return word
    if _NUMBER.fullmatch(text):
        number: int | Decimal = wire.parse(text.encode())
        return number
    return text
