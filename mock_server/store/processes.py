"""Rows of processes and of what downloads brought."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mock_server.store.engine import Engine
from mock_server.store.invoices import marks, pieces
from mock_server.store.worlds import WorldRow


class ProcessRow(NamedTuple):
    """A process.

    Attributes:
        record: its plan and events as JSON; `applied` counts the effects already settled.
        dir: folder of a download, else `None`; `listed` and `gaps`: the highest ordinal of what it
            brought, and how many of those have been deleted since.
    """

    id: int
    company: str
    username: str
    record: str
    applied: int
    next_due: int | None
    dir: int | None
    listed: int
    gaps: int


JOINED = 100
"""Documents that are kept joined, the way a page shows them: a page of 5000 then takes 50 rows, not 5000."""

_ROW = "id, company, username, record, applied, next_due, dir, listed, gaps"
_OF_WORLD = len(WorldRow._fields)
_WITH_WORLD = (
    f"SELECT {', '.join(f'w.{name}' for name in WorldRow._fields)},"
    f" {', '.join(f'p.{name}' for name in ProcessRow._fields)}"
    " FROM worlds w LEFT JOIN processes p ON p.world = w.id AND p.id = ? WHERE w.id = ?"
)
_HIGHEST = 2**63 - 1
"""No process can have a number beyond what a database holds."""


class Page(NamedTuple):
    """Documents as JSON: joined with commas, `texts` are the inside of an array of `number` of them."""

    texts: list[bytes]
    number: int


class Processes:
    """Processes, and the lists of invoices they brought into the portal."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine
        self._json = engine.utf8("d.text")  # as it will be sent: nobody reads it on the way

    def add(self, world: int, row: ProcessRow, invoices: str = "[]") -> None:
        self._db.run(
            f"INSERT INTO processes (world, {_ROW}, invoices) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (world, *row, invoices),
        )

    def find(self, world: int, process: int) -> ProcessRow | None:
        if not 0 < process <= _HIGHEST:
            return None
        row = self._db.one(f"SELECT {_ROW} FROM processes WHERE world = ? AND id = ?", (world, process))
        return None if row is None else ProcessRow._make(row)

    def find_in_world(self, world: int, process: int) -> tuple[WorldRow | None, ProcessRow | None]:
        """A process and its world's row at one instant, without a transaction around it."""
        row = self._db.one(_WITH_WORLD, (process if 0 < process <= _HIGHEST else 0, world))
        if row is None:
            return None, None
        found = row[_OF_WORLD:]
        return WorldRow._make(row[:_OF_WORLD]), None if found[0] is None else ProcessRow._make(found)

    def newest(self, world: int, count: int) -> list[ProcessRow]:
        """The processes with the highest numbers, the highest first."""
        found = self._db.all(f"SELECT {_ROW} FROM processes WHERE world = ? ORDER BY id DESC LIMIT ?", (world, count))
        return [ProcessRow._make(row) for row in found]

    def count(self, world: int) -> int:
        row = self._db.one("SELECT count(*) FROM processes WHERE world = ?", (world,))
        return row[0] if row else 0

    def first_due(self, world: int, now: int) -> ProcessRow | None:
        """The process whose effect is due first; of several at one instant, the one with the lowest id."""
        row = self._db.one(
            f"SELECT {_ROW} FROM processes WHERE world = ? AND next_due <= ? ORDER BY next_due, id LIMIT 1",
            (world, now),
        )
        return None if row is None else ProcessRow._make(row)

    def earliest(self, world: int) -> int | None:
        row = self._db.one(
            "SELECT next_due FROM processes WHERE world = ? AND next_due IS NOT NULL ORDER BY next_due LIMIT 1",
            (world,),
        )
        return row[0] if row else None

    def save(self, world: int, process: int, record: str, applied: int, next_due: int | None) -> None:
        self._db.run(
            "UPDATE processes SET record = ?, applied = ?, next_due = ? WHERE world = ? AND id = ?",
            (record, applied, next_due, world, process),
        )

    def invoices(self, world: int, process: int) -> str:
        """What became of each submitted invoice, as JSON."""
        row = self._db.one("SELECT invoices FROM processes WHERE world = ? AND id = ?", (world, process))
        return row[0] if row else "[]"

    def set_invoices(self, world: int, process: int, invoices: str) -> None:
        self._db.run("UPDATE processes SET invoices = ? WHERE world = ? AND id = ?", (invoices, world, process))

    def brought(self, world: int, process: int, listed: int) -> None:
        self._db.run("UPDATE processes SET listed = ? WHERE world = ? AND id = ?", (listed, world, process))

    def list_ids(self, world: int, process: int, ids: Iterable[int]) -> None:
        """Write down what a download brought, in order."""
        self._db.many(
            "INSERT INTO download_lists (world, process, ordinal, id) VALUES (?, ?, ?, ?)",
            [(world, process, place, number) for place, number in enumerate(ids, 1)],
        )

    def join_list(self, world: int, process: int) -> None:
        """Keep what a download brought a second time, joined for its pages; a short one is quick as it is."""
        row = self.find(world, process)
        if row is None or row.listed < JOINED or row.gaps:
            return
        for first in range(0, row.listed, JOINED):
            text = b",".join(self._rows_of_list(world, row.company, row, first, JOINED))
            self._db.run(
                "INSERT INTO download_texts (world, process, first, text) VALUES (?, ?, ?, ?)",
                (world, process, first, text),
            )

    def page_of_list(self, world: int, company: str, row: ProcessRow, skip: int, count: int) -> Page:
        """A page of a download, in its own order."""
        number = max(0, min(count, row.listed - row.gaps - skip))
        if number >= JOINED and not (row.gaps or skip % JOINED or count % JOINED):
            found = self._db.all(
                "SELECT text FROM download_texts WHERE world = ? AND process = ? AND first >= ? AND first < ?"
                " ORDER BY first",
                (world, row.id, skip, skip + number),
            )
            if len(found) * JOINED >= number:  # else a later download has renewed some of them
                return Page([text for (text,) in found], number)
        texts = self._rows_of_list(world, company, row, skip, count)
        return Page(texts, len(texts))

    def _rows_of_list(self, world: int, company: str, row: ProcessRow, skip: int, count: int) -> list[bytes]:
        """One by one: a range of ordinals, unless there are gaps."""
        sql = (
            f"SELECT {self._json} FROM download_lists l JOIN downloads d"
            " ON d.world = l.world AND d.company = ? AND d.id = l.id AND d.dir = ?"
            " WHERE l.world = ? AND l.process = ?"
        )
        if row.gaps:
            sql += " ORDER BY l.ordinal LIMIT ? OFFSET ?"
            found = self._db.all(sql, (company, row.dir, world, row.id, count, skip))
        else:
            sql += " AND l.ordinal > ? AND l.ordinal <= ? ORDER BY l.ordinal"
            found = self._db.all(sql, (company, row.dir, world, row.id, skip, skip + count))
        return [text for (text,) in found]

    def page_by_date(self, world: int, company: str, dir_: int, start: int, end: int, skip: int, count: int) -> Page:
        """Downloaded invoices created in a range, by arrival in the portal (R-72)."""
        found = self._db.all(
            f"SELECT {self._json} FROM (SELECT arrival FROM downloads"
            " WHERE world = ? AND company = ? AND dir = ? AND created >= ? AND created < ?"
            " ORDER BY arrival LIMIT ? OFFSET ?) page JOIN downloads d"
            " ON d.world = ? AND d.company = ? AND d.dir = ? AND d.arrival = page.arrival ORDER BY d.arrival",
            (world, company, dir_, start, end, count, skip, world, company, dir_),
        )
        return Page([text for (text,) in found], len(found))

    def count_by_date(self, world: int, company: str, dir_: int, start: int, end: int) -> int:
        row = self._db.one(
            "SELECT count(*) FROM downloads"
            " WHERE world = ? AND company = ? AND dir = ? AND created >= ? AND created < ?",
            (world, company, dir_, start, end),
        )
        return row[0] if row else 0

    def forget_downloaded(self, world: int, company: str, ids: Sequence[int]) -> None:
        """Remove the company's copies of deleted invoices, and note the gaps they leave in its lists."""
        for some in pieces(ids):
            self._db.run(
                "DELETE FROM download_texts WHERE world = ? AND process IN"
                " (SELECT l.process FROM download_lists l JOIN processes p ON p.world = l.world AND p.id = l.process"
                f" WHERE l.world = ? AND l.id IN ({marks(some)}) AND p.company = ?)",
                (world, world, *some, company),
            )
            self._db.run(
                "UPDATE processes SET gaps = gaps + (SELECT count(*) FROM download_lists l WHERE l.world = ?"
                f" AND l.process = processes.id AND l.id IN ({marks(some)}))"
                " WHERE world = ? AND company = ? AND id IN"
                f" (SELECT process FROM download_lists WHERE world = ? AND id IN ({marks(some)}))",
                (world, *some, world, company, world, *some),
            )
            self._db.run(
                f"DELETE FROM download_lists WHERE world = ? AND id IN ({marks(some)}) AND process IN"
                " (SELECT id FROM processes WHERE world = ? AND company = ?)",
                (world, *some, world, company),
            )
            self._db.run(
                f"DELETE FROM downloads WHERE world = ? AND company = ? AND id IN ({marks(some)})",
                (world, company, *some),
            )
