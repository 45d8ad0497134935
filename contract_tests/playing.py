"""Plays the documents' own samples, and the examples of each error, as `fixtures/` has them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.accounts import KEYS, Party
from contract_tests.builders import BUYER, SELLER
from contract_tests.documents import ledger, load, operations
from contract_tests.exchange import Exchange
from contract_tests.findings import Unfit
from contract_tests.run import Run
from contract_tests.target import JSON, encoded

Example = dict[str, Any]
_ROLES = {"demo": "main", "buyer": "other"}
_TODAY = re.compile(r"\{today(?:-([0-9]+))?\}")
_SHOWN = {"<any>": object, "<process>": int, "<text>": str}
_OPEN_KEYS = ("status_desc", "pin1_code", "pin2_code")
"""Of a status: its words (R-06), and codes that need not stay (R-64)."""

_FREE = ("R-01", "R-03", "R-04", "R-06", "R-45")
"""Readings that change the face of an answer and not its outcome; what they leave open is not compared."""


def ids(example: Example) -> tuple[str, ...]:
    """The facts and readings that an example stands for."""
    return (*example["facts"], *example.get("readings", {}), *example.get("rests_on", []))


def demand_readings(run: Run, example: Example) -> None:
    """The outcome may hang on answers that this server does not give.

    Raises:
        Unfit: it does.
    """
    edition = load("readings.json")["editions"][example["edition"]]["readings"]
    wanted = dict(example.get("readings", {}))
    for name in (*example.get("rests_on", []), *edition):
        row = ledger()[name]
        if row["kind"] == "selectable" and name not in _FREE:
            wanted.setdefault(name, edition.get(name, row["default"]))
    for name, answer in [pair for step in example["steps"] for pair in _implied(step)]:
        wanted.setdefault(name, answer)
    for name, answer in wanted.items():
        if name in _FREE:
            continue
        if run.answer(name) != answer:
            raise Unfit(f"it holds where {name} is {answer}, and the server follows {run.answer(name)}")
    for step in example["steps"]:
        _demand_method(run, step)
    if any(step.get("as") == "partner" for step in example["steps"]):
        demand_partners(run)


def demand_partners(run: Run) -> None:
    """Partner accounts are of the edition of December 2025; where that is not told, a call without a phone tells.

    Raises:
        Unfit: this server knows no partners.
    """
    edition = run.target.simulator.edition if run.target.simulator else ""
    if edition:
        known = edition == "2025-12"
    else:
        who = run.party("partner")
        body = {"procId": 1}
        known = run.target.call("read_proc_status", body, party=who).code == 15
    if not known:
        raise Unfit("partner accounts are of the documents of December 2025, and the server follows those before")


_BY_PROSE = re.compile("[A-Z]{2,4} [0-9]{8,10}", re.ASCII)
_DIGITS = re.compile("[0-9]+", re.ASCII)


def _implied(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Readings that a request rests on by its form: numbers, item ids and barcodes as samples write them."""
    body = step.get("body")
    if not isinstance(body, dict):
        return
    serials = body.get("serialNumbers")
    if isinstance(serials, list) and not all(isinstance(one, str) and _BY_PROSE.fullmatch(one) for one in serials):
        yield "R-08", "examples"
    for one in body.get("invoices") or []:
        if body.get("upload") and step.get("then") == "finished" and not _registered(one):
            yield "R-61", "all"
        for item in (one.get("items") or []) if isinstance(one, dict) else []:
            code, barcode = (item.get("id"), item.get("barcode")) if isinstance(item, dict) else (None, None)
            if isinstance(code, str) and not (len(code) == 10 and _DIGITS.fullmatch(code)):
                yield "R-09", "lenient"
            if isinstance(barcode, str) and not _DIGITS.fullmatch(barcode):
                yield "R-10", "lenient"


def _registered(one: Mapping[str, Any]) -> bool:
    """Whether the parties are companies of the default world; of an invoice on another one they are not told."""
    return {one.get("seller") or SELLER, one.get("buyer") or BUYER} <= {SELLER, BUYER} and "main_qaime" not in one


_METHODS = {"both": ("GET", "POST"), "documented": ("GET",), "post-only": ("POST",)}


def _demand_method(run: Run, step: Mapping[str, Any]) -> None:
    """A data read is shown with GET here and with POST there (R-02)."""
    if operations()[step["operation"]]["data_read"] and step["method"] in ("GET", "POST"):
        taken = step["method"] in _METHODS.get(run.answer("R-02"), ())
        if taken is (step["expect"].get("err_code") == 1):
            raise Unfit(f"it sends {step['method']}, and the server follows {run.answer('R-02')} of R-02")


def play(run: Run, example: Example) -> None:
    """Run the steps of an example and compare each answer."""
    process: int | None = None
    for step in example["steps"]:
        role = _ROLES.get(step.get("as") or "demo", step.get("as") or "main")
        party = run.party(role)
        exchange = _sent(run, step, party, process)
        _compare(run, step, exchange)
        data = exchange.data
        process = data.get("id", process) if isinstance(data, dict) else process
        if "then" in step:
            run.expect(isinstance(process, int), f"no process was named: {data!r}", ["F-IMP-02"])
            final = run.follow(process or 0, role)
            ends = {"finished": 2, "failed": 3}[step["then"]]
            run.expect(
                final["status"] == ends, f"the process ended with {final['status']}, where {ends} is documented"
            )
            _subset(run, step.get("final", {}), final, "the process")


def _sent(run: Run, step: Mapping[str, Any], party: Party, process: int | None) -> Exchange:
    asis = "as" in step and step["as"] is None

    def filled(value: Any) -> Any:
        return value if asis else _filled(run, value, party, process)

    headers = {name: filled(text) for name, text in step.get("headers", {}).items()}
    body = None
    if "raw" in step:
        body = filled(step["raw"]).encode("utf-8")
    elif "body" in step:
        body = encoded(filled(step["body"]))
    kind = step.get("content_type", JSON if body is not None else None)
    if kind is not None:
        headers["Content-Type"] = kind
    return run.target.raw(step["method"], filled(step["path"]), body, headers, step["operation"])


def _filled(run: Run, value: Any, party: Party, process: int | None) -> Any:
    if isinstance(value, dict):
        return {key: _filled(run, inner, party, process) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(run, inner, party, process) for inner in value]
    if not isinstance(value, str):
        return value
    if value == "{procId}":
        return process
    for key in KEYS:
        value = value.replace(f"{{{key}}}", getattr(party, key))
    return _TODAY.sub(lambda match: run.date(int(match[1] or 0)), value)


def _compare(run: Run, step: Mapping[str, Any], exchange: Exchange) -> None:
    expect = step["expect"]
    if "err_code" not in expect:
        if "http" in expect:
            wanted = expect["http"]
            run.expect(exchange.status == wanted, f"HTTP {exchange.status}, where {wanted} is documented")
        if "body" in expect:
            _subset(run, expect["body"], exchange.json, "the answer")
        return
    run.demand(exchange, expect["err_code"])
    if "data" in expect and expect["data"] is not None:
        wanted = expect["data"]
        if expect["err_code"] == 14 and "invoices" in wanted:
            same_codes(run, wanted["invoices"], exchange)
        else:
            _subset(run, wanted, exchange.data, "data")
    for name, some in expect.get("contains", {}).items():
        rows = exchange.data[name]
        for one in some:
            run.expect(any(_fits(one, row) for row in rows), f"data.{name} has nothing like {one!r}")


HEADER_SUMS = frozenset({25, 27, 29, *range(30, 37)})
ITEM_TOTALS = frozenset(range(52, 61))


def allowed(code: int) -> frozenset[int]:
    """The codes that a test accepts in place of one (R-11b, R-11c)."""
    if code in ITEM_TOTALS:
        return ITEM_TOTALS
    return frozenset(range(25, 37)) if code in HEADER_SUMS else frozenset({code})


def same_codes(run: Run, wanted: list[list[int]], exchange: Exchange) -> None:
    """With 14 there is one entry an invoice, in order, with exactly the codes of its faults (F-ERR-01, F-ERR-05)."""
    data = exchange.data
    entries = data.get("invoices") if isinstance(data, dict) else None
    run.expect(
        isinstance(entries, list) and all(isinstance(entry, list) for entry in entries or []),
        f"data.invoices is {entries!r}, and not an array of arrays",
        ["F-ERR-01"],
    )
    run.expect(
        len(entries or []) == len(wanted),
        f"{len(entries or [])} entries for {len(wanted)} invoices",
        ["F-ERR-01"],
    )
    for place, (codes, found) in enumerate(zip(wanted, entries or [], strict=True), 1):
        for code in codes:
            says = f"invoice {place} has the fault of code {code}, and the answer has {found}"
            run.expect(allowed(code) & set(found), says, ["F-ERR-05", "F-ERR-01"])
        accepted = frozenset().union(*map(allowed, codes))
        strange = sorted(set(found) - accepted)
        says = f"invoice {place} has the codes {found}, and its faults are those of {codes or 'no code'}"
        run.expect(not strange, says, ["F-ERR-05", "F-ERR-01"])


def _fits(wanted: Any, got: Any) -> bool:
    return not _difference(wanted, got, "")


def _subset(run: Run, wanted: Any, got: Any, where: str) -> None:
    found = _difference(wanted, got, where)
    run.expect(not found, found)


def _difference(wanted: Any, got: Any, where: str) -> str:
    """Where a value lacks what is wanted; empty when it has all of it."""
    if isinstance(wanted, str) and wanted in _SHOWN:
        return "" if isinstance(got, _SHOWN[wanted]) and got != "" else f"{where} is {got!r}"
    if isinstance(wanted, dict):
        if not isinstance(got, dict):
            return f"{where} is {got!r}, and not an object"
        for key, inner in wanted.items():
            if key in _OPEN_KEYS:
                continue
            if key not in got:
                return f"{where} has no {key}"
            found = _difference(inner, got[key], f"{where}.{key}")
            if found:
                return found
        return ""
    if isinstance(wanted, list):
        if not isinstance(got, list) or len(got) != len(wanted):
            return f"{where} is {got!r}, where {len(wanted)} entries are documented"
        parts = (_difference(one, two, f"{where}[{n}]") for n, (one, two) in enumerate(zip(wanted, got, strict=True)))
        return next((text for text in parts if text), "")
    return "" if wanted == got else f"{where} is {got!r}, where {wanted!r} is documented"
