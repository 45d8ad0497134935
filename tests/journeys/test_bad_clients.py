"""For every rule a client that commits just that sin, and is named by exactly that rule."""

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract_tests.bad_clients.one_sin import SINS
from contract_tests.journeys.catalogue import LIST
from contract_tests.journeys.running import run, simulator
from mock_server.judging import CATALOGUE

JOURNEYS = {journey.name: journey for journey in LIST}
AT_A_TIME = 10


def found(names: list[str]) -> Mapping[str, set[str]]:
    """The rules that each client breaks on its journey; they run at once, for they mostly wait."""
    with simulator() as server, ThreadPoolExecutor(AT_A_TIME) as pool:

        def rules(numbered: tuple[int, str]) -> set[str]:
            seed, name = numbered
            sin = SINS[name]
            journey = JOURNEYS[sin.journey]
            journey = journey._replace(seconds=sin.seconds or journey.seconds)
            command = [sys.executable, "-m", "contract_tests.bad_clients.one_sin", name]
            done = run(server, journey, command, seed)
            return {finding["rule"] for finding in done.verdict.findings}

        return dict(zip(names, pool.map(rules, enumerate(names, 1)), strict=True))


def test_every_rule_has_its_client() -> None:
    assert set(SINS) == set(CATALOGUE)


@pytest.mark.proves(
    "F-PROC-08", "F-PROC-09", "F-ERR-03", "F-DEL-08", "F-ENV-07", "F-AUTH-08", "F-ETX-08", "R-80", "R-81"
)
def test_each_sin_is_named_by_exactly_its_rule() -> None:
    quick = [name for name, sin in SINS.items() if not sin.slow]
    assert found(quick) == {name: {name} for name in quick}


@pytest.mark.deep
def test_slow_sins_too() -> None:
    slow = [name for name, sin in SINS.items() if sin.slow]
    assert found(slow) == {name: {name} for name in slow}
