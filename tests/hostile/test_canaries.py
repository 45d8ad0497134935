"""Secrets planted everywhere a client could put them, and looked for in everything the simulator can write."""

import hmac
import http.client
import io
import json
import logging
import os
import signal
from collections.abc import Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from mock_server import Settings
from mock_server.control.desk import Problem
from mock_server.control.given import converted
from mock_server.control.worldfiles import BadWorldFile, checked, given, read_file
from mock_server.rulebook.operations import BY_NAME
from mock_server.store.worlds import Lifetime
from mock_server.web.envelope import Answer
from mock_server.web.journal import Exchange, _received
from mock_server.web.known_secrets import KnownSecrets
from mock_server.web.logs import JsonLines, Lines, begin
from mock_server.web.requests import Request
from tests.client import Portal, hang_up
from tests.live import LiveServer
from tests.test_serve import Served

PASSWORD, TOKEN, SECRET = "Kanareyka-şifrə-7Q", "kanareyka-token-8R", "kanareyka-secret-9S"
ADMIN, OWN = "kanareyka-admin-1T", "kanareyka-blue-2U"
PLANTED = (PASSWORD, TOKEN, SECRET, ADMIN, OWN)
CREDENTIALS = {"username": "kanar", "password": PASSWORD}
READ_BY_EVERYBODY = (
    "requests",
    "findings",
    "audit",
    "coverage",
    "accounts",
    "faults",
    "processes",
    "confirmations",
    "snapshots",
    "worlds",
    "invoices",
    "readings",
    "world",
    "health",
    "openapi.json",
)


def call(served: Served, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    """The answer's head and body; nothing when the server hung up."""
    connection = served.connection()
    sent = {name: value.encode() for name, value in (headers or {}).items()}
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **sent})
        answer = connection.getresponse()
        return str(answer.getheaders()).encode() + answer.read()
    except (http.client.HTTPException, OSError):
        return b""
    finally:
        connection.close()


def admin(served: Served, method: str, path: str, body: Any = None, token: str = ADMIN) -> bytes:
    raw = b"" if body is None else json.dumps(body).encode()
    return call(served, method, path, raw, {"Authorization": f"Bearer {token}"})


def planted(served: Served) -> None:
    account = {"username": "kanar", "password": PASSWORD, "token": TOKEN, "secret": SECRET, "company": "1234567890"}
    assert b'"kanar"' in admin(served, "POST", "/__admin/accounts", account)
    assert b"blue" in admin(served, "POST", "/__admin/worlds", {"name": "blue", "admin_token": OWN})


def misused() -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Requests with secrets in their place, and in every other place."""
    status = "/api/job/read_proc_status"
    for value in (PASSWORD, TOKEN, SECRET):
        for body in (
            {"username": "kanar", "password": value, "procId": 123},
            {"username": value, "password": value, "procId": 123},
            {"username": "kanar", "pasword": value, "parol": value, "şifrə": value, "procId": 123},
            {"username": "kanar", "password": {"is": value}, "procId": 123},
            {"username": "kanar", "password": [value], "token": value, "procId": value},
            {**CREDENTIALS, "procId": 123, "note": f"my password is {value}", "mark": value},
            {**CREDENTIALS, "procId": 123, "inner": json.dumps({"password": value})},
            {**CREDENTIALS, "procId": 123, value: "a key"},
        ):
            yield "GET", status, json.dumps(body).encode(), {}
            yield "GET", status, json.dumps(body, ensure_ascii=False).encode(), {}
            yield "POST", status, json.dumps(body, ensure_ascii=False).encode()[:-1], {}
        yield "GET", f"{status}?procId=123&username=kanar&password={quote(value)}", b"", {}
        yield "GET", f"{status}?procId={quote(value)}", b"", {"x-vatpapikey": value}
        yield "GET", f"/api/auth/reset_start.php?login=kanar&key={quote(value)}", b"", {}
        yield "GET", f"/api/{quote(value)}/job", b"", {}
        yield "POST", "/api/auth/reset_confirm.php", json.dumps({"login": "kanar", "key": value}).encode(), {}
        yield "POST", status, f"password={value}&procId=1".encode(), {"Content-Type": "text/plain"}
        yield "DELETE", "/api/inv/delete", json.dumps({**CREDENTIALS, "ids": [value]}).encode(), {}
        yield "GET", status, b'{"procId": 1}', {"x-mock-scenario": value, "x-vatpapikey": value}
        invoice = {"id": "KANAR-0001", "main_info": value, "seller": value, "items": [{"name": value}]}
        yield (
            "POST",
            "/api/inv/import_upload_invoices.php",
            json.dumps({**CREDENTIALS, "invoices": [invoice]}).encode(),
            {},
        )


def renewed(served: Served) -> list[str]:
    """A key that was good once, and the token that it brought."""
    head = call(served, "GET", "/api/auth/reset_start.php?login=kanar", b"")
    challenge = json.loads(head[head.rindex(b"{") :])["plain_value"]
    key = hmac.new(SECRET.encode(), challenge.encode(), "sha256").hexdigest()
    head = call(served, "POST", "/api/auth/reset_confirm.php", json.dumps({"login": "kanar", "key": key}).encode())
    token = json.loads(head[head.rindex(b"{") :])["token"]
    call(served, "GET", "/api/job/read_proc_status", b'{"procId": 123}', {"x-vatpapikey": token})
    return [key, token]


def told(served: Served) -> Iterator[tuple[str, bytes]]:
    """Everything the server tells those who may look, secrets not asked for; and what it says when it refuses."""
    for world, token in (("", ADMIN), ("/w/blue", OWN)):
        for path in READ_BY_EVERYBODY:
            yield world + path, admin(served, "GET", f"{world}/__admin/{path}", token=token)
        found = admin(served, "POST", f"{world}/__admin/requests/find", {}, token=token)
        yield f"{world} find", found
        yield (
            f"{world} wait",
            admin(served, "POST", f"{world}/__admin/requests/wait", {"timeout": "0.1s", "count": 10_000}, token),
        )
    for value in PLANTED:
        yield "refused", admin(served, "PUT", "/__admin/clock", {value: value}, token="wrong")
    yield "metadata", call(served, "GET", "/openapi.json", b"")


def forms(secret: str) -> set[bytes]:
    """How it could stand somewhere."""
    return {secret.encode(), quote(secret).encode(), json.dumps(secret)[1:-1].encode()}


@pytest.mark.proves("F-AUTH-08")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_planted_secrets_are_nowhere_to_be_found(tmp_path: Path, log_format: str) -> None:
    database = f"sqlite:///{tmp_path}/portal.db"
    flags = ("--admin-token", ADMIN, "--log-format", log_format, "--database", database, "--pace", "instant")
    with Served(*flags) as served:
        planted(served)
        for method, path, body, headers in misused():
            call(served, method, path, body, headers)
        secrets = [*PLANTED, *renewed(served)]
        written = list(told(served))
        written.append(("log", served.stop(signal.SIGTERM).encode()))
    assert dict(written)["requests"].count(b'"kanar"') > 20
    leaks = [
        (place, secret, text[max(0, at - 120) : at + 60])
        for place, text in written
        for secret in secrets
        for form in forms(secret)
        if (at := text.find(form)) >= 0
    ]
    assert leaks == []


@pytest.mark.parametrize("form", [Lines("%(levelname)s %(message)s"), JsonLines()], ids=["text", "json"])
@pytest.mark.parametrize("place", ["portal.accounts.identify", "web.answering.admit", "web.answering.row_of"])
def test_the_report_of_a_crash_has_no_secret(
    place: str, form: logging.Formatter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows which code a request went through, and no value."""

    def crash(*_: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(f"mock_server.{place}", crash)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(form)
    log = logging.getLogger("vatportal_mock")
    log.addHandler(handler)
    server = LiveServer(Settings())
    try:
        portal = Portal(server.port, "crash")
        body = {"username": "kanar", "password": PASSWORD, "procId": SECRET, SECRET: PASSWORD}
        headers = {"Content-Type": "application/json", "x-vatpapikey": TOKEN}
        assert portal.send("GET", "/job/read_proc_status", json.dumps(body).encode(), headers).code == 10
    finally:
        log.removeHandler(handler)
        hang_up()
        server.stop()
    told = written.getvalue().encode()
    assert b"on purpose" in told
    assert b"Traceback" in told
    assert [form for secret in PLANTED for form in forms(secret) if form in told] == []


BODY, QUERY, NOTE = 16_384, 2_000, 500
"""Where the journal cuts."""


def lying_across(cut: int, secret: str, before: str = "", shift: int = 0) -> str:
    """A text in which a secret begins before the cut and ends behind it."""
    return f"{before}{'x' * (cut - len(before) - len(secret) // 2 - shift)}{secret}{'x' * 40}"


@pytest.mark.proves("F-AUTH-08")
@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
@pytest.mark.parametrize("shift", [0, 8, -6])
def test_no_secret_stays_where_the_journal_cuts(right: bool, shift: int) -> None:
    server = LiveServer(Settings())
    token = "demo-token" if right else "kanareyka-token"
    try:
        portal = Portal(server.port, "cut")
        headers = {"Content-Type": "application/json", "x-vatpapikey": token}
        for path, body in (
            ("/job/read_proc_status", lying_across(BODY, token, '{"procId": 123, "note": "', shift) + '"}'),
            ("/job/read_proc_status", lying_across(BODY, token, '{"procId": 12 3, "note": "', shift)),
            ("/job/read_proc_status", json.dumps({"procId": 123, lying_across(NOTE, token, "", shift): 1})),
            (f"/job/read_proc_status?x={lying_across(QUERY, token, 'x=', shift)[2:]}", '{"procId": 123}'),
            (
                "/inv/delete",
                json.dumps({"username": "demo", "password": "kanareyka-word", "ids": ["kanareyka-word" * 1500]}),
            ),
        ):
            portal.send("GET", path, body.encode(), headers)
        world = server.app.store.worlds.find("cut")
        assert world is not None
        rows = server.app.store.journal.rows(world.id)
    finally:
        hang_up()
        server.stop()
    assert len(rows) == 5
    written = [str(part) for row in rows for part in (row.path, row.notes, row.violations, row.request, row.answer)]
    assert [
        text[max(0, at - 40) : at + 30] for text in written if (at := text.find(token[:4] + token[4:6])) >= 0
    ] == []
    assert [text for text in written if "kanareyka" in text] == []


def test_the_secret_of_a_world_is_not_kept_in_a_long_answer() -> None:
    """The end of a token in an invoice lies where the journal cuts the answer that has it."""
    secrets = KnownSecrets(["kanareyka-token"], [])
    request = Request(BY_NAME["read_proc_data"], "GET", {}, b"", b"", "/", 0)
    exchange = Exchange(Lifetime(1, 1), request, 0, 0)
    for pieces in (1, 3):
        body = lying_across(BODY, "kanareyka-token").encode()
        whole = (
            Answer(200, body)
            if pieces == 1
            else Answer(200, body[:16_380], rest=(body[16_380:16_385], body[16_385:]))
        )
        kept = _received(exchange, whole, whole.size, secrets)
        assert kept == b"x" * 16_377 + b"***"


@pytest.mark.parametrize("form", [Lines("%(levelname)s %(message)s"), JsonLines()], ids=["text", "json"])
@pytest.mark.parametrize(
    ("name", "secret"),
    [(b"x-vatpapikey", TOKEN), (b"x-vatpapikey", f" {TOKEN} "), (b"authorization", f"Bearer {ADMIN}")],
)
@pytest.mark.parametrize("around", ["{}", "run-{}-1"])
def test_a_request_is_not_called_after_its_token(
    form: logging.Formatter, name: bytes, secret: str, around: str
) -> None:
    bare = secret.split()[-1]
    record = logging.LogRecord("vatportal_mock", logging.WARNING, "", 0, "said", None, None)

    def told(named: str) -> str:
        context = copy_context()
        context.run(begin, {b"x-request-id": named.encode(), name: secret.encode()})
        return context.run(form.format, record)

    assert bare not in told(around.format(bare))
    assert f"{os.getpid()}-" in told(around.format(bare))
    assert "run-7" in told("run-7")


WRONG: dict[str, Any] = {
    "password in a list": {"password": ["KANAREYKA"]},
    "password by number": {"password": 7171717},
    "token as an object": {"token": {"x": "KANAREYKA"}},
    "secret as an object": {"secret": {"x": "KANAREYKA"}},
    "challenge as a text": {"challenge": "KANAREYKA"},
    "challenge without until": {"challenge": {"value": "KANAREYKA", "until": "KANAREYKA"}},
    "token twice": {"token": "KANAREYKA"},
    "account in a customer": {"customers": {"password": "KANAREYKA"}},
}


def wrong_world(change: dict[str, Any]) -> dict[str, Any]:
    world: dict[str, Any] = json.loads(Path("fixtures/worlds/default.json").read_bytes())
    for account in world["accounts"][:2]:
        account.update(change)
    return world


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_world_file_is_told_without_its_secrets(name: str, tmp_path: Path) -> None:
    world = wrong_world(WRONG[name])
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(world))
    with pytest.raises(BadWorldFile) as refused:
        read_file(file)
    with pytest.raises(Problem) as told:
        given(world)
    for text in (str(refused.value), json.dumps([told.value.detail, told.value.given, told.value.extra])):
        assert f"$.accounts[{1 if name == 'token twice' else 0}].{next(iter(WRONG[name]))}" in text
        assert "KANAREYKA" not in text
        assert "7171717" not in text


@pytest.mark.parametrize(
    "line", ["password: !KANAREYKA", "password: *KANAREYKA", "password: [KANAREYKA", "secret: KANAREYKA"]
)
def test_a_world_file_in_yaml_does_not_say_its_secrets(line: str) -> None:
    with pytest.raises(BadWorldFile) as refused:
        checked("world.yaml", f"accounts:\n  - username: a\n    {line}\n".encode(), is_yaml=True)
    assert "KANAREYKA" not in str(refused.value)


@pytest.mark.parametrize("file", [{"accounts": [{"password": "KANAREYKA"}]}, "x" * 100 + "\npassword: KANAREYKA"])
def test_a_call_with_a_world_file_and_a_wrong_key_is_refused_without_its_secrets(file: Any) -> None:
    with pytest.raises(Problem) as refused:
        converted({"file": file, "nmae": "x", "admin_token": "KANAREYKA"}, NoKeys)
    assert "KANAREYKA" not in str([refused.value.detail, refused.value.given, refused.value.allowed])


class NoKeys(msgspec.Struct, forbid_unknown_fields=True):
    """A body in which nothing may stand."""
