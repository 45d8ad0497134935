"""`vatportal-mock serve` as a process: first line, flags, environment, TLS, workers, logs, stopping."""

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fixtures.builders import invoice
from tests.client import JSON, dumped

STOP_SECONDS = 20
"""Far more than a stop takes (it waits 5 s for answers under way), far less than for ever."""


class Served:
    """A `vatportal-mock serve` on a free port, stopped when the block ends."""

    def __init__(self, *flags: str, **environ: str) -> None:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("VATPORTAL_MOCK_")}
        twins = {f"VATPORTAL_MOCK_{name}": text for name, text in environ.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mock_server", "serve", "--port", "0", *flags],
            env={**kept, **twins},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self.process.stdout is not None
        self.url = urlsplit(self.process.stdout.readline().strip())
        self.ended: tuple[str, str] | None = None

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: object) -> None:
        if self.ended is None:
            self.stop()

    def connection(self) -> http.client.HTTPConnection:
        assert self.url.port is not None, self.process.communicate(timeout=STOP_SECONDS)
        if self.url.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return http.client.HTTPSConnection("127.0.0.1", self.url.port, timeout=30, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.url.port, timeout=30)

    def answered(self, method: str, path: str, body: Mapping[str, object]) -> tuple[int, dict[str, object]]:
        """HTTP status and envelope, on a connection of its own."""
        connection = self.connection()
        try:
            connection.request(method, f"/api{path}", dumped({**DEMO, **body}), {"Content-Type": JSON})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM) -> str:
        """What it wrote to standard error, when it has ended by the signal."""
        self.process.send_signal(number)
        try:
            self.ended = self.process.communicate(timeout=STOP_SECONDS)
        finally:
            self.process.kill()
        return self.ended[1]


DEMO = {"username": "demo", "password": "demo"}


def test_first_line_is_the_url_and_the_readme_request_works() -> None:
    with Served() as served:
        assert (served.url.scheme, served.url.hostname) == ("http", "127.0.0.1")
        http_status, envelope = served.answered("GET", "/job/read_proc_status", {"procId": 123})
        assert (http_status, envelope["err_code"]) == (200, 0)


def test_nothing_is_logged_by_a_plain_run_and_a_stop_is_clean() -> None:
    with Served() as served:
        served.answered("GET", "/job/read_proc_status", {"procId": 123, "password": "wrong"})
        assert served.stop() == ""
        assert served.process.returncode in (0, -signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_does_not_wait_for_idle_connections(number: int) -> None:
    with Served() as served:
        idle = served.connection()
        idle.connect()
        served.answered("GET", "/job/read_proc_status", {"procId": 123})
        began = time.monotonic()
        assert served.stop(number) == ""
        assert time.monotonic() - began < STOP_SECONDS
        assert served.process.returncode in (0, -signal.SIGTERM)
        idle.close()


@pytest.fixture
def readings_file(tmp_path: Path) -> Path:
    file = tmp_path / "readings.json"
    file.write_text('{"edition": "2025-12", "readings": {"R-45": "az"}}', encoding="utf-8")
    return file


AZ, EN = "Yanlış istifadəçi adı və ya parol", "Invalid username or password"


@pytest.mark.parametrize(
    ("flags", "environ", "http_status", "text"),
    [
        ((), {}, 200, EN),
        (("--reading", "R-01=mapped", "--reading", "R-45=az"), {}, 401, AZ),
        ((), {"READING": "R-01=mapped,R-45=empty"}, 401, ""),
        (("--reading", "R-45=en"), {"READING": "R-01=mapped,R-45=az"}, 401, EN),
        (("--edition", "2025-12"), {}, 401, EN),
        ((), {"EDITION": "2025-12", "READING": "R-01=200"}, 200, EN),
        (("--readings", "{file}"), {}, 401, AZ),
        ((), {"READINGS": "{file}", "READING": "R-45=en"}, 401, EN),
    ],
)
@pytest.mark.proves("R-01", "R-45")
def test_readings_chosen_at_start_change_answers(
    readings_file: Path, flags: tuple[str, ...], environ: Mapping[str, str], http_status: int, text: str
) -> None:
    file = str(readings_file)
    chosen = [flag.format(file=file) for flag in flags]
    twins = {name: value.format(file=file) for name, value in environ.items()}
    with Served(*chosen, **twins) as served:
        status, envelope = served.answered("GET", "/job/read_proc_status", {"procId": 123, "password": "wrong"})
        assert (status, envelope["err_code"], envelope["err_msg"]) == (http_status, 5, text)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate that we have made and signed, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl is installed to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=localhost"]
    subprocess.run([openssl, *asked], check=True, capture_output=True)
    return cert, key


def test_https(certificate: tuple[str, str]) -> None:
    cert, key = certificate
    with Served("--tls-cert", cert, "--tls-key", key) as served:
        assert served.url.scheme == "https"
        assert served.answered("DELETE", "/inv/delete", {"ids": ["INV-2024-001"]})[1]["err_code"] == 0


def test_https_of_several_workers(certificate: tuple[str, str], tmp_path: Path) -> None:
    cert, key = certificate
    database = f"sqlite:///{tmp_path}/portal.db"
    with Served("--tls-cert", cert, "--tls-key", key, "--workers", "2", "--database", database) as served:
        assert served.answered("GET", "/job/read_proc_status", {"procId": 123})[1]["err_code"] == 0


def test_certificate_that_is_none_is_refused_before_anything_is_announced(tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    file.write_text("no certificate", encoding="utf-8")
    command = [sys.executable, "-m", "mock_server", "serve", "--port", "0", f"--tls-cert={file}", f"--tls-key={file}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"Error: tls-cert {file}")
    assert len(ended.stderr.splitlines()) == 1


@pytest.fixture
def two_workers(tmp_path: Path) -> Iterator[Served]:
    with Served("--workers", "2", "--pace", "instant", "--database", f"sqlite:///{tmp_path}/portal.db") as served:
        yield served


def children(process: subprocess.Popen[str]) -> set[int]:
    """The server processes below the one that was started; there is a resource tracker besides."""
    command = ["ps", "-ww", "-o", "pid=", "-o", "args=", "--ppid", str(process.pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return {int(line.split()[0]) for line in listed if "spawn_main" in line}


def both_answer(served: Served) -> set[int]:
    """Polls until two worker processes run and the portal answers; their numbers."""
    for _ in range(300):
        found = children(served.process)
        if len(found) == 2:
            served.answered("GET", "/job/read_proc_status", {"procId": 123})
            return found
        time.sleep(0.1)
    raise AssertionError("there are no two workers")


@pytest.mark.proves("R-52")
def test_workers_answer_as_one(two_workers: Served) -> None:
    for number in range(30):
        row = invoice(number, erp_id=f"ISCI-{number:04d}")
        _, envelope = two_workers.answered("POST", "/inv/import_upload_invoices.php", {"invoices": [row]})
        assert envelope["err_code"] == 0, envelope
        process = envelope["data"]["id"]  # type: ignore[index]  # of an envelope
        assert two_workers.answered("GET", "/job/read_proc_status", {"procId": process})[1]["err_code"] == 0
        found = two_workers.answered("GET", "/inv/read_invoices", {"ids": [row["id"]]})[1]
        assert found["data"] == {"invoices": [{"id": row["id"], "qaime": ""}], "total": 1}
    assert two_workers.answered("POST", "/inv/import_upload_invoices.php", {"invoices": [row]})[1]["err_code"] == 17


def test_workers_end_with_the_one_that_started_them(two_workers: Served) -> None:
    workers = both_answer(two_workers)
    idle = two_workers.connection()
    idle.connect()
    assert two_workers.stop() == ""
    assert two_workers.process.returncode == 0
    assert not any(alive(number) for number in workers)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", two_workers.url.port or 0), timeout=5).close()
    idle.close()


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_worker_that_dies_is_replaced(two_workers: Served) -> None:
    victim, other = sorted(both_answer(two_workers))
    os.kill(victim, signal.SIGKILL)
    for _ in range(300):
        if len(children(two_workers.process) - {victim}) == 2:
            break
        time.sleep(0.1)
    assert other in children(two_workers.process)
    for _ in range(10):
        assert two_workers.answered("GET", "/job/read_proc_status", {"procId": 123})[1]["err_code"] == 0


def test_stop_while_workers_are_starting(tmp_path: Path) -> None:
    with Served("--workers", "3", "--database", f"sqlite:///{tmp_path}/portal.db") as served:
        served.stop()
        assert served.process.returncode in (0, -signal.SIGTERM)


def provoke_a_warning(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.url.port or 0), timeout=30) as raw:
        raw.sendall(b"this is no HTTP\r\n\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_line_of_the_json_log_is_json(tmp_path: Path, workers: str) -> None:
    flags = ("--log-format", "json", "--workers", workers, "--database", f"sqlite:///{tmp_path}/portal.db")
    with Served(*flags) as served:
        provoke_a_warning(served)
        lines = [json.loads(line) for line in served.stop().splitlines()]
    assert [(line["level"], line["message"]) for line in lines] == [("warning", "Invalid HTTP request received.")]
    assert set(lines[0]) == {"time", "level", "logger", "message"}


def test_text_log_has_a_line_for_a_warning() -> None:
    with Served(LOG_FORMAT="text") as served:
        provoke_a_warning(served)
        assert served.stop().splitlines() == ["WARNING uvicorn.error: Invalid HTTP request received."]
