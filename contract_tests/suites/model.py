"""Steps at random, every answer of which a reference model has foretold: what no single request shows."""

from collections.abc import Callable

from contract_tests.check import Suite
from contract_tests.model.machine import InThePortal, Steered, WithEtaxes, explore
from contract_tests.model.play import Play
from contract_tests.run import Run

SUITE = Suite(
    "model", "requests in any order, whose answers a reference model of portal, folders and processes knows"
)
check = SUITE.check

_PORTAL = (
    *("F-IMP-02", "F-IMP-06", "F-IMP-12", "F-IMP-13", "F-ERR-01", "F-ERR-05", "F-ERR-06", "F-INV-01", "F-INV-03"),
    *("F-PROC-01", "F-PROC-02", "F-PROC-04", "F-PROC-07", "F-AUTH-06"),
    *("R-15", "R-17", "R-18", "R-21", "R-21b", "R-21c", "R-23", "R-23b", "R-45", "R-51", "R-52", "R-55", "R-56"),
)
_ETAXES = (
    *("F-AUTH-03", "F-AUTH-04", "F-AUTH-05", "F-IMP-11", "F-IMP-14", "F-ERR-02", "F-ETX-02", "F-ETX-04"),
    *("F-DEL-01", "F-DEL-02", "F-DEL-03", "F-DEL-04", "F-DEL-05", "F-DEL-06", "F-DEL-07", "F-LIFE-04"),
    *("R-22", "R-33", "R-40", "R-50", "R-62", "R-74", "R-77", "R-78"),
)
_STEERED = ("F-LIFE-01", "F-LIFE-02", "F-LIFE-03", "F-DEL-09", "R-66", "R-79")


@check(*_PORTAL, effect="writes")
def what_the_portal_keeps(run: Run) -> None:
    """Imports, reads and deletions in any order leave in the portal what the model says, whoever asks."""
    _explore(run, InThePortal, lambda there: Play(there, followed=True), "instant")


@check(*_PORTAL, *_ETAXES, effect="pins")
def what_goes_to_etaxes_and_back(run: Run) -> None:
    """Uploads, downloads and deletions in any order leave in both folders what the model says, and nothing half."""
    _explore(run, WithEtaxes, lambda there: Play(there, followed=True), "instant")


@check(*_PORTAL, *_ETAXES, *_STEERED, effect="world", control=True)
def what_goes_on_at_the_same_time(run: Run) -> None:
    """Work that runs while PINs are confirmed or refused and the counterparty acts ends as the model says."""
    _explore(run, Steered, lambda there: Play(there, followed=False), "realistic")


def _explore(run: Run, machine: type[InThePortal], begun: Callable[[Run], Play], pace: str) -> None:
    """In a world for each list of steps, where there are worlds; the readings found out are recorded."""
    plays: list[Play] = []

    def starts() -> Play:
        if plays and plays[-1].run.target.world is not None:
            plays[-1].run.target.world.close()
        plays[:] = [begun(run.elsewhere(pace) if run.target.simulator is not None else run)]
        return plays[0]

    explore(run, machine, starts)
    for reading, answer in plays[0].portal.learnt.items():
        run.observe(reading, answer)
