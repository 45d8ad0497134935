"""What is told of a client: on the terminal, as JUnit XML, as JSON, and as a scorecard."""

import difflib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from io import BytesIO
from typing import Any

from jinja2 import Environment, StrictUndefined
from junitparser import Failure, JUnitXml, TestCase, TestSuite
from junitparser.junitparser import write_xml
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import mock_server
from contract_tests import documents
from contract_tests.journeys.journey import Journey, Text
from contract_tests.journeys.outcomes import REASONS, Coverage, Met, covered
from contract_tests.journeys.running import Done
from contract_tests.journeys.words import Language, say

COLOUR = {"error": "red", "warning": "yellow", "advice": "blue"}
SHOWN_REQUESTS = 60
SHOWN_BODY = 1_200


def nearest(name: str, known: Iterable[str]) -> str:
    """What was perhaps meant."""
    found = difflib.get_close_matches(name, list(known), 1)
    return f'; did you mean "{found[0]}"?' if found else ""


def on_path(program: str) -> bool:
    return shutil.which(program) is not None


def listed(console: Console, journeys: Sequence[Journey], language: Language = "en") -> None:
    table = Table(box=None)
    for name in ("journey", "task", "happens", "held"):
        table.add_column(say(name, language), no_wrap=name == "journey")  # to be copied whole
    for each in journeys:
        table.add_row(each.name, each.task, getattr(each.says, language), " ".join(each.facts))
    console.print(table)


def line(console: Console, done: Done, language: Language = "en") -> None:
    """One journey that is over."""
    verdict, ending = done.verdict, done.verdict.ending
    colour, word = ("green", "passed") if verdict.passed else ("red", "failed")
    ended = say("stopped", language) if ending.exit is None else say("ended", language, exit=ending.exit)
    took = say("took", language, seconds=ending.seconds)
    requests = say("requests", language, count=len(verdict.requests))
    mark = f"[{colour}]{say(word, language):7}[/{colour}]"
    console.print(f"{mark}  {done.journey.name:26}{ended:>12}{took:>10}{requests:>14}", highlight=False)


def summary(console: Console, done: Sequence[Done], language: Language = "en") -> None:
    """Each finding with what to do, how much the client met, and a line that fits a badge."""
    for each in done:
        for finding in each.verdict.findings:
            where = f"{each.journey.name}: {finding['rule']} ({', '.join(finding['facts'])})"
            severity, colour = say(finding["severity"], language), COLOUR[finding["severity"]]
            console.print(f"\n[{colour}]{severity}[/{colour}] [bold]{escape(where)}[/bold]", highlight=False)
            console.print(f"  {escape(finding['text'][language])}", highlight=False)
            console.print(f"  {escape(finding['mend'][language])}", highlight=False)
            if finding["requests"]:
                numbers = ", ".join(map(str, finding["requests"][:8]))
                console.print(f"  {say('which', language, numbers=numbers)}", highlight=False)
        if not each.verdict.passed and each.verdict.ending.said.strip():
            text = each.verdict.ending.said.strip()[-400:]
            console.print(f"  {escape(say('said', language, text=text))}", highlight=False)
    reasons = [each.reason for each in coverage(done)]
    console.print(f"\n{say('outcomes', language, met=reasons.count('met'), all=len(reasons))}", highlight=False)
    console.print(badge(done, language), highlight=False)


def badge(done: Sequence[Done], language: Language = "en") -> str:
    """One line: journeys passed, findings by severity."""
    counts = Counter(finding["severity"] for each in done for finding in each.verdict.findings)
    passed = sum(each.verdict.passed for each in done)
    found = [f"{counts[severity]} {say(severity, language)}" for severity in COLOUR if counts[severity]]
    told = say("badge", language, passed=passed, all=len(done), found=", ".join(found) or say("nothing", language))
    return f"vatportal-mock check-client: {told}"


def junit(done: Sequence[Done], language: Language = "en") -> bytes:
    """A test case for each journey, with what the client printed."""
    suite = TestSuite("vatportal-mock check-client")
    for each in done:
        case = TestCase(each.journey.name, "check-client", each.verdict.ending.seconds)
        serious = [finding for finding in each.verdict.findings if finding["severity"] != "advice"]
        case.result = [_failure(finding, language) for finding in serious]
        if not serious and not each.verdict.passed:
            case.result = [Failure(say("never-ended", language), "never-ended")]
        exit_ = "" if each.verdict.ending.exit is None else f"exit {each.verdict.ending.exit}\n"
        case.system_out = printable(exit_ + each.verdict.ending.said)
        suite.add_testcase(case)
    xml = JUnitXml("vatportal-mock check-client")
    xml.add_testsuite(suite)
    file = BytesIO()
    write_xml(xml, file, pretty=True)
    return file.getvalue()


def _failure(finding: Mapping[str, Any], language: Language) -> Failure:
    failure = Failure(printable(finding["text"][language]), finding["rule"])
    failure.text = printable(f"{', '.join(finding['facts'])}\n{finding['mend'][language]}")
    return failure


def printable(text: str) -> str:
    """XML has no place for control characters."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text)


def as_json(done: Sequence[Done]) -> str:
    told = {
        "version": mock_server.__version__,
        "badge": badge(done),
        "journeys": plain(done),
        "outcomes": [_outcome(each) for each in coverage(done)],
    }
    return json.dumps(told, indent=2)


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
            "met": [_plain(outcome) for outcome in sorted(each.verdict.met, key=str)],
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


def coverage(done: Sequence[Done]) -> list[Coverage]:
    """Every outcome there is, met or not, and why not."""
    return covered({each.journey.name: each.verdict.met for each in done})


def _outcome(each: Coverage) -> dict[str, Any]:
    why = None if each.reason == "met" else REASONS[each.reason]._asdict()
    return {**_plain(each.outcome), "reason": each.reason, "why": why, "journeys": list(each.journeys)}


def _plain(outcome: Met) -> dict[str, Any]:
    return {"operation": outcome.operation, "err_code": outcome.code, "status": outcome.status}


def _by_operation(done: Sequence[Done]) -> dict[str, dict[tuple[str, tuple[str, ...]], list[Text]]]:
    """Operation -> reason and journeys (none for what was met) -> the outcomes."""
    found: dict[str, dict[tuple[str, tuple[str, ...]], list[Text]]] = {}
    for each in sorted(coverage(done), key=lambda each: list(REASONS).index(each.reason)):
        journeys = () if each.reason == "met" else each.journeys
        found.setdefault(each.outcome.operation, {}).setdefault((each.reason, journeys), []).append(each.outcome.told)
    return {name: found[name] for name in documents.operations()}


def page(done: Sequence[Done]) -> str:
    """The scorecard; it loads nothing from anywhere."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("contract_tests.journeys").joinpath("scorecard.html").read_text("utf-8"))
    return template.render(
        badge=badge(done),
        journeys=plain(done),
        outcomes=_by_operation(done),
        reasons=REASONS,
        version=mock_server.__version__,
    )
