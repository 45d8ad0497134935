"""The table of the control API: everything that can be done from outside, one row each."""

from typing import Any

from starlette.responses import Response

from mock_server import wire
from mock_server.control import (
    accounts,
    clocks,
    counterparty,
    coverage,
    export,
    faults,
    findings,
    health,
    invoices,
    journal,
    newworlds,
    phone,
    pulse,
    reference,
    seeding,
    steering,
    waiting,
    worlds,
)
from mock_server.control.faults import Fault
from mock_server.control.given import converted
from mock_server.control.matching import Wanted
from mock_server.portal.stages import Happening
from mock_server.release import VERSION
from mock_server.web.admin import bodies
from mock_server.web.admin.calls import Call, Handler, Nothing, Route


async def _health(call: Call) -> Response:
    found = await health.looked(call.desk.store)
    return Response(wire.text(found), 200 if found["ready"] else 503, media_type="application/json")


def _version(_: Call) -> dict[str, Any]:
    return {"name": "vatportal-mock", "version": VERSION, "api": 1}


async def _reset(call: Call) -> dict[str, Any]:
    return await worlds.reset(call.desk, call.body.to)


def _steer(what: Happening) -> Handler:
    def handler(call: Call) -> Any:
        return steering.steer(call.desk, call.number("process"), what, getattr(call.body, "text", None))

    return handler


def _put_clock(call: Call) -> dict[str, Any]:
    return clocks.put(call.desk, call.body.now, call.body.speed, call.body.frozen)


def _put_readings(call: Call) -> dict[str, Any]:
    return worlds.put_readings(call.desk, converted(call.body, dict[str, str]))


def _export(call: Call) -> Response:
    secrets = accounts.with_secrets(call.query.get("secrets"))
    return Response(export.export(call.desk, secrets), media_type="application/json")


ROUTES: tuple[Route, ...] = (
    Route("GET", "/health", _health, "Is the server alive and ready? (503: not ready)", server=True, open=True),
    Route("GET", "/version", _version, "Version of the simulator and of this API", server=True, open=True),
    Route("POST", "/reset", _reset, "Back to the start, or to a snapshot, as a new generation", bodies.Reset),
    Route(
        "GET",
        "/pulse",
        lambda call: pulse.felt(call.desk, call.query),
        "What goes on, cheap enough to ask twice a second",
        query=pulse.Asked.__struct_fields__,
    ),
    Route(
        "GET",
        "/reference/{document}",
        lambda call: reference.document(call.path["document"]),
        f"From the documents: {', '.join(reference.KNOWN)}",
    ),
    Route("GET", "/readings", lambda call: worlds.readings(call.desk), "The readings in force"),
    Route("PUT", "/readings", _put_readings, "Choose other answers (a patch)", dict),  # type: ignore[arg-type]
    Route("GET", "/settings", lambda call: worlds.settings(call.desk), "Pace and page size"),
    Route(
        "PUT",
        "/settings",
        lambda call: worlds.put_settings(call.desk, call.body.pace, call.body.page_size),
        "Choose another pace or page size",
        bodies.Settings,
    ),
    Route("GET", "/clock", lambda call: clocks.shown(call.desk), "The world's clock"),
    Route("PUT", "/clock", _put_clock, "Set, freeze or speed up the clock; forward only", bodies.Clock),
    Route(
        "POST",
        "/clock/advance",
        lambda call: clocks.advance(call.desk, call.body.by),
        "Let time pass at once; what falls due happens",
        bodies.Advance,
    ),
    Route(
        "GET",
        "/processes",
        lambda call: steering.listed(call.desk, call.query),
        "The newest processes",
        query=steering.Newest.__struct_fields__,
        plural="processes",
    ),
    Route("GET", "/processes/{process}", lambda call: steering.one(call.desk, call.number("process")), "One process"),
    Route("POST", "/processes/{process}/step", _steer("step"), "Pass the stage it is in", Nothing),
    Route("POST", "/processes/{process}/finish", _steer("finish"), "Pass all stages that are left", Nothing),
    Route("POST", "/processes/{process}/fail", _steer("fail"), "End it badly, with a text", bodies.Fail),
    Route("POST", "/processes/{process}/stall", _steer("stall"), "Stop it where it is", Nothing),
    Route("POST", "/processes/{process}/release", _steer("release"), "Let a stalled one go on", Nothing),
    Route(
        "GET",
        "/confirmations",
        lambda call: phone.inbox(call.desk, call.query),
        "The phone's inbox: what the newest processes asked",
        query=steering.Newest.__struct_fields__,
        plural="confirmations",
    ),
    Route(
        "POST",
        "/confirmations/{confirmation}/confirm",
        lambda call: phone.answer(call.desk, call.path["confirmation"], "confirm"),
        "Confirm a question on the phone",
        Nothing,
    ),
    Route(
        "POST",
        "/confirmations/{confirmation}/refuse",
        lambda call: phone.answer(call.desk, call.path["confirmation"], "refuse"),
        "Refuse a question on the phone",
        Nothing,
    ),
    Route(
        "GET",
        "/invoices",
        lambda call: invoices.listed(call.desk, call.query),
        "Invoices in e-taxes, the latest first",
        query=invoices.FILTERS,
        plural="invoices",
    ),
    Route(
        "POST",
        "/invoices",
        lambda call: seeding.seed(call.desk, call.body),
        "Put many invoices into e-taxes; answers when they are there",
        seeding.Seeding,
        status=201,
    ),
    Route("GET", "/seedings", lambda call: seeding.listed(call.desk), "How far seedings are", plural="seedings"),
    Route("GET", "/invoices/{qaime}", lambda call: invoices.one(call.desk, call.path["qaime"]), "One invoice, whole"),
    Route(
        "PATCH",
        "/invoices/{qaime}",
        lambda call: counterparty.act(call.desk, call.path["qaime"], call.body.status),
        "The counterparty acts: the next status of a signed invoice",
        counterparty.Act,
    ),
    Route(
        "GET",
        "/portal-invoices",
        lambda call: invoices.in_portals(call.desk, call.query),
        "Invoices in the companies' portals, the last import first",
        query=invoices.PORTAL_FILTERS,
        plural="invoices",
    ),
    Route(
        "GET",
        "/accounts",
        lambda call: accounts.listed(call.desk, accounts.with_secrets(call.query.get("secrets"))),
        "Who may call; secrets only with ?secrets=include",
        query=("secrets",),
        plural="accounts",
    ),
    Route(
        "POST",
        "/accounts",
        lambda call: accounts.put(call.desk, call.body),
        "Add an account, or change one: keys left out stay",
        accounts.AccountPatch,
        status=201,
    ),
    Route(
        "DELETE",
        "/accounts/{username}",
        lambda call: accounts.remove(call.desk, call.path["username"]),
        "Remove an account",
    ),
    Route(
        "GET",
        "/requests",
        lambda call: journal.listed(call.desk, call.query),
        "What clients sent and were answered, the newest request first",
        query=journal.RequestPage.__struct_fields__,
        plural="requests",
    ),
    Route("GET", "/requests/{request}", lambda call: journal.one(call.desk, call.number("request")), "One request"),
    Route("DELETE", "/requests", lambda call: journal.clear(call.desk), "Forget all requests"),
    Route(
        "POST",
        "/requests/find",
        lambda call: journal.find(call.desk, call.body),
        "The requests that match, in the order they came",
        Wanted,
        plural="requests",
    ),
    Route("POST", "/requests/count", lambda call: journal.count(call.desk, call.body), "How many match", Wanted),
    Route(
        "POST",
        "/requests/wait",
        lambda call: waiting.wait(call.desk, call.body, call.gone),
        "Wait until so many requests match; else 408, with the nearest misses",
        waiting.Awaited,
        plural="requests",
    ),
    Route(
        "GET",
        "/findings",
        lambda call: findings.findings(call.desk),
        "What the journal says about the client: rules broken, with the requests that show it",
        plural="findings",
    ),
    Route(
        "GET",
        "/coverage",
        lambda call: coverage.covered(call.desk),
        "Which outcomes clients have seen, and which not",
    ),
    Route(
        "GET",
        "/audit",
        lambda call: journal.deletions(call.desk, call.query),
        "Deletions: who, when, which, result; the newest first",
        query=journal.Page.__struct_fields__,
        plural="deletions",
    ),
    Route("GET", "/faults", lambda call: faults.listed(call.desk), "The faults in force", plural="faults"),
    Route(
        "POST", "/faults", lambda call: faults.add(call.desk, call.body), "Put a fault in force", Fault, status=201
    ),
    Route("DELETE", "/faults", lambda call: faults.remove(call.desk), "Take all faults out of force"),
    Route("DELETE", "/faults/{fault}", lambda call: faults.remove(call.desk, call.number("fault")), "Take one out"),
    Route(
        "GET", "/snapshots", lambda call: worlds.snapshots(call.desk), "Snapshots of this world", plural="snapshots"
    ),
    Route(
        "POST",
        "/snapshots",
        lambda call: worlds.save(call.desk, call.body.name),
        "Save the whole world under a name",
        bodies.Snapshot,
        status=201,
    ),
    Route(
        "POST",
        "/snapshots/{snapshot}/restore",
        lambda call: worlds.restore(call.desk, call.path["snapshot"]),
        "Everything as it was when the snapshot was taken",
        Nothing,
    ),
    Route("GET", "/worlds", lambda call: worlds.listed(call.desk), "All worlds", server=True, plural="worlds"),
    Route(
        "POST",
        "/worlds",
        lambda call: newworlds.make(call.desk, call.body, call.demand),
        "Make a world: as the server starts them, from a file, or as a copy of another",
        newworlds.NewWorld,
        status=201,
        server=True,
    ),
    Route("GET", "/world", _export, "This world as a file; secrets only with ?secrets=include", query=("secrets",)),
    Route(
        "DELETE",
        "/worlds/{world}",
        lambda call: worlds.delete(call.desk, call.path["world"]),
        "Remove a world",
        server=True,
    ),
)
