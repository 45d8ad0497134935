"""The good clients in Node, PHP and shell do what a good client does, against the simulator itself.

Their journeys are few and quick; `check-client` judges them in full.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from contract_tests.builders import invoice
from mock_server import Settings
from tests.client import dumped
from tests.control.steer import Steer
from tests.live import LiveServer

CLIENTS = Path(__file__).parents[2] / "contract_tests" / "good_clients"
COMMANDS = {
    "node": ["node", "node_fetch.mjs"],
    "php": ["php", "php_curl.php"],
    "shell": ["bash", "curl.sh"],
}
ONE, TWO, THREE = (msgspec.json.decode(dumped(invoice(number))) for number in (1, 2, 3))
POLL = "read_proc_status"
AT_ONCE = 8


def bought_by(voen: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    return {**sent, "buyer": voen}


class Journey(NamedTuple):
    """What a client is to do, what is in its way, and how it should end.

    Attributes:
        ids: the invoices whose qaimes it should report; `blamed` those it should blame.
        codes: of its errors, as it reports them; `calls`: every request but the polls, with its `err_code`.
    """

    given: Mapping[str, Any]
    fault: Mapping[str, Any] | None = None
    own: Mapping[str, str] = {}
    ids: tuple[str, ...] = ()
    blamed: tuple[str, ...] = ()
    codes: tuple[int | None, ...] = ()
    calls: tuple[tuple[str, int | None], ...] = ()
    prepare: Callable[[Steer], object] | None = None
    read: int | None = None
    deleted: tuple[str, ...] = ()


UPLOAD = "import_upload_invoices"
QAIMES = ("inv_read_invoices", 0)
FAILED = (QAIMES, ("read_proc_data", 0))
BOTH = (ONE["id"], TWO["id"])
JANUARY = {"date_from": "01.01.2025", "date_to": "31.01.2025", "dir": 0}
WAITING, APPROVED = "MT2412 25000100", "AA 24080000001"

JOURNEYS = {
    "upload": Journey({"invoices": [ONE, TWO]}, ids=BOTH, calls=((UPLOAD, 0), QAIMES)),
    "an internal error, twice": Journey(
        {"invoices": [ONE]},
        {"operation": UPLOAD, "err_code": 11, "times": 2},
        ids=(ONE["id"],),
        calls=((UPLOAD, 11), (UPLOAD, 11), (UPLOAD, 0), QAIMES),
    ),
    "a lost answer": Journey(
        {"invoices": [ONE, TWO]},
        {"operation": UPLOAD, "connection": "lose_answer", "times": 1},
        ids=BOTH,
        calls=((UPLOAD, 0), (UPLOAD, 17), QAIMES),
    ),
    "a token that has expired": Journey(
        {"invoices": [ONE]},
        prepare=lambda steer: steer.done("POST", "accounts", {"username": "demo", "token": None}),
        ids=(ONE["id"],),
        calls=((UPLOAD, 5), ("reset_start", 0), ("reset_confirm", 0), (UPLOAD, 0), QAIMES),
    ),
    "a wrong password": Journey(
        {"invoices": [ONE]},
        own={"VATPORTAL_TOKEN": "", "VATPORTAL_PASSWORD": "wrong"},
        codes=(5,),
        calls=((UPLOAD, 5),),
    ),
    "a page of a gateway": Journey(
        {"invoices": [ONE]},
        {"operation": POLL, "body": "html", "http_status": 502, "times": 1},
        ids=(ONE["id"],),
        calls=((UPLOAD, 0), QAIMES),
    ),
    "half an answer": Journey(
        {"invoices": [ONE]},
        {"operation": POLL, "connection": "truncate", "times": 1},
        ids=(ONE["id"],),
        calls=((UPLOAD, 0), QAIMES),
    ),
    "other texts, keys and orders": Journey(
        {"invoices": [ONE]},
        {"mutate": ["extra_fields", "key_order", "az_err_msg"]},
        ids=(ONE["id"],),
        calls=((UPLOAD, 0), QAIMES),
    ),
    "one invalid": Journey(
        {"invoices": [ONE, bought_by("12", TWO), THREE]}, codes=(14,), blamed=(TWO["id"],), calls=((UPLOAD, 14),)
    ),
    "one that e-taxes objects to": Journey(
        {"invoices": [ONE, bought_by("9000000008", TWO), THREE]},
        ids=(ONE["id"], THREE["id"]),
        codes=(None,),
        blamed=(TWO["id"],),
        calls=((UPLOAD, 0), *FAILED),
    ),
    "a PIN refused": Journey(
        {"invoices": [bought_by("9000000004", ONE)]}, codes=(None,), calls=((UPLOAD, 0), *FAILED)
    ),
    "a process that stalls": Journey(
        {"invoices": [bought_by("9000000003", ONE)]},
        own={"VATPORTAL_PATIENCE": "3"},
        codes=(None,),
        calls=((UPLOAD, 0),),
    ),
    "pages": Journey(
        {"download": JANUARY},
        prepare=lambda steer: steer.put("settings", page_size=3),
        read=4,
        calls=(("etx_import", 0), *[("etx_read_invoices", 0)] * 3),
    ),
    "a deletion": Journey(
        {"delete": {"serialNumbers": [WAITING], "is_signed": True}}, deleted=(WAITING,), calls=(("etx_delete", 0),)
    ),
    "a refused deletion": Journey(
        {"delete": {"serialNumbers": [WAITING, APPROVED], "is_signed": True}},
        codes=(20,),
        calls=(("etx_delete", 20),),
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(Settings(pace="fast"))
    yield live
    live.stop()


def missing(client: str) -> str | None:
    """What is not here to run it."""
    tool = COMMANDS[client][0]
    if shutil.which(tool) is None:
        return tool
    modules = (
        [] if tool != "php" else subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout
    )
    return "the curl module of php" if tool == "php" and "curl" not in modules else None


@pytest.mark.parametrize("client", COMMANDS)
def test_it_ends_each_journey_as_it_should(client: str, server: LiveServer, tmp_path: Path) -> None:
    lacking = missing(client)
    if lacking is not None:
        pytest.skip(f"{lacking} is not here")

    def travelled(name: str) -> list[str]:
        return _travelled(client, name, server, tmp_path / str(list(JOURNEYS).index(name)))

    with ThreadPoolExecutor(AT_ONCE) as at_once:  # for they wait most of the time
        wrong = [text for texts in at_once.map(travelled, JOURNEYS) for text in texts]
    assert wrong == []


def _travelled(client: str, name: str, server: LiveServer, folder: Path) -> list[str]:
    """Runs a journey; what was not as it should be."""
    journey = JOURNEYS[name]
    folder.mkdir()
    steer = Steer(server.port, f"{client}-{list(JOURNEYS).index(name)}")
    if journey.prepare is not None:
        journey.prepare(steer)
    if journey.fault is not None:
        steer.done("POST", "faults", journey.fault)
    (folder / "input.json").write_bytes(dumped(journey.given))
    own = {
        "VATPORTAL_BASE_URL": f"http://127.0.0.1:{server.port}/w/{steer.world}/api",
        "VATPORTAL_USERNAME": "demo",
        "VATPORTAL_PASSWORD": "demo",
        "VATPORTAL_TOKEN": "demo-token",
        "VATPORTAL_SECRET": "demo-secret",
        "VATPORTAL_PHONE": "994501234567",
        "VATPORTAL_INPUT": str(folder / "input.json"),
        "VATPORTAL_OUTPUT": str(folder / "output.json"),
        **journey.own,
    }
    done = subprocess.run(
        COMMANDS[client],
        cwd=CLIENTS,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if not (folder / "output.json").exists():
        return [f"{name}: {done.stdout}{done.stderr}"]
    outcome = json.loads((folder / "output.json").read_bytes())
    rows = steer.get("requests?limit=1000")["requests"][::-1]
    calls = [(row["operation"], row["err_code"]) for row in rows if row["operation"] != POLL]
    pairs = {
        "exit code": (done.returncode, 1 if journey.codes else 0),
        "invoices with a qaime": (sorted(outcome.get("qaimes", {})), sorted(journey.ids)),
        "codes": ([each["code"] for each in outcome["errors"]], list(journey.codes)),
        "blamed": ([each for error in outcome["errors"] for each in error["invoices"]], list(journey.blamed)),
        "requests": (_once_each(calls), _once_each(journey.calls)),
        "read": (len(set(outcome["invoices"])) if "invoices" in outcome else None, journey.read),
        "deleted": (outcome.get("deleted", []), list(journey.deleted)),
        "polls in less than a second": (_too_fast(rows), []),
    }
    return [f"{name}: {what} {got}, not {right}" for what, (got, right) in pairs.items() if got != right]


def _once_each(calls: Any) -> list[tuple[str, int | None]]:
    """A client that waits for qaimes may ask for them several times."""
    return [call for place, call in enumerate(calls) if call != QAIMES or call not in calls[:place]]


def _too_fast(rows: list[dict[str, Any]]) -> list[float]:
    times = [datetime.fromisoformat(row["time"]) for row in rows if row["operation"] == POLL]
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    return [pause for pause in pauses if pause < 1]
