"""`--attach`: a portal that stays, for clients that people click through; findings show as they grow."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import httpx2
from rich.console import Console
from rich.markup import escape

from contract_tests.journeys.journey import Ending, Journey, Stage, Text
from contract_tests.journeys.outcomes import met_in
from contract_tests.journeys.running import Done, ServerDied
from contract_tests.journeys.verdict import Verdict
from contract_tests.journeys.words import Language, say

LOOK_SECONDS = 1.0
KEPT_REQUESTS = 1000
"""So many of the latest requests go into the reports."""

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

ATTACHED = Journey(
    "attached",
    "any",
    Text("People click through their ERP.", "İnsanlar öz ERP sistemində işləyirlər."),
    (),
    lambda _: Stage(),
    0.0,
)


def watch(console: Console, server: str, seconds: float | None = None, language: Language = "en") -> Done:
    """Say where the portal is, and tell of each new finding until Ctrl-C, SIGTERM, or so many seconds have passed.

    Raises:
        ServerDied: the portal ended before.
    """
    for name in ("portal", "dashboard", "use"):
        console.print(say(name, language, server=server))
    started = time.monotonic()
    told: set[tuple[str, int]] = set()
    with _stopped_by_signals() as stopped, httpx2.Client(base_url=f"{server}/__admin/") as http:
        over = False
        while not over:
            left = LOOK_SECONDS if seconds is None else started + seconds - time.monotonic()
            over = left <= 0 or stopped.wait(min(LOOK_SECONDS, left))
            findings = _read(http, "findings")["findings"]
            for finding in findings:
                key = (finding["rule"], next(iter(finding["requests"]), 0))  # one that grows is told once
                if key not in told:
                    told.add(key)
                    _tell(console, finding, language)
        requests = _read(http, f"requests?limit={KEPT_REQUESTS}")["requests"][::-1]
        met = met_in(_read(http, "coverage")["seen"])
    ending = Ending(0, None, "", time.monotonic() - started)
    return Done(ATTACHED, Verdict(ending, findings, requests, met))


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and a closed terminal set; what they did before is put back."""
    stopped = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in ENDING}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read(http: httpx2.Client, path: str) -> Any:
    try:
        return http.get(path).raise_for_status().json()
    except httpx2.HTTPError as error:
        raise ServerDied(f"it answers no more: {error}") from None


def _tell(console: Console, finding: dict[str, Any], language: Language) -> None:
    text, mend = escape(finding["text"][language]), escape(finding["mend"][language])
    severity = say(finding["severity"], language)
    console.print(f"[bold]{severity}[/bold] {finding['rule']}: {text}", highlight=False)
    console.print(f"      {mend}", highlight=False)
