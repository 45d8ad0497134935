"""What an open dashboard costs: status polls and imports with and without one, in turns.

    python -m benchmarks.dashboard [--rounds 5] [--seconds 3]

The server runs on core 0; the load generator (`wrk`) and a headless Chromium, which shows the view named, share
core 1. "CPU" is the ratio of what the server itself spends on a request, whatever else the machine does. At last,
what the server spends on each call that a dashboard makes, with 200 processes and a full journal.
"""

import argparse
import http.client
import os
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.load import Run, Subject, measured, script_of
from benchmarks.served import Server, simulator
from fixtures.builders import invoice
from tests.client import Portal, dumped, hang_up

WORLD = "/w/bench"
VIEWS = ("", "processes", "journal")
"""What the browser shows; nothing first."""

LEAST = 0.9
CALLS = ("pulse", "requests?limit=60&bodies=omit", "confirmations?limit=6", "processes?limit=50")
REPEATED = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if shutil.which("wrk") is None or chromium is None:
        sys.exit("this needs wrk and chromium (Debian: apt-get install wrk chromium)")
    runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subjects = _subjects(stack)
        os.sched_setaffinity(0, {1})  # the browser takes it over
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        for turn in range(options.rounds):
            for subject in subjects:
                for view in VIEWS[turn % 3 :] + VIEWS[: turn % 3]:
                    _show(page, subject.there.port, view)
                    runs[subject.name, view].append(measured(subject, folder, options.seconds))
        browser.close()
        costs = {call: _cost(subjects[0].there, call) for call in CALLS}
    fine = _report(runs)
    for call, cost in costs.items():
        print(f"{call:34}{cost:10.2f} ms of the server's CPU")
    sys.exit(0 if fine else 1)


def _subjects(stack: ExitStack) -> list[Subject]:
    server = simulator(stack, "--pace", "instant")
    portal = Portal(server.port, "bench")
    process = portal.started("import_upload_invoices", upload=True, invoices=[invoice(0)])
    hang_up()
    poll = dumped({"procId": process})
    upload = dumped({"upload": True, "invoices": [invoice(7, erp_id="@@")]}).decode().split("@@")
    token = 'wrk.headers["x-vatpapikey"] = "demo-token"'
    fresh = (
        "local n = 0\nlocal stamp = tostring(math.random(1, 1000000000))\n"
        f"function request()\n  n = n + 1\n  local id = stamp .. '-' .. n\n"
        f"  return wrk.format(nil, nil, nil, [==[{upload[0]}]==] .. id .. [==[{upload[1]}]==])\nend\n"
    )
    return [
        Subject("poll", server, f"{WORLD}/api/job/read_proc_status", script_of("GET", poll, token)),
        Subject(
            "upload", server, f"{WORLD}/api/inv/import_upload_invoices.php", script_of("POST", b"{}", token) + fresh
        ),
    ]


def _show(page: Page, port: int, view: str) -> None:
    if not view:
        page.goto("about:blank")
        return
    page.goto(f"http://127.0.0.1:{port}{WORLD}/#{view}")
    page.locator(".line, .process").first.wait_for()


def _cost(server: Server, call: str) -> float:
    """Milliseconds of the server's CPU for a call of the control API."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    before, _ = server.spent()
    for _ in range(REPEATED):
        connection.request("GET", f"{WORLD}/__admin/{call}")
        connection.getresponse().read()
    connection.close()
    return (server.spent()[0] - before) / REPEATED * 1000


def _report(runs: dict[tuple[str, str], list[Run]]) -> bool:
    """Prints the ratios; whether all of them are high enough."""
    fine = True
    print(f"{'':24}{'rate/s':>10}{'of none':>10}{'cpu ms':>10}{'of none':>10}{'waited':>10}")
    for (name, view), found in sorted(runs.items()):
        pairs = list(zip(found, runs[name, ""], strict=True))
        by_rate = statistics.median(run.rate / without.rate for run, without in pairs)
        by_cpu = statistics.median(without.cpu / run.cpu for run, without in pairs)
        middle = Run(*map(statistics.median, zip(*found, strict=True)))
        title = f"{name}, {view or 'no dashboard'}"
        print(f"{title:24}{middle.rate:10.0f}{by_rate:10.0%}{middle.cpu:10.3f}{by_cpu:10.0%}{middle.waited:10.0%}")
        fine = fine and by_cpu >= LEAST
    return fine


if __name__ == "__main__":
    main()
