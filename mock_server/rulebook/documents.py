"""Where the data files are, and their content.

In a wheel they lie inside the package (`mock_server/schemas`, `mock_server/fixtures`), in a checkout
beside it.
"""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_PACKAGE = Path(__file__).resolve().parent.parent


def _folder(name: str) -> Path:
    """The folder of that name: of the wheel, else of the checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


@cache
def load(name: str) -> Any:
    """The JSON of a file below `schemas/`, such as `requests/etx_import.json`.

    Every caller gets the same object: it is to be read, not changed.
    """
    raw = (_folder("schemas") / name).read_bytes()
    try:
        return msgspec.json.decode(raw)
    except ValueError as error:  # msgspec names the byte, but not the file
        raise ValueError(f"schemas/{name}: {error}") from error


@cache
def schema_files() -> tuple[str, ...]:
    """The names of all files below `schemas/`, in the form that `load` takes, sorted."""
    folder = _folder("schemas")
    return tuple(sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.json")))


def fixture(path: str) -> bytes:
    """The bytes of a file below `fixtures/`, such as `worlds/default.json`."""
    return (_folder("fixtures") / path).read_bytes()
