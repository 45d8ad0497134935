"""E-taxes and time as a test wants them, behind the back of the portal it calls.

Rows go straight into the store of a live server: it does nothing between two requests, so a test may write then.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from mock_server.clock import StillClock
from mock_server.portal import qaime
from mock_server.portal.moments import span
from mock_server.portal.worlds import WorldSettings
from mock_server.rulebook.constants import INVOICE_AS_DOWNLOADED, LINE_AS_DOWNLOADED
from mock_server.store.journal import AuditRow
from mock_server.store.registry import QaimeRow
from tests.client import Portal
from tests.live import LiveServer, fresh_world
from tests.timed import timed

DEMO, BUYER, OUTSIDER = "1234567890", "0987654321", "8800000010"
_LINE = dict.fromkeys(LINE_AS_DOWNLOADED, 1) | {"prod_code": "1", "prod_name": "", "barcode": "1", "unit_name": ""}
_AMOUNTS = dict.fromkeys(INVOICE_AS_DOWNLOADED, 1) | {"main_subject": "", "add_subject": ""}


class Entry(NamedTuple):
    """A qaime in e-taxes; `uploader` is `None` for an outsider's."""

    created: str
    kind: str = "defaultInvoice"
    status: str = "approved"
    uploader: str | None = DEMO
    seller: str = DEMO
    buyer: str = OUTSIDER


class Etaxes:
    """E-taxes of one world."""

    def __init__(self, server: LiveServer, world: str) -> None:
        self._store = server.app.store
        self._world = server.app.worlds.row(world).id

    def add(self, *entries: Entry) -> list[str]:
        """New rows, unlike those of the default world in series; their qaimes."""
        with self._store.writing():
            first = self._store.worlds.take(self._world, "registry", len(entries))
            rows = [_row(number, entry) for number, entry in enumerate(entries, first)]
            self._store.registry.add(self._world, rows)
        return [row.qaime for row in rows]

    def empty(self) -> None:
        """Take away what the default world has in e-taxes."""
        with self._store.writing():
            self._store.engine.run("DELETE FROM registry WHERE world = ?", (self._world,))

    def set_status(self, qaimes: Sequence[str], status: str) -> None:
        with self._store.writing():
            states = self._store.registry.by_qaimes(self._world, qaimes)
            self._store.registry.set_status(self._world, [states[name].id for name in qaimes], status)

    def statuses(self, qaimes: Sequence[str]) -> list[str | None]:
        """`None` for what is not there."""
        states = self._store.registry.by_qaimes(self._world, qaimes)
        return [states[name].status if name in states else None for name in qaimes]

    def audits(self) -> list[AuditRow]:
        return self._store.journal.audits(self._world)

    def warnings(self) -> list[tuple[str, str]]:
        """Reading and text of the notes on the last request."""
        notes = msgspec.json.decode(self._store.journal.rows(self._world)[-1].notes)
        return [(note["reading"], note["text"]) for note in notes]

    def set_world(self, **settings: Any) -> None:
        """Give the world a `page_size` or a `pace` of its own; processes under way keep their plan."""
        chosen = msgspec.json.encode(WorldSettings(series="AA", **settings)).decode()
        with self._store.writing():
            self._store.worlds.set_settings(self._world, chosen)


def instant(text: str) -> int:
    """Microseconds since 1970 UTC at `dd.mm.yyyy hh:mm` in Baku."""
    found = span(text)
    assert found is not None
    return found[0]


def named(qaime: str) -> str:
    """A qaime with a series of two letters as deletion names it (F-DEL-01)."""
    return f"{qaime[:2]} {qaime[2:]}"


def _row(number: int, entry: Entry) -> QaimeRow:
    created = instant(entry.created)
    heading = qaime.Heading(
        number, "ZZ", f"{number:010d}", created, entry.kind, entry.seller, entry.buyer, "Satıcı", "Alıcı"
    )
    head, tail = qaime.parts(heading, _AMOUNTS, [_LINE])
    return QaimeRow(
        number,
        heading.qaime,
        entry.kind,
        entry.status,
        entry.uploader,
        entry.seller,
        entry.buyer,
        created,
        head,
        tail,
    )


@contextmanager
def standing_still(now: str, pace: str = "instant", **readings: str) -> Iterator[tuple[Portal, StillClock, Etaxes]]:
    """A server whose clock stands at `now` (Baku time) until the test moves it, with nothing in e-taxes."""
    with timed(now, pace=pace, readings=readings) as server:
        portal = server.portal(fresh_world())
        etaxes = Etaxes(server.server, portal.world)
        etaxes.empty()
        yield portal, server.clock, etaxes


def downloaded(portal: Portal, date_from: str, date_to: str, **body: Any) -> int:
    """Download; the process, which has finished well."""
    asked = {"phone": portal.account.phone, "date_from": date_from, "date_to": date_to, **body}
    process = portal.started("etx_import", **asked)
    assert portal.finished(process)["status"] == 2
    return process


def later(portal: Portal, clock: StillClock, process: int) -> dict[str, Any]:
    """The status of a process an hour on, when it is over."""
    clock.advance(3600)
    data: dict[str, Any] = portal.call("read_proc_status", procId=process).data
    assert data["status"] in (2, 3), data
    return data


def page(portal: Portal, **body: Any) -> tuple[list[str], int]:
    """Qaimes and `total` of a page of downloaded invoices; a page number as `from_`."""
    asked = {name.rstrip("_"): value for name, value in body.items()}
    reply = portal.call("etx_read_invoices", phone=portal.account.phone, **asked)
    assert reply.code == 0, reply.json
    return [row["qaime"] for row in reply.data["invoices"]], reply.data["total"]


def invoices(portal: Portal, **body: Any) -> dict[str, dict[str, Any]]:
    """A page of downloaded invoices by qaime."""
    reply = portal.call("etx_read_invoices", phone=portal.account.phone, **body)
    assert reply.code == 0, reply.json
    found = {row["qaime"]: row for row in reply.data["invoices"]}
    assert len(found) == len(reply.data["invoices"])
    return found
