"""Invoices as somebody outside looks for them: those of e-taxes and those of the portals, page by page."""

from typing import NamedTuple

from mock_server.store.engine import Engine
from mock_server.store.folders import Folder, lying_in
from mock_server.store.invoices import marks
from mock_server.store.registry import QaimeRow

_REGISTRY = "id, qaime, kind, status, uploader, seller, buyer, created, head, tail"
_PORTAL = "p.company, p.erp_id, p.type, p.state, p.process, p.imported, r.qaime"


class Sought(NamedTuple):
    """What of e-taxes is looked for; what is `None` (or empty) does not matter.

    Attributes:
        company: whose folder it lies in; without a folder, anybody it concerns.
        start, end: instants of creation, `end` not included.
    """

    company: str | None = None
    folder: Folder | None = None
    statuses: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    qaime: str | None = None
    start: int | None = None
    end: int | None = None


class KeptRow(NamedTuple):
    """An invoice in a company's portal; `qaime` once it is in e-taxes, draft or signed."""

    company: str
    erp_id: str
    type: str
    state: str
    process: int
    imported: int
    qaime: str | None


class Listing:
    """E-taxes and the portals, as the control API shows them."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine

    def registered(self, world: int, sought: Sought, skip: int, count: int) -> tuple[list[QaimeRow], int]:
        """A page of e-taxes, the latest first, and how many there are in all."""
        condition, params = _condition(world, sought)
        total = self._count(f"SELECT count(*) FROM registry WHERE {condition}", params)
        sql = f"SELECT {_REGISTRY} FROM registry WHERE {condition} ORDER BY created DESC, id DESC LIMIT ? OFFSET ?"
        return [QaimeRow._make(row) for row in self._db.all(sql, (*params, count, skip))], total

    def one(self, world: int, qaime: str) -> QaimeRow | None:
        row = self._db.one(f"SELECT {_REGISTRY} FROM registry WHERE world = ? AND qaime = ?", (world, qaime))
        return None if row is None else QaimeRow._make(row)

    def kept(
        self, world: int, company: str | None, state: str | None, erp_id: str | None, skip: int, count: int
    ) -> tuple[list[KeptRow], int]:
        """A page of the portals' invoices, the last that came first, and how many there are in all."""
        condition = "p.world = ?"
        params: list[object] = [world]
        for column, value in (("company", company), ("state", state), ("erp_id", erp_id)):
            if value is not None:
                condition += f" AND p.{column} = ?"
                params.append(value)
        total = self._count(f"SELECT count(*) FROM portal_invoices p WHERE {condition}", params)
        sql = (
            f"SELECT {_PORTAL} FROM portal_invoices p LEFT JOIN registry r ON r.world = p.world AND r.id = p.registry"
            f" WHERE {condition} ORDER BY p.arrival DESC LIMIT ? OFFSET ?"
        )
        return [KeptRow._make(row) for row in self._db.all(sql, (*params, count, skip))], total

    def around(self, world: int, qaime: str, count: int = 5) -> list[str]:
        """The qaimes on both sides of one that is not there, in the order of the alphabet."""
        before, after = (
            self._db.all(
                f"SELECT qaime FROM registry WHERE world = ? AND qaime {sign} ? ORDER BY qaime {order} LIMIT ?",
                (world, qaime, count),
            )
            for sign, order in (("<", "DESC"), (">", "ASC"))
        )
        return [name for (name,) in [*reversed(before), *after]]

    def behind(self, world: int, registry: int) -> KeptRow | None:
        """The portal invoice behind a row of e-taxes."""
        sql = (
            f"SELECT {_PORTAL} FROM portal_invoices p JOIN registry r ON r.world = p.world AND r.id = p.registry"
            " WHERE p.world = ? AND p.registry = ?"
        )
        row = self._db.one(sql, (world, registry))
        return None if row is None else KeptRow._make(row)

    def _count(self, sql: str, params: list[object]) -> int:
        row = self._db.one(sql, params)
        return row[0] if row else 0


def _condition(world: int, sought: Sought) -> tuple[str, list[object]]:
    condition, params = _of_folder(world, sought.company, sought.folder)
    for column, words in (("status", sought.statuses), ("kind", sought.kinds)):
        if words:
            condition += f" AND {column} IN ({marks(words)})"
            params.extend(words)
    for test, value in (("qaime = ?", sought.qaime), ("created >= ?", sought.start), ("created < ?", sought.end)):
        if value is not None:
            condition += f" AND {test}"
            params.append(value)
    return condition, params


def _of_folder(world: int, company: str | None, folder: Folder | None) -> tuple[str, list[object]]:
    """The rows of a folder, or of all that concern a company."""
    if folder is not None:
        return lying_in(world, company, folder)
    if company is None:
        return "world = ?", [world]
    return "world = ? AND (uploader = ? OR seller = ? OR buyer = ?)", [world, company, company, company]
