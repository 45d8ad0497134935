"""Which documented field an answer lacks, and the fact that promises it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contract_tests.documents import load
from contract_tests.exchange import Exchange

_FACTS: Mapping[str, Mapping[str, str]] = {
    "import_upload_invoices": {"id": "F-IMP-02", "invoices": "F-ERR-01"},
    "inv_read_invoices": dict.fromkeys(("invoices", "total", "id", "qaime"), "F-INV-01"),
    "inv_delete": {"deleted": "F-INV-03"},
    "read_proc_status": {"status": "F-PROC-02", "status_desc": "F-PROC-03", "stats": "F-PROC-04"},
    "read_proc_data": dict.fromkeys(("invoices", "etax_invoices", "id", "qaime"), "F-PROC-07"),
    "etx_import": {"id": "F-ETX-04"},
    "etx_read_invoices": {
        **dict.fromkeys(load("etx_line.json")["properties"], "F-RD-05"),
        **dict.fromkeys(load("etx_invoice.json")["properties"], "F-RD-04"),
        **dict.fromkeys(("invoices", "total"), "F-RD-03"),
    },
    "etx_delete": {"id": "F-DEL-06"},
    "reset_start": {"plain_value": "F-AUTH-03"},
    "reset_confirm": {"token": "F-AUTH-05"},
}
"""Operation -> field of its answer -> the fact that promises it."""


class Lacking(NamedTuple):
    """A field that is not there; `place` is that of the answer among the exchanges."""

    message: str
    fact: str
    place: int


def lacking(field: object, exchanges: Sequence[Exchange]) -> Lacking | None:
    """The last answer in which a field was to be; `None` where no document promises it."""
    for place in reversed(range(len(exchanges))):
        operation = exchanges[place].operation
        fact = _FACTS.get(operation, {}).get(str(field))
        if fact is not None:
            return Lacking(f"an answer of {operation} has no {field}, which is documented ({fact})", fact, place)
    return None
