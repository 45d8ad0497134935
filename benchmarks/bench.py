"""`make bench`: runs the cases, or those that are named; keeps JSON, draws, and renews the tables of the README.

python -m benchmarks.bench [CASE ...] [--rounds 5] [--seconds 2] [--largest 1000000]
"""

import importlib
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import click

from benchmarks import asking, load, picture, tell
from benchmarks.frame import Bench, Case, Scale, keep, machine, saved, table

MODULES = ("poll", "imports", "batch", "page", "gentle", "workers", "small", "flat", "worlds", "million")


def cases() -> dict[str, Case]:
    """All cases by name."""
    found = (importlib.import_module(f"benchmarks.cases.{module}").CASE for module in MODULES)
    return {case.name: case for case in found}


def result_of(case: Case, scale: Scale) -> dict[str, object]:
    """One case, run."""
    before, began = machine(), time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(asking.hang_up)
        rows = case.run(Bench(scale, folder, stack))
    return saved(case, scale, rows, time.monotonic() - began, before)


@click.command()
@click.argument("names", nargs=-1, metavar="[CASE]...", type=click.Choice(list(cases())))
@click.option("--rounds", default=5, show_default=True, help="Interleaved rounds.")
@click.option("--seconds", default=2, show_default=True, help="Seconds of load in each.")
@click.option("--largest", default=1_000_000, show_default=True, help="Invoices in the largest world.")
@click.option("--others/--no-others", default=True, help="Prism, Mockoon and WireMock too, fetched from npm once.")
def main(names: tuple[str, ...], rounds: int, seconds: int, largest: int, others: bool) -> None:
    """Measure, print, keep, draw."""
    if not load.available():
        sys.exit("this needs wrk and taskset (Debian: apt-get install wrk util-linux)")
    scale = Scale(rounds, seconds, largest, others=others)
    failed = []
    for name in names or tuple(cases()):
        case = cases()[name]
        print(f"\n## {case.title} ({name})\n", flush=True)
        try:
            result = result_of(case, scale)
        except Exception as error:  # the other cases are worth having
            failed.append(f"{name}: {type(error).__name__}: {error}")
            print(failed[-1], flush=True)
            continue
        keep(result)
        print(table(result), flush=True)
        for bar in case.bars(result["rows"]):  # type: ignore[arg-type]
            print(f"  {bar.verdict:16} {bar.asked}: {bar.found}", flush=True)
    picture.draw()
    tell.renew()
    sys.exit("\n".join(failed) or 0)


if __name__ == "__main__":
    main()
