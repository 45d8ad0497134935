"""Broken: reading and deleting in the portal (F-INV)."""

from typing import Any

from contract_tests.broken_servers.wrapping import Answer, Call, Shelf, Sound, success

SHELF = Shelf()
READ, DELETE = "inv_read_invoices", "inv_delete"


@SHELF.data(READ, ids=("F-INV-01",), by=("processes/reading_what_was_imported",))
def no_total_of_imported(data: dict[str, Any]) -> None:
    """The answer has no `total`."""
    data.pop("total")


@SHELF.data(READ, ids=("F-INV-01", "R-14"), by=("processes/kinds_of_uploads",))
def numbers_go_to_the_wrong_ids(data: dict[str, Any]) -> None:
    """The numbers are those of other invoices of the answer."""
    numbers = [one["qaime"] for one in data["invoices"]]
    for one, number in zip(data["invoices"], reversed(numbers), strict=True):
        one["qaime"] = number


@SHELF.request(READ, ids=("F-INV-01", "R-23b", "F-IMP-14"), by=("processes/an_upload_goes_through_its_stages",))
def only_the_first_id_is_read(body: dict[str, Any]) -> None:
    """Of several ids, the first alone is looked for."""
    if isinstance(body.get("ids"), list):
        body["ids"] = body["ids"][:1]


@SHELF.whole("F-INV-02", "R-70", by=("processes/reading_what_was_imported",))
async def dates_of_import_are_ignored(sound: Sound, call: Call) -> Answer:
    """An empty `ids` with dates finds nothing."""
    answer = await sound(call)
    if call.operation == READ and answer.code == 0 and call.sent.get("ids") == []:
        return success({"invoices": [], "total": 0})
    return answer


@SHELF.request(READ, ids=("F-INV-02", "R-70"), by=("processes/reading_what_was_imported",))
def every_import_is_in_every_range(body: dict[str, Any]) -> None:
    """An empty `ids` with dates finds all that was ever imported."""
    if body.get("ids") == [] and body.get("date_from"):
        body |= {"date_from": "01.01.2000", "date_to": "31.12.2099"}


@SHELF.request(READ, ids=("F-INV-02", "R-70"), by=("processes/reading_what_was_imported",))
def dates_beside_ids_are_ignored(body: dict[str, Any]) -> None:
    """Beside ids, dates do not count."""
    if body.get("ids"):
        body.pop("date_from", None)
        body.pop("date_to", None)


@SHELF.data(READ, ids=("F-INV-01",), by=("processes/reading_what_was_imported", "processes/kinds_of_uploads"))
def ids_are_in_small_letters(data: dict[str, Any]) -> None:
    """ERP ids come back in small letters."""
    for one in data["invoices"]:
        one["id"] = one["id"].lower()


@SHELF.whole("F-INV-03", "R-21", by=("errors/request-20", "model/what_the_portal_keeps"))
async def deletes_in_part_in_the_portal(sound: Sound, call: Call) -> Answer:
    """Among ids that cannot be deleted, the others are, and the answer is 20 all the same."""
    answer = await sound(call)
    if call.operation == DELETE and answer.code == 20:
        for one in call.sent["ids"]:
            await sound(call.sending({**call.sent, "ids": [one]}))
    return answer


@SHELF.whole("F-INV-03", by=("errors/request-20", "model/what_goes_to_etaxes_and_back"))
async def deletes_signed_ones_in_the_portal(sound: Sound, call: Call) -> Answer:
    """Submitted invoices can be deleted from the portal."""
    answer = await sound(call)
    if call.operation == DELETE and answer.code == 20:
        return success({"deleted": len(set(call.sent["ids"]))})
    return answer


@SHELF.data(DELETE, ids=("F-INV-03",), by=("errors/request-20",))
def deletion_in_the_portal_is_a_process(data: dict[str, Any]) -> None:
    """A deletion from the portal answers with a process id."""
    data["id"] = 5001
    del data["deleted"]


@SHELF.whole("F-INV-03", by=("errors/request-20",))
async def deletes_nothing_in_the_portal(sound: Sound, call: Call) -> Answer:
    """A deletion from the portal is accepted, and nothing happens."""
    if call.operation == DELETE and isinstance(call.sent.get("ids"), list):
        found = await sound.asked(call, READ, "/inv/read_invoices", "POST", ids=call.sent["ids"])
        if (
            found.code == 0
            and found.json["data"]["total"]
            and all(not o["qaime"] for o in found.json["data"]["invoices"])
        ):
            return success({"deleted": found.json["data"]["total"]})
    return await sound(call)
