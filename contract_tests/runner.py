"""Runs checks on a target and tells listeners what happens."""

import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from contract_tests.check import EFFECTS, Check
from contract_tests.exchange import Exchange, blotted
from contract_tests.findings import Breach, Finding, Gone, NotTried, Observation, Unfit
from contract_tests.lacking import lacking
from contract_tests.run import EVIDENCE, NOTHING, Run
from contract_tests.simulator import World
from contract_tests.target import Target


class Plan(NamedTuple):
    """What is to be run.

    Attributes:
        quick: leave out what is slow, and be content with few examples.
        seed: of everything that checks invent; the same for the same answers.
        saved: the case that the one check of the plan is to try again.
    """

    checks: tuple[Check, ...]
    quick: bool = False
    seed: int = 0
    saved: Any = NOTHING


class Started(NamedTuple):
    check: Check


class Ended(NamedTuple):
    """How a check came out; `finding` is `None` when all was well, `left` what it could not delete again."""

    check: Check
    finding: Finding | None
    not_tried: NotTried | None
    observations: tuple[Observation, ...]
    requests: int
    seconds: float
    left: tuple[str, ...] = ()


Event = Started | Ended | Exchange
Listener = Callable[[Event], None]


def run(target: Target, plan: Plan, listen: Listener) -> None:
    """Run every check of the plan; a simulator gives each one that writes a world of its own.

    Once the server is gone, or the run is to end (`Target.line` says so), the rest is not tried.
    """
    shared = target.simulator.new_world(plan.seed, "instant") if target.simulator else None
    stamp = f"{plan.seed:x}" if target.simulator else f"{int(time.time()):x}"
    try:
        for number, check in enumerate(plan.checks, 1):
            if why := _over(target):
                listen(Ended(check, None, NotTried(check.name, check.suite, check.ids, why), (), 0, 0.0))
                continue
            listen(Started(check))
            listen(_ended(target, plan, check, f"{stamp}-{number}", shared, listen))
    finally:
        if shared is not None:
            with _tidying(target):
                shared.close()


def _over(target: Target) -> str:
    """Why no more checks are tried; empty while they are."""
    return target.line.lost or target.line.stopped


@contextmanager
def _tidying(target: Target) -> Iterator[None]:
    """Meanwhile requests are sent though the run is to end, and whoever wants it to end waits."""
    target.line.tidying = True
    try:
        yield
    finally:
        target.line.tidying = False


def select(suites: Iterable[Iterable[Check]], names: Iterable[str] = ()) -> Iterator[Check]:
    """The checks of these suites, or only those named (a suite, or `suite/check`)."""
    wanted = set(names)
    for suite in suites:
        for check in suite:
            if not wanted or check.suite in wanted or check.name in wanted:
                yield check


def _ended(target: Target, plan: Plan, check: Check, stamp: str, shared: World | None, listen: Listener) -> Ended:
    started = time.perf_counter()
    why = unfit(target, plan, check)
    if why is not None:
        return Ended(check, None, NotTried(check.name, check.suite, check.ids, why), (), 0, 0.0)
    own = None
    if target.simulator is not None and shared is not None:
        own = shared if check.effect == "reads" else target.simulator.new_world(plan.seed, "instant")
    requests = 0

    def count(exchange: Exchange) -> None:
        nonlocal requests
        requests += 1
        listen(exchange)

    there = target.in_world(own) if own is not None else target
    there.listeners = [count]
    job = Run(there, check, plan.seed, stamp, quick=plan.quick, saved=plan.saved)
    try:
        finding, not_tried = _tried(check, job)
    finally:
        with _tidying(target):
            _end(job)
            if own is not None and own is not shared:
                own.close()
    for seen in job.observations:
        target.answers.setdefault(seen.reading, seen.answer)
    seconds = time.perf_counter() - started
    return Ended(check, finding, not_tried, tuple(job.observations), requests, seconds, tuple(job.left))


def _end(job: Run) -> None:
    """Clean up; where the server is gone, what was imported is left."""
    try:
        job.end()
    except Gone:
        if job.target.simulator is None:
            job.left = list(dict.fromkeys(job.imported))


def _tried(check: Check, job: Run) -> tuple[Finding | None, NotTried | None]:
    """How it went. What was found while the server went away, or while the run was to end, is no finding."""
    finding, not_tried = None, None
    try:
        finding, not_tried = _judged(check, job)
    except (Exception, KeyboardInterrupt):  # tools between us and the check may wrap what was raised
        if not _over(job.target):
            raise
    if why := _over(job.target):
        return None, NotTried(check.name, check.suite, check.ids, why)
    return finding, not_tried


def _judged(check: Check, job: Run) -> tuple[Finding | None, NotTried | None]:
    secrets = job.target.secrets
    try:
        check.body(job)
    except Breach as breach:
        ids, message = breach.ids or check.ids, blotted(breach.message, secrets)
        return Finding(check.name, check.suite, tuple(ids), message, breach.evidence, breach.case), None
    except Unfit as unfit:
        return None, NotTried(check.name, check.suite, check.ids, blotted(str(unfit), secrets))
    except _NOT_AS_DOCUMENTED as error:
        missing = lacking(error.args[0], job.exchanges) if isinstance(error, KeyError) and error.args else None
        if missing is not None:
            evidence = tuple(job.exchanges[: missing.place + 1][-EVIDENCE:])
            return Finding(check.name, check.suite, (missing.fact,), missing.message, evidence), None
        said = blotted(str(error), secrets)
        message = f"an answer is not of the form documented ({type(error).__name__}: {said}; {_place(error)})"
        return Finding(check.name, check.suite, check.ids, message, tuple(job.exchanges[-EVIDENCE:])), None
    return None, None


_NOT_AS_DOCUMENTED = (KeyError, TypeError, IndexError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What an answer brings about that a check takes for what is documented."""


def _place(error: BaseException) -> str:
    """Where in a check it happened, for whoever doubts the check."""
    frames = traceback.extract_tb(error.__traceback__)
    last = next((frame for frame in reversed(frames) if "contract_tests" in frame.filename), frames[-1])
    return f"{Path(last.filename).name}:{last.lineno}"


def unfit(target: Target, plan: Plan, check: Check) -> str | None:
    """Why a check cannot be run on a target; `None` when it can."""
    if EFFECTS.index(check.effect) > EFFECTS.index(target.allowed):
        return _WHY[check.effect]
    if plan.quick and not check.quick:
        return "left out by --quick"
    if check.control and (target.simulator is None or not target.simulator.steered):
        return "it needs the control API of a simulator"
    missing = [role for role in check.needs if role not in target.parties]
    return f"no account is known for {', '.join(missing)}" if missing else None


_WHY = {
    "writes": "it imports invoices, and the target is no simulator (--allow-writes would allow it)",
    "pins": "it asks for a PIN, and may sign, and the target is no simulator (--allow-pins would allow it)",
    "world": "it uses up what the simulator's default world holds, and the target is no simulator",
}
