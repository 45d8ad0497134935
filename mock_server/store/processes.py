"""Rows of processes and of what downloads brought."""

from collections import Counter
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

_COPY = "JOIN downloads d ON d.world = l.world AND d.company = ? AND d.id = l.id AND d.dir = ?"

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

    def are_still(self, world: WorldRow, process: ProcessRow) -> bool:
        """Whether both rows are these, at one instant."""
        return self._db.one(_WITH_WORLD, (process.id, world.id)) == (*world, *process)

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
        if row is None or row.listed < JOINED:
            return
        for first in range(0, row.listed, JOINED):
            texts = self._piece(world, row, first)
            self._db.run(
                "INSERT INTO download_texts (world, process, first, number, text) VALUES (?, ?, ?, ?, ?)",
                (world, process, first, len(texts), b",".join(texts)),
            )

    def page_of_list(self, world: int, row: ProcessRow, skip: int, count: int) -> Page:
        """A page of a download, in its own order."""
        number = max(0, min(count, row.listed - row.gaps - skip))
        if number < JOINED or row.listed < JOINED:
            return Page(self._one_by_one(world, row, skip, count), number)
        start, before = self._place(world, row, skip)
        end, _ = self._place(world, row, skip + number - 1)
        texts: list[bytes] = []
        for first, held, text in self._db.all(
            "SELECT first, number, text FROM download_texts"
            " WHERE world = ? AND process = ? AND first >= ? AND first <= ? ORDER BY first",
            (world, row.id, start, end),
        ):
            shown = slice(max(0, skip - before), min(held, skip + number - before))
            whole = text and shown == slice(0, held)
            texts += [text] if whole else self._piece(world, row, first)[shown]
            before += held
        if before < skip + number:  # an earlier release has brought it, and joined nothing
            texts = self._one_by_one(world, row, skip, count)
        return Page(texts, number)

    def _place(self, world: int, row: ProcessRow, skip: int) -> tuple[int, int]:
        """Behind which ordinal the piece begins that has the document after `skip` others; how many are before."""
        lost = 0
        for first, held in self._gaps(world, row) if row.gaps else ():
            if skip + lost < first + held:
                break
            lost += JOINED - held
        first = (skip + lost) // JOINED * JOINED
        return first, first - lost

    def _gaps(self, world: int, row: ProcessRow) -> list[tuple[int, int]]:
        """The pieces that are not full, the last one among them, and what is left in each."""
        return self._db.all(
            "SELECT first, number FROM download_texts WHERE world = ? AND process = ? AND number < ? ORDER BY first",
            (world, row.id, JOINED),
        )

    def _piece(self, world: int, row: ProcessRow, first: int) -> list[bytes]:
        found = self._db.all(
            f"SELECT {self._json} FROM download_lists l {_COPY} WHERE l.world = ? AND l.process = ?"
            " AND l.ordinal > ? AND l.ordinal <= ? ORDER BY l.ordinal",
            (row.company, row.dir, world, row.id, first, first + JOINED),
        )
        return [text for (text,) in found]

    def _one_by_one(self, world: int, row: ProcessRow, skip: int, count: int) -> list[bytes]:
        found = self._db.all(
            f"SELECT {self._json} FROM (SELECT world, ordinal, id FROM download_lists WHERE world = ? AND process = ?"
            f" ORDER BY ordinal LIMIT ? OFFSET ?) l {_COPY} ORDER BY l.ordinal",
            (world, row.id, count, skip, row.company, row.dir),
        )
        return [text for (text,) in found]

    def listing(self, world: int, company: str, ids: Sequence[int]) -> Counter[tuple[int, int]]:
        """In which pieces of the company's lists invoices are, by process and first ordinal, and how many of them."""
        found: Counter[tuple[int, int]] = Counter()
        for some in pieces(ids):
            found.update(
                self._db.all(  # counted here, for SQLite would read whole lists to have them in order
                    f"SELECT l.process, (l.ordinal - 1) / {JOINED} * {JOINED} FROM download_lists l"
                    " JOIN processes p ON p.world = l.world AND p.id = l.process AND p.company = ?"
                    f" WHERE l.world = ? AND l.id IN ({marks(some)})",
                    (company, world, *some),
                )
            )
        return found

    def forget_texts(self, world: int, company: str, ids: Sequence[int]) -> None:
        """What is kept joined is no longer right where these invoices are."""
        self._db.many(
            "UPDATE download_texts SET text = ? WHERE world = ? AND process = ? AND first = ?",
            [(b"", world, *piece) for piece in self.listing(world, company, ids)],
        )

    def forget_listed(self, world: int, company: str, ids: Sequence[int]) -> None:
        """Take deleted invoices from the company's lists, and note the gaps they leave."""
        for some in pieces(ids):
            gone = self.listing(world, company, some)
            self._db.many(
                "UPDATE processes SET gaps = gaps + ? WHERE world = ? AND id = ?",
                [(number, world, process) for (process, _), number in gone.items()],
            )
            self._db.many(
                "UPDATE download_texts SET number = number - ?, text = ?"
                " WHERE world = ? AND process = ? AND first = ?",
                [(number, b"", world, *piece) for piece, number in gone.items()],
            )
            self._db.run(
                f"DELETE FROM download_lists WHERE world = ? AND id IN ({marks(some)}) AND process IN"
                " (SELECT id FROM processes WHERE world = ? AND company = ?)",
                (world, *some, world, company),
            )
