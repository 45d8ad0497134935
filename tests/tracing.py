"""Traces each fact and reading to the tests that prove it.

    @pytest.mark.proves("F-DEL-03", "R-16")     # on a test, a class, a module's `pytestmark`, a pytest.param
    def test_deletion(proves):
        proves("F-ETX-01")                      # where only the running test knows

With `--facts=FILE` the run writes {id: [node ids of the passed tests]}, under pytest-xdist too. A test that
failed or was skipped proves nothing. An id that neither `facts.json` nor `readings.json` has is an error.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path

import pytest

from mock_server.refusals import nearest
from mock_server.rulebook.documents import load

_PROPERTY = "proves"


@cache
def known_ids() -> frozenset[str]:
    """Every fact and reading that a test may name."""
    facts, ledger = load("facts.json"), load("readings.json")
    return frozenset(entry["id"] for entry in facts["facts"] + ledger["readings"])


def complaint(ids: tuple[object, ...]) -> str | None:
    """What is wrong with these ids; None when all are known."""
    if not ids:
        return "proves names no fact and no reading"
    for given in ids:
        if given not in known_ids():
            guess = nearest(str(given), known_ids())
            return f'proves "{given}", which is no fact and no reading' + (f'; "{guess}"?' if guess else "")
    return None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--facts", metavar="FILE", help="write which passed tests prove which fact or reading")


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--facts")
    a_worker_of_xdist = hasattr(config, "workerinput")  # its reports reach the one that started it
    if file and not a_worker_of_xdist and not config.option.collectonly:
        config.pluginmanager.register(Proofs(config.invocation_params.dir / file), "proofs")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A mark with an unknown id is an error of collection, which names the test.

    (A UsageError from later hooks would be lost in a worker of pytest-xdist.)
    """
    report = yield
    wrong = [text for node in report.result if isinstance(node, pytest.Item) for text in _complaints(node)]
    if wrong:
        report.outcome, report.longrepr, report.result = "failed", "\n".join(wrong), []
    return report


def _complaints(item: pytest.Item) -> Iterator[str]:
    for mark in item.iter_markers("proves"):
        text = complaint(mark.args)
        if text:
            yield f"{item.nodeid} {text}"


def pytest_itemcollected(item: pytest.Item) -> None:
    for mark in item.iter_markers("proves"):
        item.user_properties += [(_PROPERTY, fact) for fact in mark.args]


@pytest.fixture
def proves(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Names, while the test runs, the facts and readings that it stands for: `proves("F-ETX-01", "R-12")`."""
    node: pytest.Item = request.node

    def add(*ids: str) -> None:
        text = complaint(ids)
        if text:
            pytest.fail(f"{node.nodeid} {text}")
        node.user_properties += [(_PROPERTY, fact) for fact in ids]

    return add


class Proofs:
    """Gathers what the reports of passed tests prove, and writes it when the run is over."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._passed: set[str] = set()
        self._spoilt: set[str] = set()
        self._by_id: dict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._spoilt.add(report.nodeid)
        elif report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            self._passed.add(report.nodeid)
        for name, value in report.user_properties:
            if name == _PROPERTY:
                self._by_id[str(value)].add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        good = self._passed - self._spoilt
        proofs = {fact: sorted(nodes & good) for fact, nodes in sorted(self._by_id.items()) if nodes & good}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(proofs, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
