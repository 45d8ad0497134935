"""The data files of the documents, wherever they are installed."""

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any


@cache
def root() -> Path:
    """The folder that holds `schemas/` and `fixtures/`: the package's in a wheel, else the checkout's."""
    package = Path(str(files("mock_server")))
    return package if (package / "schemas").is_dir() else package.parent


@cache
def load(name: str) -> Any:
    """The JSON of a file below `schemas/`; to be read, not changed."""
    return json.loads((root() / "schemas" / name).read_bytes())


def examples(folder: str) -> Iterator[dict[str, Any]]:
    """The files below `fixtures/<folder>`, by name; amounts are `Decimal`."""
    for file in sorted((root() / "fixtures" / folder).rglob("*.json")):
        yield json.loads(file.read_bytes(), parse_float=Decimal)


@cache
def operations() -> dict[str, dict[str, Any]]:
    """The ten operations by name, as `schemas/operations.json` has them."""
    return {row["name"]: row for row in load("operations.json")["operations"]}


@cache
def ledger() -> dict[str, dict[str, Any]]:
    """The readings by id."""
    return {row["id"]: row for row in load("readings.json")["readings"]}


@cache
def facts() -> dict[str, dict[str, Any]]:
    """The facts by id."""
    return {row["id"]: row for row in load("facts.json")["facts"]}


def known_ids() -> frozenset[str]:
    """Every fact and reading."""
    return frozenset([*facts(), *ledger()])
