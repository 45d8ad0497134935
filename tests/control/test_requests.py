"""The journal from outside: rows, pages, filters, what was wrong, and what no row may hold."""

import json
import re
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server import Settings
from mock_server.control import journal as control
from mock_server.web import journal
from tests.client import JSON, Portal, dumped, hang_up
from tests.control.steer import Steer
from tests.http.valid_requests import TEN, asked
from tests.live import LiveServer, fresh_world
from tests.timed import NOON, timed

KEYS = [
    "seq",
    "time",
    "world_time",
    "operation",
    "method",
    "path",
    "account",
    "way",
    "http",
    "err_code",
    "latency_ms",
    "violations",
    "notes",
    "request",
    "answer",
]


def last(steer: Steer) -> dict[str, Any]:
    row: dict[str, Any] = steer.get("requests?limit=1")["requests"][0]
    return row


def seqs(answer: Mapping[str, Any]) -> list[int]:
    return [row["seq"] for row in answer["requests"]]


@pytest.fixture
def busy(portal: Portal, steer: Steer) -> Steer:
    """Seven requests: three polls, two by another account, one import of two invoices, one refused deletion."""
    asked(portal, "read_proc_status")
    asked(portal.as_("buyer"), "read_proc_status", procId=1)
    asked(
        portal, "import_upload_invoices", invoices=[invoice(1, erp_id="ISCI-0001"), invoice(2, erp_id="ISCI-00012")]
    )
    asked(portal, "read_proc_status", password="wrong")
    asked(portal, "inv_delete", ids=["ISCI-0001", "NO-SUCH-ID"])
    asked(portal, "etx_delete", serialNumbers=["AA2401 10000001"])
    asked(portal.as_("buyer"), "inv_read_invoices", ids=["ISCI-00012"])
    return steer


def test_a_row_tells_of_a_request_and_its_answer(portal: Portal, steer: Steer) -> None:
    reply = asked(portal, "read_proc_status", procId=124_000)
    row = last(steer)
    assert list(row) == KEYS
    assert [row[name] for name in KEYS[3:5]] == ["read_proc_status", "GET"]
    assert [row[name] for name in KEYS[6:10]] == ["demo", "password", 200, 3]
    assert row["path"] == f"/w/{portal.world}/api/job/read_proc_status"
    assert row["violations"] == [{"path": [], "code": 3, "reading": "", "text": "no such process"}]
    assert row["notes"] == []
    assert json.loads(row["request"]["text"]) == {"username": "demo", "password": "***", "procId": 124_000}
    assert row["answer"] == {"text": reply.raw.decode(), "size": len(reply.raw), "cut": False, "digest": None}
    assert datetime.fromisoformat(row["time"]).utcoffset() is not None
    assert row["latency_ms"] > 0
    assert steer.get(f"requests/{row['seq']}") == row


def test_the_default_world_is_called_by_either_path(alone: LiveServer) -> None:
    portal = Portal(alone.port, "default")
    asked(portal, "read_proc_status")
    connection = portal.connection
    connection.request("GET", "/api/job/read_proc_status", b"{}", {"Content-Type": JSON})
    connection.getresponse().read()
    paths = [row["path"] for row in Steer(alone.port).get("requests")["requests"]]
    assert paths == ["/api/job/read_proc_status", "/w/default/api/job/read_proc_status"]
    hang_up()


def test_real_time_and_world_time_stand_in_a_row_each() -> None:
    with timed(NOON, pace="instant") as server:
        steer = Steer(server.server.port, "early")
        asked(server.portal("early"), "read_proc_status")
        steer.post("clock/advance", by="90m")
        asked(server.portal("early"), "read_proc_status")
        found = [(row["time"], row["world_time"]) for row in steer.get("requests")["requests"]]
    noon, later = "2026-11-20T12:00:00.000+04:00", "2026-11-20T13:30:00.000+04:00"
    assert found == [(noon, later), (noon, noon)]


def test_latency_has_the_time_a_request_was_held_up(portal: Portal, steer: Steer) -> None:
    steer.fault(delay=0.2, times=1)
    asked(portal, "read_proc_status")
    assert last(steer)["latency_ms"] > 150


def test_the_newest_request_comes_first_and_pages_lead_back(portal: Portal, steer: Steer) -> None:
    for process in range(1, 26):
        asked(portal, "read_proc_status", procId=process)
    assert steer.get("requests")["total"] == 25
    pages, before = [], ""
    for _ in range(3):
        page = steer.get(f"requests?limit=10{before}")
        assert (page["total"], page["dropped"]) == (25, 0)
        pages.append(seqs(page))
        before = f"&before={pages[-1][-1]}"
    everything = [seq for page in pages for seq in page]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert everything == sorted(everything, reverse=True) == seqs(steer.get("requests?limit=1000"))
    assert steer.get(f"requests?before={everything[-1]}")["requests"] == []
    assert json.loads(steer.get(f"requests/{everything[0]}")["request"]["text"])["procId"] == 25


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7]),
        ({"operation": "read_proc_status"}, [1, 2, 4]),
        ({"err_code": 5}, [4]),
        ({"err_code": 0}, [1, 3, 6, 7]),
        ({"account": "buyer"}, [2, 7]),
        ({"account": "demo", "operation": "read_proc_status"}, [1]),
        ({"account": "nobody"}, []),
        ({"err_code": 20, "operation": "inv_delete", "account": "demo"}, [5]),
    ],
)
def test_filters_narrow_what_is_listed_found_and_counted(
    busy: Steer, wanted: dict[str, Any], places: list[int]
) -> None:
    everything = sorted(seqs(busy.get("requests")))
    expected = [everything[place - 1] for place in places]
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    listed = busy.get(f"requests?{query}")
    assert (seqs(listed), listed["total"]) == (expected[::-1], len(expected))
    found = busy.post("requests/find", **wanted)
    assert (seqs(found), found["total"]) == (expected, len(expected))
    assert busy.post("requests/count", **wanted) == {"count": len(expected)}


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("ISCI-0001", [3, 5]),
        ("ISCI-00012", [3, 7]),
        ("ISCI-000", []),
        ("NO-SUCH-ID", [5]),
        ("AA2401 10000001", [6]),
        ("AA240110000001", [6]),
        ("10000001", []),
        ("demo", [1, 3, 4, 5, 6]),
    ],
)
def test_an_invoice_is_found_by_its_whole_name(busy: Steer, name: str, places: list[int]) -> None:
    everything = sorted(seqs(busy.get("requests")))
    found = busy.post("requests/find", invoice=name)
    assert seqs(found) == [everything[place - 1] for place in places]
    assert busy.post("requests/count", invoice=name) == {"count": len(places)}


@pytest.mark.parametrize(
    ("raw", "query"),
    [
        (b'{"ids": ["ISCI-77", "x"]', ""),
        (b"ids=ISCI-77&x=1", ""),
        (b'{"ids": ["\\u0049SCI-77"]}', ""),
        (b'{"ids": [ "ISCI-77" ] }', ""),
        (b'[["ISCI-77"]]', ""),
        (b'{"invoices": [{"id": "ISCI-77", "main_qaime": 5}, 7, null]}', ""),
        (b"", "?ids=a&ids=ISCI-77"),
        (b"", "?ids[]=ISCI%2D77"),
    ],
)
def test_an_invoice_is_found_in_whatever_was_sent(portal: Portal, steer: Steer, raw: bytes, query: str) -> None:
    portal.send("GET", f"/inv/read_invoices{query}", raw, {"Content-Type": JSON})
    assert steer.post("requests/count", invoice="ISCI-77") == {"count": 1}
    assert steer.post("requests/count", invoice="ISCI-7") == {"count": 0}


def test_a_number_names_an_invoice_only_where_invoices_are_named(portal: Portal, steer: Steer) -> None:
    asked(portal, "inv_read_invoices", ids=[77])
    asked(portal, "read_proc_status", procId=77)
    assert seqs(steer.post("requests/find", invoice="77")) == seqs(steer.get("requests?operation=inv_read_invoices"))


@pytest.mark.parametrize("fault", [{}, {"http_status": 502}])
def test_an_invoice_is_found_beyond_what_is_kept_of_a_body(
    portal: Portal, steer: Steer, fault: dict[str, Any]
) -> None:
    rows = [invoice(number, erp_id=f"ISCI-{number:05d}") for number in range(60)]
    if fault:
        steer.fault(**fault, times=1)
        portal.connection.request(
            "POST", f"/w/{portal.world}/api/inv/import_upload_invoices.php", dumped({"invoices": rows})
        )
        portal.connection.getresponse().read()
    else:
        assert asked(portal, "import_upload_invoices", invoices=rows).code == 0
    row = last(steer)
    assert row["request"]["cut"]
    assert len(row["request"]["text"].encode()) <= 16_384 < row["request"]["size"]
    assert len(row["request"]["digest"]) == 64
    assert "ISCI-00059" not in row["request"]["text"]
    for name, count in (("ISCI-00000", 1), ("ISCI-00059", 1), ("ISCI-00060", 0), ("ISCI-0005", 0)):
        assert steer.post("requests/count", invoice=name) == {"count": count}, name


def test_find_brings_the_first_thousand_and_since_the_rest(
    portal: Portal, steer: Steer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "MOST", 4)
    monkeypatch.setattr(control, "PIECE", 3)
    for process in range(1, 11):
        asked(portal, "read_proc_status", procId=process)
    since = 0
    found: list[int] = []
    for size in (4, 4, 2):
        page = steer.post("requests/find", operation="read_proc_status", since=since)
        assert (len(page["requests"]), page["total"]) == (size, 10 - len(found))
        found += seqs(page)
        since = found[-1]
    assert found == sorted(seqs(steer.get("requests")))


def test_since_is_a_request_or_an_instant_of_real_time() -> None:
    with timed(NOON, pace="instant") as server:
        steer = Steer(server.server.port, "watched")
        steer.put("clock", frozen=True)
        for _ in range(4):
            asked(server.portal("watched"), "read_proc_status")
            server.wait(60)
        first, second, third, fourth = sorted(seqs(steer.get("requests")))
        assert seqs(steer.get(f"requests?since={second}")) == [fourth, third]
        assert seqs(steer.post("requests/find", since=second)) == [third, fourth]
        assert seqs(steer.post("requests/find", since=str(first))) == [second, third, fourth]
        for instant in ("2026-11-20T12:02:00+04:00", "2026-11-20T08:02:00Z", "2026-11-20T11:01:59.5+03:00"):
            assert seqs(steer.post("requests/find", since=instant)) == [third, fourth], instant
            assert seqs(steer.get(f"requests?since={instant}")) == [fourth, third], instant


@pytest.mark.parametrize("call", ["find", "count", "wait"])
def test_an_unknown_operation_is_refused_with_the_nearest(steer: Steer, call: str) -> None:
    problem = steer.refused(400, "POST", f"requests/{call}", {"operation": "inv_delte"})
    assert (problem["given"], problem["nearest"]) == ("inv_delte", "inv_delete")
    assert set(problem["allowed"]) == set(TEN)
    assert steer.refused(400, "GET", "requests?operation=etx-import")["nearest"] == "etx_import"


@pytest.mark.parametrize(
    "body",
    [
        {"operation": 5},
        {"err_code": "0"},
        {"err_code": 10**30},
        {"account": 1},
        {"invoice": ""},
        {"invoice": "x" * 301},
        {"since": -1},
        {"since": 10**30},
        {"since": "yesterday"},
        {"since": "2026-11-20T12:00:00"},
        {"operations": "inv_delete"},
    ],
)
def test_what_cannot_be_wanted_is_refused(steer: Steer, body: dict[str, Any]) -> None:
    for call in ("find", "count", "wait"):
        steer.refused(400, "POST", f"requests/{call}", body)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "before=-1", "before=x", "err_code=x", "since=x"]
)
def test_what_is_no_page_is_refused(steer: Steer, query: str) -> None:
    steer.refused(400, "GET", f"requests?{query}")


def test_a_request_that_is_not_there_is_not_found(portal: Portal, steer: Steer) -> None:
    asked(portal, "read_proc_status")
    seq = last(steer)["seq"]
    for wrong in (seq + 1000, 0, "x", 10**30):
        steer.refused(404, "GET", f"requests/{wrong}")
    other = Steer(steer.port, fresh_world())
    assert other.refused(404, "GET", f"requests/{seq}")["given"] == str(seq)


def test_what_is_deleted_is_gone_and_its_numbers_do_not_come_again(portal: Portal, steer: Steer) -> None:
    other = Portal(portal.port, fresh_world())
    asked(other, "read_proc_status")
    for _ in range(3):
        asked(portal, "read_proc_status")
    newest = last(steer)["seq"]
    assert steer.delete("requests") == {"removed": 3}
    assert steer.get("requests") == {"requests": [], "total": 0, "dropped": 0, "lost": 0}
    asked(portal, "read_proc_status")
    assert seqs(steer.get("requests"))[0] > newest
    assert Steer(other.port, other.world).get("requests")["total"] == 1


def test_what_the_bound_costs_is_counted(portal: Portal, steer: Steer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ROWS_KEPT", 10)
    monkeypatch.setattr(journal, "TRIM_EVERY", 5)
    for number in range(1, 41):
        asked(portal, "read_proc_status" if number % 3 else "inv_delete", procId=number, ids=[f"NO-{number}"])
    answer = steer.get("requests")
    assert 10 <= answer["total"] <= 15
    assert answer["dropped"] == 40 - answer["total"]
    steer.delete("requests")
    assert steer.get("requests")["dropped"] == 0


def test_violations_have_their_place_and_code(portal: Portal, steer: Steer) -> None:
    asked(portal, "etx_import", dir="x", date_from=5)
    assert {(*row["path"], row["code"]) for row in last(steer)["violations"]} == {("date_from", 3), ("dir", 3)}
    wrong = {**invoice(2, items=2), "buyer": "12"}
    wrong["items"][1].pop("name")
    wrong["sum_total"] = 10**9
    reply = asked(portal, "import_upload_invoices", invoices=[invoice(1), wrong])
    row = last(steer)
    assert reply.code == row["err_code"] == 14
    codes: dict[int, set[int]] = {}
    for violation in row["violations"]:
        assert violation["path"][0] == "invoices"
        codes.setdefault(violation["path"][1], set()).add(violation["code"])
    assert codes == {1: set(reply.data["invoices"][1])}
    assert ["invoices", 1, "buyer"] in [violation["path"] for violation in row["violations"]]
    assert row["notes"] == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff", b"null", b"[" * 1000])
def test_what_cannot_be_read_has_a_row_too(portal: Portal, steer: Steer, body: bytes) -> None:
    portal.send("POST", "/inv/import_upload_invoices.php", body, {"Content-Type": JSON})
    row = last(steer)
    assert (row["err_code"], row["request"]["size"]) == (3, len(body))
    assert row["violations"][0]["text"]


def test_a_body_beyond_the_bound_has_a_row_too(portal: Portal, steer: Steer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.web.api.BODY_BYTES", 1000)
    asked(portal.as_("demo"), "read_proc_status", x="y" * 2000)
    hang_up()
    row = last(steer)
    assert (row["http"], row["err_code"], row["request"]["text"]) == (413, 3, "")


@pytest.mark.parametrize("scenario", ["drop", "lose-answer", "http-502", "err-11", "no-such-scenario"])
def test_a_request_that_went_wrong_on_purpose_has_a_row_that_says_so(
    portal: Portal, steer: Steer, scenario: str
) -> None:
    connection = portal.connection
    try:
        connection.request("GET", f"/w/{portal.world}/api/job/read_proc_status", b"{}", {"x-mock-scenario": scenario})
        connection.getresponse().read()
    except OSError:
        connection.close()
    assert "scenario" in last(steer)["notes"][0]["text"]


CANARY = "KANAREYKA"


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (f"username=demo&password={CANARY}&procId=1", "username=demo&password=***&procId=1"),
        (f"p%61ssword={CANARY}", "p%61ssword=***"),
        (f"Token={CANARY}&API_KEY={CANARY}", "Token=***&API_KEY=***"),
        (f"password%3D{CANARY}=1", "***"),
        (f"password:{CANARY}", "***"),
        (f"body=%7B%22secret%22%3A%22{CANARY}%22%7D", "body=***"),
        (f"a;password={CANARY}", "a;password=***"),
        ("ids=%C6%8F&ids[]=b", "ids=%C6%8F&ids[]=b"),
    ],
)
def test_the_query_string_is_kept_without_secrets(portal: Portal, steer: Steer, query: str, kept: str) -> None:
    for path in ("/job/read_proc_status", "/auth/reset_start.php"):
        portal.send("GET", f"{path}?{query}")
        assert last(steer)["path"] == f"/w/{portal.world}/api{path}?{kept}"
    assert CANARY not in steer.send("GET", "requests").raw.decode()


def test_a_key_that_holds_a_secret_is_in_no_note(portal: Portal, steer: Steer) -> None:
    strange: dict[str, Any] = {f"password={CANARY}": 1, "my_password": 2}
    asked(portal, "read_proc_status", **strange)
    row = last(steer)
    assert CANARY not in json.dumps([row["notes"], row["violations"]])
    assert ["my_password"] in [note["path"] for note in row["notes"]]


def test_no_answer_leaves_before_its_row_is_committed(tmp_path: Path) -> None:
    file = tmp_path / "portal.db"
    server = LiveServer(Settings(pace="instant", database=f"sqlite:///{file}"))

    def client(number: int) -> None:
        portal = Portal(server.port, "shared")
        portal.own_connection()
        with sqlite3.connect(file) as database:
            for step in range(20):
                name = f"ISCI-{number:02d}{step:03d}"
                if step % 4:
                    portal.call("inv_read_invoices", ids=[name])
                else:
                    portal.call("import_upload_invoices", invoices=[invoice(step, erp_id=name)])
                found = database.execute("SELECT count(*) FROM journal WHERE instr(request, ?)", (name.encode(),))
                assert found.fetchone() == (1,), name
        database.close()
        portal.connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client, range(8)))
    assert Steer(server.port, "shared").get("requests")["total"] == 160
    server.stop()


def _broken(*_: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


def test_rows_that_cannot_be_written_are_counted_and_what_was_read_is_answered(
    alone: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    steer = Steer(alone.port, "x")
    with monkeypatch.context() as patch:
        patch.setattr(alone.app.store.journal, "add_all", _broken)
        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(lambda _: poll(alone.port), range(20)))
        assert {(reply["err_code"], reply["res"]) for reply in replies} == {(0, 1)}
        assert steer.get("requests") == {"requests": [], "total": 0, "dropped": 0, "lost": 20}
    assert poll(alone.port)["err_code"] == 0
    assert (steer.get("requests")["total"], steer.get("requests")["lost"]) == (1, 20)
    assert steer.get("health")["journal_lost"] == 20
    assert outcomes(steer) == {("read_proc_status", 0)}


def test_a_change_whose_row_cannot_be_written_does_not_happen(
    alone: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, steer = Portal(alone.port, "x"), Steer(alone.port, "x")
    rows = [invoice(1, erp_id="ISCI-0001")]
    with monkeypatch.context() as patch:
        patch.setattr(alone.app.store.journal, "add", _broken)
        assert asked(portal, "import_upload_invoices", invoices=rows).code == 10
    row = last(steer)
    assert (row["err_code"], row["violations"]) == (10, [])
    assert "its log" in row["notes"][0]["text"]
    assert asked(portal, "inv_read_invoices", ids=["ISCI-0001"]).data["invoices"] == []
    assert outcomes(steer) == {("import_upload_invoices", 10), ("inv_read_invoices", 0)}
    assert asked(portal, "import_upload_invoices", invoices=rows).code == 0
    assert ("import_upload_invoices", 0) in outcomes(steer)
    hang_up()


def outcomes(steer: Steer) -> set[tuple[str, int]]:
    return {(row["operation"], row["err_code"]) for row in steer.get("coverage")["seen"]}


def test_when_the_world_cannot_be_read_the_answer_is_10(alone: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(alone.app.store.worlds, "find", _broken)
        assert poll(alone.port)["err_code"] == 10
    assert poll(alone.port)["err_code"] == 0
    hang_up()


def poll(port: int) -> Any:
    """The envelope of a poll on a connection of its own."""
    portal = Portal(port, "x")
    portal.own_connection()
    try:
        return asked(portal, "read_proc_status").json
    finally:
        portal.connection.close()


def test_an_accounts_secrets_are_in_no_row_wherever_a_client_wrote_them(portal: Portal, steer: Steer) -> None:
    secrets = {name: f"{CANARY}-{name}-1" for name in ("password", "token", "secret")}
    steer.post("accounts", username="careless", company="1234567890", **secrets)
    for value in secrets.values():
        encoded = "".join(f"%{each:02X}" for each in value.encode())
        escaped = "".join(f"\\u{ord(each):04x}" for each in value)
        item = {**invoice(1), "main_info": f"see {value}"}
        asked(portal, "import_upload_invoices", invoices=[item, {**item, "passwort": "x", "şifrə": value}])
        asked(portal, "inv_delete", ids=[value], username="careless", password=secrets["password"])
        asked(portal, "read_proc_status", procId=value, note=json.dumps({"pasword": value}))
        named_so: dict[str, Any] = {value: 1}
        asked(portal, "read_proc_status", procId=1, **named_so)
        portal.send("GET", f"/job/read_proc_status?procId={value}&x={encoded}")
        portal.send("GET", f"/job/read_proc_status?{encoded}")
        for body in (f'{{"procId":{escaped}', f"procId={encoded}", f'{{"procId":"{escaped}"}}', f"<a>{value}</a>"):
            portal.send("POST", "/inv/delete", body.encode(), {"Content-Type": JSON, "x-vatpapikey": value})
        connection = portal.connection
        connection.request("POST", f"/w/{portal.world}/api/inv/delete", headers={"x-mock-scenario": value})
        connection.getresponse().read()
    kept = steer.get("requests?limit=1000")
    assert kept["total"] == 33
    for path in ("requests?limit=1000", "audit", "coverage"):
        text = steer.send("GET", path).raw.decode()
        assert [text[max(0, at.start() - 300) : at.end() + 30] for at in re.finditer(CANARY, text)] == []
