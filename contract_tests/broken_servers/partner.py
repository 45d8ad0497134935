"""Broken: partner accounts (F-PART), which edition 2025-12 has."""

from typing import Any

from contract_tests.broken_servers.wrapping import Answer, Call, Shelf, Sound

SHELF = Shelf("2025-12")
FIRST, SECOND = "994501234567", "994507654321"


def _of_partner(call: Call) -> bool:
    return call.sent.get("username") == "partner"


@SHELF.whole("F-PART-01", by=())
async def a_partner_needs_no_phone(sound: Sound, call: Call) -> Answer:
    """Without `phone`, a partner works for his first customer."""
    if _of_partner(call) and "phone" not in call.sent:
        return await sound(call.sending({**call.sent, "phone": FIRST}))
    return await sound(call)


def _swapped(name: str, says: str, right: int, wrong: int) -> None:
    async def twist(sound: Sound, call: Call) -> Answer:
        answer = await sound(call)
        if _of_partner(call) and answer.code == right:
            return answer.saying({**answer.json, "err_code": wrong})
        return answer

    twist.__name__, twist.__doc__ = name, says
    SHELF.whole("F-PART-02", by=())(twist)


_swapped("sixteen_for_no_phone", "A missing phone is answered with 16.", 15, 16)
_swapped("fifteen_for_a_strange_phone", "A phone that is not registered is answered with 15.", 16, 15)
_swapped("sixteen_for_a_malformed_phone", "A malformed phone is answered with 16.", 17, 16)


@SHELF.answer(ids=("F-PART-02",), by=())
def partner_errors_without_data(body: dict[str, Any]) -> None:
    """The partner's own errors have no `data`."""
    if body.get("err_code") in (15, 16, 17):
        body.pop("data", None)


@SHELF.whole("F-PART-03", "R-52", by=("partners/a_partner_works_for_a_customer",))
async def customers_see_each_other(sound: Sound, call: Call) -> Answer:
    """A partner sees the invoices of one customer while he works for another."""
    answer = await sound(call)
    body = call.sent
    if not _of_partner(call) or call.operation != "inv_read_invoices" or answer.code != 0:
        return answer
    other = await sound(call.sending({**body, "phone": SECOND if body.get("phone") == FIRST else FIRST}))
    found = answer.json
    found["data"]["invoices"] += other.json["data"]["invoices"] if other.code == 0 else []
    found["data"]["total"] = len(found["data"]["invoices"])
    return answer.saying(found)


@SHELF.whole("F-PART-04", "R-12", by=())
async def enterprises_need_a_phone(sound: Sound, call: Call) -> Answer:
    """An enterprise account must name its phone in every call."""
    if not _of_partner(call) and call.sent.get("username") == "demo" and "phone" not in call.sent:
        answer = await sound(call)
        body = {"res": 0, "err_code": 15, "err_msg": "", "data": None}
        return answer.saying(body) if answer.code == 0 and call.operation == "inv_read_invoices" else answer
    return await sound(call)
