"""What every check must be: named by what it judges by, with its own name; every fact of the server has one."""

import pytest

from contract_tests import calibration, documents
from contract_tests.suites import SUITES

CHECKS = [check for suite in SUITES for check in suite]

NOT_TO_BE_SEEN = {
    "F-LIFE-05": "the Azerbaijani names of statuses stand on no answer of the API",
    "F-LIFE-06": "nor do those of kinds",
}
"""Facts that the server owns and no request can see, and why."""


def test_names_are_unique() -> None:
    names = [check.name for check in CHECKS]
    assert sorted(set(names)) == sorted(names)


def test_every_fact_that_the_server_owns_has_a_check() -> None:
    owned = {name for name, row in documents.facts().items() if row["owner"] == "server"}
    named = {one for check in CHECKS for one in check.ids}
    assert owned - named == set(NOT_TO_BE_SEEN)


@pytest.mark.parametrize("reading", calibration.selectable())
def test_every_selectable_reading_is_seen_or_is_known_not_to_be(reading: str) -> None:
    seen = calibration.SEEN_BY.get(reading, ())
    assert bool(seen) is (reading not in calibration.UNSEEN)
    assert set(seen) <= {check.name for check in CHECKS}
    assert all(reading in check.ids for check in CHECKS if check.name in seen)
