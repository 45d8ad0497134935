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
from mock_server import Settings, create_app
from tests.kit.in_process import checked, target

CHECKS = {check.name: check for suite in SUITES for check in suite}
NOT_BREAKABLE = {
    "F-ERR-06": "any text is let pass, since a client must not depend on it; which one it is, R-45 records",
    "F-LIFE-02": "the counterparty acts, and no operation of the portal makes him",
    "F-LIFE-03": "the counterparty acts, and no operation of the portal makes him",
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


def meant(broken: Broken) -> list[Check]:
    """The checks meant to catch it: those it names, or all that judge by what it breaks."""
    if broken.by:
        return [CHECKS[name] for name in broken.by]
    return [check for check in CHECKS.values() if set(check.ids) & set(broken.ids)]


@pytest.mark.parametrize("broken", CATALOGUE.values(), ids=CATALOGUE)
def test_a_broken_server_is_caught(apps: Apps, broken: Broken) -> None:
    with target(broken.around(apps.beneath(broken))) as there:
        results = checked(there, only=meant(broken))
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
