"""`check-client --attach`: people click, findings are told, and reports are there at the end."""

import json
import signal
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import httpx2
import pytest

from tests.journeys.test_check_client import check_client


def attach(*arguments: str) -> subprocess.Popen[str]:
    ours = [sys.executable, "-u", "-m", "mock_server", "check-client", "--attach", *arguments]
    return subprocess.Popen(ours, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def portal_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().split()[1]


@pytest.mark.proves("F-AUTH-08")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_reports_are_written_when_it_is_stopped(number: signal.Signals, tmp_path: Path) -> None:
    files = {kind: tmp_path / f"report.{kind}" for kind in ("json", "junit", "html")}
    process = attach(*(part for kind, file in files.items() for part in (f"--{kind}", str(file))))
    api = portal_of(process)
    httpx2.get(f"{api}/job/read_proc_status", params={"username": "demo", "password": "demo"})
    process.send_signal(number)
    out, err = process.communicate(timeout=180)
    assert (process.returncode, "credentials-in-query" in out) == (1, True), out + err
    (told,) = json.loads(files["json"].read_text("utf-8"))["journeys"]
    assert (told["name"], told["passed"], told["all_requests"]) == ("attached", False, 1)
    assert "credentials-in-query" in [finding["rule"] for finding in told["findings"]]
    assert [case.find("failure") is not None for case in ET.parse(files["junit"]).iter("testcase")] == [True]
    assert "credentials-in-query" in files["html"].read_text("utf-8")


def test_it_ends_by_itself_and_finds_nothing_where_nobody_came() -> None:
    done = check_client("--attach", "--for", "0.2")
    assert (done.returncode, "nothing found" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_port_that_is_taken_is_3() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = check_client("--attach", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, "did not start" in done.stderr) == (3, True), done.stderr
    assert "Traceback" not in done.stderr
