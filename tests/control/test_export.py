"""A world as a file, and the same world again from that file: exact with secrets, and not without them."""

import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest

from fixtures.builders import invoice
from mock_server.control import clocks
from mock_server.portal.plans import PACES
from mock_server.portal.records import EventEntry, RecordEntry
from mock_server.portal.stages import Event, Record, Stage
from mock_server.rulebook.documents import load
from tests.client import Portal
from tests.control.steer import Steer, dump
from tests.timed import Timed, timed

PHONE = "994501234567"
ALWAYS = {"date_from": "01.01.2000", "date_to": "31.12.9999"}
NEITHER = ("journal", "seedings", "worlds", "download_texts", "download_counts")
"""What a file does not say, or is kept twice.

Of a world's row `settings` alone differs: the file says what had been the server's.
"""


def exported(steer: Steer, query: str = "?secrets=include") -> bytes:
    reply = steer.send("GET", f"world{query}")
    assert (reply.http, reply.kind) == (200, "application/json")
    return reply.raw


def made(steer: Steer, name: str, file: bytes, **others: Any) -> Steer:
    """A world made from an export."""
    rest = json.dumps({"name": name, **others})[1:-1]
    reply = steer.send("POST", "worlds", raw=b'{"file": ' + file + b", " + rest.encode() + b"}")
    assert (reply.http, reply.json) == (201, {"name": name, "url": f"/w/{name}/api"})
    return Steer(steer.port, name)


def renamed(file: bytes, old: str, new: str) -> bytes:
    before = f'"name": "{old}"'.encode()
    assert file.count(before) == 1
    return file.replace(before, f'"name": "{new}"'.encode())


def lived(server: Timed, world: str) -> tuple[Portal, Steer]:
    """A world to which everything has happened that a world file can tell of."""
    portal, steer = server.portal(world), Steer(server.server.port, world)
    steer.post("accounts", username="aysel", password="gizli «söz»", company="7777777777", company_name='Yeni "MMC"')
    steer.post("accounts", username="clerk", token=None)
    steer.put("readings", **{"R-16": "page", "R-31": "manual"})
    steer.put("clock", speed=2.5, frozen=True)
    steer.fault(operation="read_proc_data", err_code=11, times=3, probability=0.75, delay=0.0, seed=4)
    steer.fault(etaxes="busy", delay={"min": "1s", "max": 1.5}, operation="etx_import", times=1)
    portal.call("read_proc_data", procId=123)
    steer.post("invoices", count=300, dir=0, seed=1)
    uploads(portal, steer)
    downloads(portal, steer)
    token_renewal(portal)
    return portal, steer


def uploads(portal: Portal, steer: Steer) -> None:
    """Imported only; signed; refused in part; stopped half-way; waiting for a PIN."""
    kinds: dict[str, Any] = {"taxation": "everything", "items": 3, "places": 5}
    only = portal.started("import_upload_invoices", invoices=[invoice(1), invoice(2, **kinds)])
    steer.post(f"processes/{only}/finish")
    sent = [invoice(n) for n in range(3, 9)] + [invoice(9, type="goodsTransfer"), invoice(10, type="avans")]
    upload = portal.started("import_upload_invoices", upload=True, invoices=sent)
    steer.post(f"processes/{upload}/finish")
    partial = [invoice(11), invoice(12, buyer="9000000008")]
    upload = portal.started("import_upload_invoices", upload=True, invoices=partial)
    steer.post(f"processes/{upload}/finish")
    halves = [
        portal.started("import_upload_invoices", upload=True, invoices=[invoice(n), invoice(n + 1)])
        for n in (20, 30, 40)
    ]
    for process, steps in zip(halves, (1, 4, 5), strict=True):
        for _ in range(steps):
            steer.post(f"processes/{process}/step")
    steer.post(f"processes/{halves[0]}/stall")
    steer.post(f"processes/{halves[2]}/fail", text="sistem «dayandı»")
    portal.call("inv_delete", ids=[invoice(1)["id"]])
    portal.call("inv_delete", ids=["not there"])


def downloads(portal: Portal, steer: Steer) -> None:
    """Both folders, one of them twice; deletions of a draft, of what was downloaded, and of what cannot be."""
    for dir_ in (1, 0, 1):
        process = portal.started("etx_import", dir=dir_, phone=PHONE, **ALWAYS)
        steer.post(f"processes/{process}/finish")
        row = steer.get("invoices?dir=1&company=1234567890&status=onApproval")["invoices"][0]
        steer.done("PATCH", f"invoices/{row['qaime']}", {"status": "approved"})
    for folder, signed in (("draft", False), ("sent", True)):
        rows = steer.get(f"invoices?folder={folder}&company=1234567890&status=draft,onApproval")["invoices"]
        serial = rows[0]["qaime"].rstrip("0123456789")
        named = f"{serial} {rows[0]['qaime'][len(serial) :]}"
        reply = portal.call("etx_delete", serialNumbers=[named], is_signed=signed)
        if reply.code == 0:
            steer.post(f"processes/{reply.data['id']}/finish")
    portal.call("etx_delete", serialNumbers=["XX 9999999"])
    waiting = portal.started("etx_import", dir=0, phone="994500000003", inc_kinds="agent", exc_status="x", **ALWAYS)
    portal.call("read_proc_status", procId=waiting)
    portal.call("etx_delete", serialNumbers=["AA2401 10000001"])


def token_renewal(portal: Portal) -> None:
    """A token renewed once, and a challenge in force for another account."""
    value = portal.send("GET", "/auth/reset_start.php?login=demo").json["plain_value"]
    key = hmac.new(b"demo-secret", value.encode(), hashlib.sha256).hexdigest()
    assert "token" in portal.call("reset_confirm", login="demo", key=key).json
    portal.send("GET", "/auth/reset_start.php?login=buyer")


@pytest.fixture(scope="module")
def server() -> Any:
    with timed(pace="realistic") as running:
        yield running


def test_the_round_trip_is_exact_to_the_byte(server: Timed) -> None:
    _, steer = lived(server, "lived")
    file = exported(steer)
    again = made(steer, "again", file)
    assert exported(again) == renamed(file, "lived", "again")
    left, right = (dump(server.server, world) for world in ("lived", "again"))
    for table in left.keys() - set(NEITHER):
        assert left[table] == right[table], table
        assert left[table], f"nothing is in {table}"
    assert [row[:3] + row[4:] for row in left["worlds"]] == [row[:3] + row[4:] for row in right["worlds"]]
    world = json.loads(file)
    states = {row["state"] for row in world["portal"]}
    assert states == {"imported", "uploading", "signed"}
    assert [name for name in load("world.json")["properties"] if not world.get(name)] == []


def test_both_worlds_go_on_alike(server: Timed) -> None:
    """The same draws, numbers, arrivals and due effects: the same script brings the same bytes."""
    first, steer = lived(server, "first")
    made(steer, "second", exported(steer))
    second = server.portal("second")
    assert script(first, Steer(steer.port, "first")) == script(second, Steer(steer.port, "second"))
    assert exported(steer) == renamed(exported(Steer(steer.port, "second")), "second", "first")


def script(portal: Portal, steer: Steer) -> list[bytes]:
    """What is said in reply to a script that meets all that was under way."""
    found = []
    for by in ("40s", "3m", "5m"):
        steer.post("clock/advance", by=by)
        found += [portal.call("read_proc_status", procId=process).raw for process in range(5001, 5018)]
    found += [portal.call("etx_read_invoices", dir=dir_, phone=PHONE, **ALWAYS).raw for dir_ in (0, 1)]
    found.append(portal.send("GET", "/auth/reset_start.php?login=demo").raw)
    process = portal.started("import_upload_invoices", upload=True, invoices=[invoice(90), invoice(91)])
    steer.post(f"processes/{process}/finish")
    found.append(portal.call("read_proc_data", procId=process).raw)
    found.append(portal.call("inv_read_invoices", date_from="01.01.2020", date_to="31.12.2099").raw)
    found.append(json.dumps([steer.get("confirmations"), steer.get("portal-invoices")]).encode())
    return found


def test_a_reset_leads_back_to_the_file(server: Timed) -> None:
    _, steer = lived(server, "template")
    file = exported(steer)
    copy = made(steer, "resettable", file)
    portal = server.portal("resettable", "buyer")
    portal.started("import_upload_invoices", invoices=[invoice(70)])
    copy.post("clock/advance", by="1h")
    assert exported(copy) != renamed(file, "template", "resettable")
    copy.post("reset")
    assert exported(copy) == renamed(file, "template", "resettable")


def test_secrets_are_absent_unless_asked_for(server: Timed) -> None:
    _, steer = lived(server, "secretive")
    bare = exported(steer, "")
    world = json.loads(bare)
    assert "secret" not in world
    assert {name for row in world["accounts"] for name in row} & {"password", "token", "secret", "challenge"} == set()
    for word in (b"demo-secret", b"buyer-token", "gizli «söz»".encode()):
        assert (word in bare, word in exported(steer)) == (False, True)
    full = json.loads(exported(steer))
    assert [row["token"] for row in full["accounts"] if row["username"] == "clerk"] == [None]
    assert steer.refused(400, "GET", "world?secrets=all")["allowed"] == ["include"]
    problem = steer.refused(400, "POST", "worlds", raw=b'{"name": "bare", "file": ' + bare + b"}")
    assert problem["errors"][0]["path"] == "$.accounts[0]"
    assert "secrets=include" in problem["errors"][0]["detail"]
    assert len(problem["errors"]) == len(world["accounts"])


def test_settings_asked_for_count_more_than_the_files(server: Timed) -> None:
    _, steer = lived(server, "settled")
    file = exported(steer)
    now = json.loads(file)["clock"]["now"]
    other = made(
        steer, "otherwise", file, pace="fast", page_size=3, readings={"R-16": "all"}, now="2027-01-01T00:00:00+04:00"
    )
    assert other.get("settings")["pace"] == "fast"
    assert other.get("settings")["page_size"] == 3
    answers = other.get("readings")["readings"]
    assert (answers["R-16"], answers["R-31"]) == ("all", "manual")
    clock = other.get("clock")
    assert (clock["now"], clock["frozen"], clock["speed"]) == ("2027-01-01T00:00:00.000+04:00", True, 2.5)
    body = b'{"name": "early", "now": "2026-01-01T00:00:00+04:00", "file": ' + file + b"}"
    assert "forward only" in steer.refused(409, "POST", "worlds", raw=body)["title"]
    assert now.startswith("2026-11-20T12:00:00")
    assert made(steer, "running", file, frozen=False).get("clock")["frozen"] is False


def test_the_form_knows_all_that_a_record_holds() -> None:
    form = load("world.json")["$defs"]["record"]["properties"]
    for struct, known in (
        (Record, form),
        (RecordEntry, form),
        (Stage, form["stages"]["items"]["properties"]),
        (Event, form["events"]["items"]["properties"]),
        (EventEntry, form["events"]["items"]["properties"]),
    ):
        assert {field.name for field in msgspec.structs.fields(struct)} == set(known)


def test_the_form_knows_paces_and_speeds() -> None:
    form = load("world.json")["properties"]
    assert tuple(form["settings"]["properties"]["pace"]["enum"]) == PACES
    assert form["clock"]["properties"]["speed"]["maximum"] == clocks.MAX_SPEED
