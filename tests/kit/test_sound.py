"""Nothing is found on the sound simulator, whatever the answers of its readings; and each answer is recognised."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from contract_tests import calibration, documents
from contract_tests.check import Check
from contract_tests.suites import SUITES
from mock_server import Settings, create_app
from tests.kit.in_process import checked, simulator, target, told

EDITIONS = list(documents.load("readings.json")["editions"])
CHECKS = {check.name: check for suite in SUITES for check in suite}
OTHER_ANSWERS = [
    (name, answer)
    for name, row in documents.ledger().items()
    if row["kind"] == "selectable"
    for answer in row["answers"]
    if answer != row["default"]
]


def touched(reading: str) -> Iterator[Check]:
    """The checks that a reading touches: those that name it, and those that see it."""
    for check in CHECKS.values():
        if reading in check.ids or check.name in calibration.SEEN_BY.get(reading, ()):
            yield check


@pytest.mark.parametrize("edition", EDITIONS)
def test_nothing_is_found_on_a_sound_simulator(edition: str) -> None:
    with simulator(edition) as there:
        results = checked(there)
    assert told(results) == []
    assert {each.suite for each in results.passed} >= {suite.name for suite in SUITES} - {"partners"}
    in_force = documents.load("readings.json")["editions"][edition]["readings"]
    defaults = {name: row["default"] for name, row in documents.ledger().items()}
    found = calibration.answers(results)
    assert found == {name: in_force.get(name, defaults[name]) for name in found}
    assert set(calibration.selectable()) - set(found) == set(calibration.UNSEEN)


@pytest.mark.parametrize(("reading", "answer"), OTHER_ANSWERS)
def test_another_answer_is_no_finding_and_is_recognised(reading: str, answer: str) -> None:
    with simulator(readings={reading: answer}) as there:
        results = checked(there, only=touched(reading))
    assert told(results) == []
    if reading not in calibration.UNSEEN:
        assert calibration.answers(results)[reading] == answer


@pytest.mark.parametrize("answer", documents.ledger()["R-45"]["answers"])
def test_the_text_of_an_error_is_found_where_most_answers_have_none(answer: str) -> None:
    with simulator(readings={"R-03": "as-shown", "R-45": answer}) as there:
        results = checked(there, only=touched("R-45"))
    assert calibration.answers(results)["R-45"] == answer


def test_without_a_control_api_the_readings_are_found_out() -> None:
    chosen = {"R-02": "post-only", "R-09": "strict", "R-55": "replace"}
    settings = Settings(seed=1, pace="instant", no_admin=True, readings=chosen)
    with closing(create_app(settings)) as app, target(app) as there:
        assert there.simulator is not None
        assert not there.simulator.steered
        results = checked(there, ["envelope", "readings", "processes", "partners", "samples"])
    assert told(results) == []
    assert len(results.passed) > 60


@pytest.mark.deep
@pytest.mark.parametrize(("reading", "answer"), OTHER_ANSWERS)
def test_everything_under_another_answer(reading: str, answer: str) -> None:
    with simulator(readings={reading: answer}) as there:
        assert told(checked(there)) == []


@pytest.mark.deep
@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("seed", range(10))
def test_ten_seeds(edition: str, seed: int) -> None:
    with simulator(edition) as there:
        assert told(checked(there, quick=False, seed=seed)) == []
