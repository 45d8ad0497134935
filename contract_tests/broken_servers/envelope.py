"""Broken: transport and envelope (F-ENV)."""

import json
import re
from codecs import BOM_UTF8
from typing import Any

from contract_tests.broken_servers.wrapping import Answer, Call, Shelf, Sound, refusal
from contract_tests.documents import operations

SHELF = Shelf()
_READS = tuple(name for name, row in operations().items() if row["data_read"])
NOT_FOUND = Answer(404, {"content-type": "text/plain"}, b"Not Found")


@SHELF.whole("F-ENV-01", by=("envelope/reads_are_where_the_documents_say",))
async def not_below_the_base_url(sound: Sound, call: Call) -> Answer:
    """Nothing is to be found below the base URL."""
    del sound, call
    return NOT_FOUND


@SHELF.whole("F-ENV-02", by=("envelope/answers_are_json_in_utf8",))
async def answers_are_html(sound: Sound, call: Call) -> Answer:
    """JSON is sent as text/html."""
    answer = await sound(call)
    return answer._replace(headers={**answer.headers, "content-type": "text/html; charset=utf-8"})


@SHELF.whole("F-ENV-02", by=("processes/letters_and_amounts_survive",))
async def dotless_i_is_mangled(sound: Sound, call: Call) -> Answer:
    """Letters pass through a Turkish code page: `ı` becomes `i`, `ə` a question mark."""
    answer = await sound(call)
    text = json.dumps(answer.json, ensure_ascii=False, default=float) if answer.json is not None else ""
    return answer.saying(text.replace("ı", "i").replace("ə", "?").encode()) if re.search("[ıə]", text) else answer


@SHELF.whole("F-ENV-02", by=("envelope/answers_are_json_in_utf8",))
async def answers_are_utf_16(sound: Sound, call: Call) -> Answer:
    """JSON is not written in UTF-8."""
    answer = await sound(call)
    return answer.saying(answer.body.decode("utf-8").encode("utf-16"))


@SHELF.whole("F-ENV-02", by=("envelope/answers_are_json_in_utf8",))
async def answers_begin_with_a_mark(sound: Sound, call: Call) -> Answer:
    """JSON begins with a byte order mark."""
    answer = await sound(call)
    return answer.saying(BOM_UTF8 + answer.body)


@SHELF.whole("F-ENV-02", by=("envelope/another_content_type_is_refused",))
async def charset_makes_another_type(sound: Sound, call: Call) -> Answer:
    """`application/json; charset=utf-8` is refused as another content type."""
    if "charset" in call.headers.get("content-type", ""):
        return refusal(2)
    return await sound(call)


@SHELF.whole("F-ENV-02", "F-ERR-04", by=("envelope/another_content_type_is_refused",))
async def any_content_type_will_do(sound: Sound, call: Call) -> Answer:
    """The content type of requests is not looked at."""
    return await sound(call._replace(headers={**call.headers, "content-type": "application/json"}))


@SHELF.answer(ids=("F-ENV-03",), by=("envelope/a_success_has_the_envelope",))
def answers_without_envelope(body: dict[str, Any]) -> Any:
    """Successes come as their bare data."""
    return body["data"] if body.get("err_code") == 0 else None


@SHELF.answer(ids=("F-ENV-03",), by=("envelope/answers_have_the_envelope",))
def res_is_always_one(body: dict[str, Any]) -> None:
    """Refusals say `res` 1 too."""
    if "res" in body:
        body["res"] = 1


@SHELF.answer(ids=("F-ENV-03",), by=("envelope/answers_have_the_envelope",))
def err_code_is_text(body: dict[str, Any]) -> None:
    """`err_code` is a text of digits."""
    if "err_code" in body:
        body["err_code"] = str(body["err_code"])


@SHELF.answer(ids=("F-ENV-03",), by=("envelope/a_success_has_the_envelope",))
def err_msg_on_success(body: dict[str, Any]) -> None:
    """A success has a text in `err_msg`."""
    if body.get("err_code") == 0:
        body["err_msg"] = "OK"


@SHELF.answer(ids=("F-ENV-03",), by=("envelope/a_success_has_the_envelope",))
def payload_beside_data(body: dict[str, Any]) -> None:
    """The payload is called `result`."""
    if body.get("err_code") == 0:
        body["result"] = body.pop("data")


@SHELF.whole("F-ENV-04", "R-02", by=("errors/request-3",))
async def bodies_of_reads_are_ignored(sound: Sound, call: Call) -> Answer:
    """GET has no parameters but those of the query string, and POST is refused."""
    if call.operation in _READS and call.method == "POST":
        return refusal(1)
    return await sound(call._replace(body=b"") if call.method == "GET" else call)


@SHELF.whole("F-ENV-04", "F-DEL-06", by=("readings/the_pin_of_a_deletion",))
async def bodies_of_deletions_are_ignored(sound: Sound, call: Call) -> Answer:
    """DELETE has no parameters."""
    return await sound(call._replace(body=b"") if call.method == "DELETE" else call)


@SHELF.whole("F-ENV-05", by=("envelope/reads_are_where_the_documents_say",))
async def one_path_is_missing(sound: Sound, call: Call) -> Answer:
    """`/job/read_proc_data` does not exist."""
    return NOT_FOUND if call.operation == "read_proc_data" else await sound(call)


@SHELF.whole("F-ENV-05", "R-46", by=("samples/overview.import-with-token",))
async def no_php_in_the_path(sound: Sound, call: Call) -> Answer:
    """The import is at a path without `.php`."""
    return NOT_FOUND if call.operation == "import_upload_invoices" else await sound(call)


@SHELF.data("etx_read_invoices", ids=("F-ENV-06",), by=("filters/dates_are_inclusive",))
def dates_are_iso(data: dict[str, Any]) -> None:
    """Dates in answers are written year first."""
    for invoice in data["invoices"]:
        day, month, rest = invoice["datetime"].split(".")
        invoice["datetime"] = f"{rest[:4]}-{month}-{day}{rest[4:]}"


@SHELF.whole("F-ENV-06", by=("filters/dates_are_inclusive",))
async def dates_with_time_are_refused(sound: Sound, call: Call) -> Answer:
    """`dd.mm.yyyy hh:mm` is no date."""
    if any(":" in str(call.sent.get(key, "")) for key in ("date_from", "date_to")):
        return refusal(3)
    return await sound(call)


@SHELF.whole("F-ENV-07", "R-01", by=("envelope/the_http_status_of_an_error",))
async def errors_come_with_404(sound: Sound, call: Call) -> Answer:
    """Every refusal comes with HTTP 404."""
    answer = await sound(call)
    return answer._replace(status=404) if answer.code else answer
