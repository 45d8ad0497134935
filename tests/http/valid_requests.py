"""One request for each of the ten operations that a fresh default world answers well, asked as `demo`."""

from collections.abc import Mapping
from typing import Any

from fixtures.builders import invoice
from tests.client import Portal, Reply

PHONE = "994501234567"
"""An ASAN phone of `demo`, and a phone of the partner's customer, which is the same company."""

BODIES: Mapping[str, Mapping[str, Any]] = {
    "import_upload_invoices": {"invoices": [invoice(1)], "upload": True},
    "inv_read_invoices": {"ids": ["INV-2024-001"]},
    "inv_delete": {"ids": ["INV-2024-001"]},
    "read_proc_status": {"procId": 123},
    "read_proc_data": {"procId": 123},
    "etx_import": {"phone": PHONE, "date_from": "01.08.2025", "date_to": "07.08.2025", "dir": 1},
    "etx_read_invoices": {"phone": PHONE, "procId": 123},
    "etx_delete": {"serialNumbers": ["AA2401 10000001"]},
    "reset_start": {"login": "demo"},
    "reset_confirm": {"login": "demo", "key": "0" * 64},
}
"""Bodies without credentials. The last one is well-formed, and refused with 5: no challenge is in force."""

TEN = tuple(BODIES)
WITH_CREDENTIALS = TEN[:8]
READS = ("inv_read_invoices", "read_proc_status", "read_proc_data", "etx_read_invoices")


def asked(portal: Portal, name: str, method: str | None = None, *, token: str | None = None, **more: Any) -> Reply:
    """The answer to the valid request, with members added or replaced."""
    return portal.call(name, method, token=token, **{**BODIES[name], **more})


def code_of(reply: Reply) -> int:
    """`err_code`; 0 for the bare answers of a renewal (R-24)."""
    code: int = reply.json.get("err_code", 0)
    return code


def right_code(name: str) -> int:
    """What the valid request is answered with."""
    return 5 if name == "reset_confirm" else 0
