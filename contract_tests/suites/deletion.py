"""Deleting: in the portal alone, and in portal and e-taxes together."""

from contract_tests import work
from contract_tests.check import Suite
from contract_tests.run import Run

SUITE = Suite("deletion", "deleting in the portal, and in portal and e-taxes: all or nothing, the right folder")
check = SUITE.check

DRAFTS = ("AA2401 10000001", "AA2401 10000002", "AA2401 10000003")
NOWHERE = "XX9999 99999999"


def there(run: Run, qaime: str) -> bool:
    """Whether e-taxes still has a signed invoice that waits: a download of sent ones shows it."""
    rows = work.by_qaime(work.download(run, 1))
    return qaime in rows and not str(rows[qaime]["status"]).startswith("deleted")


@check("F-INV-03", "R-21b", "R-56", effect="writes")
def the_portal_deletes_what_was_not_submitted(run: Run) -> None:
    """`/inv/delete` deletes imported invoices at once, in bulk, without a process; their ids are free again."""
    one, two = work.invoice(run), work.invoice(run)
    work.imported(run, one, two)
    data = run.good("inv_delete", ids=[one["id"], two["id"]])
    run.expect(data.get("deleted", 2) == 2, f"deleted is {data.get('deleted')!r} of 2", ["R-21b"])
    run.expect("id" not in data, "the deletion in the portal starts a process")
    run.expect(not work.known(run, [one["id"], two["id"]]), "deleted invoices are still in the portal")
    work.imported(run, one)


@check("F-INV-03", "R-21c", effect="pins")
def the_portal_keeps_what_was_submitted(run: Run) -> None:
    """`/inv/delete` refuses a submitted invoice, and leaves it where it is."""
    one = work.invoice(run)
    work.uploaded(run, one)
    exchange = run.demand(run.call("inv_delete", ids=[one["id"]]), 20, 0)
    run.expect(exchange.code == 20 or exchange.data.get("deleted") == 0, "a submitted invoice was deleted")
    run.expect(one["id"] in work.known(run, [one["id"]]), "a submitted invoice is gone from the portal")


@check("R-21", "F-INV-03", effect="writes")
def one_that_cannot_be_deleted_in_the_portal(run: Run) -> None:
    """An unknown id among others: nothing is deleted, with 20, or the others are."""
    one = work.invoice(run)
    work.imported(run, one)
    exchange = run.demand(run.call("inv_delete", ids=[one["id"], "vatportal-mock-nobody-has-this"]), 20, 0)
    run.observe("R-21", "skip" if exchange.code == 0 else "20")
    work.demand_shown(run)
    gone = one["id"] not in work.known(run, [one["id"]])
    run.expect(gone is (exchange.code == 0), "the answer and what was done do not fit")


@check("F-DEL-01", "F-DEL-02", "F-DEL-04", "F-DEL-06", "F-DEL-07", "F-SMP-01", "R-78", effect="world")
def drafts_are_deleted(run: Run) -> None:
    """Drafts are deleted without `is_signed`; the process ends with how many, and then they are not found."""
    if not _digits(run):
        return
    final = run.done("etx_delete", serialNumbers=list(DRAFTS[:2]))
    deleted = final["stats"].get("deleted")
    run.expect(deleted == 2, f"stats.deleted is {deleted!r} of 2", ["F-DEL-06"])
    run.refused(20, "etx_delete", serialNumbers=[DRAFTS[0]])


def _digits(run: Run) -> bool:
    """Whether the series of the documents' drafts, letters and digits, are well-formed (R-08)."""
    return run.target.answers.get("R-08", "examples") == "examples"


@check("F-DEL-02", "F-DEL-04", "F-DEL-06", "F-DEL-07", "F-LIFE-04", "R-78", "R-08", "R-76", effect="pins")
def signed_ones_that_wait_are_deleted(run: Run) -> None:
    """A signed invoice that waits for the counterparty is deleted with `is_signed`, in e-taxes and in the portal."""
    one = work.invoice(run)
    (number,) = work.uploaded(run, one)
    started = run.demand(run.call("etx_delete", serialNumbers=[work.serial(number)], is_signed=True), 0, 20, 3)
    if started.code != 0:
        run.observe("R-08", "prose")
        return
    run.observe("R-08", "examples")
    final = run.follow(started.data["id"])
    run.expect(final["status"] == 2, f"the deletion ended with status {final['status']}")
    run.expect(
        final["stats"].get("deleted") == 1, f"stats.deleted is {final['stats'].get('deleted')!r}", ["F-DEL-06"]
    )
    run.expect(not work.known(run, [one["id"]]), "a deleted invoice is still in the portal", ["F-DEL-07"])
    run.expect(not there(run, number), "a deleted invoice is still in e-taxes", ["F-DEL-07"])


@check("F-DEL-03", "F-DEL-05", effect="world")
def all_or_nothing(run: Run) -> None:
    """One that is not there, and none is deleted: 20 at once, or the process ends in 3."""
    if not _digits(run):
        return
    _refused(run, [*DRAFTS[:2], NOWHERE], signed=False, ids=("F-DEL-03", "F-DEL-05"))
    exchange = run.call("etx_delete", serialNumbers=list(DRAFTS[:2]), is_signed=False)
    run.expect(exchange.code == 0, f"of a refused deletion some are gone ({exchange.said})", ["F-DEL-03"])


@check("F-DEL-02", "F-DEL-05", effect="world")
def the_wrong_folder(run: Run) -> None:
    """A draft sought among the signed ones, or a signed one among drafts, is refused, and stays."""
    if _digits(run):
        _refused(run, [DRAFTS[0]], signed=True, ids=("F-DEL-02", "F-DEL-05"))
    (number,) = work.uploaded(run, work.invoice(run))
    _refused(run, [work.serial(number)], signed=False, ids=("F-DEL-02", "F-DEL-05"))
    run.expect(there(run, number), "an invoice in the other folder was deleted", ["F-DEL-02"])


@check("F-DEL-04", "F-DEL-05", "F-LIFE-01", "R-77", "R-79", effect="world", control=True)
def approved_ones_are_not_deleted(run: Run) -> None:
    """An invoice that the counterparty has approved, or that was cancelled, is refused, and stays."""
    for path in (("approved",), ("approvedBySystem",), ("approved", "cancelRequested", "canceled")):
        (number,) = work.uploaded(run, work.invoice(run))
        for status in path:
            run.steer("PATCH", f"invoices/{number}", {"status": status})
        _refused(run, [work.serial(number)], signed=True, ids=("F-DEL-04", "F-DEL-05"))
        run.expect(there(run, number), f"an invoice that is {path[-1]} was deleted", ["F-DEL-04"])


@check("F-DEL-09", "R-22", effect="world", control=True)
def what_changes_meanwhile_fails_later(run: Run) -> None:
    """A deletion that was taken ends in 3 when the counterparty approves meanwhile, and nothing is deleted."""
    slow = run.elsewhere("realistic")
    one = work.invoice(slow)
    (number,) = work.uploaded(slow, one)
    if slow.target.answers.get("R-08") == "prose":
        return
    process = slow.good("etx_delete", serialNumbers=[work.serial(number)], is_signed=True)["id"]
    slow.steer("PATCH", f"invoices/{number}", {"status": "approved"})
    final = slow.follow(process)
    slow.expect(final["status"] == 3, f"the deletion ended with status {final['status']}, though it was approved")
    slow.expect(one["id"] in work.known(slow, [one["id"]]), "an approved invoice was deleted", ["F-DEL-04"])


def _refused(run: Run, serials: list[str], *, signed: bool, ids: tuple[str, ...]) -> None:
    """At once with 20, or later by a process that ends in 3 (R-22)."""
    exchange = run.call("etx_delete", serialNumbers=serials, is_signed=signed)
    if exchange.code == 0:
        final = run.follow(exchange.data["id"])
        run.expect(final["status"] == 3, f"{', '.join(serials)} were deleted, with is_signed {signed}", ids)
        return
    run.expect(
        exchange.code in (20, 3 if run.target.answers.get("R-08") == "prose" else 20),
        f"etx_delete answered {exchange.said}",
        ids,
    )
