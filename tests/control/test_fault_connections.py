"""What a client sees on its socket when a connection is made to fail, and what was done meanwhile."""

import http.client
import itertools
import json
import time
from typing import Any

import pytest

from fixtures.builders import invoice
from tests.client import Portal
from tests.control.plain import answered, wire_bytes
from tests.control.steer import Steer

UPLOAD = "import_upload_invoices"


def upload(portal: Portal, **more: Any) -> Any:
    return answered(portal, UPLOAD, invoices=[invoice(1, erp_id="SOCKET-01")], upload=True, **more)


def imported(portal: Portal) -> bool:
    return bool(portal.call("inv_read_invoices", ids=["SOCKET-01"]).data["invoices"])


@pytest.mark.proves("F-PROC-09")
@pytest.mark.parametrize(
    ("connection", "seen", "done"),
    [
        ("drop_before", http.client.RemoteDisconnected, False),
        ("lose_answer", http.client.RemoteDisconnected, True),
        ("drop_after", http.client.IncompleteRead, True),
    ],
)
def test_a_connection_breaks(
    connection: str, seen: type[Exception], done: bool, portal: Portal, steer: Steer
) -> None:
    steer.fault(operation=UPLOAD, connection=connection, times=1)
    with pytest.raises(seen):
        upload(portal)
    assert imported(portal) is done
    retry = json.loads(upload(portal).body)
    assert retry["err_code"] == (17 if done else 0)  # F-IMP-06: the id is taken


def test_nothing_at_all_comes_where_the_answer_is_lost(portal: Portal, steer: Steer) -> None:
    for connection in ("drop_before", "lose_answer"):
        steer.fault(connection=connection, times=1)
        assert wire_bytes(portal) == []


def test_half_an_answer_comes_where_it_breaks_off(portal: Portal, steer: Steer) -> None:
    whole = answered(portal).body
    steer.fault(connection="drop_after", times=1)
    head, _, body = b"".join(wire_bytes(portal)).partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(whole) in head.lower()
    assert body == whole[: len(whole) // 2]


def test_a_truncated_answer_looks_whole_to_http(portal: Portal, steer: Steer) -> None:
    whole = answered(portal).body
    steer.fault(connection="truncate", times=1)
    answer = answered(portal)
    assert (answer.http, answer.kind) == (200, "application/json")
    assert answer.body == whole[: len(whole) // 2]
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


def test_a_dripping_answer_comes_whole_in_the_end(portal: Portal, steer: Steer) -> None:
    whole = answered(portal).body
    steer.fault(connection="drip", times=1)
    began = time.monotonic()
    pieces = wire_bytes(portal)
    assert time.monotonic() - began >= (len(whole) // 7 - 1) * 0.02
    assert b"".join(pieces).partition(b"\r\n\r\n")[2] == whole
    assert len(pieces) > 1


def test_a_large_answer_drips_within_seconds(portal: Portal, steer: Steer) -> None:
    asked: dict[str, Any] = {"phone": "994501234567", "date_from": "01.01.2020", "date_to": "31.12.2030", "dir": 1}
    portal.started("etx_import", **asked)
    whole = answered(portal, "etx_read_invoices", **asked).body
    assert len(whole) > 50_000
    steer.fault(connection="drip", times=1)
    began = time.monotonic()
    assert answered(portal, "etx_read_invoices", **asked).body == whole
    assert time.monotonic() - began < 60  # at 7 bytes a time it would take minutes


def test_a_client_may_hang_up_while_it_drips_or_waits(portal: Portal, steer: Steer) -> None:
    for fault in ({"connection": "drip"}, {"delay": "0.2s"}):
        steer.fault(times=1, **fault)
        connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
        connection.request("GET", f"/w/{portal.world}/api/job/read_proc_status")
        for _ in itertools.takewhile(lambda _: steer.get("faults")["faults"][-1]["used"] == 0, range(1000)):
            pass
        connection.close()
    assert portal.call("read_proc_status", procId=123).code == 0


def test_the_connection_serves_again_where_it_was_not_broken(portal: Portal, steer: Steer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
    for fault in ({"connection": "truncate"}, {"connection": "drip"}, {"http_status": 502}, {"http_status": 204}):
        steer.fault(times=1, **fault)
        for http_status in (fault.get("http_status", 200), 200):
            connection.request("GET", f"/w/{portal.world}/api/job/read_proc_status")
            answer = connection.getresponse()
            answer.read()
            assert (answer.status, answer.will_close) == (http_status, False)
    connection.close()


def test_a_body_that_is_too_large_meets_faults_too(portal: Portal, steer: Steer) -> None:
    steer.fault(err_code=11, times=1)
    for code, status in ((11, 200), (3, 413)):
        connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
        connection.putrequest("POST", f"/w/{portal.world}/api/inv/import_upload_invoices.php")
        connection.putheader("Content-Length", str(33 * 1024 * 1024))
        connection.putheader("Content-Type", "application/json")
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, answer.headers["connection"]) == (status, "close")
        assert json.loads(answer.read())["err_code"] == code
        connection.close()
