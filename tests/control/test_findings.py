"""`GET findings`: what the journal of a world says about its client, live."""

import pytest

from mock_server.clock import SECOND
from mock_server.control import findings
from mock_server.judging import Call, call_of
from mock_server.store.journal import JournalRow, Sought
from tests.client import JSON, Portal
from tests.control.steer import Steer
from tests.live import LiveServer


def named(steer: Steer) -> dict[str, list[int]]:
    """Rule and requests of each finding, advice left out."""
    found = steer.get("findings")
    assert found["total"] == len(found["findings"])
    return {each["rule"]: each["requests"] for each in found["findings"] if each["severity"] != "advice"}


def numbers(steer: Steer, operation: str) -> list[int]:
    return [row["seq"] for row in steer.post("requests/find", operation=operation)["requests"]]


def test_a_quiet_world_has_none(portal: Portal, steer: Steer) -> None:
    portal.call("read_proc_status", procId=123)
    assert named(steer) == {}


def test_advice_is_there_too(portal: Portal, steer: Steer) -> None:
    portal.call("read_proc_status", procId=123)
    (finding,) = steer.get("findings")["findings"]
    assert finding["rule"] == "password-instead-of-token"
    assert set(finding) == {"id", "rule", "severity", "facts", "title", "text", "mend", "requests"}


@pytest.mark.proves("F-PROC-08", "R-80")
def test_findings_grow_as_requests_come(portal: Portal, steer: Steer) -> None:
    steer.put("settings", pace="manual")
    process = portal.started("etx_import", phone="994501234567", date_from="01.01.2025", date_to="31.01.2025")
    portal.call("read_proc_status", procId=process)
    assert named(steer) == {}
    portal.call("read_proc_status", procId=process)
    assert named(steer) == {"polled-too-fast": numbers(steer, "read_proc_status")}
    steer.post(f"processes/{process}/finish")
    portal.call("read_proc_status", procId=process)
    portal.call("read_proc_status", procId=process)
    assert set(named(steer)) == {"polled-too-fast", "polled-after-end"}


@pytest.mark.proves("F-DEL-02", "F-DEL-08")
def test_the_journal_knows_the_other_folder(portal: Portal, steer: Steer) -> None:
    portal.call("etx_delete", serialNumbers=["AA2401 10000001", "MT2412 25000100"])
    assert named(steer) == {"mixed-folders": numbers(steer, "etx_delete")}
    portal.call("etx_delete", serialNumbers=["AA2401 10000002"], is_signed=True)
    assert named(steer)["wrong-is-signed"] == numbers(steer, "etx_delete")[1:]
    portal.call("etx_delete", serialNumbers=["XX9999 99999999"])
    assert set(named(steer)) == {"mixed-folders", "wrong-is-signed"}


@pytest.mark.proves("F-ENV-04", "R-02")
@pytest.mark.parametrize(
    ("agent", "habit"), [("PostmanRuntime/7.43", "Postman"), ("node", "fetch"), ("who-knows/1", "who-knows")]
)
def test_a_lost_body_is_told_by_the_clients_library(portal: Portal, steer: Steer, agent: str, habit: str) -> None:
    portal.send("GET", "/job/read_proc_status", None, {"User-Agent": agent, "x-vatpapikey": "demo-token"})
    (finding,) = steer.get("findings")["findings"]
    assert finding["rule"] == "get-body-lost"
    assert habit in finding["text"]["en"]
    assert habit in finding["text"]["az"]


@pytest.mark.proves("F-RD-02", "R-16")
def test_pages_left_unread_are_seen_in_the_journal(portal: Portal, steer: Steer) -> None:
    steer.put("settings", page_size=3)
    process = portal.started("etx_import", phone="994501234567", date_from="01.01.2025", date_to="31.01.2025", dir=1)
    assert portal.finished(process)["status"] == 2
    total = 0
    for page in (1, 4):
        total = portal.call("etx_read_invoices", phone="994501234567", procId=process, **{"from": page}).data["total"]  # type: ignore[arg-type]
    assert total > 3
    found = next(each for each in steer.get("findings")["findings"] if each["rule"] == "assumed-page-size")
    assert f"{total} invoices are on {-(-total // 3)} pages" in found["text"]["en"]


def test_what_is_cleared_or_reset_is_forgotten(portal: Portal, steer: Steer) -> None:
    for call, path in (("DELETE", "requests"), ("POST", "reset")):
        portal.call("etx_import", token="demo-token", method="PUT")
        portal.call("etx_import", token="demo-token", method="PUT")
        assert "retried-refusal" in named(steer)
        steer.done(call, path)
        assert named(steer) == {}


@pytest.mark.proves("F-AUTH-08")
def test_a_password_in_the_address_is_found_and_not_shown(portal: Portal, steer: Steer) -> None:
    portal.send("GET", "/job/read_proc_status?username=demo&password=demo&procId=123", None, {"Content-Type": JSON})
    found = steer.get("findings")
    assert found["findings"][0]["rule"] == "credentials-in-query"
    assert "password=demo" not in str(found)


def test_ten_thousand_rows_are_read_once(alone: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first question takes its time; the next ones read only what is new."""
    portal, steer = Portal(alone.port, "many"), Steer(alone.port, "many")
    portal.call("read_proc_status", procId=123)
    journal, world = alone.app.store.journal, alone.app.store.worlds.find("many")
    assert world is not None
    ((_, row),) = journal.latest(world.id, Sought(), None, 1)
    with alone.app.store.writing():
        journal.add_all([row._replace(at_real=row.at_real + n * SECOND) for n in range(1, 9_999)])
    assert "polled-after-end" in named(steer)
    read: list[int] = []

    def counted(seq: int, row: JournalRow) -> Call:
        read.append(seq)
        return call_of(seq, row)

    monkeypatch.setattr(findings, "call_of", counted)
    portal.call("read_proc_status", procId=123)
    for _ in range(20):
        named(steer)
    assert len(read) == 1
