"""Rows of faults: what is to go wrong, and how often it has."""

from typing import NamedTuple

from mock_server.store.engine import Engine


class FaultRow(NamedTuple):
    """A fault; `spec` is JSON, `met` counts requests that fitted it, `used` those it was done to."""

    id: int
    spec: str
    met: int
    used: int


class Faults:
    """Faults of worlds."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine

    def all(self, world: int) -> list[FaultRow]:
        found = self._db.all("SELECT id, spec, met, used FROM faults WHERE world = ? ORDER BY id", (world,))
        return [FaultRow._make(row) for row in found]

    def add(self, world: int, spec: str) -> int:
        """A new fault's number within its world."""
        row = self._db.one("SELECT coalesce(max(id), 0) + 1 FROM faults WHERE world = ?", (world,))
        number = row[0] if row else 1
        self._db.run("INSERT INTO faults (world, id, spec, met, used) VALUES (?, ?, ?, 0, 0)", (world, number, spec))
        return number

    def count(self, world: int, fault: int, met: int, used: int) -> None:
        self._db.run("UPDATE faults SET met = ?, used = ? WHERE world = ? AND id = ?", (met, used, world, fault))

    def remove(self, world: int, fault: int | None) -> int:
        """Remove one fault, or all; how many there were."""
        if fault is None:
            return self._db.run("DELETE FROM faults WHERE world = ?", (world,))
        return self._db.run("DELETE FROM faults WHERE world = ? AND id = ?", (world, fault))
