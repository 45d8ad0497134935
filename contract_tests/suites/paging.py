"""Reading page by page: pages of 5000, without gaps and doubles."""

from typing import Any

from contract_tests import work
from contract_tests.check import Suite
from contract_tests.run import Run

SUITE = Suite("paging", "pages of 5000 records, without gaps and doubles; total; the first page and beyond the last")
check = SUITE.check


@check("F-RD-01", "F-RD-02", "F-RD-03", "R-16", "R-16b", "R-72", "F-ETX-03", effect="world", control=True)
def pages_are_of_5000(run: Run) -> None:
    """More records than a page holds come in pages of 5000, none left out and none twice, by date and by process."""
    extra = 7
    run.steer(
        "POST", "invoices", {"count": work.PAGE + extra, "dir": 0, "date_from": "01.02.2024", "date_to": "28.02.2024"}
    )
    dates = {"date_from": "01.02.2024", "date_to": "28.02.2024"}
    process = work.downloading(run, 0, since=dates["date_from"], until=dates["date_to"])
    ways: tuple[dict[str, Any], ...] = (dates, {"procId": process})
    for what in ways:
        first = work.page(run, 1, dir=0, **what)
        if "procId" in what:
            again = work.page(run, 2, dir=0, **what)
            ignored = len(again["invoices"]) == len(first["invoices"])
            run.observe("R-16b", "ignored" if ignored else "honoured", last=2)
            if ignored:
                continue
        found = [row["qaime"] for row in first["invoices"]]
        run.expect(
            len(found) == work.PAGE, f"the first page has {len(found)} records, and not {work.PAGE}", ["F-RD-02"]
        )
        second = work.page(run, 2, dir=0, **what)
        found += [row["qaime"] for row in second["invoices"]]
        run.expect(len(set(found)) == len(found), "two pages have a record in common", ["F-RD-02", "R-72"])
        run.expect(len(found) == work.PAGE + extra, f"{len(found)} of {work.PAGE + extra} came", ["F-RD-02"])
        totals = (first["total"], second["total"])
        known = {(work.PAGE + extra,) * 2: "all", (work.PAGE, extra): "page"}
        run.expect(totals in known, f"total is {totals[0]}, then {totals[1]}", ["F-RD-03", "R-16"])
        run.observe("R-16", known[totals], last=2)


@check("F-RD-01", "F-RD-02", "F-RD-03", "R-16c", "R-16d", "R-71", effect="reads")
def the_first_page_and_beyond_the_last(run: Run) -> None:
    """`from` is 1 unless given; beyond the last page there is nothing; below 1 there is no page."""
    dates: dict[str, Any] = {"date_from": "01.01.2025", "date_to": "31.08.2025", "dir": 1}
    plain, first = work.page(run, **dates), work.page(run, 1, **dates)
    same = [row["qaime"] for row in plain["invoices"]] == [row["qaime"] for row in first["invoices"]]
    run.expect(same, "a read without `from` is not the first page", ["F-RD-02"])
    run.expect(len(plain["invoices"]) <= work.PAGE, "a page is longer than 5000", ["F-RD-02"])
    run.expect(isinstance(plain["total"], int), f"total is {plain['total']!r}", ["F-RD-03"])
    beyond = work.page(run, 1 + plain["total"] // work.PAGE + 1, **dates)
    run.expect(beyond["invoices"] == [], "there are records beyond the last page", ["R-16c"])
    run.refused(3, "etx_read_invoices", phone=run.party().phone, from_=0, **dates)
    run.refused(3, "etx_read_invoices", phone=run.party().phone)


@check("F-RD-02", "R-16", effect="reads")
def the_total_of_an_empty_page(run: Run) -> None:
    """Beyond the last page `total` tells what it counts: all that match, or those of the page."""
    dates: dict[str, Any] = {"date_from": work.FAR_BACK, "date_to": run.date(), "dir": 1}
    first = work.page(run, **dates)
    if len(first["invoices"]) < work.PAGE and first["invoices"]:
        beyond = work.page(run, 2, **dates)
        run.observe("R-16", {first["total"]: "all", 0: "page"}.get(beyond["total"], "?"), last=2)
