"""What a process tells of itself: `read_proc_status` and `read_proc_data` (F-PROC, R-38)."""

from typing import Any

from mock_server import wire
from mock_server.portal import processes
from mock_server.portal.moments import date_time
from mock_server.portal.processes import Snapshot
from mock_server.portal.settling import Outcome, outcomes_of
from mock_server.portal.stages import QUEUE, Record, Timeline
from mock_server.portal.visits import Parts, Visit, refuse
from mock_server.portal.worlds import World
from mock_server.rulebook.constants import DETAILS_BOUND, RETRY_TEXT
from mock_server.rulebook.vocabulary import PROCESS_STATUS, STATUS_DESC
from mock_server.store.processes import ProcessRow

_LOG = {"start": "started", "end": "done"}


def process_of(visit: Visit) -> ProcessRow:
    """The process that the request names; raises as `demand_own` does."""
    return demand_own(visit, visit.store.processes.find(visit.world.id, visit.body["procId"]))


def demand_own(visit: Visit, row: ProcessRow | None) -> ProcessRow:
    """The process that was found, if the caller may know of it.

    Raises:
        Refusal: 3 or 20 for a process that is not there or not this company's: nobody can tell which (R-15).
    """
    if row is None or row.company != visit.caller.company:
        if visit.world.choose("R-15") == "20":
            raise refuse("qaime-not-found", "no such process")
        raise refuse("missing-elements", "no such process", err_msg="process-not-found")
    return row


def read_proc_status(visit: Visit, found: ProcessRow | None) -> Parts:
    """`status`, `status_desc` and `stats` of a process (F-PROC-02 to F-PROC-05)."""
    row = demand_own(visit, found)
    record, line = processes.read(row.record)
    visit.stands = processes.lasting(line, visit.now)
    return (wire.text(_status(visit, row, record, processes.look(line, visit.now))),)


def read_proc_data(visit: Visit) -> Parts:
    """The same, with the invoices, those in e-taxes, and a log (F-PROC-07)."""
    row = process_of(visit)
    record, line = processes.read(row.record)
    look = processes.look(line, visit.now)
    outcomes = outcomes_of(visit.store, visit.world.id, row.id)
    data: dict[str, Any] = {
        **_status(visit, row, record, look),
        "invoices": [_outcome(outcome) for outcome in outcomes],
    }
    texts = _in_etaxes(visit, row, outcomes)
    log = wire.text(_log(line, visit.now))
    return (wire.text(data)[:-1], b',"etax_invoices":[', b",".join(texts), b'],"log":', log, b"}")


def _status(visit: Visit, row: ProcessRow, record: Record, look: Snapshot) -> dict[str, Any]:
    world = visit.world
    if look.ended:
        name = "failed" if look.failures else "finished"
        desc = STATUS_DESC[name][world.choose("R-06")]
    else:
        name = "queued" if look.current is not None and look.current.name == QUEUE else "running"
        desc = STATUS_DESC["running"]
    visit.state, visit.pin = name, str(look.waiting or "")
    return {
        "status": PROCESS_STATUS[name],
        "status_desc": desc,
        "stats": _stats(world, row, record, look),
    }


def _stats(world: World, row: ProcessRow, record: Record, look: Snapshot) -> dict[str, Any]:
    """Counts and flags, from the start as 0 or false (R-63); codes once they were asked (R-64)."""
    well = look.ended and not look.failures

    def over(stage: str) -> bool:
        return stage in look.done or (well and not look.done)

    stats: dict[str, Any] = {}
    if record.kind == "deletion":
        stats["deleted"] = record.count if well else 0
    elif record.kind == "download":
        stats["imported"] = row.listed
        stats["login_done"] = over("login")
    else:
        upload = record.kind == "import"
        stats["imported"] = record.count if over("import") else 0
        stats["packet_created"] = int(upload and over("packet"))
        stats["login_done"] = upload and over("login")
        if upload:
            stats["invoice_signed"] = over("sign")
    for pin, code in look.asked.items():
        if world.choose("R-64") == "kept" or look.waiting == pin:
            stats[f"pin{pin}_code"] = code
    if look.failures:
        stats["etx_exception"] = list(look.failures)
    elif look.busy:
        stats["etx_exception"] = [RETRY_TEXT]
    return stats


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {"id": outcome.id, "qaime": outcome.qaime, "status": outcome.status, "errors": outcome.errors}


def _in_etaxes(visit: Visit, row: ProcessRow, outcomes: list[Outcome]) -> list[bytes]:
    """The process's invoices as e-taxes has them, as JSON; the first of them (R-38)."""
    if row.dir is not None:
        return visit.store.processes.page_of_list(visit.world.id, row, 0, DETAILS_BOUND).texts
    ids = [outcome.registry for outcome in outcomes if outcome.registry is not None][:DETAILS_BOUND]
    texts = visit.store.registry.documents(visit.world.id, ids)
    return [texts[number] for number in ids if number in texts]


def _log(line: Timeline, now: int) -> list[dict[str, str]]:
    log: list[dict[str, str]] = []
    for stage, start, end in line.marks:
        for what, at in (("start", start), ("end", end)):
            if at is not None and at <= now:
                log.append({"time": date_time(at), "stage": stage.name, "message": _LOG[what]})
    if line.ended is not None and line.ended <= now:
        log.extend({"time": date_time(line.ended), "stage": "failed", "message": text} for text in line.failures)
    return log
