"""Rows of coverage: each combination of outcome that a world's clients have seen, once."""

from collections.abc import Iterable
from typing import NamedTuple

from mock_server.store.engine import Engine


class Seen(NamedTuple):
    """An outcome: operation, `err_code`, state of the process and PIN it waits for, way of authenticating."""

    operation: str
    code: int
    state: str
    pin: str
    way: str


class Coverage:
    """What has been seen."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine

    def add(self, world: int, seen: Iterable[Seen]) -> None:
        self._db.many(
            "INSERT INTO coverage (world, operation, code, state, pin, way) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            [(world, *row) for row in seen],
        )

    def all(self, world: int) -> list[Seen]:
        found = self._db.all(
            "SELECT operation, code, state, pin, way FROM coverage WHERE world = ?"
            " ORDER BY operation, code, state, pin, way",
            (world,),
        )
        return [Seen._make(row) for row in found]
