"""Whatever a user gives and whatever a server does, the exit code and a text say what it was: no traceback."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from contract_tests.cli import calibrate, check_server
from mock_server import Settings
from tests.kit.recording import Recording, Request, recording
from tests.live import LiveServer

PLAIN = {"content-type": "application/json"}
MAIN = ("--username", "demo", "--password", "demo")
ONE = "envelope/a_success_has_the_envelope"


def run(command: Any, *arguments: str) -> Result:
    done = CliRunner().invoke(command, list(arguments), env={"COLUMNS": "400"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def said(done: Result) -> str:
    return " ".join(done.output.split())


@contextmanager
def answering(answer: Callable[[str, dict[str, list[str]]], bytes]) -> Iterator[str]:
    """A server whose answers a function makes of path and query."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = answer(parts.path, parse_qs(parts.query))
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{web.server_address[1]}"
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


# -- what a user gives


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:abc", "http://127.0.0.1:99999", "http://127.0.0.1:0", "http://[::1", "http:///api"]
)
@pytest.mark.parametrize("command", [check_server, calibrate])
def test_a_url_that_is_none(command: Any, url: str) -> None:
    done = run(command, url)
    assert done.exit_code == 2
    assert "is no URL" in said(done)


@pytest.mark.parametrize(
    "url", ["http://:hunter22@127.0.0.1", "http://erp@127.0.0.1", "ftp://erp:hunter22@127.0.0.1"]
)
@pytest.mark.parametrize("command", [check_server, calibrate])
def test_a_url_that_names_somebody_is_refused_and_not_repeated(command: Any, url: str) -> None:
    done = run(command, url)
    assert done.exit_code == 2
    assert "the URL names nobody" in said(done)
    assert "hunter22" not in done.output


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_are_none(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content, "utf-8")
    done = run(check_server, "https://127.0.0.1:9", "--ca", str(file))
    assert done.exit_code == 2
    assert f"--ca {file}" in said(done)


@pytest.mark.parametrize("option", ["--html", "--json", "--junit"])
def test_a_report_cannot_be_a_folder(tmp_path: Path, option: str) -> None:
    done = run(check_server, "http://127.0.0.1:9", option, str(tmp_path), "--force")
    assert done.exit_code == 2
    assert "is a folder" in said(done)


def test_readings_cannot_be_written_to_a_folder(tmp_path: Path) -> None:
    done = run(calibrate, "http://127.0.0.1:9", "--output", str(tmp_path), "--force")
    assert done.exit_code == 2
    assert "is a folder" in said(done)


def test_findings_are_not_saved_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("mine", "utf-8")
    for folder in (file, file / "below"):
        done = run(check_server, "http://127.0.0.1:9", "--save", str(folder), "--force")
        assert done.exit_code == 2
        assert "a folder is wanted" in said(done)
    assert file.read_text("utf-8") == "mine"


def test_a_saved_finding_is_not_overwritten_silently(tmp_path: Path) -> None:
    mine = tmp_path / "envelope-a_success_has_the_envelope.json"
    mine.write_text("mine", "utf-8")
    arguments = ("http://127.0.0.1:9", "--save", str(tmp_path), "--suite")
    done = run(check_server, *arguments, "envelope")
    assert done.exit_code == 2
    assert "--force overwrites it" in said(done)
    assert mine.read_text("utf-8") == "mine"
    for others in ((*arguments, "paging"), (*arguments, "envelope", "--force")):
        assert run(check_server, *others).exit_code == 3  # so far, and nobody answers there


def test_two_reports_want_two_files(tmp_path: Path) -> None:
    same = (str(tmp_path / "report"), str(tmp_path / ".." / tmp_path.name / "report"))
    done = run(check_server, "http://127.0.0.1:9", "--html", same[0], "--json", same[1], "--force")
    assert done.exit_code == 2
    assert "named for two reports" in said(done)


def test_a_case_that_is_malformed(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    cases: list[dict[str, Any]] = [
        {"check": []},
        {"check": "model/what_the_portal_keeps", "case": [{"do": "nothing"}]},
    ]
    for told in cases:
        file.write_text(json.dumps({"format": 1, "seed": 0, **told}), "utf-8")
        done = run(check_server, "http://127.0.0.1:9", "--replay", str(file))
        assert done.exit_code == 2
        assert str(file) in said(done)


def test_a_case_that_may_not_be_tried_here(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps({"format": 1, "seed": 0, "check": "model/what_the_portal_keeps"}), "utf-8")
    with recording() as real:
        done = run(check_server, real.url, *MAIN, "--replay", str(file))
    assert done.exit_code == 2
    assert "cannot be tried again here" in said(done)
    assert "--allow-writes would allow it" in said(done)


# -- what stands in for a simulator


def test_a_wrong_admin_token_is_told() -> None:
    closed = LiveServer(Settings(seed=1, admin_token="right-token-of-16"))
    url = f"http://127.0.0.1:{closed.port}"
    try:
        wrong = run(check_server, url, "--admin-token", "wrong-token", "--suite", ONE)
        none = run(check_server, url, "--suite", ONE)
        right = run(check_server, url, "--admin-token", "right-token-of-16", "--suite", ONE)
    finally:
        closed.stop()
    assert (wrong.exit_code, none.exit_code, right.exit_code) == (2, 0, 0)
    assert "refuses this --admin-token" in said(wrong)
    assert "wants a token (--admin-token)" in said(none)
    assert "token" not in said(right)


def echo(path: str, query: dict[str, list[str]], otherwise: bytes) -> bytes:
    return json.dumps({"nonce": query["nonce"][0]}).encode() if path == "/__simulator" else otherwise


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b"[" * 200_000, b'{"edition": "x", "readings": []}'])
def test_what_echoes_and_says_nonsense_is_no_simulator(body: bytes) -> None:
    with answering(lambda path, query: echo(path, query, body)) as url:
        done = run(check_server, url)
    assert done.exit_code == 2
    assert "taken for no simulator" in said(done)
    assert "give --username and --password" in said(done)


def test_nesting_without_end_is_no_simulator() -> None:
    with answering(lambda *_: b"[" * 200_000) as url:
        done = run(check_server, url)
    assert done.exit_code == 2
    assert "the server is no simulator" in said(done)


# -- what a server says


ODD = '"err_msg":"bad \\ud800 \\u0000 \\u001b[31m [/bold] <script> \\u202e '


@pytest.mark.usefixtures("impatient")
def test_odd_letters_reach_neither_terminal_nor_reports(tmp_path: Path) -> None:
    files = {name: tmp_path / f"report.{name}" for name in ("html", "json", "junit")}
    reports = [part for name, file in files.items() for part in (f"--{name}", str(file))]
    with recording() as real:
        real.twist = lambda _, answer: answer._replace(body=answer.body.replace(b'"err_msg":"', ODD.encode()))
        done = run(check_server, real.url, *MAIN, "--suite", "envelope", *reports, "--save", str(tmp_path / "saved"))
    assert done.exit_code == 1, done.output
    assert list((tmp_path / "saved").iterdir())
    texts = [done.output, *(file.read_text("utf-8") for file in files.values())]
    for text in texts:
        assert "ud800" in text
        assert not [letter for letter in text if letter < " " and letter not in "\n\r\t"]
    assert "\u202e" not in texts[0] + texts[1] + texts[3]
    assert json.loads(texts[2])["findings"]


@pytest.mark.usefixtures("impatient")
def test_each_report_is_written_even_if_another_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> str:
        raise OSError("no space left")

    monkeypatch.setattr("contract_tests.reporting.page.rendered", broken)
    page, file = tmp_path / "report.html", tmp_path / "report.json"
    with recording() as real:
        done = run(check_server, real.url, *MAIN, "--suite", ONE, "--html", str(page), "--json", str(file))
    assert done.exit_code == 2
    assert f"{page} was not written: OSError: no space left" in said(done)
    assert json.loads(file.read_text("utf-8"))["checks"]
    assert not page.exists()


# -- a server that goes away


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contract_tests.target.GENTLE_SECONDS", 0.0)


def dying(real: Recording, after: int) -> Callable[[Request], bool]:
    """Whether a request is left without an answer: all of them are, after so many."""
    return lambda _: len(real.of_the_portal) > after


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("suite", ["envelope", "operations"])
def test_a_server_that_dies_is_no_finding(tmp_path: Path, suite: str) -> None:
    file = tmp_path / "report.json"
    with recording() as real:
        real.silent = dying(real, 5)
        done = run(check_server, real.url, *MAIN, "--suite", suite, "--json", str(file))
        sent = len(real.of_the_portal)
    assert done.exit_code == 3
    assert "does not answer any more, since" in said(done)
    report = json.loads(file.read_text("utf-8"))
    assert report["findings"] == []
    assert "does not answer any more" in report["cut_short"]
    assert sent == 6
    died = [check["outcome"] for check in report["checks"]]
    assert died == sorted(died, reverse=True)  # passed ones first, then only ones that were not tried
    assert died[-1] == "not tried"


@pytest.mark.usefixtures("impatient")
def test_a_server_that_dies_is_not_calibrated(tmp_path: Path) -> None:
    file = tmp_path / "readings.json"
    with recording() as real:
        real.silent = dying(real, 5)
        done = run(calibrate, real.url, *MAIN, "--output", str(file))
    assert done.exit_code == 3
    assert not file.exists()


@pytest.mark.usefixtures("impatient")
def test_one_answer_that_fails_to_come_is_a_finding() -> None:
    with recording() as real:
        real.silent = lambda request: request.path.startswith("/api") and len(real.of_the_portal) == 4
        done = run(check_server, real.url, *MAIN, "--suite", "envelope")
    assert done.exit_code == 1


@pytest.mark.usefixtures("impatient")
def test_what_is_left_in_a_server_that_died_is_told() -> None:
    with recording() as real:
        real.silent = lambda _: any("import_upload" in each.path for each in real.of_the_portal[:-2])
        writing = ("--voen", "1234567890", "--allow-writes", "--confirm", "127.0.0.1")
        done = run(check_server, real.url, *MAIN, *writing, "--suite", "processes")
    assert done.exit_code == 3
    assert "Left behind in the portal, please delete: VPMOCK-" in said(done)


# -- signals


STOPPED = (
    "import signal\n"
    "import contract_tests.target as target\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # whoever starts us may have it ignored
    "target.GENTLE_SECONDS = 0.05\n"
    "from contract_tests.cli import check_server\n"
    "check_server()"
)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("suite", ["model/what_the_portal_keeps", "errors/one_fault_has_exactly_its_code"])
def test_a_signal_takes_back_what_was_imported(tmp_path: Path, number: signal.Signals, code: int, suite: str) -> None:
    file = tmp_path / "report.json"
    writing = ("--voen", "1234567890", "--allow-writes", "--confirm", "127.0.0.1")
    with recording() as real:
        kit = subprocess.Popen(
            [sys.executable, "-c", STOPPED, real.url, *MAIN, *writing, "--suite", suite, "--json", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "COLUMNS": "200"},
        )
        until = time.monotonic() + 60
        while time.monotonic() < until and kit.poll() is None:
            if any("import_upload" in each.path for each in real.of_the_portal):
                break
            time.sleep(0.02)
        kit.send_signal(number)
        output, _ = kit.communicate(timeout=60)
        known = real.asked("inv_read_invoices", {"date_from": "01.01.2020", "date_to": "31.12.2030"})
    assert kit.returncode == code, output
    assert "stopped by" in output
    assert "Left behind" not in output
    assert not [each for each in known if each["id"].startswith("VPMOCK-")]
    report = json.loads(file.read_text("utf-8"))
    assert report["cut_short"].startswith("stopped by")
    assert [check["outcome"] for check in report["checks"]] == ["not tried"]
