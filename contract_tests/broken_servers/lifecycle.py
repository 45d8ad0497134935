"""Broken: what the counterparty does, as downloads show it (F-LIFE)."""

from typing import Any

from contract_tests.broken_servers.wrapping import Shelf

SHELF = Shelf()
MODEL = "model/what_goes_on_at_the_same_time"


def _shown(name: str, says: str, facts: tuple[str, ...], words: dict[str, str], by: str = MODEL) -> None:
    def change(data: dict[str, Any]) -> None:
        for one in data["invoices"]:
            one["status"] = words.get(one["status"], one["status"])

    change.__name__, change.__doc__ = name, says
    SHELF.data("etx_read_invoices", ids=(*facts, "R-79"), by=(by,))(change)


_shown(
    "approval_is_not_seen",
    "An approved invoice still waits.",
    ("F-LIFE-01", "F-ETX-05", "F-ETX-02"),
    {"approved": "onApproval"},
)
_shown(
    "the_system_approves",
    "What the buyer approved, the system did.",
    ("F-LIFE-01", "F-ETX-05", "F-ETX-02"),
    {"approved": "approvedBySystem"},
)
_shown(
    "deleted_ones_come_back",
    "A deleted invoice waits again.",
    ("F-LIFE-04", "F-DEL-07"),
    {"deleted": "onApproval"},
    by="deletion/signed_ones_that_wait_are_deleted",
)
_shown(
    "changes_are_not_seen",
    "An invoice that the buyer wants changed is shown as approved, and so is the changed one.",
    ("F-LIFE-02", "F-ETX-05"),
    dict.fromkeys(("updateRequested", "onApprovalEdited", "updateApproval"), "approved"),
)
_shown(
    "cancellations_are_not_seen",
    "An invoice whose cancellation was asked for, or is over, is shown as approved.",
    ("F-LIFE-03", "F-ETX-05"),
    {"cancelRequested": "approved", "canceled": "approved"},
)
