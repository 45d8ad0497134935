"""Rows of the portal's own invoices: what the ERP sent (F-IMP), by company and ERP id."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeVar

from mock_server.rulebook.vocabulary import AVANS
from mock_server.store.engine import Engine

State = Literal["imported", "uploading", "signed"]
"""Of an invoice in the portal: unsubmitted, in the hands of an upload, or signed in e-taxes."""

IMPORTED: State = "imported"
UPLOADING: State = "uploading"
SIGNED: State = "signed"

T = TypeVar("T")

VARIABLES = 500
"""How many values one statement names at most."""


class InvoiceRow(NamedTuple):
    """An invoice in the portal; `qaime` is the number of its row in e-taxes, draft or signed."""

    erp_id: str
    state: State
    process: int
    registry: int | None
    qaime: str | None


class NewInvoice(NamedTuple):
    """`content` is the invoice as it was sent (merged with its avans invoice), as JSON."""

    erp_id: str
    arrival: int
    process: int
    type: str
    state: State
    registry: int | None
    imported: int
    content: str


_ROW = "SELECT p.erp_id, p.state, p.process, p.registry, r.qaime FROM portal_invoices p"
_JOIN = " LEFT JOIN registry r ON r.world = p.world AND r.id = p.registry WHERE p.world = ? AND p.company = ?"


def pieces(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """`values` in runs that one statement can name."""
    return (values[at : at + VARIABLES] for at in range(0, len(values), VARIABLES))


def marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


class Invoices:
    """Invoices in the portal."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine

    def by_ids(self, world: int, company: str, ids: Sequence[str]) -> dict[str, InvoiceRow]:
        """Those of `ids` that the company's portal has."""
        found: dict[str, InvoiceRow] = {}
        for some in pieces(ids):
            sql = f"{_ROW}{_JOIN} AND p.erp_id IN ({marks(some)})"
            for row in self._db.all(sql, (world, company, *some)):
                found[row[0]] = InvoiceRow._make(row)
        return found

    def by_import(self, world: int, company: str, start: int, end: int) -> list[InvoiceRow]:
        """Imported from `start` to before `end`, in the order of import (R-70)."""
        sql = f"{_ROW}{_JOIN} AND p.imported >= ? AND p.imported < ? ORDER BY p.arrival"
        return [InvoiceRow._make(row) for row in self._db.all(sql, (world, company, start, end))]

    def imported_within(self, world: int, company: str, ids: Sequence[str], start: int, end: int) -> set[str]:
        """Those of `ids` that were imported in a range."""
        found: set[str] = set()
        for some in pieces(ids):
            sql = (
                "SELECT erp_id FROM portal_invoices WHERE world = ? AND company = ?"
                f" AND imported >= ? AND imported < ? AND erp_id IN ({marks(some)})"
            )
            found.update(row[0] for row in self._db.all(sql, (world, company, start, end, *some)))
        return found

    def add(self, world: int, company: str, rows: Iterable[NewInvoice]) -> None:
        self._db.many(
            "INSERT INTO portal_invoices (world, company, erp_id, arrival, process, type, state, registry, imported,"
            " content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(world, company, *row) for row in rows],
        )

    def of_process(self, world: int, company: str, process: int, ids: Sequence[str]) -> list[tuple[str, str]]:
        """ERP id and content of those that this process still has in hand, in the order of `ids`."""
        found: dict[str, str] = {}
        for some in pieces(ids):
            sql = (
                "SELECT erp_id, content FROM portal_invoices"
                f" WHERE world = ? AND company = ? AND process = ? AND erp_id IN ({marks(some)})"
            )
            found.update((row[0], row[1]) for row in self._db.all(sql, (world, company, process, *some)))
        return [(erp_id, found[erp_id]) for erp_id in ids if erp_id in found]

    def drafted(self, world: int, company: str, rows: Iterable[tuple[int, str]]) -> None:
        """Note the row in e-taxes (first) that an invoice (second) now has."""
        self._db.many(
            "UPDATE portal_invoices SET registry = ? WHERE world = ? AND company = ? AND erp_id = ?",
            [(registry, world, company, erp_id) for registry, erp_id in rows],
        )

    def settle(self, world: int, company: str, process: int, before: State, after: State) -> None:
        """Move a process's invoices from one state to another."""
        self._db.run(
            "UPDATE portal_invoices SET state = ? WHERE world = ? AND company = ? AND process = ? AND state = ?",
            (after, world, company, process, before),
        )

    def sign(self, world: int, registry: Sequence[int]) -> None:
        for some in pieces(registry):
            self._db.run(
                f"UPDATE portal_invoices SET state = ? WHERE world = ? AND registry IN ({marks(some)})",
                (SIGNED, world, *some),
            )

    def remove(self, world: int, company: str, ids: Sequence[str]) -> None:
        for some in pieces(ids):
            self._db.run(
                f"DELETE FROM portal_invoices WHERE world = ? AND company = ? AND erp_id IN ({marks(some)})",
                (world, company, *some),
            )

    def remove_registered(self, world: int, registry: Sequence[int]) -> None:
        """Remove the invoices behind these rows of e-taxes from the portal (F-DEL-07)."""
        for some in pieces(registry):
            self._db.run(
                f"DELETE FROM portal_invoices WHERE world = ? AND registry IN ({marks(some)})", (world, *some)
            )

    def avans(self, world: int, company: str, qaime: str) -> tuple[str, str] | None:
        """Content and status of the company's signed avans invoice with this qaime (R-58)."""
        row = self._db.one(
            "SELECT p.content, r.status FROM registry r JOIN portal_invoices p ON p.world = r.world"
            " AND p.registry = r.id WHERE r.world = ? AND r.qaime = ? AND p.company = ? AND p.type = ?"
            " AND p.state = ?",
            (world, qaime, company, AVANS, SIGNED),
        )
        return None if row is None else (row[0], row[1])
