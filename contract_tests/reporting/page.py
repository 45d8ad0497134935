"""One self-contained page of HTML: findings, readings, the coverage of outcomes, what was not tried."""

from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from contract_tests import documents
from contract_tests.coverage import Coverage, all_codes, codes_of
from contract_tests.results import Results, plain, sorted_cells


def rendered(results: Results) -> str:
    """The page; it loads nothing from anywhere."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("contract_tests.reporting").joinpath("page.html").read_text("utf-8"))
    return template.render(
        **plain(results), matrix=_matrix(results.coverage), codes=all_codes(), outcomes=_outcomes(results)
    )


def _matrix(coverage: Coverage) -> list[tuple[str, list[tuple[str, int]]]]:
    """Operation -> for each code how it is: `seen`, `never` or `none`, and how often it was met."""
    met: dict[tuple[str, int | None], int] = {}
    for cell, count in coverage.seen.items():
        met[cell.operation, cell.code] = met.get((cell.operation, cell.code), 0) + count
    rows = []
    for name in documents.operations():
        possible = codes_of(name)
        cells = []
        for code in all_codes():
            count = met.get((name, code), 0)
            cells.append(("seen" if count else "never" if code in possible else "none", count))
        rows.append((name, cells))
    return rows


def _outcomes(results: Results) -> list[dict[str, Any]]:
    return [{**cell._asdict(), "count": count} for cell, count in sorted_cells(results.coverage)]
