"""Nothing is found on the sound simulator, whatever the answers of its readings."""

import pytest

from contract_tests.documents import load
from contract_tests.suites import SUITES
from tests.kit.in_process import checked, simulator, told

EDITIONS = list(load("readings.json")["editions"])


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("suite", [suite.name for suite in SUITES])
def test_nothing_is_found_on_a_sound_simulator(suite: str, edition: str) -> None:
    with simulator(edition) as there:
        results = checked(there, [suite])
    assert told(results) == []
    assert results.passed
