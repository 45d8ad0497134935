"""Broken: deletion in the portal and in e-taxes (F-DEL)."""

from typing import Any

from contract_tests.broken_servers.wrapping import Answer, Call, Shelf, Sound, refusal, success

SHELF = Shelf()
DELETE, STATUS = "etx_delete", "read_proc_status"
INVENTED = 880000000
"""From here on number processes that the sound server knows nothing of."""


async def _pretended(sound: Sound, call: Call, deleted: int) -> Answer:
    """A deletion that is accepted and ends well, while nothing is deleted."""
    memory = sound.remembered(call)
    process = INVENTED + len(memory)
    memory[process] = deleted
    return success({"id": process})


async def _served(sound: Sound, call: Call) -> Answer:
    """The sound server's answer, but for processes that were invented."""
    deleted = sound.remembered(call).get(call.sent.get("procId"))
    if deleted is None:
        return await sound(call)
    data = {"status": 2, "status_desc": "Process Finalized Successfully", "stats": {"deleted": deleted}}
    return success(data)


@SHELF.whole("F-DEL-01", "R-08", by=("errors/request-20",))
async def numbers_without_space_are_wanted(sound: Sound, call: Call) -> Answer:
    """A qaime with a space between serial and number is not found."""
    numbers = call.sent.get("serialNumbers")
    if call.operation == DELETE and isinstance(numbers, list) and any(" " in str(one) for one in numbers):
        return await sound(call.sending({**call.sent, "serialNumbers": ["ZZ9999 99999999"]}))
    return await sound(call)


@SHELF.request(DELETE, ids=("F-DEL-01", "F-DEL-02"), by=("errors/request-20", "deletion/drafts_are_deleted"))
def signed_is_the_default(body: dict[str, Any]) -> None:
    """Without `is_signed`, signed invoices are meant."""
    body.setdefault("is_signed", True)


@SHELF.whole("F-DEL-02", "F-DEL-05", by=("errors/request-20", "model/what_goes_to_etaxes_and_back"))
async def deletes_in_either_folder(sound: Sound, call: Call) -> Answer:
    """`is_signed` is ignored: the invoices are deleted wherever they are."""
    answer = await sound(call)
    if call.operation == DELETE and answer.code == 20:
        return await sound(call.sending({**call.sent, "is_signed": not call.sent.get("is_signed", False)}))
    return answer


@SHELF.whole("F-DEL-03", by=("errors/request-20", "model/what_goes_to_etaxes_and_back"))
async def deletes_in_part(sound: Sound, call: Call) -> Answer:
    """Among some that cannot be deleted, the others are, and the answer is 20 all the same."""
    answer = await sound(call)
    if call.operation == DELETE and answer.code == 20:
        for one in call.sent["serialNumbers"]:
            await sound(call.sending({**call.sent, "serialNumbers": [one]}))
    return answer


@SHELF.whole("F-DEL-03", by=("errors/request-20", "model/what_goes_to_etaxes_and_back"))
async def deletes_what_it_can(sound: Sound, call: Call) -> Answer:
    """Among some that cannot be deleted, the others are, with success."""
    answer = await sound(call)
    if call.operation == DELETE and answer.code == 20:
        for one in call.sent["serialNumbers"]:
            other = await sound(call.sending({**call.sent, "serialNumbers": [one]}))
            answer = other if other.code == 0 else answer
    return answer


@SHELF.whole("F-DEL-04", by=("errors/request-20", "model/what_goes_on_at_the_same_time"))
async def deletes_approved_ones(sound: Sound, call: Call) -> Answer:
    """Signed invoices are deleted whatever their status."""
    answer = await _served(sound, call)
    if call.operation == DELETE and answer.code == 20 and call.sent.get("is_signed"):
        return await _pretended(sound, call, len(call.sent["serialNumbers"]))
    return answer


@SHELF.whole("F-DEL-04", by=("errors/request-20",))
async def deletes_drafts_only(sound: Sound, call: Call) -> Answer:
    """Signed invoices are not deleted even while they wait."""
    return refusal(20) if call.operation == DELETE and call.sent.get("is_signed") is True else await sound(call)


@SHELF.whole("F-DEL-05", by=("readings/an_ill_formed_serial_number", "model/what_goes_to_etaxes_and_back"))
async def unknown_ones_are_passed_over(sound: Sound, call: Call) -> Answer:
    """A qaime that does not exist is deleted with success."""
    answer = await _served(sound, call)
    if call.operation == DELETE and answer.code == 20 and not call.sent.get("is_signed"):
        return await _pretended(sound, call, 0)
    return answer


@SHELF.data(DELETE, ids=("F-DEL-06",), by=("readings/the_pin_of_a_deletion",))
def deletion_is_direct(data: dict[str, Any]) -> None:
    """A deletion answers with a count, and no process id."""
    del data["id"]
    data["deleted"] = 1


@SHELF.data(
    STATUS, ids=("F-DEL-06", "F-PROC-04"), by=("deletion/drafts_are_deleted", "model/what_goes_to_etaxes_and_back")
)
def one_more_is_counted(data: dict[str, Any]) -> None:
    """`stats.deleted` counts one too many."""
    if "deleted" in data.get("stats", {}):
        data["stats"]["deleted"] += 1


@SHELF.whole("F-DEL-07", by=("deletion/drafts_are_deleted",))
async def nothing_is_deleted(sound: Sound, call: Call) -> Answer:
    """A deletion ends well, and nothing has been deleted."""
    if call.operation == DELETE and call.sent.get("username") == "demo":
        numbers = call.sent.get("serialNumbers")
        known = sound.remembered(call).setdefault("asked", {})
        if isinstance(numbers, list) and numbers and all(one not in known for one in numbers):
            known.update(dict.fromkeys(numbers))
            return await _pretended(sound, call, len(set(numbers)))
    return await _served(sound, call)


@SHELF.data(
    STATUS,
    ids=("F-DEL-09", "R-22"),
    by=("deletion/what_changes_meanwhile_fails_later", "model/what_goes_on_at_the_same_time"),
)
def deletions_never_fail_later(data: dict[str, Any]) -> None:
    """A deletion that failed after it was accepted ends with 2."""
    if data["status"] == 3 and "deleted" in data.get("stats", {}):
        data |= {"status": 2, "status_desc": "Process Finalized Successfully"}
