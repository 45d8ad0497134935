"""One self-contained page of HTML: findings, readings, the coverage of outcomes, what was not tried."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined

from contract_tests import documents
from contract_tests.coverage import STATES, WAYS, Cell, Coverage, possible
from contract_tests.reporting.legible import legible
from contract_tests.results import Results, plain


def rendered(results: Results) -> str:
    """The page; it loads nothing from anywhere."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("contract_tests.reporting").joinpath("page.html").read_text("utf-8"))
    return legible(template.render(**plain(results), matrices=_matrices(results.coverage), ways=WAYS))


class Row(NamedTuple):
    """A line of a table: what it is about, and for each way `seen`, `never` or `none`, and how often it was met."""

    title: str
    cells: list[tuple[str, int]]


class Matrix(NamedTuple):
    """An operation's outcomes: codes by way, and for reads of a process its state and PIN stage by way."""

    operation: str
    seen: int
    possible: int
    codes: list[Row]
    stages: list[Row]


def _matrices(coverage: Coverage) -> list[Matrix]:
    can = possible()
    return [_matrix(coverage, name, [one for one in can if one.operation == name]) for name in documents.operations()]


def _matrix(coverage: Coverage, name: str, can: list[Cell]) -> Matrix:
    met = {one: count for one, count in coverage.seen.items() if one.operation == name}
    codes = sorted({one.code for one in (*can, *met) if one.code is not None})
    rows = [_row(str(code), [one for one in can if one.code == code], _only(met, code=code)) for code in codes]
    if bare := _only(met, code=None):
        rows.append(_row("no envelope", [], bare))
    stages = sorted({(one.state, one.pin) for one in (*can, *met) if one.state}, key=_stage)
    return Matrix(
        name,
        sum(one in met for one in can),
        len(can),
        rows,
        [
            _row(
                f"{state}, {pin or 'no PIN'}",
                [one for one in can if (one.state, one.pin) == (state, pin)],
                _only(met, state=state, pin=pin),
            )
            for state, pin in stages
        ],
    )


def _row(title: str, can: list[Cell], met: Mapping[Cell, int]) -> Row:
    cells = []
    for way in WAYS:
        count = sum(times for one, times in met.items() if one.way == way)
        cells.append(("seen" if count else "never" if any(one.way == way for one in can) else "none", count))
    return Row(title, cells)


def _only(met: Mapping[Cell, int], **wanted: Any) -> dict[Cell, int]:
    return {one: n for one, n in met.items() if all(getattr(one, key) == value for key, value in wanted.items())}


def _stage(stage: tuple[str, str]) -> tuple[int, str]:
    order = list(STATES.values())
    return (order.index(stage[0]) if stage[0] in order else len(order), stage[1])
