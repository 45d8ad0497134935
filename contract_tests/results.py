"""Everything that a run brought to light, gathered from its events; what reports are made of."""

from typing import Any, NamedTuple

from contract_tests import documents
from contract_tests.check import Check
from contract_tests.coverage import Coverage, possible
from contract_tests.exchange import Exchange
from contract_tests.findings import OPEN, Finding, NotTried, Observation
from contract_tests.runner import Ended, Event


class About(NamedTuple):
    """What was run on what.

    Attributes:
        kind: of the target: `simulator`, `simulator, steered` or `server`.
    """

    url: str
    kind: str
    allowed: str
    seed: int
    quick: bool
    version: str


class Results:
    """A listener that keeps what reports need.

    Attributes:
        cut_short: why the run did not come to its end; empty when it did.
        unwritten: whether a report could not be written.
    """

    def __init__(self, about: About) -> None:
        self.about = about
        self.ended: list[Ended] = []
        self.coverage = Coverage()
        self.requests = 0
        self.cut_short = ""
        self.unwritten = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, Exchange):
            self.coverage.note(event)
            self.requests += 1
        elif isinstance(event, Ended):
            self.ended.append(event)

    @property
    def findings(self) -> list[Finding]:
        return [each.finding for each in self.ended if each.finding is not None]

    @property
    def not_tried(self) -> list[NotTried]:
        return [each.not_tried for each in self.ended if each.not_tried is not None]

    @property
    def passed(self) -> list[Check]:
        return [each.check for each in self.ended if each.finding is None and each.not_tried is None]

    @property
    def left(self) -> list[str]:
        """ERP ids of invoices that are still in a real portal."""
        return [one for each in self.ended for one in each.left]

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.ended)

    def readings(self) -> dict[str, list[Observation]]:
        """What was seen of each reading, one observation for each different answer, in the order of the ledger."""
        found: dict[str, dict[str, Observation]] = {}
        for each in self.ended:
            for seen in each.observations:
                found.setdefault(seen.reading, {}).setdefault(seen.answer, seen)
        return {name: list(found[name].values()) for name in documents.ledger() if name in found}


def plain(results: Results) -> dict[str, Any]:
    """The results as JSON values: what `--json` writes. The same seed and server give the same, but for times."""
    return {
        "format": 1,
        "about": {**results.about._asdict(), "requests": results.requests, "seconds": round(results.seconds, 3)},
        "cut_short": results.cut_short,
        "checks": [_check(each) for each in results.ended],
        "findings": [finding(each) for each in results.findings],
        "readings": {name: [_answer(one) for one in seen] for name, seen in results.readings().items()},
        "not_tried": [{"check": each.check, "why": each.why, "ids": list(each.ids)} for each in results.not_tried],
        "left_behind": results.left,
        "coverage": {
            "seen": [{**cell._asdict(), "count": count} for cell, count in sorted_cells(results.coverage)],
            "never": [{"operation": name, "code": code} for name, code in results.coverage.never()],
            "possible": len(possible()),
            "never_outcomes": [cell._asdict() for cell in results.coverage.never_outcomes()],
        },
    }


def finding(each: Finding) -> dict[str, Any]:
    """One finding as JSON values."""
    return {
        "check": each.check,
        "ids": list(each.ids),
        "message": each.message,
        "says": {one: statement(one) for one in each.ids},
        "evidence": [exchange.shown() for exchange in each.evidence],
        "case": each.case,
    }


def statement(one: str) -> str:
    """What a fact states, or what a reading asks."""
    fact = documents.facts().get(one)
    return str(fact["statement"] if fact else documents.ledger()[one]["question"])


def sorted_cells(coverage: Coverage) -> list[tuple[Any, int]]:
    """The outcomes seen and how often, in a fixed order."""
    return sorted(coverage.seen.items(), key=lambda pair: tuple(str(part) for part in pair[0]))


def _check(each: Ended) -> dict[str, Any]:
    outcome = "finding" if each.finding else "not tried" if each.not_tried else "passed"
    return {
        "name": each.check.name,
        "says": each.check.says,
        "ids": list(each.check.ids),
        "outcome": outcome,
        "requests": each.requests,
        "seconds": round(each.seconds, 3),
    }


def _answer(seen: Observation) -> dict[str, Any]:
    known = documents.ledger()[seen.reading]["answers"].get(seen.answer)
    return {
        "answer": seen.answer,
        "says": "none of the ledger's answers" if seen.answer == OPEN or known is None else known["says"],
        "note": seen.note,
        "check": seen.check,
        "evidence": [exchange.shown() for exchange in seen.evidence],
    }
