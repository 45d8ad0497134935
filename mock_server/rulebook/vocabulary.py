"""The portal's words: statuses, kinds, types, and the texts of a process (`schemas/vocabulary.json`)."""

from typing import Any

from mock_server.rulebook.documents import load

_WORDS: dict[str, Any] = load("vocabulary.json")

STATUSES = frozenset(row["name"] for row in _WORDS["statuses"])
DELETABLE = frozenset(row["name"] for row in _WORDS["statuses"] if row["deletable"])
KINDS = frozenset(row["name"] for row in _WORDS["kinds"])
KIND_OF_TYPE: dict[str, str] = {row["name"]: row["kind"] for row in _WORDS["types"]}
TYPE_OF_KIND: dict[str, str] = {kind: type_ for type_, kind in KIND_OF_TYPE.items()}
STATUS_DESC: dict[str, Any] = _WORDS["status_desc"]
PROCESS_STATUS: dict[str, int] = _WORDS["process_status"]
TRANSITIONS: dict[str, tuple[str, ...]] = {
    name: tuple(row["to"] for row in _WORDS["transitions"] if row["from"] == name) for name in STATUSES
}
"""Where the counterparty may lead an invoice (R-79)."""

DRAFT: str = _WORDS["draft"]
ON_APPROVAL, APPROVED, DELETED, CANCELED = "onApproval", "approved", "deleted", "canceled"
DEFAULT, AVANS, GOODS_TRANSFER = "default", "avans", "goodsTransfer"
GONE = frozenset((DELETED, "deletedBySystem", CANCELED))
"""No longer in force: nothing can build on such an invoice (R-58)."""

assert STATUSES.issuperset((ON_APPROVAL, APPROVED, *GONE))
assert set(KIND_OF_TYPE) == {DEFAULT, AVANS, GOODS_TRANSFER}
