"""What clients of the portal come for: import, upload, download, read page by page, delete."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from contract_tests import builders
from contract_tests.builders import Invoice
from contract_tests.documents import load
from contract_tests.findings import Unfit
from contract_tests.run import Run

FAR_BACK = "01.01.2024"
"""Before everything that the simulator's default world holds."""

PAGE: int = load("portal.json")["page_size"]["value"]
"""How many records a page has (F-RD-02)."""

MOST_PAGES = 20
Row = dict[str, Any]


def invoice(run: Run, **wishes: Any) -> Invoice:
    """A valid invoice under an id that is free, from the main account's company to the other one's."""
    erp_id = run.fresh_id()
    seller, buyer = _parties(run)
    wishes = {"seller": seller, "buyer": buyer, "erp_id": erp_id, **wishes}
    if wishes.get("type") == "goodsTransfer":
        wishes["buyer"] = wishes["seller"]
    seed = run.seed * 1000 + len(run.imported) + len(erp_id)
    return builders.invoice(seed, **wishes)


def _parties(run: Run) -> tuple[str, str]:
    """Who sells and who buys; where it is real, a company sells to itself unless another one is known.

    Raises:
        Unfit: the VOEN of the company is not known.
    """
    mine = run.party().voen
    other = run.target.parties.get("other")
    if run.target.simulator is not None:
        return mine or builders.SELLER, (other.voen if other else "") or builders.BUYER
    if not mine:
        raise Unfit("the VOEN of the main account's company is not known (--voen)")
    return mine, (other.voen if other else "") or mine


def imported(run: Run, *invoices: Invoice, role: str = "main") -> Row:
    """Import into the portal only; `data` of the last poll."""
    final: Row = run.done("import_upload_invoices", invoices=list(invoices), role=role)
    return final


def uploaded(run: Run, *invoices: Invoice, role: str = "main") -> list[str]:
    """Upload; the numbers that the invoices got, in order."""
    run.done("import_upload_invoices", invoices=list(invoices), upload=True, role=role)
    return numbers(run, [one["id"] for one in invoices], role)


def numbers(run: Run, ids: list[str], role: str = "main") -> list[str]:
    """The numbers of invoices by their ERP ids, in order."""
    found = known(run, ids, role)
    missing = [one for one in ids if not found.get(one)]
    run.expect(not missing, f"no number is known of {', '.join(missing)}, whose upload has ended well", ["F-IMP-14"])
    return [found[one] for one in ids]


def known(run: Run, ids: list[str], role: str = "main") -> dict[str, Any]:
    """Which of these ERP ids the portal has, with their numbers."""
    rows = run.good("inv_read_invoices", ids=ids, role=role)["invoices"]
    found = {row["id"]: row["qaime"] for row in rows}
    demand_asked(run, ids, found)
    return found


def demand_asked(run: Run, ids: Iterable[str], found: Iterable[str]) -> None:
    """What `/inv/read_invoices` answers has the ERP ids that were asked for, letter by letter (F-INV-01)."""
    strange = sorted(set(found) - set(ids))
    says = (
        f"read_invoices answers for {', '.join(map(repr, strange))}, where {', '.join(map(repr, ids))} was asked for"
    )
    run.expect(not strange, says, ["F-INV-01"])


def demand_shown(run: Run) -> None:
    """To see whether an invoice without a number is in the portal, the portal must show such ones.

    Raises:
        Unfit: it leaves them out (R-23).
    """
    if run.target.answers.get("R-23") == "omitted":
        raise Unfit("the server shows no invoice that has no number yet (R-23)")


def download(
    run: Run, dir_: int, *, role: str = "main", since: str = FAR_BACK, until: str = "", **filters: Any
) -> list[Row]:
    """Download from e-taxes, and read what came."""
    process = downloading(run, dir_, role=role, since=since, until=until, **filters)
    return pages(run, role=role, procId=process, dir=dir_)


def downloading(
    run: Run, dir_: int, *, role: str = "main", since: str = FAR_BACK, until: str = "", **filters: Any
) -> int:
    """A download that has ended well; its process."""
    asked = {
        "phone": run.party(role).phone,
        "dir": dir_,
        "date_from": since,
        "date_to": until or run.date(),
        **filters,
    }
    final = run.done("etx_import", role=role, **asked)
    process: int = final["id"]
    return process


def page(run: Run, number: int | None = None, *, role: str = "main", **what: Any) -> Row:
    """`data` of one page of what was downloaded."""
    sent = {"phone": run.party(role).phone, **what}
    if number is not None:
        sent["from"] = number
    data: Row = run.good("etx_read_invoices", role=role, **sent)
    return data


def pages(run: Run, *, role: str = "main", **what: Any) -> list[Row]:
    """All pages of what was downloaded, one after the other."""
    rows: list[Row] = []
    for number in range(1, MOST_PAGES + 1):
        found = page(run, number, role=role, **what)["invoices"]
        rows += found
        if len(found) < PAGE:
            return rows
    raise Unfit(f"there are more than {MOST_PAGES} pages")


def delete(run: Run, serials: Iterable[str], *, signed: bool, role: str = "main") -> Row:
    """Delete in portal and e-taxes; `data` of the last poll."""
    final: Row = run.done("etx_delete", serialNumbers=list(serials), is_signed=signed, role=role)
    return final


def serial(qaime: str) -> str:
    """A number as deletions want it: `"SERIE NUMBER"`; its series is the letters (R-08)."""
    letters = qaime.rstrip("0123456789")
    return f"{letters} {qaime.removeprefix(letters)}"


def by_qaime(rows: Iterable[Row]) -> Mapping[str, Row]:
    """Rows of a download by their number."""
    return {row["qaime"]: row for row in rows}


def signature(secret: str, plain: str) -> str:
    """Hex HMAC-SHA256 over the challenge (F-AUTH-04)."""
    return hmac.new(secret.encode("utf-8"), plain.encode("utf-8"), hashlib.sha256).hexdigest()
