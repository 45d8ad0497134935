"""One server process and two on one SQLite file."""

from benchmarks.asking import Client
from benchmarks.cases.subjects import INSTANT
from benchmarks.frame import Bar, Bench, Case, Row, by_name, number, ratio
from benchmarks.load import COLUMNS, Subject, import_script, script_of, side_by_side
from benchmarks.served import simulator

HIDDEN = ("cpu", "of_bare_cpu", "waited", "of_bare")


def run(bench: Bench) -> list[Row]:
    """The server is not pinned to a core here, nor is the load generator: two processes want two cores."""
    subjects = []
    for workers in (1, 2):
        url = f"sqlite:///{bench.folder}/workers{workers}.db"
        server = simulator(bench.stack, *INSTANT, "--workers", str(workers), "--database", url, cores="0,1")
        client = Client(server.port)
        poll = script_of("GET", client.body(procId=client.running()))
        subjects.append(Subject(f"poll, {workers}", server, client.path("read_proc_status"), poll))
        path = client.path("import_upload_invoices")
        subjects.append(Subject(f"import, {workers}", server, path, import_script()))
    return side_by_side(bench, subjects, core="0,1")


def bars(rows: list[Row]) -> list[Bar]:
    found = by_name(rows)
    ratios = {
        name: ratio(number(found.get(f"{name}, 2"), "rate"), number(found.get(f"{name}, 1"), "rate"))
        for name in ("poll", "import")
    }
    text = ", ".join(f"{name} {'?' if each is None else f'{each:.2f} x'}" for name, each in ratios.items())
    return [Bar("9. two workers against one", text, "a figure, no bar")]


CASE = Case(
    "workers",
    "One worker and two",
    "On one SQLite file. The server and wrk share both cores, so wrk takes from two workers what they might win.",
    tuple(column for column in COLUMNS if column.key not in HIDDEN),
    run,
    bars,
)
