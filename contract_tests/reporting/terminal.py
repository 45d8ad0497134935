"""What a person sees: progress while it runs, then findings, readings, and what was not tried."""

import json
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape as without_markup
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contract_tests import documents
from contract_tests.findings import OPEN, Finding
from contract_tests.reporting.legible import legible
from contract_tests.results import Results, statement
from contract_tests.runner import Ended, Event, Started

STEPS, CASE = 40, 600
"""So many of the last steps of a case are shown, and so many characters of one without steps."""


def escape(text: str) -> str:
    """A text of anybody's, which can neither dress up nor steer the terminal."""
    return without_markup(legible(text))


class Terminal:
    """A listener that shows progress; use it as a context."""

    def __init__(self, console: Console, checks: int) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("[progress.description]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=checks)

    def __enter__(self) -> "Terminal":
        self._progress.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            self._progress.update(self._task, description=escape(event.check.name[:48].ljust(48)))
        elif isinstance(event, Ended):
            self._progress.advance(self._task)
            if event.finding is not None:
                found = event.finding
                self._console.print(f"[bold red]found[/]  {escape(found.check)}: {escape(found.message)}")


def summary(console: Console, results: Results) -> None:
    """The end of a run."""
    for number, found in enumerate(results.findings, 1):
        _finding(console, number, found)
    _readings(console, results)
    _not_tried(console, results)
    if results.left:
        console.print(f"\n[bold red]Left behind in the portal[/], please delete: {escape(', '.join(results.left))}")
    if results.cut_short:
        console.print(f"\n[bold red]Cut short[/]: {escape(results.cut_short)}", soft_wrap=True)
    passed, findings, skipped = len(results.passed), len(results.findings), len(results.not_tried)
    colour = "red" if findings else "green"
    console.print(
        f"\n[bold {colour}]{findings} findings[/], {passed} checks passed, {skipped} not tried; "
        f"{results.requests} requests in {results.seconds:.1f} s; seed {results.about.seed}."
    )


def calibrated(console: Console, told: Mapping[str, Any], file: str) -> None:
    """The end of a calibration."""
    for name, answer in told["readings"].items():
        says = told["calibration"]["evidence"][name]["says"]
        text = f"   {name:<6} {escape(answer)}: {escape(says)}"
        console.print(text, highlight=False, no_wrap=True, overflow="ellipsis")
    if told["calibration"]["open"]:
        console.print("\n[bold]Open[/]")
    for name, why in told["calibration"]["open"].items():
        console.print(f"   {name:<6} {escape(why)}", highlight=False)
    console.print(
        f"\n{len(told['readings'])} readings written to {escape(file)}; vatportal-mock serve --readings takes it."
    )


def _finding(console: Console, number: int, found: Finding) -> None:
    console.print(f"\n[bold red]{number}. {escape(found.check)}[/]  {escape(found.message)}")
    for one in found.ids:
        console.print(f"   [bold]{one}[/] {escape(statement(one))}", highlight=False)
    for line in _case(found.case):
        console.print(f"   {escape(line)}", highlight=False, soft_wrap=True)
    for exchange in found.evidence[-1:]:
        shown = exchange.shown()
        console.print(f"   {escape(shown['curl'])}", highlight=False, soft_wrap=True)
        answer = shown["answer"] or shown["trouble"]
        console.print(f"   HTTP {exchange.status}  {escape(answer[:600])}", highlight=False, soft_wrap=True)


def _case(case: Any) -> list[str]:
    """The smallest case: step by step where it has steps, the last of which shows what is wrong."""
    if not isinstance(case, list) or not all(isinstance(one, dict) and "do" in one for one in case):
        return [] if case is None else [f"Smallest case: {_short(case)}"]
    steps = [f"{number:>3}. {step['do']} {_numbers(step)}".rstrip() for number, step in enumerate(case, 1)]
    left_out = [f"     ... {len(steps) - STEPS} steps ..."] if len(steps) > STEPS else []
    return ["Steps:", *left_out, *steps[-STEPS:]]


def _numbers(step: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_short(value)}" for name, value in step.items() if name != "do")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= CASE else f"{text[:CASE]}..."


def _readings(console: Console, results: Results) -> None:
    seen = results.readings()
    if seen:
        console.print("\n[bold]Readings found[/] (the documents leave these open)")
    for name, answers in seen.items():
        row = documents.ledger()[name]
        for one in answers:
            text = row["answers"].get(one.answer, {}).get("says", one.note or "none of the ledger's answers")
            mark = "[yellow]?[/]" if one.answer == OPEN or len(answers) > 1 else " "
            says = f"{one.answer}: {text}" if one.answer != OPEN else text
            console.print(f" {mark} {name:<6} {escape(says)}", highlight=False, no_wrap=True, overflow="ellipsis")


def _not_tried(console: Console, results: Results) -> None:
    reasons = Counter(each.why for each in results.not_tried)
    if reasons:
        console.print("\n[bold]Not tried[/]")
    for why, count in reasons.most_common():
        console.print(f"   {count:>4}  {escape(why)}", highlight=False)
