"""The reference model: what it finds is small and found again, from a file too; and it judges without a server."""

from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from contract_tests import replay
from contract_tests.broken_servers import CATALOGUE
from contract_tests.findings import Finding
from contract_tests.model.portal import Portal
from contract_tests.model.things import Disagreement, Said
from contract_tests.reporting import terminal
from contract_tests.results import Results
from contract_tests.runner import Plan, run
from contract_tests.senders import Application
from contract_tests.target import Target
from mock_server import Settings, create_app
from tests.kit.in_process import checked, simulator, target, told

PORTAL, ETAXES = "model/what_the_portal_keeps", "model/what_goes_to_etaxes_and_back"
TIME = "model/what_goes_on_at_the_same_time"
ONE, OTHER = "1234567890", "0987654321"
FOUND = {"deletes-in-part": ETAXES, "processes-of-others-can-be-read": PORTAL, "deletions-never-fail-later": TIME}


@pytest.fixture(scope="module")
def app() -> Iterator[Application]:
    with closing(create_app(Settings(seed=1))) as made:
        yield made


def found(app: Application, broken: str) -> Finding:
    with target(CATALOGUE[broken].around(app)) as there:
        (finding,) = checked(there, [FOUND[broken]]).findings
    return finding


def again(there: Target, file: Path) -> Results:
    saved = replay.read(file)
    results = Results(checked(there, only=[]).about)
    run(there, Plan((saved.check,), seed=saved.seed, saved=saved.case), results)
    return results


@pytest.mark.parametrize("broken", FOUND)
def test_what_is_found_is_a_short_list_of_steps_that_a_file_repeats(
    app: Application, broken: str, tmp_path: Path
) -> None:
    finding = found(app, broken)
    assert len(finding.case) <= 8
    assert finding.evidence
    file = tmp_path / replay.name_of(finding.check)
    file.write_bytes(replay.saved(finding, 0))
    with target(CATALOGUE[broken].around(app)) as there:
        results = again(there, file)
    (same,) = results.findings
    assert (same.message, same.ids, same.case) == (finding.message, finding.ids, finding.case)
    console = Console(file=StringIO(), record=True, width=200)
    terminal.summary(console, results)
    shown = [" ".join(line.split()) for line in console.export_text().splitlines()]
    for number, step in enumerate(finding.case, 1):
        assert any(line.startswith(f"{number}. {step['do']}") for line in shown)
    with target(app) as there:
        assert told(again(there, file)) == []


def test_the_same_seed_finds_the_same(app: Application) -> None:
    first, second = found(app, "deletes-in-part"), found(app, "deletes-in-part")
    assert replay.saved(first, 0) == replay.saved(second, 0)


def test_without_a_control_api_the_readings_are_found_out() -> None:
    settings = Settings(seed=1, pace="instant", no_admin=True, readings={"R-15": "20", "R-55": "replace"})
    with closing(create_app(settings)) as app, target(app) as there:
        results = checked(there, ["model"])
    assert told(results) == []
    assert [each.check for each in results.not_tried] == [TIME]
    seen = {reading: {one.answer for one in answers} for reading, answers in results.readings().items()}
    assert (
        seen.items()
        <= {"R-15": {"20"}, "R-23": {"empty"}, "R-55": {"replace"}, "R-21": {"20"}, "R-50": {"own"}}.items()
    )


@pytest.mark.parametrize("allowed", ["writes", "pins"])
def test_it_runs_where_no_simulator_is_and_leaves_nothing(app: Application, allowed: str) -> None:
    with target(app) as there:
        there.simulator, there.answers, there.allowed = None, {}, "writes"
        if allowed == "pins":
            there.allowed = "pins"
        results = checked(there, ["model"])
    assert told(results) == []
    assert len(results.passed) == (1 if allowed == "writes" else 2)
    assert results.left == []


def test_more_seeds() -> None:
    with simulator() as there:
        for seed in (1, 2):
            assert told(checked(there, ["model"], seed=seed)) == []


@pytest.mark.proves("R-55", "R-15", "R-17", "R-21", "R-23")
def test_the_model_alone() -> None:
    portal = Portal({})
    invoice = dict.fromkeys(
        ("id", "main_info", "seller", "buyer", "sum_subtotal1", "sum_subtotal2", "sum_total", "items"), "x"
    )
    portal.import_(ONE, [invoice], False, Said(0, {"id": 1}))
    portal.status(OTHER, 1, Said(20))
    assert portal.learnt == {"R-15": "20"}
    with pytest.raises(Disagreement, match="answered with 3, where 20") as wrong:
        portal.status(OTHER, 1, Said(3))
    assert "R-15" in wrong.value.ids
    portal.status(ONE, 1, Said(0, {"status": 2, "stats": {"imported": 1}}))
    with pytest.raises(Disagreement, match="went from 2 to 1"):
        portal.status(ONE, 1, Said(0, {"status": 1, "stats": {"imported": 1}}))
    with pytest.raises(Disagreement, match="17 is documented"):
        portal.import_(ONE, [invoice, invoice], False, Said(0, {"id": 2}))
    portal.delete(ONE, ["x", "y"], Said(20))
    portal.read(ONE, ["x", "y"], Said(0, {"invoices": [{"id": "x", "qaime": ""}], "total": 1}))
    portal.delete(ONE, ["x"], Said(0, {"deleted": 1}))
    with pytest.raises(Disagreement, match="is not in this portal"):
        portal.read(ONE, ["x"], Said(0, {"invoices": [{"id": "x", "qaime": ""}], "total": 1}))
