"""Each server that is broken on purpose is caught by the check meant for it, which names the fact."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from contract_tests import documents
from contract_tests.broken_servers import CATALOGUE
from contract_tests.broken_servers.wrapping import Broken
from contract_tests.check import Check
from contract_tests.senders import Application
from contract_tests.suites import SUITES
from contract_tests.suites.model import SUITE as MODEL
from mock_server import Settings, create_app
from tests.kit.in_process import checked, target

CHECKS = {check.name: check for suite in SUITES for check in suite}
NOT_BREAKABLE = {
    "F-AUTH-09": "tokens are made by hand in the portal's own pages",
    "F-LIFE-05": "no answer of the API shows the Azerbaijani names",
    "F-LIFE-06": "no answer of the API shows the Azerbaijani names",
}


class Apps:
    """Sound simulators by configuration, each started once."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._apps: dict[tuple[str, tuple[tuple[str, str], ...]], Application] = {}

    def beneath(self, broken: Broken) -> Application:
        key = (broken.edition, tuple(sorted(broken.readings.items())))
        if key not in self._apps:
            settings = Settings(seed=1, pace="instant", edition=broken.edition, readings=dict(broken.readings))
            self._apps[key] = self._stack.enter_context(closing(create_app(settings)))
        return self._apps[key]


@pytest.fixture(scope="module")
def apps() -> Iterator[Apps]:
    with ExitStack() as stack:
        yield Apps(stack)


def meant(broken: Broken) -> Iterator[tuple[Broken, list[Check]]]:
    """The checks meant to catch it: each that it names alone, or else all together that judge by what it breaks."""
    for name in broken.by:
        yield broken, [CHECKS[name]]
    if not broken.by:
        others = (check for check in CHECKS.values() if check.suite != MODEL.name)
        yield broken, [check for check in others if set(check.ids) & set(broken.ids)]


@pytest.mark.parametrize(
    ("broken", "checks"),
    [
        pytest.param(*pair, id=f"{name}-{place}" if place else name)
        for name, broken in CATALOGUE.items()
        for place, pair in enumerate(meant(broken))
    ],
)
def test_a_broken_server_is_caught(apps: Apps, broken: Broken, checks: list[Check]) -> None:
    with target(broken.around(apps.beneath(broken))) as there:
        results = checked(there, only=checks)
    named = {one for finding in results.findings for one in finding.ids}
    assert named & set(broken.ids), f"{broken.says} Found: {[finding.message for finding in results.findings]}"


@pytest.mark.parametrize("name", sorted({name for broken in CATALOGUE.values() for name in broken.by}))
def test_the_check_finds_nothing_on_a_sound_server(apps: Apps, name: str) -> None:
    broken = next(row for row in CATALOGUE.values() if name in row.by)
    with target(apps.beneath(broken)) as there:
        results = checked(there, only=[CHECKS[name]])
    assert [finding.message for finding in results.findings] == []


def test_every_fact_of_the_server_is_broken_somewhere() -> None:
    owned = {
        name
        for name, row in documents.facts().items()
        if row["owner"] == "server" and not name.startswith("F-SMP-")  # what the default world holds: no promise
    }
    broken = {one for row in CATALOGUE.values() for one in row.ids}
    assert owned - broken == set(NOT_BREAKABLE)
