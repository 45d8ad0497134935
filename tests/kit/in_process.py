"""The kit on a simulator of this process, without a socket."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager

from contract_tests.accounts import DEFAULT_WORLD
from contract_tests.check import Check, Effect
from contract_tests.results import About, Results
from contract_tests.runner import Plan, run, select
from contract_tests.senders import Application, InProcessSender
from contract_tests.simulator import Simulator
from contract_tests.suites import SUITES
from contract_tests.target import Patience, Target
from mock_server import Settings, create_app


@contextmanager
def simulator(edition: str = "2025-08", readings: Mapping[str, str] | None = None) -> Iterator[Target]:
    """A sound simulator as a target; everything may be done to it."""
    with closing(create_app(Settings(seed=1, edition=edition, readings=readings or {}))) as app, target(app) as there:
        yield there


@contextmanager
def target(app: Application, allowed: Effect = "world") -> Iterator[Target]:
    """An application as a target that proved to be a simulator."""
    with closing(InProcessSender(app)) as sender:
        yield Target(sender, "/api", DEFAULT_WORLD, Simulator(sender, ""), allowed, Patience(0))


def checked(
    there: Target,
    names: Iterable[str] = (),
    *,
    quick: bool = True,
    seed: int = 0,
    only: Iterable[Check] | None = None,
) -> Results:
    """The results of suites or checks, all of them unless named."""
    results = Results(About(there.shown, "simulator, steered", there.allowed, seed, quick, "test"))
    checks = tuple(select(SUITES, names) if only is None else only)
    run(there, Plan(checks, quick, seed), results)
    return results


def told(results: Results) -> list[str]:
    """The findings, in short."""
    return [f"{each.check}: {each.message}" for each in results.findings]
