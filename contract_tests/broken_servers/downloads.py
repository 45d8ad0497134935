"""Broken: downloads from e-taxes and reading what they brought (F-ETX, F-RD)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from contract_tests.broken_servers.wrapping import Answer, Call, Shelf, Sound

SHELF = Shelf()
IMPORT, READ = "etx_import", "etx_read_invoices"
PAIRS = ("kinds", "status")


@SHELF.request(IMPORT, ids=("F-ETX-01",), by=("errors/request-3",))
def only_incoming_ones(body: dict[str, Any]) -> None:
    """`dir` is ignored: incoming invoices are downloaded."""
    if "dir" in body:
        body["dir"] = 0


@SHELF.request(IMPORT, ids=("F-ETX-01", "R-59"), by=("filters/incoming_are_downloaded_unless_told",))
def sent_ones_are_the_default(body: dict[str, Any]) -> None:
    """Without `dir`, what the company has sent is downloaded."""
    body.setdefault("dir", 1)


@SHELF.request(READ, ids=("F-RD-01",), by=("filters/a_search_by_date_has_a_folder",))
def a_search_by_date_is_of_incoming_ones(body: dict[str, Any]) -> None:
    """`dir` of a search by date is ignored."""
    if "procId" not in body:
        body["dir"] = 0


@SHELF.request(IMPORT, READ, ids=("F-ETX-03", "R-13"), by=("filters/dates_are_inclusive",))
def the_last_day_of_several_is_lost(body: dict[str, Any]) -> None:
    """A range of more than one day ends when its last day begins."""
    since, until = body.get("date_from"), body.get("date_to")
    if isinstance(since, str) and isinstance(until, str) and len(until) == 10 and since[:10] != until:
        body["date_to"] = f"{until} 00:00"


@SHELF.data(READ, ids=("F-RD-04", "F-ENV-06"), by=("filters/a_downloaded_invoice_has_its_fields",))
def moments_have_seconds(data: dict[str, Any]) -> None:
    """`datetime` has seconds."""
    for one in data["invoices"]:
        one["datetime"] += ":00"


@SHELF.whole("F-ETX-01", by=("errors/request-3",))
async def date_to_may_be_left_out(sound: Sound, call: Call) -> Answer:
    """A download needs no `date_to`."""
    body = call.sent
    if call.operation == IMPORT and isinstance(body.get("date_from"), str) and "date_to" not in body:
        return await sound(call.sending({**body, "date_to": body["date_from"]}))
    return await sound(call)


@SHELF.request(IMPORT, ids=("F-ETX-02",), by=("filters/filters_choose",))
def exc_beats_inc(body: dict[str, Any]) -> None:
    """With both given, the `inc_` filter is ignored."""
    for pair in PAIRS:
        if body.get(f"exc_{pair}") and body.get(f"inc_{pair}"):
            del body[f"inc_{pair}"]


@SHELF.request(IMPORT, ids=("F-ETX-02",), by=("filters/filters_choose",))
def only_the_first_value_counts(body: dict[str, Any]) -> None:
    """Of several values in a list, the first alone counts."""
    for pair in PAIRS:
        for way in ("inc", "exc"):
            value = body.get(f"{way}_{pair}")
            if isinstance(value, str):
                body[f"{way}_{pair}"] = value.split(",")[0]


@SHELF.request(IMPORT, ids=("F-ETX-02",), by=("filters/filters_choose",))
def filters_are_joined_by_or(body: dict[str, Any]) -> None:
    """Beside a filter of kinds, the filter of statuses does not narrow the result."""
    if body.get("inc_kinds") and body.get("inc_status"):
        del body["inc_status"]


@SHELF.request(IMPORT, READ, ids=("F-ETX-03", "R-13"), by=("filters/dates_are_inclusive",))
def the_last_day_is_lost(body: dict[str, Any]) -> None:
    """A `date_to` without time ends at midnight, when the day begins."""
    if isinstance(body.get("date_to"), str) and len(body["date_to"]) == 10:
        body["date_to"] += " 00:00"


@SHELF.request(IMPORT, ids=("F-ETX-03", "F-ENV-06"), by=("errors/request-3",))
def dates_are_utc(body: dict[str, Any]) -> None:
    """Dates are taken for UTC, four hours late."""
    for key in ("date_from", "date_to"):
        body[key] = _later(body.get(key), hours=4, last=key == "date_to")


@SHELF.data("read_proc_status", ids=("F-ETX-04", "R-64"), by=("filters/a_download_asks_for_pin1",))
def downloads_ask_for_no_pin(data: dict[str, Any]) -> None:
    """A download shows no PIN1."""
    stats = data.get("stats", {})
    if "packet_created" not in stats:
        stats.pop("pin1_code", None)


@SHELF.data(IMPORT, ids=("F-ETX-04",), by=("filters/directions",))
def downloads_have_no_process(data: dict[str, Any]) -> None:
    """A download answers without a process id."""
    del data["id"]


def _words(name: str, key: str, says: str, fact: str, words: dict[str, str]) -> None:
    def change(data: dict[str, Any]) -> None:
        for one in data["invoices"]:
            one[key] = words.get(one[key], one[key])

    change.__name__, change.__doc__ = name, says
    SHELF.data(READ, ids=(fact,), by=())(change)


_words("statuses_in_british", "status", "A status is spelt `cancelled`.", "F-ETX-05", {"canceled": "cancelled"})
_words(
    "kinds_of_the_import",
    "type",
    "Kinds are told in the words of the import.",
    "F-ETX-06",
    {"defaultInvoice": "default"},
)


@SHELF.answer(IMPORT, ids=("F-ETX-07", "F-ERR-04"), by=("authentication/without_an_asan_phone",))
def seven_for_no_phone(body: dict[str, Any]) -> None:
    """A download by a user without a phone is refused with 7."""
    if body.get("err_code") == 15:
        body["err_code"] = 7


@SHELF.request(READ, ids=("F-RD-01",), by=("errors/request-3",))
def the_process_is_ignored(body: dict[str, Any]) -> None:
    """Beside a process, all that was ever downloaded is read."""
    if body.pop("procId", None) is not None:
        body |= {"date_from": "01.01.2000", "date_to": "31.12.2099"}


@SHELF.request(READ, ids=("F-RD-01",), by=("filters/incoming_unless_told",))
def reads_sent_ones_by_default(body: dict[str, Any]) -> None:
    """A search by date reads sent invoices unless told otherwise."""
    if "procId" not in body:
        body.setdefault("dir", 1)


def _paged(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Callable[[Sound, Call], Any]:
    async def twist(sound: Sound, call: Call) -> Answer:
        answer = await sound(call)
        body = answer.json
        if call.operation != READ or answer.code != 0:
            return answer
        change(call.sent, body["data"])
        return answer.saying(body)

    twist.__name__, twist.__doc__ = change.__name__, change.__doc__
    return twist


def pages_are_one_short(sent: dict[str, Any], data: dict[str, Any]) -> None:
    """Pages have 4999 records where 5000 are promised; the last one is lost."""
    if len(data["invoices"]) < data["total"] and sent.get("from", 1) == 1:
        data["invoices"].pop()


def page_two_repeats_a_record(sent: dict[str, Any], data: dict[str, Any]) -> None:
    """Page 2 begins with the last record of page 1."""
    if sent.get("from", 1) > 1 and data["invoices"]:
        data["invoices"].insert(0, {**data["invoices"][0], "id": data["invoices"][0]["id"]})


SHELF.whole("F-RD-02", by=())(_paged(pages_are_one_short))
SHELF.whole("F-RD-02", by=())(_paged(page_two_repeats_a_record))


@SHELF.request(READ, ids=("F-RD-02",), by=("paging/pages_are_of_5000",))
def pages_count_from_zero(body: dict[str, Any]) -> None:
    """`from` 1 is the second page."""
    if isinstance(body.get("from"), int) and body["from"] > 0:
        body["from"] += 1


@SHELF.data(READ, ids=("F-RD-03", "R-16"), by=("paging/pages_are_of_5000",))
def the_total_is_too_high(data: dict[str, Any]) -> None:
    """`total` counts one record more than there are."""
    data["total"] += 1


@SHELF.data(READ, ids=("F-RD-03",), by=("paging/the_first_page_and_beyond_the_last",))
def no_total_of_downloaded(data: dict[str, Any]) -> None:
    """A page has no `total`."""
    data.pop("total")


@SHELF.data(READ, ids=("F-RD-04",), by=("filters/a_downloaded_invoice_has_its_fields",))
def the_qaime_is_the_number_alone(data: dict[str, Any]) -> None:
    """`qaime` lacks the serial."""
    for one in data["invoices"]:
        one["qaime"] = one["number"]


@SHELF.data(READ, ids=("F-RD-04",), by=("filters/a_downloaded_invoice_has_its_fields",))
def invoices_without_buyer(data: dict[str, Any]) -> None:
    """An invoice does not tell the buyer's VOEN."""
    for one in data["invoices"]:
        del one["tin_to"]


@SHELF.data(READ, ids=("F-RD-05",), by=("filters/a_downloaded_invoice_has_its_fields",))
def lines_count_from_zero(data: dict[str, Any]) -> None:
    """Lines are numbered from 0."""
    for one in data["invoices"]:
        for line in one["lines"]:
            line["line"] -= 1


@SHELF.data(READ, ids=("F-RD-06",), by=("filters/a_downloaded_invoice_has_its_fields",))
def amounts_are_text(data: dict[str, Any]) -> None:
    """Amounts are texts."""
    for one in data["invoices"]:
        for key in [key for key in one if key.endswith("_amount")]:
            one[key] = str(one[key])


@SHELF.data(READ, ids=("F-RD-06",), by=("filters/a_downloaded_invoice_has_its_fields",))
def tax_numbers_are_numbers(data: dict[str, Any]) -> None:
    """VOENs are numbers, and lose their leading zeros."""
    for one in data["invoices"]:
        one["tin_from"], one["tin_to"] = int(one["tin_from"]), int(one["tin_to"])


@SHELF.whole("F-RD-06", "R-34", by=("filters/a_downloaded_invoice_has_its_fields",))
async def amounts_have_exponents(sound: Sound, call: Call) -> Answer:
    """Amounts are written in exponent form."""
    answer = await sound(call)
    body = answer.json
    if call.operation != READ or answer.code != 0:
        return answer
    marks: dict[str, str] = {}
    for one in body["data"]["invoices"]:
        mark = f"@{len(marks)}@"
        marks[mark] = f"{float(one['net_amount']):e}"
        one["net_amount"] = mark
    raw = answer.saying(body).body
    for mark, written in marks.items():
        raw = raw.replace(f'"{mark}"'.encode(), written.encode())
    return answer.saying(raw)


def _later(text: Any, *, hours: int, last: bool) -> Any:
    """A date that many hours later, in the documents' form; what is no date as it is."""
    if not isinstance(text, str):
        return text
    whole = text if ":" in text else f"{text} {'23:59' if last else '00:00'}"
    try:
        moment = datetime.strptime(whole, "%d.%m.%Y %H:%M").replace(tzinfo=UTC)
    except ValueError:
        return text
    return (moment + timedelta(hours=hours)).strftime("%d.%m.%Y %H:%M")
