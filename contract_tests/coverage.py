"""Which outcomes a run has seen: operation x error code x process state x PIN stage x way of authenticating."""

from collections import Counter
from typing import NamedTuple

from contract_tests.documents import load, operations
from contract_tests.exchange import Exchange

STATES = {0: "queued", 1: "running", 2: "finished", 3: "failed"}
PINS = ("", "pin1", "pin2")
WAYS = ("password", "token", "both", "query", "none")
_PROCESS_READS = ("read_proc_status", "read_proc_data")
_BEFORE_WHO = (1, 2, 3)
"""Codes that are given before it is asked who calls (R-19)."""

_WRONG_WHO = (4, 5, 7)


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

    def never_outcomes(self) -> list[Cell]:
        """Outcomes that can exist and that were not met."""
        return [each for each in possible() if each not in self.seen]


def possible() -> list[Cell]:
    """Every outcome that can exist; process state and PIN stage only where a process is read with success."""
    return [
        Cell(name, code, state, pin, way)
        for name in operations()
        for code in codes_of(name)
        for way in ways_of(name, code)
        for state, pin in stages_of(name, code)
    ]


def ways_of(operation: str, code: int) -> list[str]:
    """The ways of authenticating that can go with a code; in a query string those of data reads only (R-02b)."""
    row = operations()[operation]
    if not row["credentials"]:
        return ["none"]
    query = ["query"] if row["data_read"] and code not in (1, 2) else []
    if code in _BEFORE_WHO:
        return ["password", "token", "both", *query, "none"]
    if code == _WRONG_WHO[0]:  # the token decides where there is one, and a member that is empty is no member
        return ["password", *query, "none"]
    return ["password", "token", "both", *query]


def stages_of(operation: str, code: int) -> list[tuple[str, str]]:
    """State of the process and PIN stage that can go with a code; what is queued has not asked for a PIN yet."""
    if operation not in _PROCESS_READS or code != 0:
        return [("", "")]
    return [(state, pin) for state in STATES.values() for pin in PINS if state != STATES[0] or not pin]


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
