"""What is told of a client: on the terminal, as JUnit XML, as JSON, and as a scorecard."""

import difflib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from junitparser import Failure, JUnitXml, TestCase, TestSuite
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import mock_server
from contract_tests import documents
from contract_tests.journeys.journey import Journey
from contract_tests.journeys.running import Done

MARK = {"error": "[red]error[/red]", "warning": "[yellow]warning[/yellow]", "advice": "[blue]advice[/blue]"}
SHOWN_REQUESTS = 60
SHOWN_BODY = 1_200


def nearest(name: str, known: Iterable[str]) -> str:
    """What was perhaps meant."""
    found = difflib.get_close_matches(name, list(known), 1)
    return f'; did you mean "{found[0]}"?' if found else ""


def on_path(program: str) -> bool:
    return shutil.which(program) is not None


def listed(console: Console, journeys: Sequence[Journey]) -> None:
    table = Table("journey", "task", "what happens", "held to", box=None)
    for each in journeys:
        table.add_row(each.name, each.task, each.says.en, " ".join(each.facts))
    console.print(table)


def line(console: Console, done: Done) -> None:
    """One journey that is over."""
    verdict = done.verdict
    mark = "[green]passed[/green]" if verdict.passed else "[red]failed[/red]"
    ended = "stopped" if verdict.ending.exit is None else f"exit {verdict.ending.exit}"
    console.print(
        f"{mark}  {done.journey.name:22}{ended:>8}{verdict.ending.seconds:7.1f} s{len(verdict.requests):5} requests",
        highlight=False,
    )


def summary(console: Console, done: Sequence[Done]) -> None:
    """Each finding with what to do, and a line that fits a badge."""
    for each in done:
        for finding in each.verdict.findings:
            where = f"{each.journey.name}: {finding['rule']} ({', '.join(finding['facts'])})"
            console.print(f"\n{MARK[finding['severity']]} [bold]{escape(where)}[/bold]", highlight=False)
            console.print(f"  {escape(finding['text']['en'])}", highlight=False)
            console.print(f"  {escape(finding['mend']['en'])}", highlight=False)
            if finding["requests"]:
                console.print(f"  requests {', '.join(map(str, finding['requests'][:8]))}", highlight=False)
        if not each.verdict.passed and each.verdict.ending.said.strip():
            console.print(f"  it said: {escape(each.verdict.ending.said.strip()[-400:])}", highlight=False)
    console.print(f"\n{badge(done)}", highlight=False)


def badge(done: Sequence[Done]) -> str:
    """One line: journeys passed, findings by severity."""
    counts = Counter(finding["severity"] for each in done for finding in each.verdict.findings)
    passed = sum(each.verdict.passed for each in done)
    found = ", ".join(f"{counts[severity]} {severity}" for severity in MARK if counts[severity]) or "nothing found"
    return f"vatportal-mock check-client: {passed} of {len(done)} journeys passed; {found}"


def junit(done: Sequence[Done], file: Path) -> None:
    """A test case for each journey."""
    suite = TestSuite("vatportal-mock check-client")
    for each in done:
        case = TestCase(each.journey.name, "check-client", each.verdict.ending.seconds)
        serious = [finding for finding in each.verdict.findings if finding["severity"] != "advice"]
        case.result = [_failure(finding) for finding in serious]
        if not serious and not each.verdict.passed:
            case.result = [Failure("had to be stopped when its time was over", "never-ended")]
        suite.add_testcase(case)
    xml = JUnitXml("vatportal-mock check-client")
    xml.add_testsuite(suite)
    xml.write(str(file), pretty=True)


def _failure(finding: Mapping[str, Any]) -> Failure:
    failure = Failure(printable(finding["text"]["en"]), finding["rule"])
    failure.text = printable(f"{', '.join(finding['facts'])}\n{finding['mend']['en']}")
    return failure


def printable(text: str) -> str:
    """XML has no place for control characters."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text)


def as_json(done: Sequence[Done]) -> str:
    return json.dumps({"version": mock_server.__version__, "badge": badge(done), "journeys": plain(done)}, indent=2)


def plain(done: Sequence[Done]) -> list[dict[str, Any]]:
    """Everything, as JSON has it; bodies are cut."""
    return [
        {
            "name": each.journey.name,
            "task": each.journey.task,
            "says": each.journey.says._asdict(),
            "facts": list(each.journey.facts),
            "passed": each.verdict.passed,
            "exit": each.verdict.ending.exit,
            "seconds": round(each.verdict.ending.seconds, 1),
            "said": each.verdict.ending.said,
            "findings": list(each.verdict.findings),
            "requests": [_request(row) for row in _telling(each)],
            "all_requests": len(each.verdict.requests),
        }
        for each in done
    ]


def _telling(done: Done) -> list[Mapping[str, Any]]:
    """As many requests as are shown, in order: those that findings name before others."""
    named = {seq for finding in done.verdict.findings for seq in finding["requests"]}
    chosen = sorted(done.verdict.requests, key=lambda row: row["seq"] not in named)[:SHOWN_REQUESTS]
    return sorted(chosen, key=lambda row: row["seq"])


def _request(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        key: row[key] for key in ("seq", "time", "operation", "method", "http", "err_code", "latency_ms", "notes")
    }
    return {**told, "request": row["request"]["text"][:SHOWN_BODY], "answer": row["answer"]["text"][:SHOWN_BODY]}


def coverage(done: Sequence[Done]) -> list[tuple[str, list[int]]]:
    """Operation -> the codes that the client has met, over all journeys."""
    met: dict[str, set[int]] = {}
    for each in done:
        for seen in each.verdict.seen:
            if seen["err_code"] is not None:
                met.setdefault(seen["operation"], set()).add(seen["err_code"])
    return [(name, sorted(met.get(name, ()))) for name in documents.operations()]


def page(done: Sequence[Done]) -> str:
    """The scorecard; it loads nothing from anywhere."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("contract_tests.journeys").joinpath("scorecard.html").read_text("utf-8"))
    return template.render(
        badge=badge(done), journeys=plain(done), coverage=coverage(done), version=mock_server.__version__
    )
