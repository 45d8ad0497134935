"""Every selectable reading is chosen in one place: by `choose` in the program, or by `x-reading` in a schema."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_server.rulebook.documents import load, schema_files
from mock_server.rulebook.ledger import Ledger

PROGRAM = Path(__file__).parents[1] / "mock_server"
SELECTABLE = {name for name, reading in Ledger.load().readings.items() if reading.selectable}
MORE_THAN_ONE = {
    # Two operations take the phone, each with a form of its own.
    "R-12": ["schemas/requests/etx_import.json", "schemas/requests/etx_read_invoices.json"],
}
TELLING = ("mock_server/control/coverage.py", "mock_server/proxy/checking.py", "mock_server/web/openapi.py")
"""Modules that ask what is in force only to tell of it: which outcomes there can be, what the document describes."""


def chosen(file: Path) -> Iterator[str]:
    """The readings that a module chooses by name."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "choose":
            (name,) = node.args
            if isinstance(name, ast.Constant):
                yield str(name.value)


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield value
    for each in inner:
        yield from nodes(each)


def places() -> dict[str, list[str]]:
    """Reading -> where it is chosen."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(PROGRAM.rglob("*.py")):
        path = file.relative_to(PROGRAM.parent).as_posix()
        for name in chosen(file) if path not in TELLING else ():
            found[name].append(path)
    for schema in schema_files():
        for node in nodes(load(schema)):
            for name in node.get("x-reading", {}):
                found[name].append(f"schemas/{schema}")
    return found


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    return places()


def test_what_is_chosen_is_what_can_be_selected(found: dict[str, list[str]]) -> None:
    """A fixed reading has nothing to choose; one that is never chosen has answers without effect."""
    assert set(found) == SELECTABLE


def test_each_is_chosen_in_one_place(found: dict[str, list[str]]) -> None:
    assert {name: where for name, where in found.items() if len(where) > 1} == MORE_THAN_ONE


def test_what_has_two_places_says_the_same_in_both() -> None:
    for name, files in MORE_THAN_ONE.items():
        fragments = [
            node["x-reading"][name]
            for file in files
            for node in nodes(load(file.removeprefix("schemas/")))
            if name in node.get("x-reading", {})
        ]
        assert len(fragments) == len(files)
        assert all(fragment == fragments[0] for fragment in fragments)
