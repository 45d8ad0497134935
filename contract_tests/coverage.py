"""Which outcomes a run has seen: operation x error code x process state x PIN stage x way of authenticating."""

from collections import Counter
from typing import NamedTuple

from contract_tests.documents import load, operations
from contract_tests.exchange import Exchange

STATES = {0: "queued", 1: "running", 2: "finished", 3: "failed"}
_PROCESS_READS = ("read_proc_status", "read_proc_data")


class Cell(NamedTuple):
    """One outcome. `code` is `None` where there was no envelope, `state` and `pin` empty where they do not apply."""

    operation: str
    code: int | None
    state: str
    pin: str
    way: str


class Coverage:
    """Counts outcomes; listens to exchanges."""

    def __init__(self) -> None:
        self.seen: Counter[Cell] = Counter()

    def note(self, exchange: Exchange) -> None:
        """Count one exchange, if it is one of the ten operations."""
        if exchange.operation:
            self.seen[cell(exchange)] += 1

    def never(self) -> list[tuple[str, int]]:
        """Pairs of operation and code that the documents know and that were not met."""
        met = {(each.operation, each.code) for each in self.seen}
        return [(name, code) for name in operations() for code in codes_of(name) if (name, code) not in met]


def cell(exchange: Exchange) -> Cell:
    """The outcome of one exchange."""
    state, pin = "", ""
    if exchange.operation in _PROCESS_READS and exchange.code == 0 and isinstance(exchange.data, dict):
        state = STATES.get(exchange.data.get("status", -1), "other")
        pin = pin_stage(exchange.data.get("stats"))
    code = 0 if exchange.code is None and _bare_success(exchange) else exchange.code
    return Cell(exchange.operation, code, state, pin, exchange.way)


def pin_stage(stats: object) -> str:
    """How far the phone was asked: empty, `pin1` or `pin2`."""
    if not isinstance(stats, dict):
        return ""
    return "pin2" if stats.get("pin2_code") else "pin1" if stats.get("pin1_code") else ""


def codes_of(operation: str) -> list[int]:
    """The codes that an operation can have, as far as a request can bring them about."""
    row = operations()[operation]
    codes = {0, 1, 2, 3}
    if row["credentials"]:
        codes |= {4, 5, 7}
    if operation == "reset_confirm":
        codes |= {5, 7}
    if operation == "reset_start":
        codes -= {2}
    if row["starts"] == "import":
        codes |= {6, 14, 15, 17}
    if operation in ("etx_import", "etx_delete"):
        codes |= {15}
    if operation in ("inv_delete", "etx_delete"):
        codes |= {20}
    return sorted(codes)


def all_codes() -> list[int]:
    """Every `err_code` of the documents, and 0."""
    return [0, *sorted({row["code"] for row in load("errors.json")["errors"] if row["scope"] == "request"})]


def _bare_success(exchange: Exchange) -> bool:
    """The two renewal calls answer without an envelope (F-AUTH-03, F-AUTH-05)."""
    key = {"reset_start": "plain_value", "reset_confirm": "token"}.get(exchange.operation)
    return key is not None and isinstance(exchange.json, dict) and key in exchange.json
