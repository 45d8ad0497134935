"""`/inv/read_invoices`: which qaime an ERP's invoices got (F-INV-01, F-INV-02, R-23, R-70)."""

from typing import Any

from mock_server.portal import dates
from mock_server.portal.visits import Visit, refuse
from mock_server.store.invoices import SIGNED, InvoiceRow


def inv_read_invoices(visit: Visit) -> dict[str, Any]:
    """`{"invoices": [{"id", "qaime"}], "total"}` in the order asked, else of import."""
    rows = _asked(visit)
    way = visit.world.choose("R-23")
    if way == "omitted":
        rows = [row for row in rows if _number(row)]
    unnumbered = None if way == "null" else ""
    invoices = [{"id": row.erp_id, "qaime": _number(row) or unnumbered} for row in rows]
    return {"invoices": invoices, "total": len(invoices)}


def _asked(visit: Visit) -> list[InvoiceRow]:
    """Ids and dates both hold; `ids: []` with dates asks for all of that range (R-70)."""
    world, company = visit.world.id, visit.caller.company
    by_date = dates.given(visit)
    if "ids" not in visit.given and not by_date:
        raise refuse("missing-elements", "ids, or date_from and date_to")
    ids = list(dict.fromkeys(visit.body.get("ids", [])))
    if not by_date:
        found = visit.store.invoices.by_ids(world, company, ids)
        return [found[erp_id] for erp_id in ids if erp_id in found]
    start, end = dates.wanted(visit)
    if not ids:
        return visit.store.invoices.by_import(world, company, start, end)
    found = visit.store.invoices.by_ids(world, company, ids)
    within = visit.store.invoices.imported_within(world, company, ids, start, end)
    return [found[erp_id] for erp_id in ids if erp_id in within]


def _number(row: InvoiceRow) -> str:
    """A draft's number shows only after signing (R-40)."""
    return row.qaime or "" if row.state == SIGNED else ""
