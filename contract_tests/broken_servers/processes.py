"""Broken: processes (F-PROC)."""

from typing import Any

from contract_tests.broken_servers.wrapping import Answer, Call, Shelf, Sound, refusal

SHELF = Shelf()
STATUS = "read_proc_status"
_TAKING = (STATUS, "read_proc_data", "etx_read_invoices")


@SHELF.whole("F-PROC-01", by=("processes/an_import_stays_in_the_portal",))
async def the_process_id_must_be_text(sound: Sound, call: Call) -> Answer:
    """`procId` is refused as a number."""
    return refusal(3) if isinstance(call.sent.get("procId"), int) and call.operation == STATUS else await sound(call)


@SHELF.whole(
    "F-PROC-01",
    "R-15",
    "R-52",
    by=("authentication/companies_see_nothing_of_each_other", "model/what_the_portal_keeps"),
)
async def processes_of_others_can_be_read(sound: Sound, call: Call) -> Answer:
    """A process of another company can be read."""
    answer = await sound(call)
    body = call.sent
    if call.operation not in _TAKING or answer.code not in (3, 20) or not isinstance(body.get("procId"), int):
        return answer
    for name, phone in (("demo", "994501234567"), ("buyer", "994507654321")):
        credentials = {"username": name, "password": name} | ({"phone": phone} if "phone" in body else {})
        other = await sound(call.sending({**body, **credentials}))
        if other.code == 0:
            return other
    return answer


@SHELF.whole("F-PROC-02", by=("processes/an_upload_goes_through_its_stages", "model/what_goes_to_etaxes_and_back"))
async def status_goes_back(sound: Sound, call: Call) -> Answer:
    """A process that was finished is running again."""
    answer = await sound(call)
    body = answer.json
    if call.operation != STATUS or answer.code != 0:
        return answer
    seen = sound.remembered(call).setdefault("seen", {})
    process = call.sent.get("procId")
    seen[process] = seen.get(process, 0) + (body["data"]["status"] == 2)
    if seen[process] == 2:
        body["data"]["status"] = 1
    return answer.saying(body)


@SHELF.whole(
    "F-PROC-02", "F-IMP-11", by=("processes/an_upload_goes_through_its_stages", "model/what_goes_to_etaxes_and_back")
)
async def finished_before_the_qaime_is_there(sound: Sound, call: Call) -> Answer:
    """An upload is finished before its invoices have their numbers."""
    answer = await sound(call)
    body = answer.json
    if call.operation == STATUS and answer.code == 0 and body["data"]["status"] == 1:
        body["data"] |= {"status": 2, "status_desc": "Process Finalized Successfully"}
        return answer.saying(body)
    if call.operation == "inv_read_invoices" and answer.code == 0:
        polled = sound.remembered(call).setdefault("reads", 0)
        sound.remembered(call)["reads"] = polled + 1
        if not polled:
            for one in body["data"]["invoices"]:
                one["qaime"] = ""
            return answer.saying(body)
    return answer


@SHELF.data(
    STATUS, ids=("F-PROC-02",), by=("processes/an_import_stays_in_the_portal", "filters/a_download_asks_for_pin1")
)
def status_is_text(data: dict[str, Any]) -> None:
    """`status` is a text."""
    data["status"] = str(data["status"])


@SHELF.data(
    STATUS,
    ids=("F-PROC-02", "F-ERR-02"),
    by=("processes/a_failed_process_says_why", "model/what_goes_to_etaxes_and_back"),
)
def failures_look_finished(data: dict[str, Any]) -> None:
    """A process that failed ends with 2."""
    if data["status"] == 3:
        data |= {"status": 2, "status_desc": "Process Finalized Successfully"}


@SHELF.data(STATUS, ids=("F-PROC-02",), by=("processes/a_finished_process_says_so",))
def no_status(data: dict[str, Any]) -> None:
    """There is no `status`."""
    data.pop("status")


@SHELF.data(STATUS, ids=("F-PROC-03",), by=("processes/a_finished_process_says_so",))
def no_description_of_the_status(data: dict[str, Any]) -> None:
    """There is no `status_desc`."""
    data.pop("status_desc")


@SHELF.data(STATUS, ids=("F-PROC-03", "R-06"), by=("processes/a_failed_process_says_why",))
def success_and_failure_read_alike(data: dict[str, Any]) -> None:
    """`status_desc` of a failure is that of a success."""
    if data["status"] == 3:
        data["status_desc"] = "Process Finalized Successfully"


@SHELF.data(STATUS, ids=("R-64",), by=("processes/an_upload_goes_through_its_stages",))
def pin_codes_are_numbers(data: dict[str, Any]) -> None:
    """`pin1_code` and `pin2_code` are numbers."""
    stats = data.get("stats", {})
    stats |= {name: int(stats[name]) for name in ("pin1_code", "pin2_code") if stats.get(name)}


@SHELF.data(
    STATUS,
    ids=("F-PROC-04", "F-PROC-05", "R-66", "F-ERR-02"),
    by=(
        "errors/a_business_objection_is_not_14",
        "processes/a_failed_process_says_why",
        "processes/need_retry_is_no_failure",
    ),
)
def exceptions_are_one_text(data: dict[str, Any]) -> None:
    """`etx_exception` is a text rather than an array of them."""
    stats = data.get("stats", {})
    if "etx_exception" in stats:
        stats["etx_exception"] = "; ".join(stats["etx_exception"])


@SHELF.data(STATUS, ids=("F-PROC-04",), by=("processes/an_import_stays_in_the_portal",))
def imported_is_not_counted(data: dict[str, Any]) -> None:
    """`stats.imported` stays 0."""
    if "imported" in data.get("stats", {}):
        data["stats"]["imported"] = 0


@SHELF.data(STATUS, ids=("F-PROC-04", "R-64"), by=("processes/an_upload_goes_through_its_stages",))
def no_pin_is_shown(data: dict[str, Any]) -> None:
    """The PIN codes are not shown."""
    data.get("stats", {}).pop("pin1_code", None)
    data.get("stats", {}).pop("pin2_code", None)


@SHELF.data(STATUS, ids=("F-PROC-05",), by=("processes/need_retry_is_no_failure",))
def need_retry_is_a_failure(data: dict[str, Any]) -> None:
    """A process that waits for a busy e-taxes has failed."""
    if "NEED RETRY" in data.get("stats", {}).get("etx_exception", []):
        data |= {"status": 3, "status_desc": "Process Finalized With Error"}


@SHELF.data(STATUS, ids=("F-PROC-06",), by=("processes/an_upload_goes_through_its_stages",))
def processes_never_end(data: dict[str, Any]) -> None:
    """No process ends."""
    data |= {"status": 1, "status_desc": "Process running"}


@SHELF.data("read_proc_data", ids=("F-PROC-07", "R-38"), by=("processes/a_number_is_there_when_the_process_ends",))
def details_without_invoices(data: dict[str, Any]) -> None:
    """The details of a process do not name its invoices."""
    data["invoices"] = []
    data["etax_invoices"] = []


@SHELF.data("read_proc_data", ids=("F-PROC-07", "R-38"), by=("processes/a_number_is_there_when_the_process_ends",))
def details_without_etax_invoices(data: dict[str, Any]) -> None:
    """The details of an upload name none of its invoices in e-taxes."""
    data["etax_invoices"] = []


@SHELF.data(
    STATUS,
    ids=("F-PROC-04",),
    by=("processes/an_import_stays_in_the_portal", "processes/an_upload_goes_through_its_stages"),
)
def login_done_is_a_number(data: dict[str, Any]) -> None:
    """`login_done` is 0 or 1."""
    stats = data.get("stats", {})
    if "login_done" in stats:
        stats["login_done"] = int(stats["login_done"])
