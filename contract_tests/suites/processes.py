"""Imports and uploads, followed from their start to their end."""

import re
from typing import Any

from contract_tests import builders, work
from contract_tests.check import Suite
from contract_tests.findings import Unfit
from contract_tests.roundtrip import demand_names, demand_same
from contract_tests.run import Run

SUITE = Suite("processes", "what starts in the background, how it goes on, and how it ends")
check = SUITE.check

_CODE = re.compile(r"[0-9]{4}")
_RANK = {0: 0, 1: 1, 2: 2, 3: 2}


def watched(run: Run, process: int) -> list[dict[str, Any]]:
    """Every answer about a process from its start to its end, in steps of seconds."""
    seen: list[dict[str, Any]] = []
    run.follow(process, each=seen.append)
    return seen


@check("F-IMP-01", "F-IMP-02", "F-IMP-12", "F-PROC-01", "F-PROC-02", "F-PROC-04", "R-63", effect="writes")
def an_import_stays_in_the_portal(run: Run) -> None:
    """An import answers with a process id; it ends in 2, packs nothing, logs in nowhere, and asks for no PIN."""
    first, second = work.invoice(run), work.invoice(run, items=3)
    started = run.good("import_upload_invoices", invoices=[first, second])
    run.expect(isinstance(started.get("id"), int), f"data.id is {started.get('id')!r}, no number", ["F-IMP-02"])
    final = run.follow(started["id"])
    stats = final.get("stats", {})
    _typed(run, stats)
    run.expect(final["status"] == 2, f"the import ended with status {final['status']}")
    run.expect(stats.get("imported", 2) == 2, f"stats.imported is {stats.get('imported')!r} of 2 invoices")
    run.expect(not stats.get("packet_created"), "an import without upload has made packets", ["F-IMP-12"])
    run.expect(not stats.get("login_done"), "an import without upload has logged in", ["F-IMP-12"])
    run.expect(not ({"pin1_code", "pin2_code"} & set(stats)), "an import asked for a PIN", ["F-IMP-12"])
    rows = work.known(run, [first["id"], second["id"]])
    run.expect(not any(rows.values()), "an import without upload has got a number", ["F-IMP-12"])


@check("F-PROC-02", "F-PROC-03", "R-06", effect="writes")
def a_finished_process_says_so(run: Run) -> None:
    """A process that has ended well has status 2 and its text."""
    final = work.imported(run, work.invoice(run))
    texts = {
        "Process Finalized Successfully": "finalized",
        "Process completed successfully": "quickstart",
        "Proses Uğurla Tamamlandı": "az",
    }
    said = final.get("status_desc")
    run.expect(isinstance(said, str) and said, f"status_desc is {said!r}, and no text")
    run.observe("R-06", texts.get(str(said), "?"), note=str(said))


@check(
    *("F-IMP-11", "F-IMP-14", "F-IMP-15", "F-PROC-02", "F-PROC-04", "F-PROC-06", "R-07", "R-63", "R-64", "R-65"),
    effect="pins",
)
def an_upload_goes_through_its_stages(run: Run) -> None:
    """An upload packs, logs in with PIN1 and signs with PIN2, and never goes back; then the number is there."""
    there = run.elsewhere("realistic") if run.target.simulator and run.target.simulator.steered else run
    invoices = [work.invoice(there), work.invoice(there)]
    started = there.good("import_upload_invoices", invoices=invoices, upload=True)["id"]
    seen = watched(there, started)
    seen += [there.status(started), there.status(started)]  # it stays what it is
    for one in seen:
        _typed(there, one["stats"])
    _forward(there, seen)
    if seen[0]["status"] in (0, 1):
        there.observe("R-07", "queued-first" if seen[0]["status"] == 0 else "1")
    final = seen[-1]
    stats = final["stats"]
    there.expect(final["status"] == 2, f"the upload ended with status {final['status']}")
    there.expect(stats.get("login_done", True), "login_done is false at the end of an upload")
    there.expect(stats.get("packet_created", 1) >= 1, "an upload has made no packet")
    there.expect(stats.get("invoice_signed", True), "invoice_signed is false at the end of an upload", ["R-65"])
    codes = [name for one in seen for name in ("pin1_code", "pin2_code") if one["stats"].get(name)]
    for name, code in {(name, one["stats"][name]) for one in seen for name in codes if name in one["stats"]}:
        there.expect(
            isinstance(code, str) and _CODE.fullmatch(code), f"{name} is {code!r}, no text of 4 digits", ["R-64"]
        )
    if len(seen) > 5:
        there.expect({"pin1_code", "pin2_code"} <= set(codes), "PIN1 and PIN2 were not both shown")
        there.expect(codes[0] == "pin1_code", "PIN2 was shown before PIN1")
        kept = bool(stats.get("pin1_code"))
        there.observe("R-64", "kept" if kept else "while-waiting")
    numbers = work.numbers(there, [one["id"] for one in invoices])
    month = there.now.strftime("%y%m")
    for number in numbers:
        letters = number.rstrip("0123456789")
        rest = number.removeprefix(letters)
        there.expect(
            len(letters) == 2 and len(rest) == 11 and rest.startswith(month),
            f"{number} is no number like AA{month}0000123",
            ["F-IMP-14", "R-33"],
        )
    there.expect(len(set(numbers)) == 2, "two invoices have one number", ["F-IMP-14"])


def _forward(run: Run, seen: list[dict[str, Any]]) -> None:
    order = [_RANK.get(one["status"], 1) for one in seen]
    run.expect(order == sorted(order), f"the status went back: {[one['status'] for one in seen]}", ["F-PROC-02"])
    for flag in ("login_done", "packet_created", "imported", "invoice_signed"):
        values = [int(one["stats"].get(flag) or 0) for one in seen]
        run.expect(values == sorted(values), f"stats.{flag} went back: {values}", ["F-PROC-04"])


def _typed(run: Run, stats: dict[str, Any]) -> None:
    """`login_done` is true or false, counts are whole numbers, where they are there."""
    done = stats.get("login_done", False)
    run.expect(isinstance(done, bool), f"stats.login_done is {done!r}, and neither true nor false", ["F-PROC-04"])
    for name in ("imported", "packet_created"):
        count = stats.get(name, 0)
        whole = isinstance(count, int) and not isinstance(count, bool)
        run.expect(whole, f"stats.{name} is {count!r}, and no whole number", ["F-PROC-04"])


def _listed(run: Run, stats: dict[str, Any]) -> None:
    """`etx_exception` is an array of texts, where it is there."""
    found = stats.get("etx_exception", [])
    good = isinstance(found, list) and all(isinstance(one, str) for one in found)
    run.expect(good, f"etx_exception is {found!r}, and no array of texts", ["F-PROC-04", "F-PROC-05"])


@check("F-PROC-06", "F-PROC-02", effect="world", control=True)
def a_process_takes_its_time_and_ends(run: Run) -> None:
    """At the realistic pace an import takes 30 to 60 seconds, an upload 3 to 5 minutes; each ends."""
    there = run.elsewhere("realistic")
    for upload, least, most in ((False, 30, 60), (True, 180, 300)):
        process = there.good("import_upload_invoices", invoices=[work.invoice(there)], upload=upload)["id"]
        polls = len(watched(there, process)) - 1
        run.expect(least - 10 <= polls * 10 <= most + 10, f"it took about {polls * 10} s, and not {least} to {most}")


@check("F-PROC-02", "F-PROC-07", "R-38", "F-PROC-01", effect="pins")
def a_number_is_there_when_the_process_ends(run: Run) -> None:
    """When status is 2 the number is there, in the portal and in `read_proc_data`, and the status stays 2."""
    one = work.invoice(run)
    process = run.good("import_upload_invoices", invoices=[one], upload=True)["id"]
    run.follow(process)
    (number,) = work.numbers(run, [one["id"]])
    data = run.good("read_proc_data", procId=process)
    rows = {row["id"]: row["qaime"] for row in data["invoices"]}
    run.expect(rows.get(one["id"]) == number, f"read_proc_data has {rows}, and the number is {number}")
    filed = data.get("etax_invoices")
    run.expect(isinstance(filed, list), "read_proc_data has no list etax_invoices", ["F-PROC-07"])
    says = (
        f"{number} was uploaded, and etax_invoices of its process has {len(filed)} invoices, not that one among them"
    )
    run.expect(any(_is_about(each, number) for each in filed), says, ["F-PROC-07", "R-38"])
    run.expect(run.status(process)["status"] == 2, "the status changed after the end")


def _is_about(filed: Any, number: str) -> bool:
    """Whether an entry of `etax_invoices`, whose form no document shows, has a number, whole or in its two parts."""
    values = list(filed.values()) if isinstance(filed, dict) else [filed]
    whole = f"{filed.get('serial')}{filed.get('number')}" if isinstance(filed, dict) else ""
    return number in (*values, whole)


@check("F-PROC-05", "R-66", effect="world", control=True)
def need_retry_is_no_failure(run: Run) -> None:
    """While e-taxes is busy, `NEED RETRY` stands in `etx_exception`, the status is not final, and it ends well."""
    if run.answer("R-61") == "registered":
        raise Unfit("the buyer that keeps e-taxes busy is registered nowhere (R-61)")
    there = run.elsewhere("realistic")
    one = work.invoice(there, buyer="9000000002")
    process = there.good("import_upload_invoices", invoices=[one], upload=True)["id"]
    seen = watched(there, process)
    for each in seen:
        _listed(run, each["stats"])
    busy = [each for each in seen if "NEED RETRY" in each["stats"].get("etx_exception", [])]
    if not busy:
        raise Unfit("e-taxes was never busy")
    run.expect(all(each["status"] in (0, 1) for each in busy), "NEED RETRY was taken for an end")
    run.expect(seen[-1]["status"] == 2, "the process did not end well")


@check("F-PROC-03", "F-PROC-04", "R-66", "R-62", "F-ERR-02", effect="world")
def a_failed_process_says_why(run: Run) -> None:
    """A process that ends in 3 has its text, and a reason in `etx_exception`; none of its invoices is signed."""
    work.demand_shown(run)
    bad, good = work.invoice(run, buyer="9000000001"), work.invoice(run)
    final = run.done("import_upload_invoices", ends=3, invoices=[bad, good], upload=True)
    run.expect(final["stats"].get("etx_exception"), "etx_exception is empty at status 3")
    _listed(run, final["stats"])
    good_end = run.done("import_upload_invoices", invoices=[work.invoice(run)])
    alike = final.get("status_desc") == good_end.get("status_desc")
    run.expect(not alike, f"success and failure both read {final.get('status_desc')!r}", ["F-PROC-03"])
    rows = work.known(run, [bad["id"], good["id"]])
    run.expect(
        set(rows) == {bad["id"], good["id"]}, "the invoices of a failed upload are not in the portal", ["R-62"]
    )
    run.expect(not any(rows.values()), "an invoice of a failed upload has a number", ["R-62"])


@check("F-PROC-01", "R-15", effect="reads")
def an_unknown_process(run: Run) -> None:
    """A process that does not exist is answered with 3 or 20, by both calls alike."""
    codes = {run.refused(3, name, 20, procId=987654321).code for name in ("read_proc_status", "read_proc_data")}
    run.observe("R-15", str(codes.pop()) if len(codes) == 1 else "?")


@check("F-IMP-06", "R-55", effect="writes")
def an_id_that_the_portal_has(run: Run) -> None:
    """An id that was imported before is refused with 17, or its content is replaced (R-55)."""
    one = work.invoice(run)
    work.imported(run, one)
    exchange = run.demand(run.call("import_upload_invoices", invoices=[one]), 17, 0)
    run.observe("R-55", "17" if exchange.code == 17 else "replace")


@check("F-IMP-06", effect="pins")
def an_id_that_was_submitted(run: Run) -> None:
    """An id that was uploaded before is refused with 17."""
    one = work.invoice(run)
    work.uploaded(run, one)
    run.refused(17, "import_upload_invoices", invoices=[one], upload=True)


@check("F-IMP-03", "F-IMP-04", "F-IMP-05", "F-IMP-09", "F-IMP-10", "F-SMP-08", "R-60", effect="writes")
def every_taxation_is_taken(run: Run) -> None:
    """Valid invoices of each taxation are imported: VAT, excise, road tax, exempt, simplified and the rest."""
    for taxation in ("vat", "simplified", "excise", "road-tax", "exempt", "zero-rated", "not-taxable", "mixed"):
        one = work.invoice(run, taxation=taxation, items=2)
        run.good("import_upload_invoices", invoices=[one])
    extras = {**work.invoice(run), "with_agent": True, "transp_reg_number": "10-AA-001", "type": "default"}
    run.good("import_upload_invoices", invoices=[extras], use_old_sys=True)


@check("F-IMP-07", "F-SMP-02", "R-58", effect="world")
def an_invoice_on_an_avans_invoice(run: Run) -> None:
    """An invoice on an avans invoice may leave out all but its id; where there is none, it is refused with 62."""
    erp_id = run.fresh_id()
    run.good("import_upload_invoices", invoices=[{"id": erp_id, "main_qaime": "AA24070000000"}])
    exchange = run.refused(
        14, "import_upload_invoices", invoices=[{"id": run.fresh_id(), "main_qaime": "AA99990000000"}]
    )
    run.expect(
        exchange.data["invoices"] == [[62]], f"the codes are {exchange.data['invoices']}, and not 62", ["F-ERR-05"]
    )


@check("F-IMP-08", "R-20", "R-67", "F-SMP-05", effect="world")
def goods_transfers_name_warehouses(run: Run) -> None:
    """A goods transfer names known warehouses by code or by name; unknown ones are refused with 63 and 64."""
    one = work.invoice(run, type="goodsTransfer")
    work.uploaded(run, one)
    named = {**work.invoice(run, type="goodsTransfer"), "wh_field": 2}
    named |= {"from_wh": "Bakı anbarı", "to_wh": "Gəncə anbarı"}
    run.good("import_upload_invoices", invoices=[named])
    wrong = {**work.invoice(run, type="goodsTransfer"), "from_wh": "NOWHERE", "to_wh": "NOWHERE"}
    exchange = run.refused(14, "import_upload_invoices", invoices=[wrong])
    run.expect(sorted(set(exchange.data["invoices"][0])) == [63, 64], f"the codes are {exchange.data['invoices']}")


@check("F-INV-01", "F-INV-02", "R-23", "R-23b", "R-70", effect="writes")
def reading_what_was_imported(run: Run) -> None:
    """`read_invoices` answers for ids and for dates, with `invoices` and `total`; unknown ids are left out."""
    one, today = work.invoice(run), run.date()
    work.imported(run, one)
    stranger = "vatportal-mock-nobody-has-this"
    data = run.good("inv_read_invoices", ids=[one["id"], stranger])
    rows = {row["id"]: row.get("qaime", "absent") for row in data["invoices"]}
    run.expect(stranger not in rows, "an unknown id is answered as if it were there", ["F-INV-01", "R-23b"])
    work.demand_asked(run, [one["id"]], rows)
    run.expect(data["total"] == len(rows), f"total is {data['total']} of {len(rows)}", ["F-INV-01"])
    run.observe("R-23", {"": "empty", None: "null"}.get(rows[one["id"]], "?") if one["id"] in rows else "omitted")
    for ids, says in (([], "no ids"), ([one["id"]], "its id")):
        dated = run.good("inv_read_invoices", ids=ids, date_from=run.date(3), date_to=run.date(2))
        early = one["id"] in {row["id"] for row in dated["invoices"]}
        reading = ["F-INV-02", "R-70"]
        run.expect(not early, f"a range that ended two days ago, with {says}, has an import of today", reading)
        dated = run.good("inv_read_invoices", ids=ids, date_from=today, date_to=run.date())
        there = one["id"] in {row["id"] for row in dated["invoices"]}
        run.expect(there or one["id"] not in rows, f"a range of today, with {says}, lacks today's import", reading)


@check("F-ENV-02", "F-RD-04", "F-RD-05", "F-RD-06", "R-34", "R-73", "F-IMP-03", effect="world")
def letters_and_amounts_survive(run: Run) -> None:
    """Every text, amount, price and quantity comes back from e-taxes as it was sent, and companies by their names."""
    texts = {"main_info": "Şəhər ığırı, «İLĞIM» Ə–ö–ü–ç", "add_info": "İı Şş Ğğ Əə"}
    sent = builders.finely({**work.invoice(run, taxation="everything"), **texts})
    mine = work.invoice(run, buyer=sent["seller"])  # whose names show which side is which
    number, other = work.uploaded(run, sent, mine)
    rows = work.by_qaime(work.download(run, 1, since=run.date()))
    for one in (number, other):
        run.expect(one in rows, f"{one} was uploaded, and a download of sent invoices lacks it", ["F-ETX-04"])
    demand_same(run, sent, rows[number])
    demand_names(run, [rows[number], rows[other]])


@check("F-IMP-16", "R-14", "F-ETX-06", effect="world")
def kinds_of_uploads(run: Run) -> None:
    """An upload of type `default`, `avans`, `goodsTransfer` is downloaded as its kind."""
    kinds = {"default": "defaultInvoice", "avans": "advanceInvoice", "goodsTransfer": "goodsTransfer"}
    invoices = {kind: work.invoice(run, type=name) for name, kind in kinds.items()}
    numbers = dict(zip(work.uploaded(run, *invoices.values()), invoices, strict=True))
    rows = work.by_qaime(work.download(run, 1, since=run.date()))
    for number, kind in numbers.items():
        found = rows.get(number, {}).get("type")
        run.expect(found == kind, f"{number} is downloaded as {found}, and not as {kind}")
