"""Many clients want one thing at the same time: one has it, the others are told so, and nothing is done by half."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fixtures.builders import invoice
from tests.client import Portal
from tests.control.steer import Steer
from tests.databases import ENGINES
from tests.live import Servers, fresh_world
from tests.test_serve import Served

CLIENTS = 64


def at_once(count: int, do: Callable[[int], Any]) -> list[Any]:
    """What each of so many threads got, all let go at one moment."""
    gate = threading.Barrier(count)
    got: list[Any] = [None] * count

    def run(number: int) -> None:
        gate.wait(60)
        try:
            got[number] = do(number)
        except BaseException as error:  # whatever it is, the test must see it
            got[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


@contextmanager
def own(port: int, world: str) -> Iterator[Portal]:
    """The portal, on a connection that nobody else uses."""
    portal = Portal(port, world)
    portal.own_connection()
    try:
        yield portal
    finally:
        portal.connection.close()


def one_id(port: int) -> None:
    world = fresh_world()
    same = invoice(7, erp_id="EYNI-00001", buyer="0987654321")

    def send(_: int) -> int:
        with own(port, world) as client:
            return client.call("import_upload_invoices", invoices=[same], upload=True).code

    codes = at_once(CLIENTS, send)
    assert Counter(codes) == {0: 1, 17: CLIENTS - 1}
    assert Portal(port, world).call("inv_read_invoices", ids=[same["id"]]).data["total"] == 1


def numbers(port: int) -> None:
    world = fresh_world()

    def upload(number: int) -> list[str]:
        batch = [invoice(place, erp_id=f"SAY-{number:03d}-{place}", buyer="0987654321") for place in range(2)]
        with own(port, world) as client:
            return client.uploaded(*batch)

    qaimes = sorted(qaime for pair in at_once(CLIENTS // 2, upload) for qaime in pair)
    running = [int(qaime[6:]) for qaime in qaimes]
    assert len({qaime[:6] for qaime in qaimes}) == 1
    assert running == list(range(running[0], running[0] + CLIENTS))


def all_or_nothing(port: int) -> None:
    """Two deletions share one draft: whoever comes second deletes nothing, and nobody ever sees a half."""
    world = fresh_world()
    portal = Portal(port, world)
    pairs = [invoice(place, erp_id=f"CUT-{place:04d}", buyer="0987654321") for place in range(4)]
    portal.finished(portal.started("import_upload_invoices", invoices=pairs))
    ids = [each["id"] for each in pairs]

    def ask(number: int) -> tuple[str, int]:
        with own(port, world) as client:
            if number % 2:
                return "seen", client.call("inv_read_invoices", ids=ids[:3]).data["total"]
            return "told", client.call("inv_delete", ids=ids[:3] if number % 4 else ids[2:]).code

    got = at_once(CLIENTS, ask)
    told = Counter(code for kind, code in got if kind == "told")
    assert told[0] == 1
    assert set(told) == {0, 20}
    assert {total for kind, total in got if kind == "seen"} <= {3, 0, 2}
    left = {row["id"] for row in portal.call("inv_read_invoices", ids=ids).data["invoices"]}
    assert left in ({ids[3]}, set(ids[:2]))


RACES = {"one id": one_id, "numbers": numbers, "all or nothing": all_or_nothing}


@pytest.mark.engines
@pytest.mark.proves("F-IMP-06", "R-17", "R-33", "F-IMP-14", "R-21", "F-INV-03")
@pytest.mark.parametrize("race", RACES.values(), ids=RACES)
def test_races_in_one_process(servers: Servers, race: Callable[[int], None]) -> None:
    race(servers.get().port)


@pytest.mark.proves("F-IMP-06", "R-17", "R-33", "F-IMP-14", "R-21", "F-INV-03")
@pytest.mark.parametrize("database", ENGINES, indirect=True)
def test_races_in_several_processes(database: str) -> None:
    with Served("--workers", "2", "--database", database, "--pace", "instant") as served:
        assert served.url.port is not None
        for race in RACES.values():
            race(served.url.port)


@pytest.mark.engines
@pytest.mark.proves("R-31", "F-IMP-11")
def test_a_question_is_answered_once(servers: Servers) -> None:
    world = fresh_world()
    steer = Steer(servers.get().port, world)
    steer.put("readings", **{"R-31": "manual"})
    portal = Portal(steer.port, world)
    process = portal.started("import_upload_invoices", upload=True, invoices=[invoice(1, buyer="0987654321")])
    (question,) = [each for each in steer.get("confirmations")["confirmations"] if each["state"] == "pending"]
    answers = at_once(
        CLIENTS,
        lambda number: steer.send("POST", f"confirmations/{question['id']}/{('confirm', 'refuse')[number % 2]}"),
    )
    assert Counter(each.http for each in answers) == {200: 1, 409: CLIENTS - 1}
    (state,) = [each["state"] for each in steer.get("confirmations")["confirmations"] if each["pin"] == 1]
    (said,) = [each.json["state"] for each in answers if each.http == 200]
    assert state == said
    assert portal.call("read_proc_status", procId=process).data["status"] == (1 if state == "confirmed" else 3)


@pytest.mark.engines
@pytest.mark.proves("R-22", "F-DEL-03", "F-DEL-04", "F-DEL-09", "R-79")
def test_an_invoice_is_approved_or_deleted_and_never_both(servers: Servers) -> None:
    world = fresh_world()
    steer, portal = Steer(servers.get().port, world), Portal(servers.get().port, world)
    pair = [invoice(place, erp_id=f"IKISI-{place:03d}", buyer="0987654321") for place in range(2)]
    qaimes = portal.uploaded(*pair)
    serials = [f"{qaime[:2]} {qaime[2:]}" for qaime in qaimes]

    def act(number: int) -> int:
        if number % 2:
            return steer.send("PATCH", f"invoices/{qaimes[0]}", {"status": "approved"}).http
        with own(steer.port, world) as client:
            reply = client.call("etx_delete", serialNumbers=serials, is_signed=True)
            status: int = client.finished(reply.data["id"])["status"] if reply.code == 0 else reply.code
            return status

    got = at_once(16, act)
    left = [portal.call("inv_read_invoices", ids=[each["id"]]).data["total"] for each in pair]
    statuses = [steer.get(f"invoices?qaime={qaime}")["invoices"][0]["status"] for qaime in qaimes]
    if 2 in got:
        assert (got.count(2), got.count(200), left, statuses) == (1, 0, [0, 0], ["deleted", "deleted"])
    else:
        assert (got.count(200), left, statuses) == (1, [1, 1], ["approved", "onApproval"])
