"""Rows of e-taxes: every qaime of the world, draft or signed, whoever uploaded it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mock_server.store.arrivals import Arrivals
from mock_server.store.engine import Engine
from mock_server.store.folders import FOLDER_OF_DIR, lying_in
from mock_server.store.invoices import marks, pieces
from mock_server.store.processes import Processes


class QaimeRow(NamedTuple):
    """A qaime. `head` + status + `tail` is the JSON text of the whole invoice (F-RD-04)."""

    id: int
    qaime: str
    kind: str
    status: str
    uploader: str | None
    seller: str
    buyer: str
    created: int
    head: str
    tail: str


class QaimeState(NamedTuple):
    id: int
    qaime: str
    status: str
    uploader: str | None


class Wanted(NamedTuple):
    """What a download asks e-taxes for; a list that is `None` does not filter.

    Attributes:
        start, end: instants of creation, `end` not included (F-ETX-03, R-13).
        kinds, statuses: the words asked for, and whether they are to be left out instead.
    """

    company: str
    dir: int
    start: int
    end: int
    kinds: tuple[str, ...] | None
    without_kinds: bool
    statuses: tuple[str, ...] | None
    without_statuses: bool


class Registry:
    """E-taxes, as far as the portal can see it."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine
        self._arrivals = Arrivals(engine)
        self._processes = Processes(engine)

    def add(self, world: int, rows: Iterable[QaimeRow]) -> None:
        self._db.many(
            "INSERT INTO registry (world, id, qaime, kind, status, uploader, seller, buyer, created, head, tail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(world, *row) for row in rows],
        )

    def by_qaimes(self, world: int, qaimes: Sequence[str]) -> dict[str, QaimeState]:
        found: dict[str, QaimeState] = {}
        for some in pieces(qaimes):
            sql = f"SELECT id, qaime, status, uploader FROM registry WHERE world = ? AND qaime IN ({marks(some)})"
            for row in self._db.all(sql, (world, *some)):
                found[row[1]] = QaimeState._make(row)
        return found

    def by_ids(self, world: int, ids: Sequence[int]) -> dict[int, QaimeState]:
        found: dict[int, QaimeState] = {}
        for some in pieces(ids):
            sql = f"SELECT id, qaime, status, uploader FROM registry WHERE world = ? AND id IN ({marks(some)})"
            for row in self._db.all(sql, (world, *some)):
                found[row[0]] = QaimeState._make(row)
        return found

    def documents(self, world: int, ids: Sequence[int]) -> dict[int, bytes]:
        """The invoices as JSON."""
        found: dict[int, bytes] = {}
        for some in pieces(ids):
            sql = (
                f"SELECT id, {self._db.utf8('head || status || tail')} FROM registry"
                f" WHERE world = ? AND id IN ({marks(some)})"
            )
            found.update((row[0], row[1]) for row in self._db.all(sql, (world, *some)))
        return found

    def set_status(self, world: int, ids: Sequence[int], status: str, only_from: str | None = None) -> int:
        """Give these qaimes a status; how many had the status `only_from` where one is named."""
        touched = 0
        condition = "" if only_from is None else " AND status = ?"
        for some in pieces(ids):
            touched += self._db.run(
                f"UPDATE registry SET status = ? WHERE world = ? AND id IN ({marks(some)}){condition}",
                (status, world, *some, *(() if only_from is None else (only_from,))),
            )
        return touched

    def remove(self, world: int, ids: Sequence[int]) -> None:
        for some in pieces(ids):
            self._db.run(f"DELETE FROM registry WHERE world = ? AND id IN ({marks(some)})", (world, *some))

    def last_number(self, world: int, series: str, month: str) -> int:
        row = self._db.one(
            "SELECT last FROM numbers WHERE world = ? AND series = ? AND month = ?", (world, series, month)
        )
        return row[0] if row else 0

    def set_last_number(self, world: int, series: str, month: str, last: int) -> None:
        self._db.run(
            "INSERT INTO numbers (world, series, month, last) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (world, series, month) DO UPDATE SET last = excluded.last",
            (world, series, month, last),
        )

    def has(self, world: int, qaime: str) -> bool:
        return self._db.one("SELECT 1 FROM registry WHERE world = ? AND qaime = ?", (world, qaime)) is not None

    def download(self, world: int, process: int, wanted: Wanted, arrival: int) -> int:
        """List what a download brings, and renew or add the company's copies; how many it brought.

        `arrival` is the first free arrival number of the portal. Copies a company already has keep
        their place and are renewed (R-72).
        """
        condition, params = _asked(world, wanted)
        self._db.run(
            "INSERT INTO download_lists (world, process, ordinal, id)"
            f" SELECT world, ?, row_number() OVER (ORDER BY created, id), id FROM registry WHERE {condition}",
            (process, *params),
        )
        self.copy_listed(world, process, wanted.company, wanted.dir, arrival)
        row = self._db.one("SELECT count(*) FROM download_lists WHERE world = ? AND process = ?", (world, process))
        return row[0] if row else 0

    def copy_listed(self, world: int, process: int, company: str, dir_: int, arrival: int) -> None:
        """Copy what a process has listed into a folder of the company's portal, renewing what is there (R-72)."""
        self._forget_joined(world, process, company)
        self._db.run(
            "INSERT INTO downloads (world, company, id, dir, arrival, created, text)"
            " SELECT l.world, ?, l.id, ?, l.ordinal + ?, r.created, r.head || r.status || r.tail"
            " FROM download_lists l JOIN registry r ON r.world = l.world AND r.id = l.id"
            " WHERE l.world = ? AND l.process = ?"
            " ON CONFLICT (world, company, id, dir) DO UPDATE SET text = excluded.text"
            " WHERE downloads.text <> excluded.text",
            (company, dir_, arrival - 1, world, process),
        )
        self._db.run(
            "UPDATE downloads SET text = (SELECT r.head || r.status || r.tail FROM registry r"
            " WHERE r.world = downloads.world AND r.id = downloads.id) WHERE world = ? AND company = ? AND dir <> ?"
            " AND id IN (SELECT id FROM download_lists WHERE world = ? AND process = ?)",
            (world, company, dir_, world, process),
        )
        self._arrivals.came(world, company, dir_, arrival)

    def _forget_joined(self, world: int, process: int, company: str) -> None:
        """What is kept joined is no longer right where the process renews a part of it."""
        renewed = self._db.all(
            # CROSS: in this order, for SQLite would rather go through all that the company has; and not DISTINCT,
            # for which it would go through all lists of the world by invoice
            "SELECT l.id FROM download_lists l CROSS JOIN downloads d CROSS JOIN registry r"
            " WHERE l.world = ? AND l.process = ? AND d.world = l.world AND d.company = ? AND d.id = l.id"
            " AND r.world = l.world AND r.id = l.id AND d.text <> r.head || r.status || r.tail",
            (world, process, company),
        )
        self._processes.forget_texts(world, company, list(dict.fromkeys(number for (number,) in renewed)))


def _asked(world: int, wanted: Wanted) -> tuple[str, list[object]]:
    """The rows of e-taxes that a download asks for."""
    condition, params = lying_in(world, wanted.company, FOLDER_OF_DIR[wanted.dir])
    condition += " AND created >= ? AND created < ?"
    params += [wanted.start, wanted.end]
    for column, words, without in (
        ("kind", wanted.kinds, wanted.without_kinds),
        ("status", wanted.statuses, wanted.without_statuses),
    ):
        if words:
            condition += f" AND {column} {'NOT ' if without else ''}IN ({marks(words)})"
            params.extend(words)
        elif words is not None and not without:
            condition += " AND 1 = 0"  # an empty list is no SQL everywhere
    return condition, params
