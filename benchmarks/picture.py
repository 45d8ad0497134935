"""Draws benchmarks/results/flat.svg: what a call costs against how much there is. `python -m benchmarks.picture`."""

import importlib.util
from typing import Any

from benchmarks.cases.growth import CALLS, TITLES
from benchmarks.frame import RESULTS
from benchmarks.tell import results

FILE = RESULTS / "flat.svg"
_LABELS = dict(zip(CALLS, TITLES, strict=True)) | {
    "last_page": "page, last ms",
    "by_date_last": "page by date, last ms",
}


def draw() -> bool:
    """Whether there was something to draw, and Matplotlib to draw it with (`make bench` has it)."""
    found = results()
    if importlib.util.find_spec("matplotlib") is None or not {"flat", "batch", "worlds"} & found.keys():
        return False
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "vatportal-mock", "font.size": 9}
    figure = importlib.import_module("matplotlib.figure").Figure(figsize=(12, 4.6), layout="constrained")
    axes = figure.subplots(1, 3)
    _growth(axes[0], found.get("flat"), "invoices", "invoices in the world")
    _growth(axes[1], found.get("worlds"), "", "worlds on the server")
    _items(axes[2], found.get("batch"))
    figure.savefig(FILE, metadata={"Date": None})
    return True


def _growth(axes: Any, result: dict[str, Any] | None, key: str, label: str) -> None:
    """Each call, as a multiple of what it costs with the fewest."""
    rows = [] if result is None else result["rows"]
    sizes = [row[key] if key else int(row["name"].split()[0]) for row in rows]
    for call, mark in zip(CALLS, "os^vD<>p", strict=True):
        costs = [row[call] for row in rows]
        if costs:
            axes.plot(sizes, [cost / costs[0] for cost in costs], marker=mark, label=_LABELS[call].replace(" ms", ""))
    axes.axhline(1.2, color="grey", linestyle=":", linewidth=1)
    axes.set(xscale="log", yscale="log", xlabel=label, ylabel="times the cost at the left (dotted: + 20 %)")
    if rows:
        axes.legend(fontsize=7)


def _items(axes: Any, result: dict[str, Any] | None) -> None:
    rows = [] if result is None else result["rows"]
    for kind in ("memory", "file"):
        chosen = [row for row in rows if row["kind"] == kind]
        axes.plot([row["items"] for row in chosen], [row["ms_per_item"] for row in chosen], marker="o", label=kind)
    axes.set(xscale="log", yscale="log", xlabel="items in one import", ylabel="ms per item")
    axes.legend(fontsize=7)


if __name__ == "__main__":
    draw()
