"""Broken: what the counterparty does, as downloads show it (F-LIFE)."""

from typing import Any

from contract_tests.broken_servers.wrapping import Shelf

SHELF = Shelf()


def _shown(name: str, says: str, fact: str, words: dict[str, str]) -> None:
    def change(data: dict[str, Any]) -> None:
        for one in data["invoices"]:
            one["status"] = words.get(one["status"], one["status"])

    change.__name__, change.__doc__ = name, says
    SHELF.data("etx_read_invoices", ids=(fact, "R-79"), by=())(change)


_shown("approval_is_not_seen", "An approved invoice still waits.", "F-LIFE-01", {"approved": "onApproval"})
_shown(
    "the_system_approves", "What the buyer approved, the system did.", "F-LIFE-01", {"approved": "approvedBySystem"}
)
_shown("edits_wait_again", "An edited invoice waits like a new one.", "F-LIFE-02", {"onApprovalEdited": "onApproval"})
_shown("cancelled_on_request", "A request to cancel cancels.", "F-LIFE-03", {"cancelRequested": "canceled"})
_shown("deleted_ones_come_back", "A deleted invoice waits again.", "F-LIFE-04", {"deleted": "onApproval"})
