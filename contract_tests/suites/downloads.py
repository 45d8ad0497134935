"""Downloads: filters, dates, folders, and what a downloaded invoice looks like."""

import json
import re
from typing import Any

from contract_tests import work
from contract_tests.check import Suite
from contract_tests.documents import load
from contract_tests.findings import Unfit
from contract_tests.run import Run
from contract_tests.work import Row

SUITE = Suite("filters", "downloads by direction, date, kind and status; what a downloaded invoice looks like")
check = SUITE.check

VOCABULARY = load("vocabulary.json")
STATUSES = tuple(row["name"] for row in VOCABULARY["statuses"])
KINDS = tuple(row["name"] for row in VOCABULARY["kinds"])
INVOICE = load("etx_invoice.json")["properties"]
LINE = load("etx_line.json")["properties"]
_MOMENT = re.compile(r"\d\d\.\d\d\.\d{4} \d\d:\d\d")


def numbers(rows: list[Row]) -> set[str]:
    return {row["qaime"] for row in rows}


def _kept(rows: list[Row], **wanted: Any) -> set[str]:
    """The numbers of rows whose fields have one of the values wanted."""
    return {row["qaime"] for row in rows if all(row[key] in values for key, values in wanted.items())}


@check("F-ETX-01", "F-ETX-02", "F-ETX-05", "F-ETX-06", "R-75", effect="world")
def filters_choose(run: Run) -> None:
    """Within a list any value will do, kind and status must both fit, and `inc_` overrides `exc_`."""
    everything = work.download(run, 0)
    some = sorted({row["status"] for row in everything})[:2]
    kinds = sorted({row["type"] for row in everything})[:2]
    others = set(STATUSES) - set(some)
    cases: list[tuple[dict[str, str], set[str]]] = [
        ({"inc_status": ",".join(some)}, _kept(everything, status=some)),
        ({"exc_status": ",".join(some)}, _kept(everything, status=others)),
        ({"inc_kinds": ",".join(kinds)}, _kept(everything, type=kinds)),
        ({"exc_kinds": ",".join(kinds)}, _kept(everything, type=set(KINDS) - set(kinds))),
        ({"inc_status": some[0], "inc_kinds": kinds[0]}, _kept(everything, status=some[:1], type=kinds[:1])),
        ({"inc_status": some[0], "exc_status": some[0]}, _kept(everything, status=some[:1])),
        ({"inc_kinds": kinds[0], "exc_kinds": ",".join(KINDS)}, _kept(everything, type=kinds[:1])),
        (
            {"inc_status": some[0], "exc_kinds": kinds[0]},
            _kept(everything, status=some[:1], type=set(KINDS) - {kinds[0]}),
        ),
    ]
    for filters, wanted in cases:
        found = numbers(work.download(run, 0, **filters))
        says = f"{filters}: {len(found)} came, {len(found - wanted)} do not fit, {len(wanted - found)} are missing"
        run.expect(found == wanted, says, ["F-ETX-02"])


@check("F-ETX-05", "F-ETX-06", "F-LIFE-01", "F-LIFE-02", "F-LIFE-03", "F-LIFE-04", "R-14", effect="world")
def words_of_status_and_kind(run: Run) -> None:
    """Every status and every kind is one of the documented words, and can be asked for."""
    for dir_ in (0, 1):
        for row in work.download(run, dir_):
            run.expect(row["status"] in STATUSES, f"{row['qaime']} has the status {row['status']!r}", ["F-ETX-05"])
            run.expect(row["type"] in KINDS, f"{row['qaime']} has the kind {row['type']!r}", ["F-ETX-06"])
    work.download(run, 0, inc_status=",".join(STATUSES), inc_kinds=",".join(KINDS))


@check("F-ETX-04", "R-64", effect="pins")
def a_download_asks_for_pin1(run: Run) -> None:
    """The process of a download asks for PIN1, whose code shows in `stats` while it waits at the latest."""
    dates = {"date_from": work.FAR_BACK, "date_to": run.date()}
    process = run.good("etx_import", phone=run.party().phone, **dates, dir=0)["id"]
    seen: list[Any] = []
    run.follow(process, each=lambda data: seen.append(data["stats"].get("pin1_code")))
    if not any(seen) and run.target.answers.get("R-64") == "while-waiting":
        raise Unfit("the code shows only while it is waited for, and nobody looked then (R-64)")
    run.expect(any(seen), "no pin1_code was ever shown while a download ran, or after", ["F-ETX-04"])


@check("F-RD-01", effect="reads")
def incoming_unless_told(run: Run) -> None:
    """A search by date without `dir` reads the incoming folder."""
    asked = {"phone": run.party().phone, "date_from": work.FAR_BACK, "date_to": run.date()}
    told = run.good("etx_read_invoices", **asked, dir=0)
    same = run.good("etx_read_invoices", **asked) == told
    run.expect(same, "without `dir` others came than with `dir: 0`", ["F-RD-01"])


@check("F-ETX-01", "R-59", effect="world")
def incoming_are_downloaded_unless_told(run: Run) -> None:
    """A download without `dir` brings the incoming ones, or is refused with 3."""
    asked = {"phone": run.party().phone, "date_from": work.FAR_BACK, "date_to": run.date()}
    exchange = run.demand(run.call("etx_import", **asked), 0, 3)
    if exchange.code == 3:
        return
    run.follow(exchange.data["id"])
    brought = numbers(work.pages(run, procId=exchange.data["id"], dir=0))
    same = brought == numbers(work.download(run, 0))
    run.expect(same, "without `dir` others are downloaded than with `dir: 0`", ["F-ETX-01", "R-59"])


@check("F-RD-01", effect="world")
def a_search_by_date_has_a_folder(run: Run) -> None:
    """A search by date finds what was downloaded from the folder that `dir` names, and nothing of the other."""
    for dir_ in (0, 1):
        brought = numbers(work.download(run, dir_))
        found = numbers(work.pages(run, date_from=work.FAR_BACK, date_to=run.date(), dir=dir_))
        says = f"by date, dir {dir_}: {len(found - brought)} of the other folder, {len(brought - found)} are missing"
        run.expect(found == brought, says, ["F-RD-01"])


@check("F-ETX-03", "F-ENV-06", "R-13", "R-36", effect="world")
def dates_are_inclusive(run: Run) -> None:
    """A range takes in its first day and the whole of its last, and with times the whole last minute."""
    everything = work.download(run, 0)
    middle = everything[len(everything) // 2]
    moment = middle["datetime"]
    day = moment[:10]
    for since, until in ((day, day), (moment, moment), (f"{day} 00:00", f"{day} 23:59")):
        found = work.by_qaime(work.download(run, 0, since=since, until=until))
        run.expect(middle["qaime"] in found, f"an invoice of {moment} is not in {since} to {until}")
        strange = [row["datetime"] for row in found.values() if row["datetime"][:10] != day]
        run.expect(not strange, f"an invoice of {strange[:1]} is in {since} to {until}")
    found = work.by_qaime(work.download(run, 0, until=day))
    run.expect(middle["qaime"] in found, f"an invoice of {moment} is not in {work.FAR_BACK} to {day}")


@check("F-ETX-01", "R-74", "F-ETX-04", needs=("main", "other"), effect="world")
def directions(run: Run) -> None:
    """What one company sent is in its sent folder (1), and in the buyer's incoming one (0)."""
    (number,) = work.uploaded(run, work.invoice(run))
    since = run.date()
    run.expect(number in numbers(work.download(run, 1, since=since)), "an upload is not among the sent ones")
    run.expect(number not in numbers(work.download(run, 0, since=since)), "an upload is among the incoming ones")
    run.expect(number in numbers(work.download(run, 0, role="other", since=since)), "the buyer does not get it")
    run.expect(number not in numbers(work.download(run, 1, role="other", since=since)), "the buyer has sent it")


@check("F-RD-04", "F-RD-05", "F-RD-06", "R-34", "R-73", effect="world")
def a_downloaded_invoice_has_its_fields(run: Run) -> None:
    """An invoice and its lines have every documented field; amounts are numbers without exponent, codes texts."""
    process = work.downloading(run, 1)
    rows = work.pages(run, procId=process, dir=1)
    exchange = run.exchanges[-1]
    run.expect(rows, "a download of everything brought nothing")
    for row in rows:
        _typed(run, row, INVOICE, row["qaime"])
        moment = row["datetime"]
        run.expect(_MOMENT.fullmatch(moment), f"datetime of {row['qaime']} is {moment!r}", ["F-RD-04", "F-ENV-06"])
        run.expect(row["qaime"] == f"{row['serial']}{row['number']}", f"{row['qaime']} is not serial and number")
        for place, line in enumerate(row["lines"], 1):
            _typed(run, line, LINE, f"line {place} of {row['qaime']}")
            run.expect(
                line["line"] == place, f"line {place} of {row['qaime']} is numbered {line['line']}", ["F-RD-05"]
            )
    odd: list[str] = []
    json.loads(exchange.answer, parse_float=lambda text: odd.append(text) if "e" in text.lower() else None)
    run.expect(not odd, f"an amount is written with an exponent: {odd[:1]}", ["F-RD-06", "R-34"])


def _typed(run: Run, row: Row, properties: dict[str, Any], where: str) -> None:
    lacking = sorted(set(properties) - set(row))
    run.expect(not lacking, f"{where} lacks {', '.join(lacking)}", ["F-RD-04", "F-RD-05"])
    types: dict[str, Any] = {"string": str, "integer": int, "number": (int, float), "array": list}
    for name, one in properties.items():
        value = row[name]
        kind = one.get("type", "string")
        good = isinstance(value, types[kind]) and not isinstance(value, bool)
        run.expect(good, f"{name} of {where} is {value!r}, and no {kind}", ["F-RD-06"])


@check("R-13b", "F-RD-01", effect="reads")
def a_range_that_is_none(run: Run) -> None:
    """A range that ends before it begins is refused with 3, or finds nothing."""
    sent = {"phone": run.party().phone, "date_from": "02.01.2025", "date_to": "01.01.2025"}
    exchange = run.demand(run.call("etx_read_invoices", **sent), 3, 0)
    run.expect(exchange.code == 3 or not exchange.data["invoices"], "a range that is none finds invoices")
    run.observe("R-13b", "3" if exchange.code == 3 else "empty")
