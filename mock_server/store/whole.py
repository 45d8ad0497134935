"""A world as it is, table by table, for the file it is exported to and founded from again."""

from collections.abc import Iterable
from typing import NamedTuple

from mock_server.store.engine import Engine
from mock_server.store.faults import FaultRow
from mock_server.store.processes import ProcessRow
from mock_server.store.registry import QaimeRow

_REGISTRY = ", ".join(QaimeRow._fields)
_PROCESS = ", ".join(ProcessRow._fields)


class StandingRow(NamedTuple):
    """What an account is given as time goes by: its challenge, and how many of these and tokens there were."""

    username: str
    challenge: str | None
    challenge_until: int | None
    challenges: int
    tokens: int


class PortalRow(NamedTuple):
    """An invoice in a portal; `qaime` is that of its row in e-taxes."""

    company: str
    erp_id: str
    arrival: int
    process: int
    state: str
    imported: int
    content: str
    qaime: str | None


class DownloadRow(NamedTuple):
    """An invoice as a company downloaded it; `text` is as it was then, head and tail are as they always are."""

    company: str
    qaime: str
    dir: int
    arrival: int
    text: str
    head: str
    tail: str


class NewDownload(NamedTuple):
    """A downloaded invoice to write down; `created` and `text` follow from e-taxes and the status it had."""

    company: str
    registry: int
    dir: int
    arrival: int
    status: str


class NumberRow(NamedTuple):
    """The last running number of a series in a month."""

    series: str
    month: str
    last: int


class Whole:
    """Everything of a world that no other part of the store reads or writes all at once."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine

    def size(self, world: int) -> int:
        """How many rows of e-taxes, portals and downloads there are."""
        tables = ("registry", "portal_invoices", "downloads", "download_lists")
        counts = (self._db.one(f"SELECT count(*) FROM {table} WHERE world = ?", (world,)) for table in tables)
        return sum(count[0] for count in counts if count is not None)

    def standings(self, world: int) -> list[StandingRow]:
        sql = (
            "SELECT username, challenge, challenge_until, challenges, tokens FROM accounts"
            " WHERE world = ? ORDER BY username"
        )
        return [StandingRow._make(row) for row in self._db.all(sql, (world,))]

    def set_standing(self, world: int, row: StandingRow) -> None:
        self._db.run(
            "UPDATE accounts SET challenge = ?, challenge_until = ?, challenges = ?, tokens = ?"
            " WHERE world = ? AND username = ?",
            (*row[1:], world, row.username),
        )

    def registry(self, world: int) -> list[QaimeRow]:
        sql = f"SELECT {_REGISTRY} FROM registry WHERE world = ? ORDER BY id"
        return [QaimeRow._make(row) for row in self._db.all(sql, (world,))]

    def portal(self, world: int) -> list[PortalRow]:
        sql = (
            "SELECT p.company, p.erp_id, p.arrival, p.process, p.state, p.imported, p.content, r.qaime"
            " FROM portal_invoices p LEFT JOIN registry r ON r.world = p.world AND r.id = p.registry"
            " WHERE p.world = ? ORDER BY p.arrival"
        )
        return [PortalRow._make(row) for row in self._db.all(sql, (world,))]

    def processes(self, world: int) -> list[tuple[ProcessRow, str]]:
        """Every process, and what became of its invoices."""
        sql = f"SELECT {_PROCESS}, invoices FROM processes WHERE world = ? ORDER BY id"
        return [(ProcessRow._make(row[:-1]), row[-1]) for row in self._db.all(sql, (world,))]

    def lists(self, world: int) -> dict[int, dict[int, str]]:
        """The qaimes that each process brought, by ordinal."""
        found: dict[int, dict[int, str]] = {}
        sql = (
            "SELECT l.process, l.ordinal, r.qaime FROM download_lists l"
            " JOIN registry r ON r.world = l.world AND r.id = l.id WHERE l.world = ?"
            " ORDER BY l.process, l.ordinal"
        )
        for process, ordinal, qaime in self._db.all(sql, (world,)):
            found.setdefault(process, {})[ordinal] = qaime
        return found

    def add_list(self, world: int, process: int, rows: Iterable[tuple[int, int]]) -> None:
        """Write down what a process brought: ordinals and numbers in e-taxes."""
        self._db.many(
            "INSERT INTO download_lists (world, process, ordinal, id) VALUES (?, ?, ?, ?)",
            [(world, process, ordinal, number) for ordinal, number in rows],
        )

    def downloads(self, world: int) -> list[DownloadRow]:
        sql = (
            "SELECT d.company, r.qaime, d.dir, d.arrival, d.text, r.head, r.tail FROM downloads d"
            " JOIN registry r ON r.world = d.world AND r.id = d.id WHERE d.world = ?"
            " ORDER BY d.arrival, d.company, d.dir, d.id"
        )
        return [DownloadRow._make(row) for row in self._db.all(sql, (world,))]

    def add_downloads(self, world: int, rows: Iterable[NewDownload]) -> None:
        self._db.many(
            "INSERT INTO downloads (world, company, id, dir, arrival, created, text)"
            " SELECT world, ?, id, ?, ?, created, head || ? || tail FROM registry WHERE world = ? AND id = ?",
            [(row.company, row.dir, row.arrival, row.status, world, row.registry) for row in rows],
        )

    def numbers(self, world: int) -> list[NumberRow]:
        sql = "SELECT series, month, last FROM numbers WHERE world = ? ORDER BY series, month"
        return [NumberRow._make(row) for row in self._db.all(sql, (world,))]

    def add_faults(self, world: int, rows: Iterable[FaultRow]) -> None:
        self._db.many(
            "INSERT INTO faults (world, id, spec, met, used) VALUES (?, ?, ?, ?, ?)", [(world, *row) for row in rows]
        )
