"""Importing invoices, and what an answer says of each."""

from typing import Any

from tests.client import Portal, Reply


def sent(portal: Portal, *invoices: Any, **root: Any) -> Reply:
    """The answer to an import of these."""
    return portal.call("import_upload_invoices", invoices=list(invoices), **root)


def codes(reply: Reply) -> list[list[int]]:
    """The entries of `data.invoices`; one without codes when nothing is wrong."""
    if reply.code == 0:
        return [[]]
    assert reply.code == 14, reply.json
    found: list[list[int]] = reply.data["invoices"]
    return found


def accepted(reply: Reply) -> int:
    """The process of an import."""
    assert reply.code == 0, reply.json
    process: int = reply.data["id"]
    return process
