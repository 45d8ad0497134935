"""Status polls of a running process."""

from benchmarks.asking import Client
from benchmarks.cases.subjects import others, ours
from benchmarks.frame import Bar, Bench, Case, Row, at_least, at_most, by_name, largest, number, ratio, smallest
from benchmarks.load import COLUMNS, Subject, ever_new, script_of, side_by_side
from benchmarks.served import bare
from tests.client import dumped

OURS = tuple(f"ours, {way}, {kind}" for kind in ("memory", "file") for way in ("password", "token"))


def run(bench: Bench) -> list[Row]:
    servers = ours(bench)
    subjects = [Subject("bare Starlette route", bare(bench.stack), "/poll", script_of("GET", b'{"procId":5001}'))]
    for kind, server in servers.items():
        client = Client(server.port)
        process = client.running()
        token = script_of("GET", dumped({"procId": process}), 'wrk.headers["x-vatpapikey"] = "demo-token"')
        path, password = client.path("read_proc_status"), script_of("GET", client.body(procId=process))
        subjects.append(Subject(f"ours, password, {kind}", server, path, password))
        subjects.append(Subject(f"ours, token, {kind}", server, path, token))
    subjects.append(Subject("ours, token, file, ever new bytes", servers["file"], path, ever_new(token)))
    subjects += others(bench, servers["memory"], "read_proc_status", password)
    return side_by_side(bench, subjects)


def bars(rows: list[Row]) -> list[Bar]:
    found = by_name(rows)
    slowest = smallest(*(number(found.get(name), "rate") for name in OURS))
    tails = [ratio(number(found.get(name), "p99"), number(found.get(name), "p50")) for name in OURS]
    by_cpu = smallest(*(number(found.get(name), "of_bare_cpu") for name in OURS))
    return [
        at_least("1. poll, slowest of four, at least 45 % of a bare route", _of_bare(rows), 0.45, "{:.0%}"),
        Bar("1. the same by CPU time", "" if by_cpu is None else f"{by_cpu:.0%}", "a figure, no bar"),
        at_least("1. poll at least 2 x Prism", ratio(slowest, number(found.get("Prism"), "rate")), 2),
        at_least("1. poll at least 4 x Mockoon", ratio(slowest, number(found.get("Mockoon"), "rate")), 4),
        at_most("1. p99 of a poll under 10 x the median", largest(*tails), 10, "{:.1f} x"),
    ]


def _of_bare(rows: list[Row]) -> float | None:
    return smallest(*(number(by_name(rows).get(name), "of_bare") for name in OURS))


CASE = Case(
    "poll",
    "Status poll of a running process",
    "GET with a body. wrk, 32 connections.",
    COLUMNS,
    run,
    bars,
)
