"""What processes cause, applied when somebody asks: the same whoever asks when, over any number of restarts."""

import json
import re
import shutil
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.clock import SECOND, StillClock, WorldClock
from mock_server.rulebook.documents import fixture
from tests.client import Portal
from tests.timed import Timed, timed


@pytest.fixture(scope="module")
def instant() -> Iterator[Timed]:
    with timed(pace="instant") as server:
        yield server


@pytest.fixture(scope="module")
def fast() -> Iterator[Timed]:
    with timed(pace="fast") as server:
        yield server


def started(portal: Portal, *ids: str, buyer: str | None = None) -> int:
    """Upload an invoice for each ERP id."""
    invoices = [invoice(seed, erp_id=erp_id, buyer=buyer) for seed, erp_id in enumerate(ids, 1)]
    return portal.started("import_upload_invoices", invoices=invoices, upload=True)


def qaimes(portal: Portal, *ids: str) -> list[str]:
    return [row["qaime"] for row in portal.call("inv_read_invoices", ids=list(ids)).data["invoices"]]


def details(portal: Portal, process: int) -> Any:
    return portal.call("read_proc_data", procId=process).data


# A busy quarter of a minute: when somebody acts, and who. Everything overlaps.

DIARY: list[tuple[float, str, str, dict[str, Any]]] = [
    (0.0, "demo", "import", {"ids": ["A-00001", "A-00002", "A-00003"]}),
    (0.3, "buyer", "import", {"ids": ["B-00001"]}),
    (0.3, "demo", "import", {"ids": ["C-00001"], "buyer": "9000000009"}),
    (0.9, "demo", "import", {"ids": ["D-00001", "D-00002"], "buyer": "9000000006"}),
    (1.1, "demo", "import", {"ids": ["E-00001"], "buyer": "9000000002"}),
    (1.2, "demo", "delete", {"serialNumbers": ["MT2412 25000100"], "is_signed": True}),
    (1.3, "demo", "delete", {"serialNumbers": ["MT2412 25000100", "MT2412 25000101"], "is_signed": True}),
    (1.4, "demo", "download", {"dir": 1}),
    (1.4, "buyer", "download", {"dir": 0}),
    (2.6, "demo", "download", {"dir": 1, "phone": "994500000002"}),
    (2.7, "buyer", "import", {"ids": ["F-00001"], "buyer": "9000000001"}),
    (9.0, "demo", "download", {"dir": 1}),
]


def acted(portal: Portal, what: str, more: dict[str, Any]) -> int:
    if what == "import":
        return started(portal, *more["ids"], buyer=more.get("buyer"))
    if what == "delete":
        return portal.started("etx_delete", **more)
    dates = {"date_from": "01.12.2024", "date_to": "31.12.2026"}
    return portal.started("etx_import", **{"phone": portal.account.phone, **dates, **more})


def story(every: float | None) -> list[bytes]:
    """All that the portal says in the end, when somebody has polled so often meanwhile, or nobody has."""
    with timed(pace="fast") as server:
        portals = {name: server.portal("story", name) for name in ("demo", "buyer")}
        processes: list[tuple[Portal, int]] = []
        diary = list(DIARY)
        for tick in range(151):
            while diary and diary[0][0] * 10 <= tick:
                _, who, what, more = diary.pop(0)
                processes.append((portals[who], acted(portals[who], what, more)))
            if every is not None and tick % (every * 10) == 0:
                for portal, process in processes[-3:]:
                    portal.call("read_proc_status", procId=process)
            server.wait(0.1)
        bodies = []
        for portal, process in processes:
            bodies.append(portal.call("read_proc_data", procId=process).raw)
            bodies.append(
                portal.call("etx_read_invoices", procId=process, phone=portal.account.phone).raw,
            )
        for portal in portals.values():
            whole = {"date_from": "01.01.2024", "date_to": "31.12.2026"}
            bodies.append(portal.call("inv_read_invoices", ids=[], **whole).raw)
            for folder in (0, 1):
                read: dict[str, Any] = {"phone": portal.account.phone, "dir": folder, **whole}
                bodies.append(portal.call("etx_read_invoices", **read).raw)
        return bodies


@pytest.mark.proves("F-IMP-02", "R-33", "R-22", "F-DEL-09", "F-PROC-02")
def test_it_does_not_matter_who_polls_when() -> None:
    unseen = story(None)
    assert story(0.1) == unseen
    assert story(1) == unseen
    statuses = [json.loads(body)["data"]["status"] for body in unseen[: 2 * len(DIARY) : 2]]
    assert [*statuses[:5], *sorted(statuses[5:7]), *statuses[7:]] == [2, 2, 2, 3, 2, 2, 3, 2, 2, 2, 3, 2]
    numbers = set(re.findall(rb"AA2611[0-9]{7}", b"".join(unseen)))
    assert numbers == {b"AA2611%07d" % number for number in range(1, 9)}


@pytest.mark.proves("R-33", "F-IMP-14")
def test_numbers_go_by_the_instant_and_then_by_the_process() -> None:
    with timed(pace="manual") as server:
        portal = server.portal("order")
        first, second, third, fourth = (started(portal, f"ORDER-{place}") for place in (1, 2, 3, 4))
        for process, wait in ((fourth, 1), (third, 0), (first, 1), (second, 1)):
            server.happens(portal, process, "finish")
            server.wait(wait)
        numbers = dict(zip((4, 1, 3, 2), qaimes(portal, "ORDER-4", "ORDER-1", "ORDER-3", "ORDER-2"), strict=True))
    assert numbers == {4: "AA26110000001", 1: "AA26110000002", 3: "AA26110000003", 2: "AA26110000004"}


@pytest.mark.proves("R-33", "R-36", "R-73", "F-IMP-14")
def test_what_is_due_bears_the_date_it_was_due() -> None:
    """Over midnight and the end of a month in Baku, though nobody asks before the next morning."""
    with timed("31.12.2026 23:59", pace="fast") as server:
        portal = server.portal("new-year")
        processes = []
        for wait, erp_id in ((57, "OLD-YEAR-1"), (0.1, "OLD-YEAR-2"), (1.9, "NEW-YEAR-1"), (0.1, "NEW-YEAR-2")):
            server.wait(wait)
            processes.append(started(portal, erp_id))
        server.wait(36_000)
        shown = [details(portal, process)["etax_invoices"][0] for process in processes]
    assert sorted((each["qaime"], each["datetime"]) for each in shown) == [
        ("AA26120000001", "31.12.2026 23:59"),
        ("AA26120000002", "31.12.2026 23:59"),
        ("AA27010000001", "01.01.2027 00:00"),
        ("AA27010000002", "01.01.2027 00:00"),
    ]


@pytest.mark.proves("R-33", "F-SMP-02")
def test_numbers_the_world_holds_are_passed_over() -> None:
    with timed("15.01.2025 10:00", pace="instant") as server:
        portal = server.portal("held")
        ids = [f"HELD-{place:04d}" for place in range(125)]
        started(portal, *ids)
        numbers = qaimes(portal, *ids)
    held = {row["serial"] + row["number"] for row in json.loads(fixture("worlds/default.json"))["registry"]}
    assert "AA25010000123" in held
    running = (f"AA2501{number:07d}" for number in count(1))
    assert numbers == list(islice((number for number in running if number not in held), 125))
    assert numbers[-1] > "AA25010000123"


@pytest.mark.proves("R-33", "R-78")
def test_a_number_is_never_given_again(instant: Timed) -> None:
    portal = instant.portal("again")
    draft = details(portal, started(portal, "DRAFT-001", buyer="9000000006"))["invoices"][0]["qaime"]
    started(portal, "SIGNED-01")
    assert [draft, *qaimes(portal, "SIGNED-01")] == ["AA26110000001", "AA26110000002"]
    for serial, signed in (("AA 26110000001", False), ("AA 26110000002", True)):
        process = portal.started("etx_delete", serialNumbers=[serial], is_signed=signed)
        assert portal.finished(process)["stats"]["deleted"] == 1
    started(portal, "DRAFT-001", "SIGNED-01")
    assert qaimes(portal, "DRAFT-001", "SIGNED-01") == ["AA26110000003", "AA26110000004"]


@pytest.mark.proves("F-IMP-02")
def test_process_numbers_the_world_holds_are_passed_over(tmp_path: Path) -> None:
    world = json.loads(fixture("worlds/default.json"))
    file = tmp_path / "world.json"
    file.write_text(json.dumps({**world, "next_process": 122}), "utf-8")
    with timed(pace="instant", world=file) as server:
        portal = server.portal("numbers")
        assert [started(portal, f"NUMBERS-{place}") for place in (1, 2, 3)] == [122, 124, 125]


@pytest.mark.proves("R-40", "R-62", "R-66", "R-38")
def test_a_draft_deleted_before_it_is_signed_fails_the_batch(fast: Timed) -> None:
    portal = fast.portal("gone")
    process = started(portal, "GONE-001", "GONE-002")
    fast.until(fast.over(portal, process, "upload"))
    gone, left = (row["qaime"] for row in details(portal, process)["invoices"])
    deletion = portal.started("etx_delete", serialNumbers=[f"AA {gone[2:]}"])
    fast.happens(portal, deletion, "finish")
    assert portal.finished(deletion, tries=1)["stats"]["deleted"] == 1
    fast.wait(5)
    data = details(portal, process)
    assert (data["status"], data["stats"]["invoice_signed"]) == (3, False)
    assert data["stats"]["etx_exception"] == [f"Draft not found in e-taxes: {gone}"]
    assert [(each["qaime"], each["status"]) for each in data["etax_invoices"]] == [(left, "draft")]
    assert qaimes(portal, "GONE-001", "GONE-002") == [""]


@pytest.mark.proves("R-62", "R-38", "F-IMP-13")
def test_what_never_reached_etaxes_is_not_refused_by_it(instant: Timed) -> None:
    """PIN1 is refused, so nobody has looked at the VOEN."""
    portal = instant.portal("never")
    invoices = [invoice(1, buyer="9000000001"), invoice(2, buyer="9000000004")]
    data = details(portal, portal.started("import_upload_invoices", invoices=invoices, upload=True))
    assert data["stats"]["etx_exception"] == ["PIN1 refused by the user"]
    assert [(each["status"], each["errors"]) for each in data["invoices"]] == [("imported", [])] * 2


@pytest.mark.proves("F-IMP-02", "R-33", "R-64")
@pytest.mark.parametrize("down", [0, 1.0, 3600], ids=["at once", "before it is over", "long after"])
def test_a_restart_in_the_middle_goes_on_where_it_was(tmp_path: Path, down: float) -> None:
    database = f"sqlite:///{tmp_path}/portal.db"
    with timed(pace="fast", database=database) as server:
        portal = server.portal("restart")
        process = started(portal, "RESTART-1", "RESTART-2")
        server.until(server.over(portal, process, "login"))
        before = portal.call("read_proc_status", procId=process).data
        assert (before["status"], before["stats"]["login_done"]) == (1, True)
        ends = server.plan(portal, process)[1].ended
        now = server.clock.now()
    assert ends is not None
    with timed(now + round(down * SECOND), pace="fast", database=database, seed=2) as server:
        portal = server.portal("restart")
        if down == 0:
            assert portal.call("read_proc_status", procId=process).data == before
        if down < 3600:
            server.until(ends - 1)
            assert portal.call("read_proc_status", procId=process).data["status"] == 1
            server.until(ends)
        data = details(portal, process)
        assert (data["status"], data["stats"]["pin1_code"]) == (2, before["stats"]["pin1_code"])
        assert [each["datetime"] for each in data["etax_invoices"]] == ["20.11.2026 12:00"] * 2
        assert qaimes(portal, "RESTART-1", "RESTART-2") == ["AA26110000001", "AA26110000002"]


@pytest.mark.proves("F-IMP-02", "F-PROC-02")
def test_a_killed_server_loses_nothing(tmp_path: Path) -> None:
    """Its files as they lie on the disk, not closed by anybody, are all that another one needs."""
    with timed(pace="fast", database=f"sqlite:///{tmp_path}/portal.db") as server:
        portal = server.portal("killed")
        process = started(portal, "KILLED-1")
        now = server.clock.now()
        (tmp_path / "left").mkdir()
        for file in tmp_path.glob("portal.db*"):
            shutil.copy(file, tmp_path / "left")
    with timed(now + 5 * SECOND, pace="fast", database=f"sqlite:///{tmp_path}/left/portal.db") as server:
        portal = server.portal("killed")
        assert portal.finished(process, tries=1)["status"] == 2
        assert qaimes(portal, "KILLED-1") == ["AA26110000001"]


@pytest.mark.proves("F-PROC-02", "R-33")
def test_several_servers_on_one_database_agree(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/portal.db"
    with timed(pace="fast", database=database) as one, timed(pace="fast", database=database) as other:
        here, there = one.portal("several"), other.portal("several")
        first, second = started(here, "HERE-001"), started(there, "THERE-01")
        assert first != second
        for _ in range(45):
            for server in (one, other):
                server.wait(0.1)
            for process in (first, second):
                bodies = {portal.call("read_proc_data", procId=process).raw for portal in (here, there, here)}
                assert len(bodies) == 1
        assert qaimes(here, "HERE-001", "THERE-01") == qaimes(there, "HERE-001", "THERE-01")
        assert len(set(qaimes(here, "HERE-001", "THERE-01"))) == 2


@pytest.mark.proves("F-PROC-02")
def test_world_time_follows_real_time_forward_only() -> None:
    anchored = WorldClock(real=1000, world=5000, speed=1.0)
    assert [anchored.at(real) for real in (1000, 1500, 900)] == [5000, 5500, 5000]
    assert WorldClock(1000, 5000, 60.0).at(1010) == 5600
    assert WorldClock(1000, 5000, 0.0).at(10**12) == 5000
    still = StillClock(7)
    still.advance(0.5)
    assert (still.now(), still.stopwatch()) == (500_007, 500_007_000)


@pytest.mark.proves("F-PROC-02")
def test_worlds_do_not_settle_one_another(fast: Timed) -> None:
    one, other = fast.portal("one"), fast.portal("other")
    process = started(one, "WORLD-01")
    assert started(other, "WORLD-01") == process
    fast.wait(10)
    assert one.finished(process, tries=1)["status"] == 2
    assert qaimes(other, "WORLD-01") == ["AA26110000001"]
