"""`vatportal-mock check-client` as people call it: the command, its reports, its exit codes."""

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contract_tests.documents import facts
from contract_tests.journeys import command
from contract_tests.journeys.catalogue import LIST
from contract_tests.journeys.journey import Stage
from contract_tests.journeys.outcomes import BRINGS, Met
from contract_tests.journeys.portal import Portal
from contract_tests.journeys.words import WORDS
from mock_server.judging import CATALOGUE

CLIENTS = Path(__file__).parents[2] / "contract_tests" / "good_clients"
GOOD = {
    "requests": [sys.executable, "-m", "contract_tests.good_clients.requests_client"],
    "httpx2": [sys.executable, "-m", "contract_tests.good_clients.httpx2_async"],
    "node": ["node", str(CLIENTS / "node_fetch.mjs")],
    "php": ["php", str(CLIENTS / "php_curl.php")],
    "shell": ["bash", str(CLIENTS / "curl.sh")],
}
IDLE = [sys.executable, "-c", ""]
NEVER_MET = {
    ("import_upload_invoices", 0, None): ("missed", ["upload"]),
    ("etx_delete", 20, None): ("missed", ["delete-refused"]),
    ("read_proc_status", 0, 3): ("not-run", ["pin-refused", "one-of-three-rejected", "delete-fails-later"]),
    ("reset_confirm", 0, None): ("not-run", ["token-expires"]),
    ("read_proc_status", None, None): ("not-run", ["dropped", "bad-gateway"]),
    ("etx_import", 2, None): ("own-mistake", []),
    ("etx_import", 11, None): ("fault", []),
    ("inv_delete", 20, None): ("not-provoked", []),
}
"""By a client that does nothing on five journeys: why not."""


def check_client(*arguments: str, client: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    ours = [sys.executable, "-m", "mock_server", "check-client", *arguments]
    behind = [] if client is None else ["--", *client]
    return subprocess.run([*ours, *behind], capture_output=True, text=True, timeout=300, check=False)


def without(tool: str) -> str | None:
    """What is missing to run a client with this tool."""
    if shutil.which(tool) is None:
        return tool
    if tool == "php":
        modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout
        return None if "curl" in modules.split() else "the curl module of php"
    return None


@pytest.mark.proves("F-PROC-08", "F-PROC-09", "F-ERR-03", "F-DEL-08", "F-AUTH-08", "R-80", "R-81")
@pytest.mark.parametrize("name", GOOD)
def test_a_good_client_passes_every_journey_without_a_finding(name: str, tmp_path: Path) -> None:
    missing = without(GOOD[name][0])
    if missing is not None:
        pytest.skip(f"{missing} is not here")
    report = tmp_path / "report.json"
    done = check_client("--json", str(report), client=GOOD[name])
    told = json.loads(report.read_text("utf-8"))
    assert {each["name"]: each["findings"] for each in told["journeys"]} == {each.name: [] for each in LIST}
    assert done.returncode == 0, done.stdout
    assert f"{len(LIST)} of {len(LIST)} journeys passed; nothing found" in done.stdout
    strange = {each["name"]: met(each["met"]) - BRINGS[each["name"]] for each in told["journeys"]}
    assert not any(strange.values()), strange
    missed = met(each for each in told["outcomes"] if each["reason"] in ("missed", "not-run"))
    assert missed <= {Met("read_proc_data", 0)}  # which none needs


def met(told: Iterable[dict[str, Any]]) -> set[Met]:
    return {Met(each["operation"], each["err_code"], each["status"]) for each in told}


def test_a_client_that_does_nothing_and_says_it_is_done_is_found_out(tmp_path: Path) -> None:
    html, junit, report = (tmp_path / name for name in ("card.html", "card.xml", "card.json"))
    names = ("upload", "download-5000", "delete", "invalid", "delete-refused")
    chosen = [part for name in names for part in ("--journey", name)]
    files = ["--html", str(html), "--junit", str(junit), "--json", str(report)]
    done = check_client(*chosen, *files, client=IDLE)
    assert done.returncode == 1
    whole = json.loads(report.read_text("utf-8"))
    told = whole["journeys"]
    assert {each["name"]: [found["rule"] for found in each["findings"]] for each in told} == {
        name: ["wrong-outcome"] for name in names
    }
    assert [case.find("failure") is not None for case in ET.parse(junit).iter("testcase")] == [True] * len(names)
    page = unescape(html.read_text("utf-8"))
    assert "0 of 5 journeys passed" in page
    why = {(each["operation"], each["err_code"], each["status"]): each for each in whole["outcomes"]}
    assert {key: (why[key]["reason"], why[key]["journeys"]) for key in NEVER_MET} == NEVER_MET
    assert all(each["why"]["en"] in page and each["why"]["az"] in page for each in whole["outcomes"])
    assert "http://" not in page.replace("http://www.w3.org", "")
    again = check_client(*chosen, *files, client=IDLE)
    assert (again.returncode, "--force" in again.stderr) == (2, True)


def test_terminal_and_junit_speak_azerbaijani_where_asked(tmp_path: Path) -> None:
    junit = tmp_path / "card.xml"
    done = check_client("--lang", "az", "--journey", "invalid", "--junit", str(junit), client=IDLE)
    rule = CATALOGUE["wrong-outcome"]
    assert (done.returncode, "keçilən sınaqlar: 0/1; 1 xəta" in done.stdout) == (1, True), done.stdout
    assert rule.mend.az in " ".join(done.stdout.split())
    (failure,) = ET.parse(junit).iter("failure")
    assert (failure.text or "").endswith(rule.mend.az)
    assert rule.mend.en not in done.stdout
    assert "nə baş verir" in check_client("--list", "--lang", "az").stdout


def test_every_phrase_has_both_languages_with_the_same_to_fill_in() -> None:
    for text in WORDS.values():
        assert sorted(re.findall(r"{\w+", text.en)) == sorted(re.findall(r"{\w+", text.az))
        assert text.az


def test_every_journey_says_what_it_brings() -> None:
    assert list(BRINGS) == [journey.name for journey in LIST]


def test_a_client_that_never_ends_is_stopped(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    asked = ("--journey", "wrong-password", "--timeout", "2", "--json", str(report))
    done = check_client(*asked, client=["sleep", "600"])
    (told,) = json.loads(report.read_text("utf-8"))["journeys"]
    assert (done.returncode, told["exit"], [each["rule"] for each in told["findings"]]) == (
        1,
        None,
        ["wrong-outcome"],
    )


@pytest.mark.parametrize(
    ("arguments", "client", "said"),
    [
        (("--journey", "uplaod"), IDLE, 'did you mean "upload"'),
        ((), None, "-- CMD"),
        ((), ["no-such-program-here"], "no program"),
        (("--journy", "upload"), IDLE, "--journey"),
        (("--port", "8080"), IDLE, "--attach"),
        (("--attach",), IDLE, "leave out CMD"),
        (("--timeout", "nan"), IDLE, "no number of seconds"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_do(
    arguments: tuple[str, ...], client: list[str] | None, said: str
) -> None:
    done = check_client(*arguments, client=client)
    assert done.returncode == 2
    assert said in done.stderr


def test_journeys_are_listed_and_each_cites_facts() -> None:
    done = check_client("--list")
    assert done.returncode == 0
    for journey in LIST:
        assert journey.name in done.stdout
        assert journey.facts
        assert set(journey.facts) <= set(facts())
        assert journey.says.az != journey.says.en


def test_a_journey_that_cannot_be_set_up_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def set_(portal: Portal) -> Stage:
        portal.fault(connection="no such kind")
        return Stage()

    monkeypatch.setattr(command, "LIST", [LIST[0]._replace(set=set_)])
    done = CliRunner().invoke(command.check_client, ["--", *IDLE])
    assert done.exit_code == 3
    assert f"journey {LIST[0].name} cannot be set up" in done.output
    assert isinstance(done.exception, SystemExit)


def test_what_a_client_prints_is_shown_without_its_secrets(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    code = "import os; print('Grüße', os.environ['VATPORTAL_SECRET'], os.environ['VATPORTAL_TOKEN'])"
    check_client("--journey", "upload", "--json", str(report), client=[sys.executable, "-c", code])
    (told,) = json.loads(report.read_text("utf-8"))["journeys"]
    assert told["said"].strip() == "Grüße *** ***"
