"""Broken: what the counterparty does, as downloads show it (F-LIFE)."""

from typing import Any

from contract_tests.broken_servers.wrapping import Shelf

SHELF = Shelf()


def _shown(name: str, says: str, facts: tuple[str, ...], words: dict[str, str]) -> None:
    def change(data: dict[str, Any]) -> None:
        for one in data["invoices"]:
            one["status"] = words.get(one["status"], one["status"])

    change.__name__, change.__doc__ = name, says
    SHELF.data("etx_read_invoices", ids=(*facts, "R-79"), by=())(change)


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
    "deleted_ones_come_back", "A deleted invoice waits again.", ("F-LIFE-04", "F-DEL-07"), {"deleted": "onApproval"}
)
