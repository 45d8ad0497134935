"""The tracing itself: which tests count as proofs, and what the report says of a gap."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from mock_server.rulebook.documents import load
from tests import facts_report
from tests.tracing import known_ids

ROOT = Path(__file__).resolve().parent.parent

SUITE = """
import pytest

@pytest.mark.proves("F-DEL-03", "R-16")
def test_passes(): pass

@pytest.mark.proves("F-DEL-04")
def test_fails(): assert False

@pytest.mark.proves("F-DEL-04")
def test_is_skipped(): pytest.skip("not now")

@pytest.mark.proves("F-DEL-04")
@pytest.mark.xfail
def test_is_expected_to_fail(): assert False

@pytest.mark.proves("F-DEL-04")
@pytest.mark.xfail
def test_passes_unexpectedly(): pass

@pytest.fixture
def breaks_afterwards():
    yield
    raise ValueError

@pytest.mark.proves("F-DEL-04")
def test_breaks_afterwards(breaks_afterwards): pass

@pytest.mark.parametrize("number", [
    pytest.param(1, marks=pytest.mark.proves("F-ETX-01")),
    pytest.param(2, marks=pytest.mark.proves("F-ETX-02", "F-ETX-01")),
])
def test_of_parameters(number): pass

@pytest.mark.proves("R-01")
class TestOfClass:
    def test_names_more_as_it_runs(self, proves):
        proves("F-IMP-01", "R-09")

def test_names_an_unknown_one_as_it_runs(proves):
    proves("F-IMP-011")
"""

WRONG = """
import pytest

@pytest.mark.proves("F-DEL-3")
def test_of_a_misspelt_one(): pass

@pytest.mark.proves()
def test_of_nothing(): pass

@pytest.mark.parametrize("number", [pytest.param(1, marks=pytest.mark.proves("R-16", 16))])
def test_of_a_number(number): pass
"""

SPREADS = pytest.mark.parametrize("spread", [[], ["-p", "xdist", "-n", "2"]], ids=["one process", "xdist"])

PROOFS = {
    "F-DEL-03": ["test_suite.py::test_passes"],
    "F-ETX-01": ["test_suite.py::test_of_parameters[1]", "test_suite.py::test_of_parameters[2]"],
    "F-ETX-02": ["test_suite.py::test_of_parameters[2]"],
    "F-IMP-01": ["test_suite.py::TestOfClass::test_names_more_as_it_runs"],
    "R-01": ["test_suite.py::TestOfClass::test_names_more_as_it_runs"],
    "R-09": ["test_suite.py::TestOfClass::test_names_more_as_it_runs"],
    "R-16": ["test_suite.py::test_passes"],
}


def run(folder: Path, suite: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text(
        f"[pytest]\npythonpath = {ROOT}\nmarkers = proves\naddopts = --strict-markers\n", encoding="utf-8"
    )
    (folder / "conftest.py").write_text('pytest_plugins = ("tests.tracing",)\n', encoding="utf-8")
    (folder / "test_suite.py").write_text(suite, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    alone = inherited | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plugins cost two seconds a run
    return subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, check=False)


@SPREADS
def test_only_passed_tests_are_proofs(tmp_path: Path, spread: list[str]) -> None:
    done = run(tmp_path, SUITE, "--facts=out/facts.json", *spread)
    assert "2 failed, 5 passed, 1 skipped, 1 xfailed, 1 xpassed, 1 error" in done.stdout, done.stdout
    assert 'names_an_unknown_one_as_it_runs proves "F-IMP-011", which is no fact' in done.stdout
    assert json.loads((tmp_path / "out" / "facts.json").read_bytes()) == PROOFS


@SPREADS
def test_an_unknown_id_fails_the_collection(tmp_path: Path, spread: list[str]) -> None:
    done = run(tmp_path, WRONG, *spread)
    assert done.returncode != 0
    for text in (
        '::test_of_a_misspelt_one proves "F-DEL-3", which is no fact and no reading; "F-DEL-03"?',
        "::test_of_nothing proves names no fact and no reading",
        '::test_of_a_number[1] proves "16", which is no fact and no reading',
    ):
        assert f"test_suite.py{text}" in done.stdout
    assert " passed" not in done.stdout


def test_nothing_is_written_unasked(tmp_path: Path) -> None:
    run(tmp_path, "def test_one(): pass\n")
    run(tmp_path, "def test_one(): pass\n", "--facts=facts.json", "--collect-only")
    assert not (tmp_path / "facts.json").exists()


def test_known_are_all_facts_and_readings() -> None:
    assert {"F-ENV-01", "F-SMP-09", "R-01", "R-21c", "R-82"} <= known_ids()
    assert len(known_ids()) == len(load("facts.json")["facts"]) + len(load("readings.json")["readings"])


def test_a_gap_is_reported_and_is_1(tmp_path: Path) -> None:
    owned = [row.id for row in facts_report.rows({}) if row.unproven]
    complete = {name: ["tests/test_x.py::test_y", "tests/test_x.py::test_z"] for name in owned}
    lacking = {name: tests for name, tests in complete.items() if name not in ("F-DEL-03", "R-16")}
    done = {}
    for name, proofs in {"complete": complete, "lacking": lacking}.items():
        file = tmp_path / f"{name}.json"
        file.write_bytes(msgspec.json.encode(proofs))
        command = [sys.executable, "-m", "tests.facts_report", str(file)]
        done[name] = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert [one.returncode for one in done.values()] == [0, 1]
    assert f"All {len(owned)} facts" in done["complete"].stdout
    assert f"2 of {len(owned)} have no passed test: F-DEL-03 R-16" in done["lacking"].stdout
    assert "R-15       reading      2  tests/test_x.py::test_y" in done["lacking"].stdout
    assert "F-DEL-03   server       0  -" in done["lacking"].stdout


def test_advice_to_clients_is_listed_apart_and_needs_no_test() -> None:
    listed = facts_report.rows({})
    text = "\n".join(facts_report.table(listed))
    assert text.index("R-82") < text.index("wait for the client issue") < text.index("F-PROC-08")
    assert not any(row.unproven for row in listed if row.id in ("F-PROC-08", "F-AUTH-08"))
