"""Invoices by the thousand: what seeding puts into e-taxes, that it can be repeated, watched and stopped."""

import threading
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.control import seeding
from tests.client import Portal, exact
from tests.control.steer import Reply, Steer, dump
from tests.live import LiveServer, fresh_world
from tests.timed import timed

DEMO, BUYER = "1234567890", "0987654321"
CENT = Decimal("0.01")
HEADER = (
    "id main_subject add_subject serial number qaime cmp_from cmp_to tin_from tin_to datetime ini_amount ini_amount1"
    " ini_amount2 excise_amount apply_amount skip_amount zero_amount free_amount vat_amount transp_amount net_amount"
    " status type lines"
)
LINE = (
    "id line prod_code prod_name barcode unit_name unit_price unit_qty ini_amount ini_amount2 grade total_excise"
    " apply_amount skip_amount zero_amount free_amount vat_amount transp_amount net_amount"
)
ALWAYS = {"date_from": "01.01.2000", "date_to": "31.12.2099"}


def downloaded(portal: Portal, dir_: int) -> list[dict[str, Any]]:
    """All that a download brings, amounts as they are written."""
    folder: dict[str, Any] = {"dir": dir_, "phone": portal.account.phone}
    process = portal.started("etx_import", **folder, **ALWAYS)
    portal.finished(process)
    found: list[dict[str, Any]] = []
    for page in range(1, 20):
        where = {**folder, "procId": process, "from": page}
        reply = portal.call("etx_read_invoices", **where)
        found += exact(reply.raw)["data"]["invoices"]
        if len(found) == reply.data["total"]:
            return found
    raise AssertionError("there is no end to it")


def seeded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["serial"] == "SD"]


def test_twelve_thousand_come_with_a_download(portal: Portal, steer: Steer) -> None:
    before = len(downloaded(portal, 0))
    assert steer.post("invoices", count=12_000, dir=0) == {"seeded": 12_000, "id": 1}
    rows = downloaded(portal, 0)
    assert (len(rows), len(seeded(rows))) == (before + 12_000, 12_000)
    assert len({row["qaime"] for row in rows}) == len({row["id"] for row in rows}) == len(rows)
    assert not seeded(downloaded(portal, 1))
    assert not seeded(downloaded(portal.as_("buyer"), 0))
    assert steer.get("seedings") == {
        "seedings": [{"id": 1, "done": 12_000, "total": 12_000, "state": "done"}],
        "total": 1,
    }


def test_later_ones_have_later_numbers_from_the_first_day_to_the_last(portal: Portal, steer: Steer) -> None:
    steer.post("invoices", count=300, dir=0, date_from="28.02.2019", date_to="01.03.2019")
    rows = sorted(seeded(downloaded(portal, 0)), key=lambda row: int(row["id"]))
    days = [row["datetime"][:10] for row in rows]
    assert [days.count(day) for day in ("28.02.2019", "01.03.2019")] == [150, 150]
    assert days == ["28.02.2019"] * 150 + ["01.03.2019"] * 150
    assert [row["number"] for row in rows] == sorted(row["number"] for row in rows)


@pytest.mark.proves("F-RD-04", "F-RD-05", "F-RD-06", "R-34")
def test_a_seeded_invoice_looks_like_any_other(portal: Portal, steer: Steer) -> None:
    steer.post("invoices", count=1000, dir=1)
    for row in seeded(downloaded(portal, 1)):
        assert " ".join(row) == HEADER
        assert row["qaime"] == row["serial"] + row["number"]
        assert {" ".join(line) for line in row["lines"]} == {LINE}
        assert [line["line"] for line in row["lines"]] == list(range(1, len(row["lines"]) + 1))
        assert len({line["id"] for line in row["lines"]}) == len(row["lines"])
        amounts = [row[name] for name in row if name.endswith(("amount", "amount1", "amount2"))]
        assert {(type(amount), amount.as_tuple().exponent) for amount in amounts} == {(Decimal, -2)}


@pytest.mark.proves("R-11")
def test_amounts_add_up_to_the_cent(portal: Portal, steer: Steer) -> None:
    steer.post("invoices", count=2000, dir=0)
    invoices = seeded(downloaded(portal, 0))
    assert len({row["net_amount"] for row in invoices}) > 100
    for row in invoices:
        for line in row["lines"]:
            assert line["unit_price"] * line["unit_qty"] == line["ini_amount"]
            assert line["ini_amount"] + line["total_excise"] == line["ini_amount2"]
            bases = [line[f"{name}_amount"] for name in ("apply", "skip", "zero", "free")]
            assert sum(bases) in (0, line["ini_amount2"])
            vat = (line["apply_amount"] * Decimal("0.18")).quantize(CENT, ROUND_HALF_UP)
            assert line["vat_amount"] == vat
            assert line["ini_amount2"] + vat + line["transp_amount"] == line["net_amount"]
        assert row["ini_amount"] == row["ini_amount1"] == sum(line["ini_amount"] for line in row["lines"])
        assert row["excise_amount"] == sum(line["total_excise"] for line in row["lines"])
        for name in (
            "ini_amount2",
            *(f"{of}_amount" for of in ("apply", "skip", "zero", "free", "vat", "transp", "net")),
        ):
            assert row[name] == sum(line[name] for line in row["lines"]), name
        assert row["ini_amount2"] + row["vat_amount"] + row["transp_amount"] == row["net_amount"]


def test_words_and_dates_are_those_asked_for(portal: Portal, steer: Steer) -> None:
    steer.post(
        "invoices",
        count=500,
        dir=1,
        kinds=["agent", "goodsTransfer"],
        statuses=["canceled", "deactivated", "deletedBySystem"],
        date_from="28.02.2024",
        date_to="01.03.2024 09:59",
    )
    rows = seeded(downloaded(portal, 1))
    assert len(rows) == 500
    assert {row["type"] for row in rows} == {"agent", "goodsTransfer"}
    assert {row["status"] for row in rows} == {"canceled", "deactivated", "deletedBySystem"}
    assert {row["datetime"][:10] for row in rows} == {"28.02.2024", "29.02.2024", "01.03.2024"}
    assert max(row["datetime"][11:] for row in rows if row["datetime"].startswith("01.03")) <= "09:59"
    assert {row["number"][:4] for row in rows} == {"2402", "2403"}
    assert {(row["tin_from"], row["cmp_from"]) for row in rows} == {(DEMO, "Demo Ticarət MMC")}
    for row in rows:
        assert (row["tin_to"] == DEMO) == (row["type"] == "goodsTransfer")


def test_without_words_and_dates_everything_of_the_last_thirty_days() -> None:
    with timed("20.11.2026 12:00", pace="instant") as server:
        portal = server.portal("all")
        steer = Steer(portal.port, "all")
        steer.post("invoices", count=3000)
        rows = seeded(downloaded(portal, 0))
    assert len({row["status"] for row in rows}) == 11
    kinds = {row["type"] for row in rows}
    assert (len(kinds), "goodsTransfer" in kinds) == (12, False)
    moments = sorted(f"{d[6:10]}-{d[3:5]}-{d[:2]} {d[11:]}" for d in (row["datetime"] for row in rows))
    assert moments[0] >= "2026-10-21 12:00"
    assert moments[-1] < "2026-11-20 12:00"
    assert (moments[0][:10], moments[-1][:10]) == ("2026-10-21", "2026-11-20")


@pytest.mark.proves("F-DEL-02")
def test_drafts_lie_in_the_draft_folder_and_can_be_deleted(portal: Portal, steer: Steer) -> None:
    steer.post("invoices", count=3, folder="draft", company=DEMO)
    rows = [row for row in steer.get(f"invoices?folder=draft&company={DEMO}")["invoices"] if row["qaime"][:2] == "SD"]
    assert (len(rows), {row["status"] for row in rows}) == (3, {"draft"})
    assert not seeded(downloaded(portal, 1))
    process = portal.started("etx_delete", serialNumbers=[f"SD {row['qaime'][2:]}" for row in rows])
    assert portal.finished(process)["stats"]["deleted"] == 3


def test_the_company_named_gets_them(portal: Portal, steer: Steer) -> None:
    steer.post("invoices", count=7, dir=0, company=BUYER)
    assert not seeded(downloaded(portal, 0))
    rows = seeded(downloaded(portal.as_("buyer"), 0))
    assert (len(rows), {(row["tin_to"], row["cmp_to"]) for row in rows}) == (7, {(BUYER, "Alıcı MMC")})


@pytest.mark.proves("R-33")
def test_numbers_run_on_in_a_series_of_their_own(portal: Portal, steer: Steer) -> None:
    days = {"date_from": "01.05.2025", "date_to": "31.05.2025"}
    steer.post("invoices", count=20, dir=0, **days)
    steer.post("invoices", count=20, dir=1, **days)
    numbers = sorted(row["number"] for dir_ in (0, 1) for row in seeded(downloaded(portal, dir_)))
    assert numbers == [f"2505{n:07d}" for n in range(1, 41)]
    (qaime,) = portal.uploaded(invoice(1))
    assert (qaime[:2], qaime[6:]) == ("AA", "0000001")


@pytest.mark.parametrize(
    ("body", "nearest"),
    [
        ({}, None),
        ({"count": 0}, None),
        ({"count": 2_000_001}, None),
        ({"count": -1}, None),
        ({"count": 1.5}, None),
        ({"cuont": 1}, "count"),
        ({"count": 1, "dir": 2}, None),
        ({"count": 1, "dir": 0, "folder": "sent"}, None),
        ({"count": 1, "folder": "drafts"}, "draft"),
        ({"count": 1, "kinds": ["defaultInvoce"]}, "defaultInvoice"),
        ({"count": 1, "kinds": ["goodsTransfer"]}, "exciseGoodsTransfer"),
        ({"count": 1, "statuses": ["aproved"]}, "approved"),
        ({"count": 1, "statuses": ["draft"]}, None),
        ({"count": 1, "folder": "draft", "statuses": ["approved"]}, None),
        ({"count": 1, "date_from": "2025-01-01"}, None),
        ({"count": 1, "date_from": "02.01.2025", "date_to": "01.01.2025"}, None),
        ({"count": 1, "date_from": "31.12.1999", "date_to": "01.01.2000"}, None),
        ({"count": 1, "date_from": "31.12.2099", "date_to": "01.01.2100"}, None),
        ({"count": 1, "company": "1234567899"}, DEMO),
        ({"count": 1, "seed": 10**16}, None),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_seeded(
    body: dict[str, Any], nearest: str | None, steer: Steer
) -> None:
    problem = steer.refused(400, "POST", "invoices", body)
    assert problem.get("nearest") == nearest
    assert steer.get("seedings") == {"seedings": [], "total": 0}


def rows_after(seed: int | None, worlds: tuple[str, str], server: LiveServer) -> list[list[tuple[Any, ...]]]:
    """E-taxes of two worlds after the same two seedings."""
    found = []
    for world in worlds:
        steer = Steer(server.port, world)
        for folder in ("sent", "draft"):
            steer.post("invoices", count=4500, folder=folder, **({} if seed is None else {"seed": seed}))
        found.append(dump(server, world)["registry"])
    return found


def test_the_same_seed_gives_the_same_bytes() -> None:
    with timed(pace="instant") as one, timed(pace="instant") as other:
        left, right = rows_after(7, ("a", "b"), one.server)
        assert left == right
        assert left != rows_after(8, ("c", "d"), one.server)[0]
        (first, stranger), (second, _) = (
            rows_after(None, ("mine", "other"), server.server) for server in (one, other)
        )
        assert first == second
        assert first != stranger


def test_the_size_of_a_chunk_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with timed(pace="instant") as server:
        monkeypatch.setattr(seeding, "CHUNK", 100)
        (left, _) = rows_after(7, ("a", "b"), server.server)
        monkeypatch.undo()
        assert left == rows_after(7, ("c", "d"), server.server)[0]


class Seeding(threading.Thread):
    """A large seeding under way."""

    def __init__(self, steer: Steer, count: int) -> None:
        super().__init__(daemon=True)
        self._steer, self._count = steer, count
        self.reply: Reply | None = None

    def run(self) -> None:
        self.reply = self._steer.send("POST", "invoices", {"count": self._count})

    def said(self) -> Reply:
        self.join(timeout=120)
        assert self.reply is not None
        return self.reply


@pytest.fixture
def under_way(alone: LiveServer) -> Iterator[tuple[Steer, Seeding]]:
    """A world and a seeding that has written something and is not done."""
    steer = Steer(alone.port, fresh_world())
    run = Seeding(steer, 60_000)
    run.start()
    for _ in range(10_000):
        rows = steer.get("seedings")["seedings"]
        if rows and rows[0]["done"]:
            break
    assert rows[0]["state"] == "running"
    assert 0 < rows[0]["done"] < 60_000
    yield steer, run
    run.join(timeout=120)


def test_others_have_their_turn_meanwhile_and_see_how_far_it_is(under_way: tuple[Steer, Seeding]) -> None:
    steer, run = under_way
    assert Steer(steer.port, "other").get("clock")["frozen"] is False
    seen = [steer.get("seedings")["seedings"][0]["done"]]
    while seen[-1] < 60_000:
        seen.append(steer.get("seedings")["seedings"][0]["done"])
    assert len(set(seen)) > 3
    assert seen == sorted(seen)
    assert run.said().json == {"seeded": 60_000, "id": 1}
    assert steer.get("invoices?dir=0&size=1")["total"] > 60_000


@pytest.mark.parametrize("how", ["reset", "restore", "delete"])
def test_a_new_life_of_the_world_stops_it(how: str, under_way: tuple[Steer, Seeding]) -> None:
    steer, run = under_way
    if how == "reset":
        steer.post("reset")
    elif how == "restore":
        steer.post("snapshots", name="half")
        steer.post("snapshots/half/restore")
    else:
        Steer(steer.port).delete(f"worlds/{steer.world}")
    reply = run.said()
    assert (reply.http, reply.json["status"]) == (409, 409)
    rows = steer.get("seedings")["seedings"]
    if how == "restore":
        assert [row["state"] for row in rows] == ["stopped"]
        assert steer.get("invoices?dir=0&size=1")["total"] < 60_000
    else:
        assert rows == []
        before = Steer(steer.port, fresh_world()).get("invoices?dir=0&size=1")["total"]
        assert steer.get("invoices?dir=0&size=1")["total"] == before
    assert steer.post("invoices", count=5)["seeded"] == 5
