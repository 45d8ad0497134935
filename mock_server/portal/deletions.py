"""Deleting: in the portal alone (F-INV-03), or in the portal and in e-taxes (F-DEL)."""

import re
from functools import lru_cache
from typing import Any

import msgspec

from mock_server.portal.plans import BY_PHONE, plan
from mock_server.portal.settling import deletable
from mock_server.portal.stages import Deletion
from mock_server.portal.starting import begin, free_process
from mock_server.portal.visits import Visit, refuse
from mock_server.rulebook.forms import Violation
from mock_server.store.invoices import IMPORTED

OTHER_FOLDER = "lies in the other folder"
"""How the journal says that the invoice could have been deleted from the folder that was not named."""

NAMES_KEPT, NAME_KEPT = 1000, 255
"""How many names of a refused deletion the audit trail keeps, and how much of each."""


def inv_delete(visit: Visit) -> dict[str, Any]:
    """Delete unsubmitted invoices from the portal: `{"deleted": 2}` (R-21, R-21b, R-21c)."""
    asked = list(dict.fromkeys(visit.body["ids"]))
    world, company = visit.world.id, visit.caller.company
    known = visit.store.invoices.by_ids(world, company, asked)
    free = [erp_id for erp_id in asked if erp_id in known and known[erp_id].state == IMPORTED]
    if len(free) < len(asked) and visit.world.choose("R-21") == "20":
        visit.audit(_named(asked), "refused: unknown or submitted")
        raise refuse("qaime-not-found", "an id is unknown or its invoice submitted")
    visit.store.invoices.remove(world, company, free)
    visit.audit(msgspec.json.encode(free).decode(), "deleted")
    return {"deleted": len(free)}


def etx_delete(visit: Visit) -> dict[str, Any]:
    """Start a deletion in portal and e-taxes, all or nothing: `{"id": 12345}` (F-DEL, R-22)."""
    named = msgspec.json.encode(visit.body["serialNumbers"]).decode()
    qaimes = _qaimes(visit, named)
    signed = visit.body["is_signed"] is True
    states = visit.store.registry.by_qaimes(visit.world.id, qaimes)
    company = visit.caller.company
    wrong = [name for name in qaimes if not deletable(states.get(name), company, signed)]
    if wrong:
        for name in wrong:
            elsewhere = deletable(states.get(name), company, not signed)
            why = OTHER_FOLDER if elsewhere else "cannot be deleted from the folder named"
            visit.violations.append(Violation(("serialNumbers",), "folder", 20, f"{name} {why}"))
        visit.audit(_named(visit.body["serialNumbers"]), "refused: not found, wrong folder or status")
        raise refuse("qaime-not-found", f"{wrong[0]} cannot be deleted from the folder named")
    process = free_process(visit)
    asks_pin = visit.world.choose("R-68") == "pin1"
    phone = visit.caller.phones[0]
    scenario = BY_PHONE.get(phone) if asks_pin else None
    record = plan(
        visit.world,
        "deletion_pin1" if asks_pin else "deletion",
        process,
        visit.now,
        [*visit.changes, *([scenario.change] if scenario else [])],
    )
    record = msgspec.structs.replace(
        record,
        phone=phone if asks_pin else "",
        count=len(qaimes),
        deletion=Deletion(tuple(states[name].id for name in qaimes), tuple(qaimes), signed),
    )
    begin(visit, process, record)
    visit.audit(named, "accepted", process)
    return {"id": process}


def demand_right(visit: Visit) -> None:
    """Only authorised users may delete (F-AUTH-06, R-51); asked before the form, whatever the body names (R-19)."""
    if not visit.caller.may_delete:
        visit.audit(_named(visit.body.get("ids", visit.body.get("serialNumbers"))), "refused: no right to delete")
        raise refuse("authentication-error", "this user may not delete")


def _named(asked: object) -> str:
    """What was named, as a JSON array of texts; before the form is judged it may be anything, of any length."""
    texts = [one[:NAME_KEPT] for one in asked if isinstance(one, str)] if isinstance(asked, list) else []
    return msgspec.json.encode(texts[:NAMES_KEPT]).decode()


def _qaimes(visit: Visit, named: str) -> list[str]:
    """The qaimes named, each once (R-76): serie and number without the space between (R-08, R-08b)."""
    form = visit.world.form("urn:vatportal:requests/etx_delete")
    grammars = form.schema["properties"]["serialNumbers"]["x-grammar"]["R-08"]
    grammar = _compiled(grammars[visit.world.choose("R-08")])
    for entry in visit.body["serialNumbers"]:
        if grammar.fullmatch(entry) is None:
            visit.audit(named, "refused: ill-formed")
            name = "missing-elements" if visit.world.choose("R-08b") == "3" else "qaime-not-found"
            raise refuse(name, f"{entry!r} is not of the form SERIE NUMBER")
    return list(dict.fromkeys(entry.replace(" ", "") for entry in visit.body["serialNumbers"]))


@lru_cache(maxsize=8)
def _compiled(grammar: str) -> re.Pattern[str]:
    return re.compile(grammar)
