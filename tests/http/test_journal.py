"""The journal: every portal request with what it was, what was answered, and what is worth a warning."""

import hashlib
import http.client
import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server import Settings
from mock_server.rulebook.operations import BY_NAME
from mock_server.store.journal import JournalRow
from mock_server.web import journal
from tests.client import JSON, Portal, dumped
from tests.http.test_renewal import challenge, confirmed
from tests.http.valid_requests import READS, TEN, WITH_CREDENTIALS, asked, right_code
from tests.live import LiveServer, Servers, fresh_world


class Watched:
    """A fresh world, and what its journal says."""

    def __init__(self, server: LiveServer, account: str = "demo") -> None:
        self._server = server
        self.portal = Portal(server.port, fresh_world(), account)

    @property
    def rows(self) -> list[JournalRow]:
        store = self._server.app.store
        world = store.worlds.find(self.portal.world)
        return [] if world is None else store.journal.rows(world.id)

    @property
    def notes(self) -> list[tuple[list[str | int], str, str]]:
        """Path, reading and text of each note of the last row."""
        return [(note["path"], note["reading"], note["text"]) for note in json.loads(self.rows[-1].notes)]

    @property
    def readings(self) -> list[str]:
        return [reading for _, reading, _ in self.notes]


@pytest.fixture
def watched(servers: Servers) -> Watched:
    return Watched(servers.get())


@pytest.mark.parametrize("name", TEN)
def test_row_of_each_answer(watched: Watched, name: str) -> None:
    reply = asked(watched.portal, name)
    refused = asked(watched.portal, name, "PATCH")
    first, second = watched.rows
    assert (first.operation, first.method) == (name, BY_NAME[name].method)
    assert (first.http, first.code) == (200, right_code(name))
    known = name in WITH_CREDENTIALS
    assert (first.account, first.way) == (("demo", "password") if known else (None, "none"))
    assert first.answer == reply.raw[: journal.BODY_KEPT]
    assert first.answer_size == len(reply.raw)
    assert first.latency >= 0
    assert first.at_real > 0
    assert (second.code, second.answer, second.account) == (1, refused.raw, None)


def test_row_names_the_account_only_when_it_is_known(watched: Watched) -> None:
    for token, password in (("demo-token", None), ("no-token", None), (None, "wrong"), (None, "")):
        asked(watched.portal, "read_proc_status", token=token, **({} if token else {"password": password}))
    assert [(row.account, row.way, row.code) for row in watched.rows] == [
        ("demo", "token", 0),
        (None, "token", 5),
        (None, "password", 5),
        (None, "password", 4),
    ]


def test_path_that_is_none_is_in_no_journal(watched: Watched) -> None:
    asked(watched.portal, "read_proc_status")
    assert watched.portal.send("GET", "/job/read_proc_status/").http == 404
    assert len(watched.rows) == 1


STRANGE: list[tuple[str, dict[str, Any]]] = [
    *((name, {"proc_id": 1, "": [{"deep": 1}]}) for name in TEN),
    ("etx_read_invoices", {"page": 1, "Dir": 0}),
]


@pytest.mark.parametrize(("name", "members"), STRANGE)
@pytest.mark.proves("R-43")
def test_unknown_keys_leave_a_note(watched: Watched, name: str, members: Mapping[str, Any]) -> None:
    asked(watched.portal, name, **members)
    found = [(path, reading) for path, reading, _ in watched.notes if reading == "R-43"]
    assert sorted(found) == sorted(([key], "R-43") for key in members)


@pytest.mark.proves("R-43")
def test_unknown_keys_of_invoice_and_item_leave_a_note_with_their_place(watched: Watched) -> None:
    first, second = invoice(1), invoice(2, items=2)
    second["items"][1]["colour"] = "red"
    rows = [{**first, "note": None, "remark": "x"}, {**second, "Seller": "1"}]
    assert watched.portal.call("import_upload_invoices", invoices=rows).code == 0
    assert sorted((path, reading) for path, reading, _ in watched.notes) == [
        (["invoices", 0, "remark"], "R-43"),
        (["invoices", 1, "Seller"], "R-43"),
        (["invoices", 1, "items", 1, "colour"], "R-43"),
    ]


@pytest.mark.proves("R-43")
def test_unknown_key_of_a_query_string_leaves_a_note(watched: Watched) -> None:
    watched.portal.send("GET", "/auth/reset_start.php?login=demo&user=demo")
    assert [(path, reading) for path, reading, _ in watched.notes] == [(["user"], "R-43")]


def test_token_beside_a_password_leaves_a_note(watched: Watched) -> None:
    asked(watched.portal, "read_proc_status", token="demo-token", username="demo", password="demo")
    assert watched.readings == ["R-25"]
    asked(watched.portal, "read_proc_status", token="demo-token")
    assert watched.readings == []


@pytest.mark.parametrize("name", READS)
@pytest.mark.proves("R-02b")
def test_parameters_in_the_query_string_leave_a_note(servers: Servers, name: str) -> None:
    for answer in ("accepted", "body-only"):
        watched = Watched(servers.get(readings={"R-02b": answer}))
        assert watched.portal.send("GET", f"{BY_NAME[name].path}?username=demo&password=&procId=123").code == 4
        assert watched.readings == ["R-02b"], answer
        assert asked(watched.portal, name).code == 0
        assert "R-02b" not in watched.readings


@pytest.mark.proves("R-53")
def test_value_that_is_ignored_leaves_a_note(watched: Watched) -> None:
    asked(watched.portal, "read_proc_status", phone=5)
    assert [(path, reading) for path, reading, _ in watched.notes] == [(["phone"], "R-53")]


def test_reason_of_a_refusal_is_for_the_journal_only(watched: Watched) -> None:
    reply = asked(watched.portal, "read_proc_status", procId="x")
    assert json.loads(watched.rows[-1].violations) == [
        {"path": ["procId"], "code": 3, "reading": "", "text": "procId: type"}
    ]
    assert watched.notes == []
    assert b"procId" not in reply.raw


def test_journal_is_bounded_whatever_is_sent(watched: Watched) -> None:
    huge: dict[str, Any] = {"x" * 100_000: 1, **{f"key{number}": 1 for number in range(500)}}
    asked(watched.portal, "read_proc_status", **huge)
    row = watched.rows[-1]
    assert len(row.notes) < 100_000
    assert len(watched.notes) <= 100
    assert max(len(text) for *_, text in watched.notes) <= 500
    assert len(row.request) <= 16_384
    assert row.request_size > 100_000


def test_long_body_is_kept_in_part_with_size_and_digest(watched: Watched) -> None:
    raw = b'{"procId": 123, "x": "' + b"y" * 50_000 + b'"}'
    headers = {"Content-Type": JSON, "x-vatpapikey": "demo-token"}
    assert watched.portal.send("POST", "/job/read_proc_status", raw, headers).code == 0
    row = watched.rows[-1]
    assert (row.request, row.request_size) == (raw[:16_384], len(raw))
    assert row.request_digest == hashlib.sha256(raw).hexdigest()


def test_oldest_rows_go_first(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ROWS_KEPT", 10)
    monkeypatch.setattr(journal, "TRIM_EVERY", 5)
    for number in range(1, 41):
        asked(watched.portal, "read_proc_status" if number % 3 else "inv_delete", procId=number, ids=[f"NO-{number}"])
    rows = watched.rows
    assert 10 <= len(rows) <= 15
    assert b"40" in rows[-1].request


def strict(**readings: str) -> LiveServer:
    chosen = {"R-02b": "body-only", **{name.replace("_", "-"): answer for name, answer in readings.items()}}
    return LiveServer(Settings(pace="instant", readings=chosen, strict_documented=True))


@pytest.fixture(scope="module")
def strict_server() -> Iterator[LiveServer]:
    server = strict()
    yield server
    server.stop()


ASSUMED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("read_proc_status", {"procId": 999_999}, ["R-15"]),
    ("inv_read_invoices", {"ids": ["INV-2024-001"]}, ["R-23"]),
    ("etx_import", {"inc_kinds": "noSuchKind"}, ["R-14b"]),
    ("etx_import", {"date_from": "08.08.2025"}, ["R-13b"]),
    ("etx_read_invoices", {}, ["R-16"]),
    ("inv_delete", {}, []),
    ("reset_start", {}, []),
]


@pytest.mark.parametrize(("name", "members", "readings"), ASSUMED)
def test_strict_marks_answers_that_rest_on_an_assumption(
    strict_server: LiveServer, name: str, members: Mapping[str, Any], readings: list[str]
) -> None:
    watched = Watched(strict_server)
    asked(watched.portal, name, **members)
    marked = [reading for _, reading, text in watched.notes if text == "this answer rests on an assumption"]
    assert set(readings) <= set(marked)
    assert bool(readings) == bool(marked)
    plain = asked(watched.portal, "inv_delete", ids=["INV-2024-002"])
    assert (plain.code, watched.notes) == (0, [])


def test_nothing_is_marked_unless_strict(watched: Watched) -> None:
    asked(watched.portal, "inv_read_invoices")
    assert watched.notes == []


CANARY = "KANAREYKA"


BODIES_WITH_A_CANARY = {
    "password": dumped({"username": "demo", "password": CANARY, "procId": 123}),
    "token in body": dumped({"token": CANARY, "x-vatpapikey": CANARY, "key": CANARY, "Secret": CANARY}),
    "nested": dumped({"auth": {"password": CANARY, "list": [{"token": CANARY}]}}),
    "list": b'{"password": [ "KANAREYKA", {"a": "KANAREYKA"} ], "procId": 1}',
    "quotes": dumped({"password": f'a"{CANARY}\\"{CANARY}', "procId": 1}),
    "escaped key": b'{"p\\u0061ssword": "KANAREYKA", "\\u0074oken": "KANAREYKA"}',
    "long": b'{"x": "' + b"y" * 16_350 + b'", "password": "KANAREYKA"}',
    "no object": dumped([{"password": CANARY}]),
    "twice": dumped(dumped({"password": CANARY}).decode()),
    "broken": b'{"username": "demo", "password": "KANAREYKA", "procId": }',
    "cut off": b'{"username": "demo", "password": "KANAREYKA',
    "single quotes": b"{'password': 'a KANAREYKA'}",
    "form": b"username=demo&password=KANAREYKA&procId=123",
    "escaped, broken": b'{"p\\u0061ssword": "KANAREYKA",}',
    "another encoding": '{"password": "KANAREYKA"}'.encode("utf-16"),
}


def planted(text: bytes) -> bool:
    return any(CANARY.encode(encoding) in text for encoding in ("utf-8", "utf-16-le"))


@pytest.mark.parametrize("what", BODIES_WITH_A_CANARY)
@pytest.mark.parametrize("kind", [JSON, "text/plain"])
def test_no_secret_of_a_body_is_kept_or_logged(
    watched: Watched, caplog: pytest.LogCaptureFixture, kind: str, what: str
) -> None:
    raw = BODIES_WITH_A_CANARY[what]
    with caplog.at_level(logging.DEBUG):
        for name in TEN:
            operation = BY_NAME[name]
            watched.portal.send(operation.method, operation.path, raw, {"Content-Type": kind})
            watched.portal.send("PATCH", operation.path, raw, {"Content-Type": kind})
    assert len(watched.rows) == 20
    for row in watched.rows:
        assert not any(planted(value) for value in row if isinstance(value, bytes)), (what, row)
        assert not any(CANARY in value for value in row if isinstance(value, str)), (what, row)
    assert CANARY not in caplog.text


def test_no_secret_of_header_or_query_string_is_kept_or_logged(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    query = f"username=demo&password={CANARY}&token={CANARY}&key={CANARY}&x-vatpapikey={CANARY}&login=demo"
    with caplog.at_level(logging.DEBUG):
        for name in TEN:
            path = f"{BY_NAME[name].path}?{query}"
            watched.portal.send("GET", path, None, {"x-vatpapikey": CANARY})
            watched.portal.send("GET", path)
            watched.portal.send("GET", f"/no-such-path?{query}")
    assert len(watched.rows) == 20
    assert not any(CANARY in repr(row) for row in watched.rows)
    assert CANARY not in caplog.text


def test_no_token_of_an_answer_and_no_key_is_kept(watched: Watched) -> None:
    portal = watched.portal
    token = confirmed(portal, "demo", challenge(portal, "demo")).json["token"]
    for name in WITH_CREDENTIALS:
        asked(portal, name, token=token)
    kept = repr(watched.rows)
    assert token not in kept
    assert watched.rows[1].answer == b'{"token":"***"}'
    assert b'"key":"***"' in watched.rows[1].request


def test_mistake_of_the_simulator_shows_no_secret_in_the_log(
    watched: Watched, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.portal.status.demand_own", lambda *_: 1 / 0)
    reply = asked(watched.portal, "read_proc_status", token="demo-token", password=CANARY)
    assert reply.code == 10
    assert "ZeroDivisionError" in caplog.text
    assert CANARY not in caplog.text
    assert "demo-token" not in caplog.text


def test_body_that_never_comes_leaves_neither_row_nor_log(servers: Servers, caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(servers.get())
    connection = http.client.HTTPConnection("127.0.0.1", servers.get().port, timeout=30)
    path = f"/w/{watched.portal.world}/api/job/read_proc_status"
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", JSON)
    connection.putheader("Content-Length", "100")
    connection.endheaders(b'{"procId"')
    connection.close()
    asked(watched.portal, "inv_delete", ids=["x"])
    assert [row.operation for row in watched.rows] == ["inv_delete"]
    assert not caplog.records
