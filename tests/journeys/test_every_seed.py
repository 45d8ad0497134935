"""No false alarm: every good client, ten seeds, both paces."""

import json
from pathlib import Path

import pytest

from contract_tests.journeys.catalogue import LIST
from tests.journeys.test_check_client import GOOD, check_client, without

pytestmark = pytest.mark.deep


@pytest.mark.parametrize("pace", ["fast", "instant"])
@pytest.mark.parametrize("seed", range(1, 11))
@pytest.mark.parametrize("name", GOOD)
def test_a_good_client_is_never_accused(name: str, seed: int, pace: str, tmp_path: Path) -> None:
    missing = without(GOOD[name][0])
    if missing is not None:
        pytest.skip(f"{missing} is not here")
    report = tmp_path / "report.json"
    done = check_client("--seed", str(seed), "--pace", pace, "--json", str(report), client=GOOD[name])
    told = json.loads(report.read_text("utf-8"))
    assert {each["name"]: each["findings"] for each in told["journeys"]} == {each.name: [] for each in LIST}
    assert done.returncode == 0, done.stdout
