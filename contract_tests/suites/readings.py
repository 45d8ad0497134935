"""What the documents leave open, and can be seen from outside: which answer does this server give?

Nothing is found here where an answer is one of the ledger's; it is recorded. `calibrate` makes a file of them.
"""

from decimal import Decimal
from typing import Any

from contract_tests import work
from contract_tests.builders import Invoice
from contract_tests.check import Suite
from contract_tests.findings import OPEN, Unfit
from contract_tests.run import Run
from contract_tests.target import JSON, encoded

SUITE = Suite("readings", "which answer the server gives to each question that the documents leave open")
check = SUITE.check


@check("R-02b", "F-ENV-04", effect="reads")
def parameters_in_the_query_string(run: Run) -> None:
    """Parameters of a GET in the query string count, or do not."""
    if run.call("inv_read_invoices", ids=["x"]).method != "GET":
        raise Unfit("the reads take no GET")
    who = run.party()
    headers, body = {}, None
    if who.token:
        headers["x-vatpapikey"] = who.token
    else:
        headers["Content-Type"], body = JSON, encoded({"username": who.username, "password": who.password})
    exchange = run.target.raw("GET", "/inv/read_invoices?ids=vatportal-mock-nobody-has-this", body, headers)
    run.observe("R-02b", {0: "accepted", 3: "body-only"}.get(-1 if exchange.code is None else exchange.code, OPEN))


@check("R-12", "F-RD-01", "F-ETX-01", "F-PART-04", effect="reads")
def the_phone_of_an_enterprise(run: Run) -> None:
    """An enterprise names its phone when it reads from e-taxes, or need not."""
    exchange = run.call("etx_read_invoices", date_from="01.01.2025", date_to="02.01.2025")
    run.demand(exchange, 3, 0)
    run.observe("R-12", "required" if exchange.code == 3 else "optional")


@check("R-42", effect="reads")
def values_of_another_type(run: Run) -> None:
    """A number sent as text is refused, or taken for what it says."""
    dates = {"date_from": "01.01.2025", "date_to": "02.01.2025", "phone": run.party().phone}
    exchange = run.demand(run.call("etx_read_invoices", dir="1", **dates), 3, 0)
    run.observe("R-42", "refused" if exchange.code == 3 else "coerce")


@check("R-08b", "F-DEL-05", effect="writes")
def an_ill_formed_serial_number(run: Run) -> None:
    """An entry of `serialNumbers` that is no number is answered with 20 or 3."""
    exchange = run.refused(20, "etx_delete", 3, serialNumbers=["nonsense"])
    run.observe("R-08b", str(exchange.code))


def _judged(run: Run, reading: str, code: int, one: Invoice) -> bool:
    """Whether an invoice is taken; it may be refused with one code."""
    exchange = run.demand(run.call("import_upload_invoices", invoices=[one]), 14, 0)
    if exchange.code == 14:
        found = exchange.data["invoices"]
        run.expect(set(found[0]) == {code}, f"the codes are {found}, and only {code} can be meant", [reading])
    return exchange.code == 0


def _item(one: Invoice, **changes: Any) -> Invoice:
    one["items"][0].update(changes)
    return one


@check("R-09", "F-SMP-07", "F-ERR-05", effect="writes")
def the_form_of_an_item_id(run: Run) -> None:
    """An item id that is not ten digits is taken, or refused with 41."""
    if _judged(run, "R-09", 41, _item(work.invoice(run), id="PROD-001")):
        run.observe("R-09", "lenient")
        return
    capitals = _judged(run, "R-09", 41, _item(work.invoice(run), id="ABCDEFGH-1"))
    run.observe("R-09", "2025-12" if capitals else "strict", last=2)


@check("R-10", "F-SMP-07", "F-ERR-05", effect="writes")
def the_form_of_a_barcode(run: Run) -> None:
    """A barcode that is not digits alone is taken, or refused with 51."""
    taken = _judged(run, "R-10", 51, _item(work.invoice(run), barcode="PROD-001000"))
    run.observe("R-10", "lenient" if taken else "strict")


@check("R-11", "F-IMP-10", "F-SMP-08", effect="writes")
def how_exactly_sums_must_add_up(run: Run) -> None:
    """Sums are held to a cent an item, to the cent exactly, or not at all."""
    if _sums(run, Decimal(5)):
        run.observe("R-11", "off")
        return
    run.observe("R-11", "tolerant" if _sums(run, Decimal("0.01")) else "exact", last=2)


def _sums(run: Run, off: Decimal) -> bool:
    """Whether a total that is off by this much is taken."""
    one = work.invoice(run, taxation="simplified")
    one["sum_total"] += off
    exchange = run.demand(run.call("import_upload_invoices", invoices=[one]), 14, 0)
    return exchange.code == 0


@check("R-14c", "F-IMP-16", effect="writes")
def a_kind_as_type(run: Run) -> None:
    """`advanceInvoice` as the type of an import is refused with 61, or taken for `avans`."""
    taken = _judged(run, "R-14c", 61, {**work.invoice(run), "type": "advanceInvoice"})
    run.observe("R-14c", "synonym" if taken else "61")


@check("R-14b", "F-ETX-01", effect="pins")
def an_unknown_word_in_a_filter(run: Run) -> None:
    """A status that does not exist matches nothing, or is refused with 3."""
    dates = {"date_from": "01.01.2025", "date_to": "31.01.2025", "phone": run.party().phone}
    exchange = run.demand(run.call("etx_import", inc_status="noSuchStatus", **dates), 3, 0)
    if exchange.code == 0:
        run.follow(exchange.data["id"])
        rows = work.pages(run, procId=exchange.data["id"])
        run.expect(not rows, "a status that does not exist matches invoices")
    run.observe("R-14b", "3" if exchange.code == 3 else "nothing")


@check("R-16b", "R-29", "F-RD-01", effect="pins")
def reading_by_process(run: Run) -> None:
    """With a process, `from` counts or does not, and `dir` is 0 when left out or filters only when given."""
    process = work.downloading(run, 1)
    given = work.page(run, procId=process, dir=1)["invoices"]
    if not given:
        raise Unfit("there are no sent invoices")
    left_out = work.page(run, procId=process)["invoices"]
    run.observe("R-29", "when-given" if left_out else "default-0", last=2)
    second = work.page(run, 2, procId=process, dir=1)["invoices"]
    if len(given) < work.PAGE:
        run.observe("R-16b", "ignored" if second else "honoured")


@check("R-61", effect="world")
def unregistered_companies(run: Run) -> None:
    """E-taxes knows every VOEN, or objects to one that is not registered."""
    started = run.good("import_upload_invoices", invoices=[work.invoice(run, buyer="5999999993")], upload=True)
    final = run.follow(started["id"])
    run.observe("R-61", "all" if final["status"] == 2 else "registered")


@check("R-68", "F-DEL-06", effect="world", control=True)
def the_pin_of_a_deletion(run: Run) -> None:
    """A deletion in e-taxes asks for PIN1, or for none."""
    slow = run.elsewhere("realistic")
    (number,) = work.uploaded(slow, work.invoice(slow))
    exchange = slow.call("etx_delete", serialNumbers=[work.serial(number)], is_signed=True)
    if exchange.code != 0:
        exchange = slow.demand(slow.call("etx_delete", serialNumbers=["MT 2412250001"], is_signed=True), 0, 20)
    if exchange.code != 0:
        raise Unfit("nothing of ours can be deleted under this grammar of numbers (R-08)")
    asked: list[bool] = []
    slow.follow(exchange.data["id"], each=lambda data: asked.append(bool(data["stats"].get("pin1_code"))))
    run.observe("R-68", "pin1" if any(asked) else "no-pin")
