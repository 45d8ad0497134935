"""Rows of seedings: how far each large gift of invoices to e-taxes has come."""

from typing import Literal, NamedTuple

from mock_server.store.engine import Engine

State = Literal["running", "done", "failed"]


class SeedingRow(NamedTuple):
    """A seeding; `generation` is that of the world it began in: it does not go on in another one."""

    id: int
    generation: int
    done: int
    total: int
    state: State


class Seedings:
    """Seedings of worlds."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine

    def add(self, world: int, generation: int, total: int) -> int:
        """A new seeding's number within its world."""
        row = self._db.one("SELECT coalesce(max(id), 0) + 1 FROM seedings WHERE world = ?", (world,))
        number = row[0] if row else 1
        self._db.run(
            "INSERT INTO seedings (world, id, generation, done, total, state) VALUES (?, ?, ?, 0, ?, 'running')",
            (world, number, generation, total),
        )
        return int(number)

    def save(self, world: int, seeding: int, done: int, state: State) -> None:
        self._db.run(
            "UPDATE seedings SET done = ?, state = ? WHERE world = ? AND id = ?", (done, state, world, seeding)
        )

    def all(self, world: int) -> list[SeedingRow]:
        sql = "SELECT id, generation, done, total, state FROM seedings WHERE world = ? ORDER BY id"
        return [SeedingRow._make(row) for row in self._db.all(sql, (world,))]

    def last_number(self, world: int, series: str, month: str) -> int:
        """The highest running number of a month: given once, or held by an invoice."""
        known = self._db.one(
            "SELECT last FROM numbers WHERE world = ? AND series = ? AND month = ?", (world, series, month)
        )
        first, last = f"{series}{month}0000000", f"{series}{month}9999999"
        held = self._db.one(
            "SELECT max(qaime) FROM registry WHERE world = ? AND qaime >= ? AND qaime <= ? AND length(qaime) = ?",
            (world, first, last, len(first)),
        )
        number = int(held[0][len(series + month) :]) if held and held[0] else 0
        return max(number, known[0] if known else 0)
