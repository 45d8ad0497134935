"""What many clients ask at once, and what the journal says of the order in which it was done."""

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hypothesis import strategies as st

from fixtures.builders import invoice
from mock_server.rulebook.operations import BY_NAME
from tests.client import ACCOUNTS, Portal, dumped
from tests.control.steer import Steer

NOW = "2027-05-06T07:08:09+04:00"
SEED = 5
DATES = {"date_from": "01.01.2020", "date_to": "31.12.2027"}
DRAFTS = ("AA2401 10000001", "AA2401 10000002", "AA2401 10000003")
SIGNED = ("MT2412 25000100", "MT2412 25000101", "AA2705 0000001", "AA2705 0000002", "AA2705 0000003")
LETTERS = "ABCDEF"
INVOICES = {letter: invoice(ord(letter), erp_id=f"YARIS-{letter}", buyer="0987654321") for letter in LETTERS}


class Step(NamedTuple):
    """One request of a client, before it has credentials and a mark."""

    operation: str
    body: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self.operation} {str([each for key, each in self.body.items() if key != 'phone'])[:40]}"


def _steps() -> st.SearchStrategy[Step]:
    letters = st.lists(st.sampled_from(LETTERS), min_size=1, max_size=3, unique=True)
    ids = letters.map(lambda some: [INVOICES[letter]["id"] for letter in some])
    process = st.integers(5001, 5040)
    uploads = st.tuples(letters, st.booleans()).map(
        lambda made: {"invoices": [INVOICES[letter] for letter in made[0]], "upload": made[1]}
    )
    phone = {"phone": ACCOUNTS["demo"].phone}
    return st.one_of(
        uploads.map(lambda body: Step("import_upload_invoices", body)),
        uploads.map(lambda body: Step("import_upload_invoices", body)),
        ids.map(lambda some: Step("inv_delete", {"ids": some})),
        ids.map(lambda some: Step("inv_read_invoices", {"ids": some})),
        process.map(lambda number: Step("read_proc_status", {"procId": number})),
        process.map(lambda number: Step("read_proc_data", {"procId": number})),
        st.just(Step("etx_import", {**phone, **DATES, "dir": 1, "inc_status": "onApproval"})),
        process.map(lambda number: Step("etx_read_invoices", {**phone, "procId": number})),
        st.lists(st.sampled_from(DRAFTS), min_size=1, max_size=2, unique=True).map(
            lambda some: Step("etx_delete", {"serialNumbers": some, "is_signed": False})
        ),
        st.lists(st.sampled_from(SIGNED), min_size=1, max_size=2, unique=True).map(
            lambda some: Step("etx_delete", {"serialNumbers": some, "is_signed": True})
        ),
        st.just(Step("reset_start", {"login": "clerk"})),
    )


def schedules(clients: int, steps: int) -> st.SearchStrategy[list[list[Step]]]:
    """A list of steps for each client."""
    return st.lists(st.lists(_steps(), min_size=steps, max_size=steps), min_size=clients, max_size=clients)


class Row(NamedTuple):
    """A request as the journal has it; `looked` and `over` in microseconds of real time."""

    seq: int
    mark: str
    looked: int
    over: int
    answer: str


def run(port: int, world: str, schedule: Sequence[Sequence[Step]]) -> dict[str, tuple[Step, str]]:
    """Every client at once, each on a connection of its own: what was asked and answered, by mark."""
    told: dict[str, tuple[Step, str]] = {}
    gate = threading.Barrier(len(schedule))
    failures: list[BaseException] = []

    def client(number: int, steps: Sequence[Step]) -> None:
        portal = Portal(port, world)
        portal.own_connection()
        try:
            gate.wait(60)
            for place, step in enumerate(steps):
                mark = f"{number}-{place}"
                told[mark] = (step, asked(portal, step, mark))
        except BaseException as error:  # whatever it is, the test must see it
            failures.append(error)
        finally:
            portal.connection.close()

    threads = [threading.Thread(target=client, args=each) for each in enumerate(schedule)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    return told


def asked(portal: Portal, step: Step, mark: str) -> str:
    """The answer to one step; the token proves who asks, so that the journal has the body as it was sent."""
    operation = BY_NAME[step.operation]
    if step.operation == "reset_start":
        return portal.send("GET", f"{operation.path}?login={step.body['login']}&mark={mark}").raw.decode()
    headers: dict[str, str | bytes] = {"Content-Type": "application/json", "x-vatpapikey": "demo-token"}
    return portal.send(operation.method, operation.path, dumped({"mark": mark, **step.body}), headers).raw.decode()


def begun(port: int, world: str) -> Steer:
    """A world whose time stands still, and whose draws are those of the seed."""
    Steer(port).post("worlds", name=world, now=NOW, frozen=True, seed=SEED, pace="instant")
    return Steer(port, world)


def journal(steer: Steer) -> list[Row]:
    """Every request of the world, in the order of the journal."""
    rows: list[Row] = []
    before = ""
    while True:
        page = steer.get(f"requests?limit=1000{before}")["requests"]
        rows += [_row(each) for each in page]
        if len(page) < 1000:
            return rows[::-1]
        before = f"&before={page[-1]['seq']}"


def _row(told: Mapping[str, Any]) -> Row:
    looked = round(datetime.fromisoformat(told["time"]).timestamp() * 1_000_000)
    text = told["request"]["text"]
    mark = json.loads(text)["mark"] if text else told["path"].rpartition("mark=")[2]
    return Row(told["seq"], mark, looked, looked + round(told["latency_ms"] * 1000), told["answer"]["text"])
