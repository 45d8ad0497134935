"""The cases of `make bench` run, as small as they go; nothing here looks at a clock."""

import re
from pathlib import Path

import pytest

from benchmarks import bench, load, tell
from benchmarks.cases import growth
from benchmarks.frame import TINY, at_least, at_most, table
from benchmarks.parts import PARTS, part_of

WITHOUT_WRK = ("batch", "worlds", "million")
"""Cases whose clients are our own."""

README = Path(__file__).parents[1] / "benchmarks" / "README.md"


@pytest.mark.parametrize("name", [name for name in bench.cases() if name != "flat"])
def test_a_case_runs(name: str) -> None:
    """`flat` is `worlds` with larger worlds: the same calls."""
    if name not in WITHOUT_WRK and not load.available():
        pytest.skip("wrk or taskset is not installed; `make bench` asks for them")
    case = bench.cases()[name]
    result = bench.result_of(case, TINY)
    assert result["rows"]
    for row in result["rows"]:  # type: ignore[attr-defined]
        assert any(isinstance(row.get(column.key), (int, float)) for column in case.columns), row
    assert all(row["name"] in table(result) for row in result["rows"])  # type: ignore[attr-defined]


def test_a_bar_without_a_figure_is_neither_met_nor_missed() -> None:
    assert at_least("x", None, 2).verdict == at_most("x", None, 2).verdict == "not measured"
    assert (at_least("x", 1.9, 2).verdict, at_least("x", 2, 2).verdict) == ("not met", "met")
    assert (at_most("x", 2.1, 2).verdict, at_most("x", 2, 2).verdict) == ("not met", "met")


def test_growth_is_judged_from_the_first_row_to_the_last() -> None:
    first = dict.fromkeys(growth.CALLS, 10.0)
    rows = [{"name": "a", **first}, {"name": "b", **first, "poll": 99.0}, {"name": "c", **first, "import": 12.1}]
    assert [bar.verdict for bar in growth.growth_bars("4. x", rows)] == ["met", "not met", "met", "met", "met"]


def test_the_readme_tells_what_is_kept() -> None:
    text = README.read_text("utf-8")
    assert tell.told(text, tell.results()) == text
    assert set(re.findall(r"<!-- result (\w+) -->", text)) == {*bench.cases(), "parts"}


@pytest.mark.parametrize(
    ("frames", "part"),
    [
        (
            "run (uvicorn/server.py);answer (x/mock_server/web/answering.py);write (x/mock_server/store/journal.py)",
            "journal",
        ),
        ("run (uvicorn/server.py);select (x/mock_server/store/sqlite.py)", "store"),
        ("run (uvicorn/server.py)", "HTTP, event loop, the rest"),
    ],
)
def test_a_stack_belongs_to_the_first_part_it_names(frames: str, part: str) -> None:
    assert part_of(frames) == part
    assert part in PARTS
