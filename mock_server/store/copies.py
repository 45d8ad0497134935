"""A world copied onto another, row by row: what snapshots are made of."""

from collections.abc import Container

from mock_server.store.engine import Engine
from mock_server.store.worlds import TABLES

_ASSIGNED = ("world", "seq", "told")
_OF_WORLD = (
    "next_due",
    "settings",
    "secret",
    "journal_dropped",
    "journal_lost",
    "next_process",
    "next_arrival",
    "next_registry",
)


class Copies:
    """Copies of worlds, kept as worlds that nobody can call."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine

    def hide(self, world: int) -> None:
        """Make a world one that nobody can call."""
        self._db.run("UPDATE worlds SET hidden = 1 WHERE id = ?", (world,))

    def hidden(self, name: str) -> int | None:
        row = self._db.one("SELECT id FROM worlds WHERE name = ? AND hidden = 1", (name,))
        return None if row is None else row[0]

    def hidden_below(self, prefix: str) -> list[tuple[str, int]]:
        """Names behind the prefix, and world time, of hidden worlds."""
        found = self._db.all(
            "SELECT name, clock_world FROM worlds WHERE hidden = 1"
            " AND substr(name, 1, CAST(? AS INTEGER)) = ? ORDER BY id",
            (len(prefix), prefix),
        )
        return [(name[len(prefix) :], clock) for name, clock in found]

    def rows(self, source: int, target: int, without: Container[str] = ()) -> None:
        """Give `target` everything that `source` has, but for some tables; `target` must be empty.

        Clocks stay as they are, and what each was made from.
        """
        for table in TABLES:
            if table in without:
                continue
            columns = ", ".join(name for name in self._db.columns(table) if name not in _ASSIGNED)
            into, order = columns, ""
            if "told" in self._db.columns(table):  # rows keep the numbers that somebody may have been told
                into, columns, order = f"{columns}, told", f"{columns}, coalesce(told, seq)", " ORDER BY seq"
            self._db.run(
                f"INSERT INTO {table} (world, {into}) SELECT ?, {columns} FROM {table} WHERE world = ?{order}",
                (target, source),
            )
        columns = ", ".join(name for name in _OF_WORLD if name.partition("_")[0] not in without)
        self._db.run(
            f"UPDATE worlds SET ({columns}) = (SELECT {columns} FROM worlds WHERE id = ?) WHERE id = ?",
            (source, target),
        )
