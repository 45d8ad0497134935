"""Ten thousand requests of every kind of nonsense, the same ones in each run.

Whatever comes, the answer is of the documented form, never an internal error, and what is refused has changed
nothing. Most go into the application without a socket (`tests/inprocess.py`), a few hundred over one.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.builders import invoice
from mock_server import Settings
from mock_server.app import Simulator
from mock_server.clock import SECOND, StillClock, SystemClock
from mock_server.rulebook.ledger import Ledger
from mock_server.rulebook.operations import BY_NAME, OPERATIONS, Operation
from tests.client import ACCOUNTS, JSON, Portal, Reply, dumped
from tests.inprocess import DirectPortal, InProcess, rows
from tests.live import Servers, fresh_world
from tests.mutations import ODD, TEXTS, mutated

SHARES = {"import": 1000, "others": 180, "json": 300, "bytes": 250, "query": 300, "headers": 150, "paths": 100}
"""Requests of each run; every test runs under each configuration, the one with good bodies for each operation."""

OVER_A_SOCKET = 300
LAST_ANSWERS = {one.id: list(one.answers)[-1] for one in Ledger.load().readings.values() if one.selectable}
CONFIGURATIONS = {
    "defaults": Settings(pace="instant", seed=1),
    "everything else": Settings(edition="2025-12", readings=LAST_ANSWERS, pace="fast", seed=2),
    "converting": Settings(edition="2025-12", readings={"R-42": "coerce", "R-11": "exact"}, pace="realistic", seed=3),
}
CLOCK = StillClock(1_780_000_000_000_000)
PHONE = ACCOUNTS["demo"].phone
WEEK = {"date_from": "01.08.2025", "date_to": "07.08.2025 14:30"}
SERIALS = ["AA2401 10000001", "AA2401 10000002", "MT2412 25000100"]
GOOD: Mapping[str, tuple[dict[str, Any], ...]] = {
    "import_upload_invoices": (
        {"invoices": [invoice(1, taxation="everything")], "upload": True, "use_old_sys": False},
        {
            "invoices": [
                invoice(2, items=2, type="goodsTransfer"),
                {"id": "FINAL-0001", "main_qaime": "AA24070000000"},
            ]
        },
    ),
    "inv_read_invoices": ({"ids": ["INV-2024-001", "AVANS-2025-01"]}, {"ids": [], **WEEK}),
    "inv_delete": ({"ids": ["INV-2024-001", "INV-2024-002"]},),
    "read_proc_status": ({"procId": 123}, {"procId": 5001}),
    "read_proc_data": ({"procId": 123}, {"procId": 5001}),
    "etx_import": (
        {"phone": PHONE, **WEEK, "dir": 1, "inc_kinds": "defaultInvoice,agent", "exc_status": "approved"},
        {"phone": PHONE, **WEEK},
    ),
    "etx_read_invoices": ({"phone": PHONE, "procId": 123, "dir": 1, "from": 1}, {"phone": PHONE, **WEEK}),
    "etx_delete": ({"serialNumbers": SERIALS[:2]}, {"serialNumbers": SERIALS[2:], "is_signed": True}),
    "reset_start": ({"login": "demo"},),
    "reset_confirm": ({"login": "demo", "key": "0a" * 32},),
}
NAMES = st.sampled_from(sorted(GOOD))
ACCOUNT = st.sampled_from(["demo", "demo", "demo", "buyer", "clerk", "nophone", "disabled", "partner"])

OPERATION = st.sampled_from(OPERATIONS)
METHOD = st.sampled_from(["", "", "", "GET", "POST", "DELETE", "PUT"])
"""Empty: the documented one."""

KEY = st.sampled_from(sorted({key for bodies in GOOD.values() for body in bodies for key in body})) | st.text(
    max_size=3
)
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=5), max_leaves=8
)
Check = Callable[..., None]
Made = Callable[[int], None]


def fuzz(share: int, **strategies: st.SearchStrategy[Any]) -> Callable[[Check], Check]:
    """So many requests made of these, the same in each run."""

    def decorate(check: Check) -> Check:
        slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
        limits = settings(
            max_examples=share, deadline=None, derandomize=True, database=None, suppress_health_check=slow
        )
        decorated: Check = limits(given(**strategies)(check))
        return decorated

    return decorate


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def server(request: pytest.FixtureRequest) -> Iterator[InProcess]:
    with InProcess(CONFIGURATIONS[request.param], CLOCK) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def portal(server: InProcess) -> DirectPortal:
    world = server.portal()
    world.call("read_proc_status", procId=123)  # the world comes to be on first use
    return world


@pytest.fixture
def made(server: InProcess) -> Made:
    """Demands that so many requests have been made since the test began."""
    before = server.requests

    def demand(share: int) -> None:
        assert server.requests - before >= share

    return demand


def sound(reply: Reply) -> bool:
    """Checks an answer (its form was checked on the way); whether it is a refusal."""
    assert reply.http < 500, reply
    code = reply.json.get("err_code", 0) if isinstance(reply.json, dict) else -1
    assert code != 10, reply
    return reply.http == 404 or code != 0


def nothing_due(app: Simulator, world: str, now: int) -> bool:
    """Whether the next request will meet no effect of an earlier one, which would change rows."""
    due = app.worlds.row(world).next_due
    return due is None or due > now


def sent(portal: DirectPortal, method: str, path: str, query: bytes, headers: Any, body: bytes) -> None:
    app = portal.server.app
    before = rows(app) if nothing_due(app, portal.world, CLOCK.now()) else None
    refused = sound(portal.exchange(method, path, query, headers, body))
    assert not refused or before is None or rows(app) == before


def credentials(account: str, by_token: bool) -> tuple[list[tuple[bytes, bytes]], dict[str, str]]:
    """Headers and members that show who calls."""
    headers = [(b"Content-Type", JSON.encode())]
    if by_token:
        return [*headers, (b"x-vatpapikey", ACCOUNTS[account].token.encode())], {}
    return headers, {"username": account, "password": account}


def test_these_are_ten_thousand() -> None:
    assert len(CONFIGURATIONS) * (sum(SHARES.values()) + (len(GOOD) - 2) * SHARES["others"]) >= 10_000


@pytest.mark.proves("F-ENV-03", "F-ERR-04", "R-47")
@pytest.mark.parametrize("name", sorted(GOOD))
def test_good_bodies_with_something_odd(server: InProcess, portal: DirectPortal, made: Made, name: str) -> None:
    """Time goes on between them, so that processes move and end."""
    operation = BY_NAME[name]
    methods = operation.methods(server.app.worlds.view(server.app.worlds.row(portal.world)).readings)
    share = SHARES["import" if operation.starts == "import" else "others"]

    @fuzz(
        share,
        body=st.sampled_from(GOOD[name]).flatmap(mutated),
        account=ACCOUNT,
        by_token=st.booleans(),
        method=st.sampled_from(methods),
        seconds=st.sampled_from([0, 0, 0, 1, 60, 400]),
    )
    def check(body: Any, account: str, by_token: bool, method: str, seconds: int) -> None:
        CLOCK.advance(seconds)
        headers, members = credentials(account, by_token)
        raw = dumped({**members, **body}).replace(b'"BUILT-', b'"%d-' % server.requests)  # lest all but one be 17
        sent(portal, method, operation.path, b"", headers, raw)

    check()
    made(share)


@pytest.mark.proves("F-ERR-04")
def test_any_json(portal: DirectPortal, made: Made) -> None:
    @fuzz(SHARES["json"], operation=OPERATION, method=METHOD, body=ANY_JSON, by_token=st.booleans())
    def check(operation: Operation, method: str, body: Any, by_token: bool) -> None:
        headers, members = credentials("demo", by_token)
        whole = {**members, **body} if isinstance(body, dict) else body
        sent(portal, method or operation.method, operation.path, b"", headers, dumped(whole))

    check()
    made(SHARES["json"])


@pytest.mark.proves("F-ERR-04")
def test_any_bytes(portal: DirectPortal, made: Made) -> None:
    pieces = [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b":",
        b",",
        b"\\u",
        b"d800",
        b"null",
        b"1e",
        b"9" * 99,
        b"\xff",
        b'"procId"',
    ]
    broken = st.lists(st.sampled_from(pieces) | st.binary(max_size=4), max_size=40).map(b"".join)

    @fuzz(SHARES["bytes"], operation=OPERATION, method=METHOD, body=st.binary(max_size=100) | broken)
    def check(operation: Operation, method: str, body: bytes) -> None:
        headers, _ = credentials("demo", by_token=True)
        sent(portal, method or operation.method, operation.path, b"", headers, body)

    check()
    made(SHARES["bytes"])


@pytest.mark.proves("F-ERR-04")
def test_any_query_string(portal: DirectPortal, made: Made) -> None:
    texts = st.sampled_from(TEXTS) | st.text(max_size=9) | st.integers().map(str)
    pairs = st.lists(st.tuples(KEY, texts), max_size=6).map(lambda found: urlencode(found, errors="replace").encode())
    whole = st.sampled_from(
        [b"", b"username=demo&password=demo&", b"username=demo&password=demo&phone=994501234567&"]
    )
    queries = st.tuples(whole, pairs | st.binary(max_size=30)).map(b"".join)

    @fuzz(
        SHARES["query"],
        operation=OPERATION,
        query=queries,
        by_token=st.booleans(),
        body=st.sampled_from([b"", b"{}"]),
    )
    def check(operation: Operation, query: bytes, by_token: bool, body: bytes) -> None:
        headers, _ = credentials("demo", by_token)
        sent(portal, "GET", operation.path, query, headers, body)

    check()
    made(SHARES["query"])


@pytest.mark.proves("F-ERR-04")
def test_any_headers(portal: DirectPortal, made: Made) -> None:
    names = st.sampled_from(
        [b"content-type", b"x-vatpapikey", b"accept", b"authorization", b"expect", b"cookie", b"te"]
    )
    values = st.sampled_from([JSON.encode(), b"demo-token", b"application/json; charset=utf-8", b"", b"*/*"])
    header = st.tuples(names | st.binary(max_size=8), values | st.binary(max_size=12))

    @fuzz(
        SHARES["headers"],
        name=NAMES,
        headers=st.lists(header, max_size=6),
        members=st.sampled_from([{}, {"username": "demo", "password": "demo"}]),
    )
    def check(name: str, headers: list[tuple[bytes, bytes]], members: dict[str, str]) -> None:
        operation = BY_NAME[name]
        sent(portal, operation.method, operation.path, b"", headers, dumped({**members, **GOOD[name][0]}))

    check()
    made(SHARES["headers"])


@pytest.mark.proves("R-46")
def test_any_path_and_any_method(server: InProcess, portal: DirectPortal, made: Made) -> None:
    roots = [
        f"/w/{portal.world}/api".encode(),
        b"/api",
        b"/w/../api",
        b"/w//api",
        b"/API",
        b"/w/" + b"x" * 64 + b"/api",
    ]
    ends = [operation.path.encode() for operation in OPERATIONS] + [
        b"",
        b"/",
        b"/../",
        b"//",
        b"/%00",
        b"/etx/delete/",
    ]
    paths = st.tuples(st.sampled_from(roots), st.sampled_from(ends), st.binary(max_size=3)).map(b"".join)
    methods = st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"])

    @fuzz(SHARES["paths"], path=paths, method=methods)
    def check(path: bytes, method: str) -> None:
        headers, _ = credentials("demo", by_token=True)
        http, raw = server.answer(method, path, b"", headers, b"{}")
        reply = Reply(http, raw, msgspec.json.decode(raw))
        sound(reply)
        assert http != 404 or len(reply.json["paths"]) == 10

    check()
    made(SHARES["paths"])


@pytest.mark.proves("F-ENV-03", "F-ERR-04")
def test_over_a_socket(servers: Servers) -> None:
    portal = Portal(servers.get().port, fresh_world())
    app = servers.get().app
    portal.call("read_proc_status", procId=123)
    values = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=12).map(str.strip)
    headers = st.dictionaries(st.sampled_from(["Accept", "X-Odd", "x-vatpapikey"]), values)

    @fuzz(
        OVER_A_SOCKET,
        name=NAMES,
        body=NAMES.flatmap(lambda name: mutated(GOOD[name][0])).map(dumped) | st.binary(max_size=60),
        more=headers,
        query=st.text("abc=&%[]0123456789+", max_size=12),
    )
    def check(name: str, body: bytes, more: dict[str, str], query: str) -> None:
        before = rows(app) if nothing_due(app, portal.world, SystemClock().now() + SECOND) else None
        path = BY_NAME[name].path + ("?" + query if query else "")
        members: dict[str, str | bytes] = {"Content-Type": JSON, "x-vatpapikey": "demo-token", **more}
        refused = sound(portal.send(BY_NAME[name].method, path, body, members))
        assert not refused or before is None or rows(app) == before

    check()
