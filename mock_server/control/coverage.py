"""What of the portal a world's clients have met so far, and what never."""

from collections.abc import Callable, Mapping
from typing import Any

from mock_server.control.desk import Desk
from mock_server.portal.worlds import World
from mock_server.rulebook.errors import ErrorEntry, ErrorTable
from mock_server.rulebook.operations import OPERATIONS, Operation
from mock_server.store.coverage import Seen

_ERRORS = ErrorTable.load()
_DELETING = ("inv_delete", "etx_delete")
_OF_PROCESS = ("read_proc_status", "read_proc_data")

Where = Callable[[Operation, World], bool]


def _everywhere(_: Operation, __: World) -> bool:
    return True


def _with_credentials(operation: Operation, _: World) -> bool:
    return operation.credentials


def _who(operation: Operation, _: World) -> bool:
    """Where somebody shows who he is, with a key too (R-24)."""
    return operation.credentials or operation.name == "reset_confirm"


def _importing(operation: Operation, _: World) -> bool:
    return operation.starts == "import"


def _asking_a_phone(operation: Operation, _: World) -> bool:
    return operation.phone in ("required", "account")


def _naming_invoices(operation: Operation, world: World) -> bool:
    """Where an invoice may be none that can be deleted (R-21), or a process none at all (R-15)."""
    if operation.name in _OF_PROCESS:
        return world.readings.choose("R-15") == "20"
    if operation.name == "inv_delete":
        return world.readings.choose("R-21") == "20"
    return operation.name in _DELETING


def _of_partners(_: Operation, world: World) -> bool:
    return world.readings.partners and any(account.partner for account in world.accounts.values())


WHERE: Mapping[tuple[str, str], Where] = {
    ("request", "wrong-method"): _everywhere,
    ("request", "wrong-content-type"): _everywhere,
    ("request", "missing-elements"): _everywhere,
    ("request", "empty-credentials"): _with_credentials,
    ("request", "invalid-credentials"): _who,
    ("request", "empty-invoices"): _importing,
    ("request", "authentication-error"): _who,
    ("request", "internal-error"): _everywhere,
    ("request", "internal-error-11"): _everywhere,
    ("request", "internal-error-12"): _everywhere,
    ("request", "invalid-invoices"): _importing,
    ("request", "no-asan-phone"): _asking_a_phone,
    ("request", "internal-error-16"): _everywhere,
    ("request", "duplicate-invoice"): _importing,
    ("request", "qaime-not-found"): _naming_invoices,
    ("partner", "phone-required"): _of_partners,
    ("partner", "phone-not-authorised"): _of_partners,
    ("partner", "phone-malformed"): _of_partners,
}
"""Where each error of an answer may come; those of single invoices come inside another."""


def possible(operation: Operation, world: World) -> dict[int, list[ErrorEntry]]:
    """The codes that an operation has under the readings in force, each with its meanings; 0 has none."""
    codes: dict[int, list[ErrorEntry]] = {0: []}
    for (scope, name), where in WHERE.items():
        if where(operation, world):
            entry = _ERRORS.named(scope, name)
            codes.setdefault(entry.code, []).append(entry)
    return dict(sorted(codes.items()))


def covered(desk: Desk) -> dict[str, Any]:
    """What has been seen: `{"seen", "never", "counts"}`.

    `seen` has each combination of operation, code, state of the process, PIN it waits for, and way of
    authenticating; `never` each pair of operation and code that exists and was not met (`fault`: only a fault
    brings it about); `counts` how many of these pairs were, in all and by operation.
    """
    change = desk.look()
    seen = desk.store.coverage.all(change.row.id)
    pairs = {(row.operation, row.code) for row in seen}
    never: list[dict[str, Any]] = []
    counts: dict[str, dict[str, int]] = {}
    for operation in OPERATIONS:
        codes = possible(operation, change.view)
        missed = [code for code in codes if (operation.name, code) not in pairs]
        never += [_unseen(operation, code, codes[code]) for code in missed]
        counts[operation.name] = {"seen": len(codes) - len(missed), "possible": len(codes)}
    return {
        "seen": [_shown(row) for row in seen],
        "never": never,
        "counts": {
            "seen": sum(each["seen"] for each in counts.values()),
            "possible": sum(each["possible"] for each in counts.values()),
            "operations": counts,
        },
    }


def _shown(row: Seen) -> dict[str, Any]:
    return {
        "operation": row.operation,
        "err_code": None if row.code < 0 else row.code,
        "state": row.state or None,
        "pin": int(row.pin) if row.pin else None,
        "way": row.way,
    }


def _unseen(operation: Operation, code: int, meanings: list[ErrorEntry]) -> dict[str, Any]:
    return {
        "operation": operation.name,
        "err_code": code,
        "names": [entry.name for entry in meanings],
        "fault": bool(meanings) and all(entry.faults_only for entry in meanings),
    }
