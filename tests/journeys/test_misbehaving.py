"""Clients that do not run, do not come to the point, or put up a fight; and people who stop the check."""

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from mock_server.judging import Case, Expected, Outcome, call_shown, judge
from tests.journeys.test_check_client import GOOD, check_client

FAILING = ("invalid", "no-phone", "wrong-password", "stalled", "pin-refused", "delete-refused", "delete-fails-later")
QUICK = ("--pace", "instant")
PATIENCE = 180
"""Seconds, for what takes two on a machine that does nothing else."""


def only(*names: str) -> list[str]:
    return [word for name in names for word in ("--journey", name)]


def told_by(tmp_path: Path, script: str) -> tuple[subprocess.CompletedProcess[str], ET.Element]:
    """A client of a few lines on one journey, and the test case of the JUnit report."""
    file = tmp_path / "x.xml"
    done = check_client(
        *QUICK, *only("upload"), "--timeout", "10", "--junit", str(file), client=[sys.executable, "-c", script]
    )
    (case,) = ET.parse(file).getroot().iter("testcase")
    return done, case


@pytest.mark.proves("F-PROC-08", "F-ENV-03")
@pytest.mark.parametrize("client", [["false"], [sys.executable, "-c", "raise SystemExit(3)"]])
def test_a_client_that_does_nothing_passes_no_journey(client: list[str]) -> None:
    done = check_client(*QUICK, *only(*FAILING), client=client)
    assert done.returncode == 1
    assert f"0 of {len(FAILING)} journeys passed" in done.stdout


def test_a_client_that_sees_for_itself_and_says_so_need_not_ask() -> None:
    said = Outcome(status="failed")
    for outcome, count in ((said, 0), (None, 1)):
        case = Case([], expected=Expected(succeeds=False, came=False), outcome=outcome, claimed=False)
        assert len(judge(case)) == count


def test_a_client_that_works_by_password_is_not_held_to_the_renewal_of_tokens() -> None:
    script = (
        "import json, os, urllib.request as u; e = os.environ\n"
        "who = {'username': e['VATPORTAL_USERNAME'], 'password': e['VATPORTAL_PASSWORD']}\n"
        "b = json.dumps({**who, 'ids': []}).encode()\n"
        "h = {'Content-Type': 'application/json'}\n"
        "a = u.urlopen(u.Request(e['VATPORTAL_BASE_URL'] + '/inv/read_invoices', b, h, method='GET'))\n"
        "raise SystemExit(1)"
    )
    done = check_client(*QUICK, *only("token-expires"), client=[sys.executable, "-c", script])
    assert "1 of 1 journeys passed" in done.stdout, done.stdout
    assert check_client(*QUICK, *only("token-expires"), client=["false"]).returncode == 1


@pytest.mark.proves("F-DEL-08")
def test_a_refused_deletion_tried_again_number_by_number_is_a_retry() -> None:
    def call(seq: int, operation: str, code: int, *serials: str) -> dict[str, object]:
        text = json.dumps({"serialNumbers": serials, "is_signed": True}) if serials else "{}"
        body = {"text": text, "digest": None, "size": len(text)}
        return {
            "seq": seq,
            "time": f"2026-11-20T12:00:{seq:02}+00:00",
            "world_time": f"2026-11-20T12:00:{seq:02}+00:00",
            "operation": operation,
            "method": "DELETE",
            "path": "/api/etx/delete",
            "account": "demo",
            "way": "token",
            "http": 200,
            "err_code": code,
            "latency_ms": 1,
            "violations": [],
            "notes": [],
            "request": body,
            "answer": {"text": '{"err_code": 0}', "digest": None, "size": 15},
        }

    whole = call(1, "etx_delete", 20, "AA2501 1", "AA2501 2")
    part = call(3, "etx_delete", 0, "AA2501 1")
    look = call(2, "etx_read_invoices", 0)
    other = call(3, "etx_delete", 0, "AA2501 3")
    for calls, rules in (([whole, part], ["retried-refusal"]), ([whole, look, part], []), ([whole, other], [])):
        found = judge(Case([call_shown(each) for each in calls], expected=Expected()))
        assert [each["rule"] for each in found if each["rule"] == "retried-refusal"] == rules


OUTPUT = "import os; f = os.environ['VATPORTAL_OUTPUT']; "


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (OUTPUT + "open(f, 'w').write('[' * 200000)", "nested too deeply"),
        (OUTPUT + "os.mkdir(f)", "no plain file"),
        (OUTPUT + "os.mkfifo(f)", "no plain file"),
        (OUTPUT + "os.symlink('/dev/zero', f)", "no plain file"),
        (OUTPUT + "open(f, 'w').write('{')", "no JSON"),
        ("print('\\x1b[31mred\\x00\\x07')", r"\x1b[31mred\x00\x07"),
    ],
    ids=["deep", "folder", "fifo", "endless", "cut", "control"],
)
def test_what_a_client_writes_is_told_in_words(tmp_path: Path, script: str, said: str) -> None:
    done, case = told_by(tmp_path, script)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "\x1b[31mred" not in done.stdout
    shown = case.findtext("system-out") or ""
    assert said in shown
    assert "exit 0" in shown


def test_a_whole_number_may_be_written_with_a_fraction(tmp_path: Path) -> None:
    script = OUTPUT + """open(f, 'w').write('{"status": "failed", "errors": [{"code": 1.0}]}')"""
    done, _ = told_by(tmp_path, script)
    assert done.returncode == 1
    assert "VATPORTAL_OUTPUT" not in done.stdout


@pytest.mark.parametrize("kind", ["plain", "folder", "no-shebang"])
def test_a_command_that_cannot_be_run_is_wrong_usage(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "client"
    if kind == "folder":
        file.mkdir()
    else:
        file.write_text("hello", "utf-8")
        file.chmod(0o755 if kind == "no-shebang" else 0o644)
    done = check_client(*QUICK, *only("upload"), client=[str(file)])
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert str(file) in done.stderr.replace("\n", "")


def test_a_report_that_cannot_be_written_is_told_beforehand(tmp_path: Path) -> None:
    lost, same = tmp_path / "no" / "x.html", tmp_path / "x"
    for options in (("--html", str(lost)), ("--html", str(same), "--json", str(same)), ("--html", str(tmp_path))):
        done = check_client(*QUICK, *only("upload"), *options, client=["false"])
        assert done.returncode == 2
        assert "Error: " in done.stderr
        assert "upload" not in done.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_whoever_stops_the_check_leaves_nothing_running(tmp_path: Path, number: int, code: int) -> None:
    pids, report = tmp_path / "pids", tmp_path / "x.json"
    sleeper = f"sleep 7777 & echo $$ $! >> {pids}; sleep 7777"
    command = [sys.executable, "-m", "mock_server", "check-client", *QUICK, *only("upload", "delete")]
    command += ["--jobs", "1", "--json", str(report), "--", "sh", "-c", sleeper]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run where Ctrl-C is not heeded
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    end = time.monotonic() + PATIENCE
    while not (pids.exists() and pids.read_text("utf-8").endswith("\n")):
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, err
    assert "stopped before all journeys were over" in out
    assert json.loads(report.read_text("utf-8"))["journeys"] == []
    for pid in map(int, pids.read_text("utf-8").split()):
        assert not _runs(pid)


def test_what_a_client_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    left = tmp_path / "pid"
    check_client(*QUICK, *only("upload"), client=["sh", "-c", f"sleep 7777 & echo $! > {left}"])
    assert not _runs(int(left.read_text("utf-8")))


def test_a_good_client_still_passes() -> None:
    done = check_client(*QUICK, *only("token-expires", "no-phone", "delete-refused"), client=GOOD["requests"])
    assert done.returncode == 0, done.stdout


def _runs(pid: int) -> bool:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "Z":
                return False  # nobody has fetched its end yet
        except (ProcessLookupError, FileNotFoundError):
            return False
        time.sleep(0.05)
    return True
