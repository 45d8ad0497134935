"""`--attach`: a portal that stays, for clients that people click through; findings show as they grow."""

import time

import httpx2
from rich.console import Console

LOOK_SECONDS = 1.0


def watch(console: Console, server: str) -> None:
    """Say where the portal is, and tell of each new finding until somebody stops it (Ctrl-C)."""
    console.print(f"Portal:    {server}/api   user demo, password demo, token demo-token, phone 994501234567")
    console.print(f"Dashboard: {server}/")
    console.print("Use your ERP against it; what is found shows here. Stop with Ctrl-C.")
    told: set[tuple[str, tuple[int, ...]]] = set()
    try:
        with httpx2.Client() as http:
            while True:
                for finding in http.get(f"{server}/__admin/findings").json()["findings"]:
                    key = (finding["rule"], tuple(finding["requests"]))
                    if key not in told:
                        told.add(key)
                        _tell(console, finding)
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        console.print(f"{len(told)} findings")
        if told:
            raise SystemExit(1) from None


def _tell(console: Console, finding: dict[str, object]) -> None:
    text, mend = finding["text"], finding["mend"]
    assert isinstance(text, dict)
    assert isinstance(mend, dict)
    console.print(f"[bold]{finding['severity']}[/bold] {finding['rule']}: {text['en']}", highlight=False)
    console.print(f"      {mend['en']}", highlight=False)
