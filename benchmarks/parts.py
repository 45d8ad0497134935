"""Where the time of a poll, an import and a page goes: `python -m benchmarks.parts` (needs wrk).

py-spy looks at a server under load 500 times a second. Each look counts for the first part of `PARTS` whose files
are anywhere on the stack, so that SQLite on behalf of the journal is the journal's.
"""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from benchmarks.asking import PHONE, Client, hang_up
from benchmarks.cases.page import PAGE
from benchmarks.cases.subjects import INSTANT
from benchmarks.frame import Bar, Bench, Case, Column, Row, Scale, keep, machine, saved, table
from benchmarks.load import Subject, import_script, measured, script_of
from benchmarks.served import simulator

SECONDS = 8
PARTS = {
    "journal": r"web/journal\.py|store/journal\.py|web/known_secrets\.py",
    "authenticate": r"portal/accounts\.py",
    "validate": r"rulebook/forms\.py|portal/rules\.py|portal/reading\.py",
    "serialise": r"web/envelope\.py|rulebook/answers\.py",
    "parse": r"web/requests\.py|web/bodies\.py",
    "store": r"mock_server/store/|sqlite",
    "portal (what the operation does)": r"mock_server/portal/|mock_server/control/",
    "sequence of checks, world, routing": r"web/(?!protocol|listening)\w+\.py|mock_server/turns\.py",
    "HTTP, event loop, the rest": r"",
}


def main() -> None:
    before = machine()
    shares: dict[str, Counter[str]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(hang_up)
        server = simulator(stack, *INSTANT, "--database", f"sqlite:///{folder}/parts.db")
        client = Client(server.port)
        client.seed(PAGE, dir=0)
        page = client.body(phone=PHONE, procId=client.downloaded()[1])
        poll = client.body(procId=client.running())
        for name, operation, script in (
            ("poll", "read_proc_status", script_of("GET", poll)),
            ("import", "import_upload_invoices", import_script()),
            ("page", "etx_read_invoices", script_of("GET", page)),
        ):
            shares[name] = _watched(Subject(name, server, client.path(operation), script), folder)
    rows: list[Row] = [
        {"name": part, **{name: found[part] / found.total() for name, found in shares.items()}} for part in PARTS
    ]
    result = saved(CASE, Scale(1, SECONDS), rows, 3 * SECONDS, before)
    keep(result)
    print(table(result))


def _watched(subject: Subject, folder: Path) -> Counter[str]:
    """Looks that fell into each part."""
    file = folder / f"{subject.name}.txt"
    command = ["record", "--format", "raw", "--rate", "500", "--full-filenames", "--duration", str(SECONDS)]
    spy = [str(Path(sys.executable).with_name("py-spy")), *command, "--pid", str(subject.there.pid), "-o", str(file)]
    with subprocess.Popen(spy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as spying:
        measured(subject, folder, SECONDS + 1)
        spying.wait()
    found: Counter[str] = Counter()
    for line in file.read_text("utf-8").splitlines():
        frames, _, count = line.rpartition(" ")
        found[part_of(frames)] += int(count)
    return found


def part_of(frames: str) -> str:
    """The part to which a stack belongs."""
    return next(part for part, files in PARTS.items() if re.search(files, frames))


def _run(_: Bench) -> list[Row]:
    raise NotImplementedError("python -m benchmarks.parts makes it")


def _bars(_: list[Row]) -> list[Bar]:
    return []


CASE = Case(
    "parts",
    "Where the time goes",
    "py-spy, 500 looks a second at a server with a SQLite file while wrk asks on 32 connections; share of the looks.",
    (Column("name", ""), *(Column(name, name, "{:.0%}") for name in ("poll", "import", "page"))),
    _run,
    _bars,
)

if __name__ == "__main__":
    main()
