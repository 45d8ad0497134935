"""Nobody reads or changes what is another's: every operation, as every other account, with all that names it."""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import pytest

from fixtures.builders import InvoiceType, invoice
from mock_server.rulebook.operations import BY_NAME, OPERATIONS
from tests.client import ACCOUNTS, Portal, dumped
from tests.live import Servers, fresh_world

OUTSIDER = "8800000010"
CANARY = "SİRR-yalnız-sahibinə"
TIN = {"demo": "1234567890", "buyer": "0987654321"}
THIEVES = {"demo": ("buyer",), "buyer": ("demo", "clerk", "nophone", "disabled")}
FROM, TO = "01.01.2020", "31.12.2099"


class Owned(NamedTuple):
    """What one account has made: everything that could name it in a request."""

    portal: Portal
    ids: list[str]
    qaimes: list[str]
    processes: list[int]

    def seen(self) -> list[Any]:
        """All that its owner can see of it, `data` by `data`."""
        calls: list[tuple[str, dict[str, Any]]] = [("inv_read_invoices", {"ids": self.ids})]
        for process in self.processes:
            calls += [("read_proc_status", {"procId": process}), ("read_proc_data", {"procId": process})]
        dates = {"date_from": FROM, "date_to": TO, "phone": self.portal.account.phone}
        calls += [("etx_read_invoices", {**dates, "dir": dir_}) for dir_ in (0, 1)]
        return [self.portal.call(name, **body).data for name, body in calls]


def owned(portal: Portal) -> Owned:
    """A draft, two uploaded invoices (one an avans) and a download, with a word in them that is nobody else's."""
    tin = TIN[portal.account.username]
    types: tuple[InvoiceType, ...] = ("default", "avans", "default")
    mine = [
        invoice(place, type=type_, erp_id=f"MENIM-{place:05d}", seller=tin, buyer=OUTSIDER) | {"main_info": CANARY}
        for place, type_ in enumerate(types)
    ]
    drafts = portal.started("import_upload_invoices", invoices=mine[:1])
    upload = portal.started("import_upload_invoices", invoices=mine[1:], upload=True)
    portal.finished(drafts)
    portal.finished(upload)
    ids = [row["id"] for row in mine]
    qaimes = [row["qaime"] for row in portal.call("inv_read_invoices", ids=ids).data["invoices"] if row["qaime"]]
    dates = {"date_from": FROM, "date_to": TO, "phone": portal.account.phone}
    download = portal.started("etx_import", **dates, dir=1)
    portal.finished(download)
    return Owned(portal, ids, qaimes, [drafts, upload, download])


def attempts(of: Owned, phone: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation with everything of the victim's that it could name."""
    whole = {"date_from": FROM, "date_to": TO, "phone": phone}
    serials = [f"{qaime[:2]} {qaime[2:]}" for qaime in of.qaimes]
    for operation in OPERATIONS:
        match operation.name:
            case "import_upload_invoices":
                yield operation.name, {"invoices": [{"id": "OGRU-00001", "main_qaime": each} for each in of.qaimes]}
            case "inv_read_invoices":
                yield operation.name, {"ids": of.ids}
                yield operation.name, {"ids": [], "date_from": FROM, "date_to": TO}
            case "inv_delete":
                yield operation.name, {"ids": of.ids}
                yield from ((operation.name, {"ids": [each]}) for each in of.ids)
            case "read_proc_status" | "read_proc_data":
                yield from ((operation.name, {"procId": each}) for each in of.processes)
            case "etx_import":
                yield from ((operation.name, {**whole, "dir": dir_}) for dir_ in (0, 1))
                yield operation.name, {**whole, "phone": of.portal.account.phone}
            case "etx_read_invoices":
                yield from (
                    (operation.name, {"procId": each, "phone": phone, "dir": dir_})
                    for each, dir_ in product(of.processes, (0, 1))
                )
                yield from ((operation.name, {**whole, "dir": dir_}) for dir_ in (0, 1))
            case "etx_delete":
                yield from ((operation.name, {"serialNumbers": serials, "is_signed": each}) for each in (True, False))
            case "reset_start":
                yield operation.name, {"login": of.portal.account.username}
            case "reset_confirm":
                yield operation.name, {"login": of.portal.account.username, "key": "0" * 64}
            case name:
                raise AssertionError(f"nobody has said how {name} could reach for what is another's")


@pytest.mark.proves("R-52", "F-AUTH-01", "F-PART-03")
@pytest.mark.parametrize(("owner", "thief"), [(owner, each) for owner, them in THIEVES.items() for each in them])
def test_no_operation_reaches_what_is_another_companys(servers: Servers, owner: str, thief: str) -> None:
    victim = owned(Portal(servers.get().port, fresh_world(), owner))
    before = victim.seen()
    assert CANARY in str(before)
    other = victim.portal.as_(thief)
    for name, body in attempts(victim, ACCOUNTS[thief].phone):
        reply = other.call(name, **body)
        assert CANARY.encode() not in reply.raw, (name, body)
        if name == "etx_import" and reply.json.get("err_code") == 0:
            other.finished(reply.data["id"])
    assert victim.seen() == before


@pytest.mark.proves("R-52")
@pytest.mark.parametrize("owner", THIEVES)
def test_no_operation_reaches_into_another_world(servers: Servers, owner: str) -> None:
    victim = owned(Portal(servers.get().port, fresh_world(), owner))
    before = victim.seen()
    other = Portal(victim.portal.port, fresh_world(), owner)  # the very same credentials
    for name, body in attempts(victim, other.account.phone):
        reply = other.call(name, **body)
        assert CANARY.encode() not in reply.raw, (name, body)
        if name == "etx_import" and reply.json.get("err_code") == 0:
            other.finished(reply.data["id"])
    assert victim.seen() == before


@pytest.mark.proves("F-AUTH-02")
@pytest.mark.parametrize("proof", ["none", "empty", "wrong password", "wrong token", "a token of another form"])
def test_no_operation_works_for_nobody(portal: Portal, proof: str) -> None:
    victim = owned(portal)
    before = victim.seen()
    headers: dict[str, str | bytes] = {"Content-Type": "application/json"}
    credentials: dict[str, str] = {}
    if proof == "empty":
        credentials = {"username": "", "password": ""}
    elif proof == "wrong password":
        credentials = {"username": "demo", "password": "demo "}
    elif proof == "wrong token":
        headers["x-vatpapikey"] = "demo-tokem"
    elif proof != "none":
        headers["x-vatpapikey"] = "Bearer demo-token"
    for name, body in attempts(victim, portal.account.phone):
        operation = BY_NAME[name]
        if operation.credentials:
            reply = portal.send(operation.method, operation.path, dumped({**body, **credentials}), headers)
            assert reply.code in (4, 5), (name, body)
            assert CANARY.encode() not in reply.raw
    assert victim.seen() == before
