"""What each operation does, and what comes before it: one row an operation."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mock_server.portal import deletions, downloads, imports, reading, renewal, status
from mock_server.portal.visits import Visit


class Handler(NamedTuple):
    """What an operation does.

    Attributes:
        perform: the work, inside a transaction; `data` as an object, or as parts of finished JSON.
        of_process: whether all it reads is the process that the body names, which it then gets as its row.
        writes: whether the transaction may change anything.
        once: what comes before it in a transaction of its own, and never again however often the rest is tried.
        prepare: what needs no transaction of its own and comes before it.
        right: what the caller must be allowed, asked before the form (R-19).
        bare: whether the answer goes without an envelope (R-24).
    """

    perform: Callable[..., Any]
    writes: bool = False
    prepare: Callable[[Visit], Any] | None = None
    once: Callable[[Visit], Any] | None = None
    bare: bool = False
    of_process: bool = False
    right: Callable[[Visit], None] | None = None


HANDLERS: Mapping[str, Handler] = {
    "import_upload_invoices": Handler(imports.import_, writes=True, prepare=imports.check_invoices),
    "inv_read_invoices": Handler(reading.inv_read_invoices),
    "inv_delete": Handler(deletions.inv_delete, writes=True, right=deletions.demand_right),
    "read_proc_status": Handler(status.read_proc_status, of_process=True),
    "read_proc_data": Handler(status.read_proc_data),
    "etx_import": Handler(downloads.etx_import, writes=True),
    "etx_read_invoices": Handler(downloads.etx_read_invoices),
    "etx_delete": Handler(deletions.etx_delete, writes=True, right=deletions.demand_right),
    "reset_start": Handler(renewal.reset_start, writes=True, bare=True),
    "reset_confirm": Handler(renewal.reset_confirm, writes=True, once=renewal.spend, bare=True),
}
