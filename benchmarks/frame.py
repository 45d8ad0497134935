"""What every case of `make bench` is made of: columns, bars, and a file of results."""

import json
import os
import platform
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CACHE = ROOT / ".bench"

Verdict: TypeAlias = Literal["met", "not met", "not measured", "a figure, no bar"]

Row: TypeAlias = dict[str, Any]
"""One line of a table; the first column is its name. A figure that could not be had is a text that says why."""


@dataclass(frozen=True)
class Scale:
    """How much is measured: `rounds` of `seconds` each, up to `largest` invoices and `worlds` worlds."""

    rounds: int = 5
    seconds: int = 2
    largest: int = 1_000_000
    worlds: int = 200
    others: bool = True
    """Whether other servers are asked too; they are fetched from npm once."""


TINY = Scale(rounds=1, seconds=1, largest=1_000, worlds=2, others=False)


class Bench(NamedTuple):
    """What a case works with: `folder` is empty, `stack` ends what was started."""

    scale: Scale
    folder: Path
    stack: ExitStack


class Column(NamedTuple):
    """A column of a table; `form` is a format of `str.format`."""

    key: str
    title: str
    form: str = "{}"

    def shown(self, row: Row) -> str:
        value = row.get(self.key)
        if value is None:
            return ""
        return value if isinstance(value, str) else self.form.format(value)


class Bar(NamedTuple):
    """What must hold, what was found, and the verdict."""

    asked: str
    found: str
    verdict: Verdict


class Case(NamedTuple):
    """One thing to measure."""

    name: str
    title: str
    method: str
    columns: tuple[Column, ...]
    run: Callable[[Bench], list[Row]]
    bars: Callable[[list[Row]], list[Bar]]


def by_name(rows: list[Row]) -> dict[str, Row]:
    return {row["name"]: row for row in rows}


def number(row: Mapping[str, Any] | None, key: str) -> float | None:
    """A figure, if it was measured."""
    value = None if row is None else row.get(key)
    return float(value) if isinstance(value, (int, float)) else None


def at_least(asked: str, found: float | None, bound: float, form: str = "{:.1f} x") -> Bar:
    return _judged(asked, found, form, found is not None and found >= bound)


def at_most(asked: str, found: float | None, bound: float, form: str = "{:.2f} x") -> Bar:
    return _judged(asked, found, form, found is not None and found <= bound)


def _judged(asked: str, found: float | None, form: str, met: bool) -> Bar:
    if found is None:
        return Bar(asked, "", "not measured")
    return Bar(asked, form.format(found), "met" if met else "not met")


def ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def smallest(*found: float | None) -> float | None:
    """The smallest; nothing if one was not measured."""
    known = [each for each in found if each is not None]
    return min(known) if known and len(known) == len(found) else None


def largest(*found: float | None) -> float | None:
    """The largest; nothing if one was not measured."""
    known = [each for each in found if each is not None]
    return max(known) if known and len(known) == len(found) else None


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "commit": commit,
        "load": round(os.getloadavg()[0], 1),
    }


def saved(case: Case, scale: Scale, rows: list[Row], took: float, before: Mapping[str, Any]) -> dict[str, Any]:
    """The result as it is kept."""
    return {
        "case": case.name,
        "title": case.title,
        "method": case.method,
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "took_seconds": round(took),
        "machine": dict(before),
        "scale": {"rounds": scale.rounds, "seconds": scale.seconds},
        "columns": [column._asdict() for column in case.columns],
        "rows": rows,
        "bars": [bar._asdict() for bar in case.bars(rows)],
    }


def keep(result: Mapping[str, Any], folder: Path = RESULTS) -> None:
    folder.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False)
    (folder / f"{result['case']}.json").write_text(text + "\n", "utf-8")


def table(result: Mapping[str, Any]) -> str:
    """The rows in Markdown, which reads as well in a terminal."""
    columns = [Column(**column) for column in result["columns"]]
    lines = [[column.title for column in columns], *([c.shown(row) for c in columns] for row in result["rows"])]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    ruled = [lines[0], ["-" * max(3, width) for width in widths], *lines[1:]]
    return "\n".join(
        "| " + " | ".join(f"{cell:{w}}" for cell, w in zip(line, widths, strict=True)) + " |" for line in ruled
    )
