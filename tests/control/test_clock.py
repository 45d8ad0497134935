"""The clock of a world: it follows real time, stands, runs faster, jumps; forward only."""

import hashlib
import hmac
import time
from typing import Any

import pytest

from fixtures.builders import invoice
from tests.client import Portal
from tests.control.steer import Steer
from tests.live import fresh_world
from tests.timed import Timed, timed

NOON = "2026-11-20T12:00:00.000+04:00"
PHONE = "994501234567"
DATES = {"date_from": "01.01.2024", "date_to": "31.12.2999"}


def steered(server: Timed, pace: str = "realistic") -> tuple[Portal, Steer]:
    portal = server.portal(fresh_world())
    steer = Steer(portal.port, portal.world)
    steer.put("settings", pace=pace)
    return portal, steer


def uploads(portal: Portal, erp_id: str, **more: Any) -> int:
    return portal.started("import_upload_invoices", invoices=[invoice(1, erp_id=erp_id)], upload=True, **more)


def status(portal: Portal, process: int) -> Any:
    return portal.call("read_proc_status", procId=process).data


@pytest.fixture(scope="module", autouse=True)
def _still(realistic: Timed) -> None:
    assert realistic.clock.now() == 1_795_161_600_000_000  # the noon above, which nothing but these tests moves


def test_it_follows_real_time_until_told_otherwise() -> None:
    with timed() as server:
        _, steer = steered(server)
        assert steer.get("clock") == {"now": NOON, "speed": 1, "frozen": False}
        server.wait(90.5)
        assert steer.get("clock")["now"] == "2026-11-20T12:01:30.500+04:00"
        assert steer.put("clock", frozen=True) == {
            "now": "2026-11-20T12:01:30.500+04:00",
            "speed": 1,
            "frozen": True,
        }
        server.wait(1000)
        assert steer.get("clock")["now"] == "2026-11-20T12:01:30.500+04:00"
        assert steer.put("clock", frozen=False, speed=60)["frozen"] is False
        server.wait(2)
        assert steer.get("clock") == {"now": "2026-11-20T12:03:30.500+04:00", "speed": 60, "frozen": False}
        steer.put("clock", frozen=True)
        steer.put("clock", speed=0.5)
        assert steer.put("clock", frozen=False) == {
            "now": "2026-11-20T12:03:30.500+04:00",
            "speed": 0.5,
            "frozen": False,
        }
        server.wait(10)
        assert steer.get("clock")["now"] == "2026-11-20T12:03:35.500+04:00"
        assert steer.put("clock", now="2026-11-20T18:00:00Z")["now"] == "2026-11-20T22:00:00.000+04:00"
        assert steer.put("clock", now="2026-11-20T18:00:00+00:00")["now"] == "2026-11-20T22:00:00.000+04:00"


@pytest.mark.parametrize(
    ("by", "seconds"), [("30s", 30), ("5m", 300), ("1d2h", 93_600), (90, 90), (0.25, 0.25), ("1.5s", 1.5), (0, 0)]
)
@pytest.mark.parametrize("frozen", [True, False])
def test_it_is_advanced(by: str | float, seconds: float, frozen: bool) -> None:
    with timed() as server:
        _, steer = steered(server)
        steer.put("clock", frozen=frozen)
        before = server.clock.now()
        world = server.server.app.worlds
        assert steer.post("clock/advance", by=by)["frozen"] is frozen
        row = world.row(steer.world or "")
        assert row.clock.at(server.clock.now()) - before == round(seconds * 1_000_000)


@pytest.mark.parametrize("frozen", [True, False])
def test_it_goes_forward_only(frozen: bool, realistic: Timed) -> None:
    _, steer = steered(realistic)
    steer.put("clock", frozen=frozen)
    for method, path, body in (
        ("PUT", "clock", {"now": "2026-11-20T11:59:59.999+04:00"}),
        ("PUT", "clock", {"now": "1999-01-01T00:00:00Z", "speed": 7, "frozen": not frozen}),
        ("POST", "clock/advance", {"by": "-5m"}),
        ("POST", "clock/advance", {"by": -0.5}),
    ):
        assert "forward only" in steer.refused(409, method, path, body)["detail"]
    assert steer.get("clock") == {"now": NOON, "speed": 1, "frozen": frozen}
    steer.put("clock", now=NOON)
    steer.post("clock/advance", by="1h")
    steer.post("reset")
    assert steer.get("clock")["now"] == NOON


@pytest.mark.parametrize(
    ("method", "path", "raw"),
    [
        ("PUT", "clock", b'{"now": "20.11.2026"}'),
        ("PUT", "clock", b'{"now": "2026-11-20T13:00:00"}'),
        ("PUT", "clock", b'{"now": "9001-01-01T00:00:00Z"}'),
        ("PUT", "clock", b'{"now": 5}'),
        ("PUT", "clock", b'{"speed": 0}'),
        ("PUT", "clock", b'{"speed": -1}'),
        ("PUT", "clock", b'{"speed": 1e400}'),
        ("PUT", "clock", b'{"speed": 86401}'),
        ("PUT", "clock", b'{"speed": true}'),
        ("PUT", "clock", b'{"frozen": "yes"}'),
        ("PUT", "clock", b'{"spede": 2}'),
        ("PUT", "clock", b'{"now"'),
        ("PUT", "clock", b"[]"),
        ("POST", "clock/advance", b""),
        ("POST", "clock/advance", b'{"by": "soon"}'),
        ("POST", "clock/advance", b'{"by": "5"}'),
        ("POST", "clock/advance", b'{"by": 1e400}'),
        ("POST", "clock/advance", b'{"by": 1e300}'),
        ("POST", "clock/advance", b'{"by": -1e300}'),
        ("POST", "clock/advance", b'{"by": "999999999d"}'),
        ("POST", "clock/advance", b'{"by": null}'),
    ],
)
def test_what_is_no_time_is_refused(method: str, path: str, raw: bytes, realistic: Timed) -> None:
    _, steer = steered(realistic)
    steer.refused(400, method, path, raw=raw)
    assert steer.get("clock") == {"now": NOON, "speed": 1, "frozen": False}


def test_it_ends_somewhere(realistic: Timed) -> None:
    _, steer = steered(realistic)
    for _ in range(69):
        steer.post("clock/advance", by="36500d")
    assert steer.refused(400, "POST", "clock/advance", {"by": "36500d"})["title"] == "too far"
    assert steer.get("clock")["now"].startswith("8922-04-22")


@pytest.mark.proves("F-PROC-06")
def test_five_minutes_finish_a_realistic_process_at_once(realistic: Timed) -> None:
    portal, steer = steered(realistic)
    steer.put("clock", frozen=True)
    started = [
        uploads(portal, "AT-ONCE-1"),
        portal.started("import_upload_invoices", invoices=[invoice(2)], upload=False),
        portal.started("etx_import", phone=PHONE, dir=1, **DATES),
        portal.started("etx_delete", serialNumbers=["AA2401 10000001"]),
    ]
    assert [status(portal, process)["status"] for process in started] == [1, 1, 1, 1]
    steer.post("clock/advance", by="5m")
    assert [status(portal, process)["status"] for process in started] == [2, 2, 2, 2]
    assert len(portal.call("inv_read_invoices", ids=["AT-ONCE-1"]).data["invoices"][0]["qaime"]) == 13


def test_on_a_real_clock_advancing_takes_no_time() -> None:
    with timed(int(time.time() * 1_000_000)) as server:  # the clock stands, so only advancing can do it
        portal, steer = steered(server)
        process = uploads(portal, "NO-TIME-1")
        steer.post("clock/advance", by="5m")
        assert status(portal, process)["status"] == 2


def test_sixty_times_as_fast() -> None:
    with timed() as server:
        portal, steer = steered(server)
        steer.put("clock", speed=60)
        process = uploads(portal, "SPEED-001")
        server.wait(2.9)
        assert status(portal, process)["status"] == 1
        server.wait(2.1)
        assert status(portal, process)["status"] == 2


@pytest.mark.proves("F-AUTH-03", "R-24")
@pytest.mark.parametrize(("by", "code"), [("299.999s", None), ("300s", 5)])
def test_a_challenge_lasts_as_long_as_the_world_says(by: str, code: int | None, realistic: Timed) -> None:
    portal, steer = steered(realistic)
    challenge = portal.call("reset_start", "GET", login="demo").json["plain_value"]
    key = hmac.new(b"demo-secret", challenge.encode(), hashlib.sha256).hexdigest()
    steer.post("clock/advance", by=by)
    assert portal.call("reset_confirm", login="demo", key=key).json.get("err_code") == code


@pytest.mark.proves("R-31")
def test_a_pin_expires_by_the_clock_of_the_world(realistic: Timed) -> None:
    portal, steer = steered(realistic)
    steer.put("readings", **{"R-31": "manual"})
    process = portal.started("etx_import", phone=PHONE, dir=1, **DATES)
    steer.post("clock/advance", by="119.999s")
    assert status(portal, process)["status"] == 1
    steer.post("clock/advance", by="0.001s")
    assert status(portal, process)["stats"]["etx_exception"] == ["PIN1 not confirmed in time"]


@pytest.mark.proves("F-IMP-14", "R-36")
@pytest.mark.parametrize(
    ("now", "qaime", "date"),
    [("2031-12-31T23:50:00+04:00", "AA3112", "31.12.2031"), ("2031-12-31T23:58:59+04:00", "AA3201", "01.01.2032")],
)
def test_numbers_and_dates_are_of_the_worlds_time(now: str, qaime: str, date: str, realistic: Timed) -> None:
    portal, steer = steered(realistic)
    steer.put("clock", now=now, frozen=True)
    process = uploads(portal, "NUMBERED-1")
    steer.post("clock/advance", by="5m")
    steer.put("settings", pace="instant")
    assert status(portal, process)["status"] == 2
    row = portal.call("inv_read_invoices", ids=["NUMBERED-1"]).data["invoices"][0]
    assert row["qaime"].startswith(qaime)
    download = portal.started("etx_import", phone=PHONE, dir=1, date_from=date, date_to=date)
    page = portal.call("etx_read_invoices", procId=download, phone=PHONE, dir=1).data
    assert [(row["qaime"], row["datetime"][:10]) for row in page["invoices"]] == [(row["qaime"], date)]


def test_a_jump_over_years_settles_everything_in_its_own_order(realistic: Timed) -> None:
    """The same story told by a jump and told second by second leaves the same world."""
    told = []
    for steps in ([("1825d", 1)], [("10s", 60), ("1824d", 1)]):
        portal, steer = steered(realistic)
        steer.put("clock", frozen=True)
        realistic.server.app.store.engine.run(
            "UPDATE worlds SET secret = ? WHERE name = ?", (b"the same", portal.world)
        )
        steer.put("settings", pace="realistic")  # so that the secret is read anew
        started = []
        for number in range(12):
            started.append(uploads(portal, f"JUMP-{number:04}"))
            steer.post("clock/advance", by="7s")
        started.append(portal.started("etx_delete", serialNumbers=["AA2401 10000001"]))
        for by, times in steps:
            for _ in range(times):
                steer.post("clock/advance", by=by)
                status(portal, started[0])
        steer.put("settings", pace="instant")
        assert [status(portal, process)["status"] for process in started] == [2] * 13
        details = [portal.call("read_proc_data", procId=process).raw for process in started]
        ids = [f"JUMP-{number:04}" for number in range(12)]
        told.append((details, portal.call("inv_read_invoices", ids=ids).raw))
    assert told[0] == told[1]
