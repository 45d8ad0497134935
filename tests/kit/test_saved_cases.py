"""A file for --replay may have been written by anybody: what its check cannot take is refused before a request."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests import replay
from contract_tests.check import Check
from contract_tests.saved_cases import STEPS, demand_fit
from contract_tests.suites import SUITES
from contract_tests.suites.errors import several_faults, single_faults

CHECKS: dict[str, Check] = {check.name: check for suite in SUITES for check in suite}
ONE, SEVERAL = "errors/one_fault_has_exactly_its_code", "errors/several_faults_have_their_codes"
KEEPS, READS = "model/what_the_portal_keeps", "operations/inv_read_invoices"
REQUEST = {
    "operation": "inv_read_invoices",
    "method": "GET",
    "media_type": "application/json",
    "query": {},
    "allowed": True,
    "scenario": "",
    "body": {"ids": ["x"]},
}


def file_of(tmp_path: Path, **told: Any) -> Path:
    file = tmp_path / "case.json"
    file.write_text(json.dumps({"format": 1, "seed": 0, **told}), "utf-8")
    return file


@pytest.mark.parametrize(
    ("check", "case"),
    [
        (ONE, {}),
        (ONE, [43]),
        (ONE, [43, "no-such-way"]),
        (ONE, [[], "empty"]),
        (ONE, [9999, "empty"]),
        (SEVERAL, []),
        (SEVERAL, [43, "empty"]),
        (SEVERAL, [[[37, "absent"], [37, "absent"]]]),
        (READS, []),
        (READS, {}),
        (READS, {**REQUEST, "operation": "inv_delete"}),
        (READS, {**REQUEST, "scenario": "NONE_SUCH"}),
        (READS, {**REQUEST, "bytes": "zz"}),
        (READS, {**REQUEST, "query": []}),
        (KEEPS, "x"),
        (KEEPS, [1]),
        (KEEPS, [{"do": "take"}]),
        (KEEPS, [{"do": "_look"}]),
        (KEEPS, [{"do": []}]),
        (KEEPS, [{"do": "read", "which": [1]}]),
        (KEEPS, [{"do": "read", "which": [1], "other": 1}]),
        (KEEPS, [{"do": "import_some", "count": 10**9, "upload": False}]),
        (KEEPS, [{"do": "import_some", "count": 0, "upload": False}]),
        ("operations/links", REQUEST),
        ("envelope/data_of_a_refusal", {}),
    ],
)
def test_a_case_that_its_check_cannot_take_is_refused(check: str, case: Any, tmp_path: Path) -> None:
    with pytest.raises(replay.WrongFile, match="case"):
        replay.read(file_of(tmp_path, check=check, case=case))


@pytest.mark.parametrize("told", [{"check": []}, {"check": {}}, {"check": None}, {}, {"check": ONE, "seed": True}])
def test_what_names_no_check_is_refused(told: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(replay.WrongFile):
        replay.read(file_of(tmp_path, **told))


def test_json_without_end_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text("[" * 200_000, "utf-8")
    with pytest.raises(replay.WrongFile):
        replay.read(file)


@pytest.mark.parametrize(
    ("check", "case"),
    [
        (READS, REQUEST),
        (READS, {**REQUEST, "media_type": None, "bytes": "00ff"}),
        (KEEPS, [{"do": "import_some", "count": 2, "upload": False}, {"do": "import_one_id_twice"}]),
    ],
)
def test_a_case_that_its_check_may_have_saved_is_taken(check: str, case: Any, tmp_path: Path) -> None:
    assert replay.read(file_of(tmp_path, check=check, case=case)).case == case


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_list_of_faults_that_is_invented_is_taken(data: st.DataObject) -> None:
    case = json.loads(json.dumps(data.draw(several_faults())))
    demand_fit(CHECKS[SEVERAL], case)


def test_every_single_fault_is_taken() -> None:
    for fault in single_faults(arithmetic=True):
        demand_fit(CHECKS[ONE], list(fault))


def test_every_step_is_known_by_what_it_takes() -> None:
    assert {"import_some", "poll", "read", "delete_in_portal", "download", "finish", "act"} <= set(STEPS)
    assert {kind for takes in STEPS.values() for kind in takes.values()} == {int, bool, list[int]}
