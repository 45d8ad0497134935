"""`kill -9` under load: what was ever answered is there afterwards, and nothing is there by half."""

from pathlib import Path

import pytest

from benchmarks.kill_rounds import rounds


@pytest.mark.parametrize(
    ("count", "seed", "workers"),
    [
        pytest.param(3, 1, 1, id="3 rounds"),
        pytest.param(140, 2, 1, id="140 rounds", marks=pytest.mark.deep),
        pytest.param(60, 3, 2, id="60 rounds of 2 workers", marks=pytest.mark.deep),
    ],
)
def test_a_killed_server_has_forgotten_nothing(count: int, seed: int, workers: int, tmp_path: Path) -> None:
    found = list(rounds(tmp_path / "portal.db", count, seed, workers))
    assert [problem for one in found for problem in one.problems] == []
    assert len(found) == count
    assert sum(one.imports for one in found) > count, "there was no load"
