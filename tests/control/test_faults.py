"""Faults: what goes wrong on purpose, how often, and for whom."""

import time
from contextlib import AbstractContextManager
from typing import Any, get_args

import msgspec
import pytest

from fixtures.builders import invoice
from mock_server.clock import SystemClock
from mock_server.control import faults
from mock_server.control.desk import Desk
from mock_server.control.faults import BODIES, CONNECTIONS, EFFECTS, MUTATIONS, Body, Connection, Fault, Mutation
from mock_server.rulebook.errors import ErrorTable
from mock_server.rulebook.operations import BY_NAME
from tests.client import JSON, Portal
from tests.control.plain import Raw, answered
from tests.control.steer import Steer
from tests.inprocess import InProcess
from tests.live import Servers, fresh_world

CODES = [entry.code for entry in ErrorTable.load() if entry.scope == "request"]
PHONE = "994501234567"


def poll(portal: Portal) -> Any:
    return portal.call("read_proc_status", procId=123)


def uploads(portal: Portal, erp_id: str = "FAULT-001") -> Any:
    return portal.call("import_upload_invoices", invoices=[invoice(1, erp_id=erp_id)], upload=True)


@pytest.mark.proves("F-ERR-03", "F-ERR-05")
@pytest.mark.parametrize("code", [*CODES, 99, 777, 9999])
@pytest.mark.parametrize("name", BY_NAME)
def test_any_error_of_any_operation(name: str, code: int, portal: Portal, steer: Steer) -> None:
    steer.fault(operation=name, err_code=code, times=1)
    known = ErrorTable.load().find("request", code)
    reply = portal.call(name) if known else None  # which holds it against the schema of errors
    answer = answered(portal, name) if reply is None else Raw(reply.http, JSON, reply.raw)
    body = msgspec.json.decode(answer.body)
    text = known.err_msg.en if known and known.err_msg else ""
    assert (answer.http, body["err_code"], body["err_msg"]) == (200, code, text)
    assert body.get("data") == ({"invoices": [[20]]} if code == 14 else None)


@pytest.mark.parametrize(("code", "http"), [(11, 500), (777, 500), (5, 401)])
def test_an_error_has_the_form_that_the_readings_have_chosen(code: int, http: int, servers: Servers) -> None:
    server = servers.get(readings={"R-01": "mapped", "R-03": "as-shown", "R-04": "null", "R-45": "az"})
    portal, steer = Portal(server.port, fresh_world()), None
    steer = Steer(server.port, portal.world)
    steer.fault(err_code=code)
    answer = answered(portal, "inv_read_invoices")
    assert (answer.http, msgspec.json.decode(answer.body)) == (http, {"err_code": code, "data": None})


def test_no_work_is_done_where_an_error_is_wanted(portal: Portal, steer: Steer) -> None:
    for fault in (
        {"err_code": 11},
        {"http_status": 502},
        {"body": "html"},
        {"err_code": 10, "connection": "truncate"},
    ):
        steer.fault(operation="import_upload_invoices", times=1, **fault)
        answered(portal, "import_upload_invoices", invoices=[], upload=False)
        answered(portal, "import_upload_invoices", scenario="err-12")
        steer.delete("faults")
    assert uploads(portal).data == {"id": 5001}


@pytest.mark.parametrize(
    ("fault", "http", "kind", "parts"),
    [
        ({"http_status": 502}, 502, "text/html", [b"<html>", b"502"]),
        ({"http_status": 503, "body": "html"}, 503, "text/html", [b"<html>", b"503"]),
        ({"body": "html"}, 200, "text/html", [b"<html>"]),
        ({"body": "empty"}, 200, "text/html", []),
        ({"http_status": 504, "body": "empty"}, 504, "text/html", []),
        ({"body": "malformed"}, 200, "application/json", [b'{"err_code":0']),
        ({"http_status": 500, "body": "malformed"}, 500, "application/json", [b'{"err_code":0']),
        ({"http_status": 500, "err_code": 11}, 500, "application/json", [b'"err_code":11']),
        ({"http_status": 204}, 204, None, []),
        ({"http_status": 304, "err_code": 10}, 304, None, []),
    ],
)
def test_status_and_body(
    fault: dict[str, Any], http: int, kind: str | None, parts: list[bytes], portal: Portal, steer: Steer
) -> None:
    steer.fault(**fault)
    answer = answered(portal)
    assert answer[:2] == (http, kind)
    assert all(part in answer.body for part in parts)
    assert bool(answer.body) is bool(parts)
    if "err_code" not in fault:
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(answer.body)
    steer.delete("faults")
    assert poll(portal).code == 0


@pytest.mark.proves("F-PROC-05", "R-66")
@pytest.mark.parametrize("kind", ["import_upload_invoices", "etx_import", "etx_delete"])
def test_a_busy_etaxes(kind: str, portal: Portal, steer: Steer) -> None:
    steer.put("settings", pace="realistic")
    steer.put("clock", frozen=True)
    bodies: dict[str, dict[str, Any]] = {
        "import_upload_invoices": {"invoices": [invoice(1)], "upload": True},
        "etx_import": {"phone": PHONE, "date_from": "01.01.2025", "date_to": "31.01.2025"},
        "etx_delete": {"serialNumbers": ["AA2401 10000001"]},
    }
    number = steer.fault(etaxes="busy", times=1)
    poll(portal)  # which starts nothing, and does not use the fault up
    process = portal.started(kind, **bodies[kind])
    (row,) = steer.get("faults")["faults"]
    assert (row["id"], row["met"], row["used"]) == (number, 1, 1)
    seen = set()
    for _ in range(120):  # both pauses come on top of three to five minutes
        data = portal.call("read_proc_status", procId=process).data
        seen.add((data["status"], *data["stats"].get("etx_exception", [])))
        steer.post("clock/advance", by="5s")
    assert seen == {(1,), (1, "NEED RETRY"), (2,)}


@pytest.mark.parametrize("delay", ["150ms", 0.15, "0.15s", {"min": "0.1s", "max": 0.2}])
def test_a_delay_is_of_real_time(delay: Any, portal: Portal, steer: Steer) -> None:
    if delay == "150ms":
        steer.refused(400, "POST", "faults", {"delay": delay})
        return
    steer.put("clock", frozen=True)
    number = steer.fault(operation="read_proc_status", delay=delay, times=1)
    began = time.monotonic()
    assert poll(portal).code == 0
    assert time.monotonic() - began >= 0.1
    (row,) = steer.get("faults")["faults"]
    assert (row["id"], row["used"], row["delay"]) == (number, 1, delay)


def test_a_delay_holds_up_nobody_else(portal: Portal, steer: Steer) -> None:
    steer.fault(operation="read_proc_status", delay="60s")
    began = time.monotonic()
    assert portal.call("read_proc_data", procId=123).code == 0
    assert Portal(portal.port, fresh_world()).call("read_proc_status", procId=123).code == 0
    assert time.monotonic() - began < 30


def test_a_delay_may_be_drawn_anew_each_time(portal: Portal, steer: Steer, servers: Servers) -> None:
    steer.fault(delay={"min": 1, "max": 2}, seed=7)
    view = servers.get().app.worlds
    world = view.view(view.row(portal.world))
    fault = Fault(delay=faults.Between(1, 2), seed=7)
    drawn = [faults.delay_of(world, faults.Struck(fault, 1, met)) for met in range(1, 50)]
    assert drawn == [faults.delay_of(world, faults.Struck(fault, 1, met)) for met in range(1, 50)]
    assert all(1_000_000 <= length <= 2_000_000 for length in drawn)
    assert len(set(drawn)) > 40
    assert min(drawn) < 1_200_000
    assert max(drawn) > 1_800_000


def test_it_happens_so_many_times(portal: Portal, steer: Steer) -> None:
    first, second = steer.fault(err_code=11, times=2), steer.fault(err_code=12, times=1)
    assert [poll(portal).code for _ in range(5)] == [11, 11, 12, 0, 0]
    found = {row["id"]: (row["met"], row["used"], row["times"]) for row in steer.get("faults")["faults"]}
    assert found == {first: (2, 2, 2), second: (1, 1, 1)}


def _pattern(portal: Portal, steer: Steer, **fault: Any) -> list[int]:
    steer.fault(operation="read_proc_status", err_code=11, **fault)
    return [poll(portal).code for _ in range(60)]


def test_it_happens_with_a_probability_that_a_seed_makes_reproducible(servers: Servers) -> None:
    def story(**fault: Any) -> list[int]:
        portal = Portal(servers.get().port, fresh_world())
        return _pattern(portal, Steer(portal.port, portal.world), **fault)

    once = story(probability=0.3, seed=7)
    assert story(probability=0.3, seed=7) == once
    assert story(probability=0.3, seed=8) != once
    assert 6 <= once.count(11) <= 32
    assert story(probability=0, seed=7) == [0] * 60
    assert story(probability=1, seed=7) == [11] * 60
    assert story(probability=0.5, times=3).count(11) == 3


def test_it_is_for_one_operation_and_one_world(portal: Portal, steer: Steer) -> None:
    steer.fault(operation="read_proc_data", err_code=11)
    assert poll(portal).code == 0
    assert portal.call("read_proc_data", procId=123).code == 11
    assert Portal(portal.port, fresh_world()).call("read_proc_data", procId=123).code == 0
    assert steer.get("faults")["faults"][0]["met"] == 1


@pytest.mark.parametrize(
    ("fault", "transactions"),
    [
        ({"operation": "inv_delete", "err_code": 11}, 1),  # the journal's
        ({"etaxes": "busy"}, 1),
        ({"err_code": 11, "probability": 0}, 2),
        ({"err_code": 11, "times": 1}, 1),
    ],
)
def test_a_request_that_no_fault_can_meet_pays_for_none(
    fault: dict[str, Any], transactions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with InProcess() as server:
        portal, store = server.portal(world="default"), server.app.store
        faults.add(Desk(store, server.app.worlds, SystemClock(), "default"), msgspec.convert(fault, Fault))
        poll(portal)  # which uses up the one that strikes once
        begun: list[None] = []
        writing = store.writing

        def counted() -> AbstractContextManager[None]:
            begun.append(None)
            return writing()

        monkeypatch.setattr(store, "writing", counted)
        assert poll(portal).code == 0
        assert len(begun) == transactions


def test_it_can_be_taken_away(portal: Portal, steer: Steer) -> None:
    first, second = steer.fault(err_code=11), steer.fault(err_code=12)
    assert steer.get("faults")["total"] == 2
    assert steer.delete(f"faults/{first}") == {"removed": 1}
    assert poll(portal).code == 12
    assert steer.refused(404, "DELETE", f"faults/{first}")["given"] == str(first)
    for unknown in ("x", "-1", "9" * 30):
        steer.refused(404, "DELETE", f"faults/{unknown}")
    third = steer.fault(err_code=10)
    assert third not in (first, second)
    assert steer.delete("faults") == {"removed": 2}
    assert poll(portal).code == 0


def test_there_are_so_many_at_most(steer: Steer) -> None:
    for _ in range(100):
        steer.fault(err_code=11, times=1)
    assert steer.refused(409, "POST", "faults", {"err_code": 11})["title"] == "too many faults"
    assert steer.get("faults")["total"] == 100


@pytest.mark.parametrize(
    ("fault", "nearest"),
    [
        ({"err_cod": 11}, "err_code"),
        ({"err_code": 11, "Times": 1}, "times"),
        ({"operation": "etx_imprt", "err_code": 11}, "etx_import"),
        ({"connection": "drop-before"}, "drop_before"),
        ({"connection": "loose_answer"}, "lose_answer"),
        ({"mutate": ["extra_field"]}, "extra_fields"),
        ({"mutate": ["key_order", "az_errmsg"]}, "az_err_msg"),
        ({"body": "htm"}, "html"),
        ({"etaxes": "busi"}, "busy"),
        ({"delay": {"min": 1, "maxx": 2}}, "max"),
    ],
)
def test_a_wrong_name_is_refused_with_the_nearest(fault: dict[str, Any], nearest: str, steer: Steer) -> None:
    problem = steer.refused(400, "POST", "faults", fault)
    assert problem["nearest"] == nearest
    assert nearest in problem["allowed"]
    assert problem["given"] in str(fault)
    assert steer.get("faults")["total"] == 0


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"operation": "etx_import"},
        {"times": 1, "probability": 0.5, "seed": 1},
        {"err_code": 0},
        {"err_code": 10_000},
        {"err_code": -1},
        {"err_code": "11"},
        {"err_code": 11.5},
        {"err_code": True},
        {"http_status": 199},
        {"http_status": 600},
        {"err_code": 11, "times": 0},
        {"err_code": 11, "times": 10**30},
        {"err_code": 11, "probability": 1.1},
        {"err_code": 11, "probability": -0.1},
        {"err_code": 11, "seed": 10**30},
        {"err_code": 11, "seed": "x"},
        {"delay": "-1s"},
        {"delay": -1},
        {"delay": "601s"},
        {"delay": "soon"},
        {"delay": {"min": 2, "max": 1}},
        {"delay": {"min": 1}},
        {"delay": [1, 2]},
        {"mutate": "key_order"},
        {"mutate": []},
        {"err_code": 11, "body": "html"},
        {"body": "html", "mutate": ["key_order"]},
        {"http_status": 502, "mutate": ["key_order"]},
        {"err_code": 11, "etaxes": "busy"},
        {"connection": "drop_before", "etaxes": "busy"},
        {"connection": "drop_before", "err_code": 11},
        {"connection": "lose_answer", "http_status": 502},
        {"connection": "lose_answer", "mutate": ["key_order"]},
        {"operation": "read_proc_status", "etaxes": "busy"},
    ],
)
def test_what_cannot_be_or_would_do_nothing_is_refused(fault: dict[str, Any], steer: Steer) -> None:
    steer.refused(400, "POST", "faults", fault)
    assert steer.get("faults")["total"] == 0


@pytest.mark.parametrize("mutation", ["empty_err_msg", "az_err_msg", "extra_fields", "key_order"])
def test_an_answer_may_have_another_face(mutation: str, portal: Portal, steer: Steer) -> None:
    def bodies() -> list[bytes]:
        page = answered(portal, "etx_read_invoices", phone=PHONE, procId=process, dir=1)
        return [page.body, answered(portal, procId="x").body, answered(portal).body]

    process = portal.started("etx_import", phone=PHONE, dir=1, date_from="01.01.2025", date_to="31.01.2025")
    plain = bodies()
    steer.fault(mutate=[mutation])
    changed = bodies()
    if "err_msg" in mutation:
        text = {"empty_err_msg": "", "az_err_msg": "Tələb olunan JSON elementləri yoxdur və ya düzgün deyil"}[
            mutation
        ]
        assert msgspec.json.decode(changed[1]) == {"res": 0, "err_code": 3, "err_msg": text}
        assert (changed[0], changed[2]) == (plain[0], plain[2])
        return
    for before, after in zip(plain, changed, strict=True):
        assert before != after
        old, new = msgspec.json.decode(before), msgspec.json.decode(after)
        if mutation == "key_order":
            assert old == new
            assert list(new) == list(reversed(old))
            assert sorted(before) == sorted(after)  # every amount as it was written
        else:
            assert set(new) - set(old) == {"x_extra", "server_time"}
            assert {key: new[key] for key in old if key != "data"} == {key: old[key] for key in old if key != "data"}
    assert b'"x_extra"' in changed[0].split(b'"invoices":')[1] or mutation == "key_order"


def test_several_things_go_wrong_at_once(portal: Portal, steer: Steer) -> None:
    steer.fault(err_code=11, http_status=500, mutate=["az_err_msg", "extra_fields", "key_order"], delay=0.01)
    answer = answered(portal)
    body = msgspec.json.decode(answer.body)
    assert (answer.http, body["err_code"]) == (500, 11)
    assert next(iter(body)) in ("server_time", "x_extra")


def test_the_journal_names_the_fault(portal: Portal, steer: Steer, servers: Servers) -> None:
    steer.fault(err_code=11, times=1)
    steer.fault(connection="lose_answer", operation="read_proc_status", times=1)
    steer.fault(connection="drop_before")
    poll(portal)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            answered(portal)
    store = servers.get().app.store
    world = store.worlds.find(portal.world)
    assert world is not None
    rows = store.journal.rows(world.id)
    notes = [[note["text"] for note in msgspec.json.decode(row.notes)] for row in rows]
    assert notes == [
        ['fault 1: {"err_code":11}'],
        ['fault 2: {"connection":"lose_answer"}'],
        ['fault 3: {"connection":"drop_before"}'],
    ]
    assert [(row.http, row.code) for row in rows] == [(200, 11), (200, 0), (0, None)]


def test_the_tables_have_every_word() -> None:
    for table, words in ((BODIES, Body), (CONNECTIONS, Connection), (MUTATIONS, Mutation)):
        assert tuple(table) == get_args(words)
    rules = {"operation", "times", "probability", "seed"}
    assert set(EFFECTS) | rules == {field.name for field in msgspec.structs.fields(Fault)}
