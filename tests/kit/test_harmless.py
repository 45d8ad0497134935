"""A server that does not prove to be a simulator is only read from, gently, by nobody's wrong password."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from contract_tests import reaching, target
from contract_tests.accounts import DEFAULT_WORLD, Party
from contract_tests.check import EFFECTS
from contract_tests.cli import calibrate, check_server
from contract_tests.documents import operations
from contract_tests.findings import Unfit
from contract_tests.senders import Answer, InProcessSender, SocketSender
from contract_tests.suites import SUITES
from contract_tests.target import GENTLE_SECONDS, NOBODY, Patience, Target
from tests.kit.in_process import checked, told
from tests.kit.recording import Recording, Request, Twist, recording

READS = {row["path"] for row in operations().values() if row["data_read"]}
MAIN = ("--username", "demo", "--password", "demo", "--token", "demo-token", "--phone", "994501234567")
CHECKS = [check for suite in SUITES for check in suite]


class Clock:
    """Time that passes only when somebody sleeps; the requests between are counted."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds

    def now(self) -> float:
        return self.seconds


@pytest.fixture
def server() -> Iterator[Recording]:
    with recording() as recorder:
        yield recorder


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "GENTLE_SECONDS", 0.0)


def demand_only_reads(recorder: Recording) -> None:
    assert recorder.of_the_portal
    for request in recorder.of_the_portal:
        path = request.path.removeprefix("/api").partition("?")[0]
        assert path in READS or path == target.NO_SUCH_PATH, request
        assert not set(request.query) & {"username", "password", "token", "key", "login"}, request
        said = request.json
        if "username" in said:
            assert (said["username"], said.get("password")) == ("demo", "demo") or said["username"] in ("", NOBODY)


def run(command: object, *arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(command, list(arguments), input=typed, env={"COLUMNS": "200"})  # type: ignore[arg-type]


@pytest.mark.usefixtures("impatient")
def test_safe_is_the_default_on_loopback_too(server: Recording) -> None:
    done = run(check_server, server.url, *MAIN)
    assert done.exit_code == 0, done.output
    demand_only_reads(server)
    assert "no simulator" in done.output


@pytest.mark.usefixtures("impatient")
def test_calibrate_is_as_harmless(server: Recording, tmp_path: Path) -> None:
    done = run(calibrate, server.url, *MAIN, "--output", str(tmp_path / "readings.json"))
    assert done.exit_code == 0, done.output
    demand_only_reads(server)


def test_every_safe_check_stays_within_the_profile(server: Recording) -> None:
    # One that does not would be stopped before it sends, and reported as not tried.
    clock = Clock()
    there = Target(
        SocketSender(server.url), "/api", DEFAULT_WORLD, patience=Patience(GENTLE_SECONDS, clock.sleep, clock.now)
    )
    results = checked(there)
    there.line.close()
    assert told(results) == []
    safe = {check.name for check in CHECKS if check.effect == "reads"}
    stopped = {each.check: each.why for each in results.not_tried if each.check in safe}
    assert stopped == {}
    assert {check.name for check in results.passed} == safe
    assert len(server.of_the_portal) == results.requests
    assert sum(clock.pauses) >= (results.requests - 1) * GENTLE_SECONDS
    assert GENTLE_SECONDS >= 0.25


@pytest.mark.usefixtures("impatient")
def test_a_redirect_takes_credentials_nowhere() -> None:
    with recording() as elsewhere, recording(redirect=elsewhere.url) as server:
        done = run(check_server, server.url, *MAIN, "--suite", "envelope")
        assert done.exit_code == 1
        assert server.of_the_portal
        assert elsewhere.requests == []


@pytest.mark.parametrize("typed", ["no\n", "\n127.0.0.2\n"])
def test_writing_wants_the_name_of_the_host(server: Recording, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "at_a_terminal", lambda: True)
    done = run(check_server, server.url, *MAIN, "--allow-writes", "--suite", "processes", typed=typed)
    assert done.exit_code == 2
    assert "Type 127.0.0.1 to go on" in done.output
    assert server.of_the_portal == []


def test_writing_where_nobody_can_be_asked_wants_the_host_as_an_option(server: Recording) -> None:
    done = run(check_server, server.url, *MAIN, "--allow-writes", "--suite", "processes")
    assert done.exit_code == 2
    assert "--confirm 127.0.0.1 is wanted" in " ".join(done.output.split())
    assert server.of_the_portal == []


@pytest.mark.parametrize("command", [check_server, calibrate])
@pytest.mark.parametrize(
    ("account", "requests"),
    [
        (("--username", "demo", "--password", "mistyped"), 1),
        (("--username", "demo", "--password", "demo", "--token", "expired"), 2),
        (("--token", "expired"), 1),
        (("--username", "disabled", "--password", "disabled"), 1),
    ],
)
def test_credentials_that_are_refused_are_sent_once(
    server: Recording, command: object, account: tuple[str, ...], requests: int, tmp_path: Path
) -> None:
    file = tmp_path / "written.json"
    done = run(command, server.url, *account, "--output" if command is calibrate else "--json", str(file))
    assert done.exit_code == 2
    said = " ".join(done.output.split())
    assert "these credentials are refused" in said
    assert repr(account[1] if len(account) > 2 else "main") in said
    assert not {"mistyped", "expired"} & set(said.replace("'", " ").split())
    assert len(server.of_the_portal) == requests
    assert not file.exists()


def test_every_account_that_is_given_logs_in_first(server: Recording, tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    main = '[main]\nusername = "demo"\npassword = "demo"\ntoken = "demo-token"\n'
    file.write_text(f'{main}[other]\nusername = "buyer"\npassword = "mistyped"\n', "utf-8")
    done = run(check_server, server.url, "--accounts", str(file))
    assert done.exit_code == 2
    assert "buyer" in done.output
    assert len(server.of_the_portal) == 3
    assert [each.json.get("password") for each in server.of_the_portal] == ["demo", None, "mistyped"]


@pytest.mark.usefixtures("impatient")
def test_what_was_written_is_marked_and_taken_back(server: Recording) -> None:
    writing = ("--allow-writes", "--confirm", "127.0.0.1", "--voen", "1234567890", "--quick")
    suites = ("--suite", "processes", "--suite", "errors", "--suite", "deletion")
    done = run(check_server, server.url, *MAIN, *writing, *suites)
    assert done.exit_code == 0, done.output
    sent = [each.json for each in server.of_the_portal if "import_upload" in each.path]
    assert not any(each.get("upload") for each in sent)
    ids = {one["id"] for each in sent for one in each["invoices"] if len(one.get("id") or "") >= 7}
    assert ids
    assert all(one.startswith("VPMOCK-") for one in ids)
    assert not [each for each in server.of_the_portal if "/etx/import" in each.path or "reset" in each.path]
    body = b'{"username": "demo", "password": "demo", "ids": [%s]}' % ",".join(f'"{one}"' for one in ids).encode()
    sender = SocketSender(server.url)
    answer = sender.send("POST", "/api/inv/read_invoices", {"content-type": "application/json"}, body)
    sender.close()
    assert b'"invoices":[]' in answer.body
    assert "Left behind" not in done.output


def _refusing(code: int, *paths: str) -> Twist:
    """It does what it was asked, and says that it has not."""
    body = b'{"res": 0, "err_code": %d, "err_msg": "no"}' % code
    return lambda request, answer: answer._replace(body=body) if request.path.endswith(paths) else answer


def _lost(request: Request, answer: Answer) -> Answer:
    """The answer to an import is lost on the way back."""
    return Answer(502, {"content-type": "text/html"}, b"<html>") if "import_upload" in request.path else answer


def _kept_though_refused(request: Request, answer: Answer) -> Answer:
    body = b'{"res": 0, "err_code": 14, "err_msg": "", "data": {"invoices": [[41]]}}'
    return answer._replace(body=body) if "import_upload" in request.path else answer


def _without_drafts(request: Request, answer: Answer) -> Answer:
    """R-23 `omitted`, where nobody may delete either."""
    if request.path.endswith("/inv/delete"):
        return _refusing(7, "/inv/delete")(request, answer)
    shown = b'{"res": 1, "err_code": 0, "err_msg": "", "data": {"invoices": [], "total": 0}}'
    return answer._replace(body=shown) if request.path.endswith("/inv/read_invoices") else answer


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("twist", "left"),
    [
        (_refusing(11, "/inv/delete", "/inv/read_invoices"), True),
        (_without_drafts, True),
        (_lost, False),
        (_kept_though_refused, False),
    ],
    ids=["refused", "omitted", "lost", "kept"],
)
def test_what_is_not_proved_gone_is_told(server: Recording, tmp_path: Path, twist: Twist, left: bool) -> None:
    writing = ("--allow-writes", "--confirm", "127.0.0.1", "--voen", "1234567890", "--json", str(tmp_path / "x.json"))
    server.twist = twist
    done = run(check_server, server.url, *MAIN, *writing, "--suite", "readings/the_form_of_an_item_id")
    ids = {one["id"] for each in server.of_the_portal for one in each.json.get("invoices", [])}
    assert ids
    behind = set(json.loads((tmp_path / "x.json").read_text("utf-8"))["left_behind"])
    assert behind == (ids if left else set())
    assert ("Left behind" in done.output) is left
    server.twist = lambda _, answer: answer
    with closing(SocketSender(server.url)) as sender:
        body = json.dumps({"username": "demo", "password": "demo", "ids": sorted(ids)}).encode()
        answer = sender.send("POST", "/api/inv/read_invoices", {"content-type": "application/json"}, body)
    assert b'"invoices":[]' in answer.body


@pytest.mark.usefixtures("impatient")
def test_nothing_is_left_to_a_default(server: Recording) -> None:
    writing = ("--allow-writes", "--confirm", "127.0.0.1", "--voen", "1234567890", "--quick")
    run(check_server, server.url, *MAIN, *writing, "--suite", "authentication", "--suite", "errors")
    for each in server.of_the_portal:
        if "import_upload" in each.path:
            assert each.json["upload"] is False
        elif "/inv/delete" in each.path:
            assert each.json["ids"]
        elif "/etx/delete" in each.path:
            assert each.json["serialNumbers"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/inv/delete", b"{}"),
        ("PUT", "/etx/import", b"{}"),
        ("POST", "/inv/import_upload_invoices.php", b"{}"),
        ("GET", "/auth/reset_start.php?login=demo", None),
        ("GET", "/inv/import_upload_invoices", None),
        ("GET", "/job/read_proc_status?username=demo&password=demo", None),
        ("GET", "/job/read_proc_status", b'{"username": "demo", "password": "wrong"}'),
        ("POST", "/vatportal-mock/no-such-path", b""),
    ],
)
def test_the_profile_stops_what_may_do_harm(method: str, path: str, body: bytes | None) -> None:
    async def app(*_: object) -> None:
        raise AssertionError("it was sent")

    sender = InProcessSender(app)
    there = Target(sender, "/api", {"main": Party("demo", "demo")}, patience=Patience(0))
    with pytest.raises(Unfit, match="safe profile"):
        there.raw(method, path, body)
    sender.close()


def test_most_checks_are_not_for_real_servers() -> None:
    assert {check.effect for check in CHECKS} == set(EFFECTS)
