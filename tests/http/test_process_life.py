"""The life of a process, as its status and its details tell it, over a clock that only the test moves."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.portal.stages import Happening
from tests.client import Portal
from tests.live import Servers, fresh_world
from tests.timed import Timed, timed

DATES = {"date_from": "01.01.2024", "date_to": "31.12.2026"}
PHONE = "994501234567"


@pytest.fixture(scope="module")
def realistic() -> Iterator[Timed]:
    with timed(pace="realistic") as server:
        yield server


@pytest.fixture(scope="module")
def instant() -> Iterator[Timed]:
    with timed(pace="instant") as server:
        yield server


def imported(portal: Portal, *ids: str, upload: bool = True, buyer: str | None = None) -> int:
    invoices = [invoice(seed, erp_id=erp_id, buyer=buyer) for seed, erp_id in enumerate(ids, 1)]
    return portal.started("import_upload_invoices", invoices=invoices, upload=upload)


def downloaded(portal: Portal, phone: str = PHONE) -> int:
    return portal.started("etx_import", phone=phone, dir=1, **DATES)


def deleted(portal: Portal, *serials: str, signed: bool = False) -> int:
    return portal.started("etx_delete", serialNumbers=list(serials), is_signed=signed)


def status(portal: Portal, process: int) -> Any:
    return portal.call("read_proc_status", procId=process).data


def details(portal: Portal, process: int) -> Any:
    return portal.call("read_proc_data", procId=process).data


def life(server: Timed, portal: Portal, process: int, every: float = 1) -> list[tuple[float, dict[str, Any]]]:
    """Every status that is not the one before, with the seconds passed, by polling until the end."""
    story: list[tuple[float, dict[str, Any]]] = []
    seconds = 0.0
    while seconds < 1000:
        data = status(portal, process)
        if not story or story[-1][1] != data:
            story.append((seconds, data))
        if data["status"] in (2, 3):
            return story
        server.wait(every)
        seconds += every
    raise AssertionError(f"process {process} goes on and on: {story[-1]}")


def without_codes(stats: dict[str, Any]) -> dict[str, Any]:
    return {key: "code" if key in ("pin1_code", "pin2_code") else value for key, value in stats.items()}


@pytest.mark.proves(
    *("F-IMP-02", "F-IMP-11", "F-IMP-14", "F-PROC-02", "F-PROC-03", "F-PROC-04", "F-PROC-06"),
    *("R-05", "R-06", "R-06b", "R-07", "R-31", "R-63", "R-64", "R-65", "R-66"),
)
def test_an_upload_from_beginning_to_end(realistic: Timed) -> None:
    portal = realistic.portal("upload")
    process = imported(portal, "UPLOAD-1", "UPLOAD-2")
    assert type(process) is int
    story = life(realistic, portal, process)
    start = {"imported": 0, "packet_created": 0, "login_done": False, "invoice_signed": False}
    stages: list[dict[str, Any]] = [
        {},
        {"imported": 2},
        {"packet_created": 1, "pin1_code": "code"},
        {"login_done": True},
        {"pin2_code": "code"},
        {"invoice_signed": True},
    ]
    expected = [start]
    for stage in stages[1:]:
        expected.append({**expected[-1], **stage})
    assert [without_codes(data["stats"]) for _, data in story] == [*expected, expected[-1]]
    assert [data["status"] for _, data in story] == [1, 1, 1, 1, 1, 1, 2]
    assert [data["status_desc"] for _, data in story] == ["Process running"] * 6 + ["Process Finalized Successfully"]
    codes = [story[-1][1]["stats"][key] for key in ("pin1_code", "pin2_code")]
    assert all(re.fullmatch("[0-9]{4}", code) for code in codes)
    assert all(data["stats"].get("pin1_code", codes[0]) == codes[0] for _, data in story)
    assert 180 <= story[-1][0] <= 301
    for row in portal.call("inv_read_invoices", ids=["UPLOAD-1", "UPLOAD-2"]).data["invoices"]:
        assert re.fullmatch("AA2611[0-9]{7}", row["qaime"])


@pytest.mark.proves("F-IMP-12", "F-PROC-04", "F-PROC-06", "R-63", "R-69")
def test_an_import_alone_never_reaches_etaxes(realistic: Timed) -> None:
    portal = realistic.portal("import-only", "nophone")
    process = imported(portal, "ALONE-01", "ALONE-02", upload=False)
    story = life(realistic, portal, process)
    quiet = {"packet_created": 0, "login_done": False}
    assert [data["stats"] for _, data in story] == [{"imported": 0, **quiet}, {"imported": 2, **quiet}]
    assert [data["status"] for _, data in story] == [1, 2]
    assert 30 <= story[-1][0] <= 61
    data = details(portal, process)
    assert data["etax_invoices"] == []
    assert [(row["qaime"], row["status"]) for row in data["invoices"]] == [("", "imported")] * 2
    assert {line["stage"] for line in data["log"]} == {"import"}


@pytest.mark.proves("F-ETX-04", "F-PROC-06", "R-30", "R-63")
def test_a_download_asks_for_one_pin_and_then_brings_everything(realistic: Timed) -> None:
    portal = realistic.portal("download")
    process = downloaded(portal)
    counts: list[int] = []
    story: list[Any] = []
    while not story or story[-1]["status"] == 1:
        story.append(status(portal, process))
        counts.append(portal.call("etx_read_invoices", procId=process, phone=PHONE).data["total"])
        realistic.wait(1)
    assert 180 <= len(story) <= 301
    assert [count for count in counts[:-1] if count] == []
    assert counts[-1] == story[-1]["stats"]["imported"] > 50
    shapes = list(dict.fromkeys(tuple(without_codes(data["stats"]).items()) for data in story))
    asked = (("imported", 0), ("login_done", False), ("pin1_code", "code"))
    logged_in = (("imported", 0), ("login_done", True), ("pin1_code", "code"))
    brought = (("imported", counts[-1]), ("login_done", True), ("pin1_code", "code"))
    assert [dict(shape) for shape in shapes] == [dict(asked), dict(logged_in), dict(brought)]
    assert len(details(portal, process)["etax_invoices"]) == counts[-1]


@pytest.mark.proves("F-DEL-06", "F-PROC-06", "R-63", "R-68")
def test_a_deletion_counts_what_it_deleted_and_asks_no_pin(realistic: Timed) -> None:
    portal = realistic.portal("deletion")
    process = deleted(portal, "AA2401 10000001", "AA2401 10000002", "AA2401 10000001")
    story = life(realistic, portal, process)
    assert [data["stats"] for _, data in story] == [{"deleted": 0}, {"deleted": 2}]
    assert 180 <= story[-1][0] <= 301


@pytest.mark.proves("R-68")
def test_a_deletion_may_ask_for_a_pin() -> None:
    with timed(pace="realistic", readings={"R-68": "pin1"}) as server:
        portal = server.portal("pin1")
        process = deleted(portal, "AA2401 10000001")
        story = life(server, portal, process)
        assert [without_codes(data["stats"]) for _, data in story] == [
            {"deleted": 0, "pin1_code": "code"},
            {"deleted": 1, "pin1_code": "code"},
        ]
        refused = deleted(portal, "AA2401 10000002")
        server.happens(portal, refused, "refuse")
        assert status(portal, refused)["stats"]["etx_exception"] == ["PIN1 refused by the user"]


@pytest.mark.proves("F-IMP-11", "F-IMP-12", "F-ETX-04", "F-DEL-06", "F-PROC-02", "F-PROC-06")
@pytest.mark.parametrize(
    ("pace", "soon", "late"), [("instant", None, 0), ("fast", 0.49, 3.31), ("realistic", 29, 301)]
)
def test_every_kind_ends_in_time_at_every_pace(pace: str, soon: float | None, late: float) -> None:
    with timed(pace=pace) as server:
        portal = server.portal("paces")
        kinds = [
            imported(portal, "PACES-01"),
            imported(portal, "PACES-02", upload=False),
            downloaded(portal),
            deleted(portal, "AA2401 10000001"),
        ]
        if soon is not None:
            server.wait(soon)
            assert [status(portal, process)["status"] for process in kinds] == [1, 1, 1, 1]
            server.wait(late - soon)
        assert [status(portal, process)["status"] for process in kinds] == [2, 2, 2, 2]


@pytest.mark.proves("F-PROC-02", "R-31")
def test_by_hand_a_process_waits_for_each_step() -> None:
    with timed(pace="manual") as server:
        portal = server.portal("by-hand")
        kinds = {
            imported(portal, "BY-HAND-1"): 6,
            imported(portal, "BY-HAND-2", upload=False): 1,
            downloaded(portal): 3,
            deleted(portal, "AA2401 10000001"): 2,
        }
        for process, steps in kinds.items():
            for place in range(steps):
                server.wait(100_000)
                assert status(portal, process)["status"] == 1
                server.happens(portal, process, "step", stage=place)
            assert status(portal, process)["status"] == 2
        upload = imported(portal, "BY-HAND-3")
        course: list[tuple[Happening, dict[str, Any]]] = [
            ("step", {"imported": 1}),
            ("step", {"packet_created": 1}),
            ("confirm", {"login_done": True}),
            ("step", {}),
            ("refuse", {"etx_exception": ["PIN2 refused by the user"]}),
        ]
        for what, shown in course:
            server.happens(portal, upload, what)
            stats = status(portal, upload)["stats"]
            assert {key: stats[key] for key in shown} == shown
        assert status(portal, upload)["status"] == 3


DESCRIPTIONS = {
    "finalized": ("Process Finalized Successfully", "Process Finalized With Error"),
    "quickstart": ("Process completed successfully", "Process completed with error"),
    "az": ("Proses Uğurla Tamamlandı", "Proses Xəta ilə Tamamlandı"),
}


@pytest.mark.proves("R-06", "F-PROC-03", "R-05")
@pytest.mark.parametrize("answer", DESCRIPTIONS)
def test_how_the_end_is_called(answer: str, servers: Servers) -> None:
    portal = Portal(servers.get(readings={"R-06": answer}).port, fresh_world())
    good, bad = imported(portal, "CALLED-1"), imported(portal, "CALLED-2", buyer="9000000001")
    for call in (status, details):
        for process, code, desc in zip((good, bad), (2, 3), DESCRIPTIONS[answer], strict=True):
            data = call(portal, process)
            assert (data["status"], data["status_desc"]) == (code, desc)


@pytest.mark.proves("R-07", "R-06b", "F-PROC-02")
def test_a_process_may_wait_in_a_queue() -> None:
    with timed(pace="realistic", readings={"R-07": "queued-first"}) as server:
        portal = server.portal("queue")
        kinds = [imported(portal, "QUEUE-01"), downloaded(portal), deleted(portal, "AA2401 10000001")]
        first = [status(portal, process) for process in kinds]
        assert [data["status"] for data in first] == [0, 0, 0]
        assert "pin1_code" not in first[1]["stats"]
        stories = [life(server, portal, process) for process in kinds[:1]]
        assert list(dict.fromkeys(data["status"] for _, data in stories[0])) == [0, 1, 2]
        assert {data["status_desc"] for _, data in stories[0][:-1]} == {"Process running"}
        assert min(seconds for seconds, data in stories[0] if data["status"] == 1) == 5


@pytest.mark.proves("R-15", "R-52", "F-PROC-01")
@pytest.mark.parametrize(("answer", "code"), [("3", 3), ("20", 20)])
def test_nobody_learns_whether_anothers_process_exists(answer: str, code: int, servers: Servers) -> None:
    portal = Portal(servers.get(readings={"R-15": answer}).port, fresh_world())
    mine = imported(portal, "MINE-001")
    stranger = portal.as_("buyer")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("read_proc_status", {}),
        ("read_proc_data", {}),
        ("etx_read_invoices", {"phone": stranger.account.phone}),
    ]
    for name, more in calls:
        replies = {stranger.call(name, procId=process, **more).raw for process in (mine, mine + 1000)}
        assert len(replies) == 1
        reply = stranger.call(name, procId=mine, **more)
        assert reply.code == code
        if code == 3:
            assert reply.json["err_msg"] == "Process not found"
        assert portal.as_("clerk").call(name, procId=mine, **{**more, "phone": PHONE}).code == 0


@pytest.mark.proves("F-PROC-01", "F-AUTH-01", "R-05")
@pytest.mark.parametrize("name", ["read_proc_status", "read_proc_data"])
def test_a_process_is_asked_for_by_number(name: str, portal: Portal) -> None:
    one, other = imported(portal, "NUMBER-1"), downloaded(portal)
    by_password = {process: portal.call(name, procId=process) for process in (one, other)}
    assert [reply.code for reply in by_password.values()] == [0, 0]
    assert by_password[one].raw != by_password[other].raw
    assert set(by_password[one].json) == {"res", "err_code", "err_msg", "data"}
    assert portal.call(name, token="demo-token", procId=one).raw == by_password[one].raw
    assert portal.call(name).code == 3
    assert portal.call(name, token="wrong", procId=one).code == 5


PIN1_FAILS = {
    "reject": ("PIN1 refused by the user", 60.5),
    "timeout": ("PIN1 not confirmed in time", 120),
    "manual": ("PIN1 not confirmed in time", 120),
}


@pytest.mark.proves("R-31", "R-66")
@pytest.mark.parametrize("answer", PIN1_FAILS)
def test_pins_that_are_not_confirmed_end_badly(answer: str) -> None:
    text, within = PIN1_FAILS[answer]
    with timed(pace="realistic", readings={"R-31": answer}) as server:
        portal = server.portal("unconfirmed")
        process = downloaded(portal)
        if answer != "reject":
            server.wait(within - 0.001)
            assert status(portal, process)["status"] == 1
            server.wait(0.001)
        else:
            server.wait(within)
        data = status(portal, process)
        assert (data["status"], data["stats"]["etx_exception"]) == (3, [text])
        assert (data["stats"]["login_done"], data["stats"]["imported"]) == (False, 0)
        assert details(portal, process)["etax_invoices"] == []


@pytest.mark.proves("R-31", "R-40")
def test_a_person_confirms_both_pins() -> None:
    with timed(pace="realistic", readings={"R-31": "manual"}) as server:
        portal = server.portal("person")
        process = imported(portal, "PERSON-1")
        for stage in ("packet", "upload"):
            server.until(server.over(portal, process, stage))
            server.wait(119)
            server.happens(portal, process, "confirm")
        server.until(server.plan(portal, process)[1].ended)
        assert status(portal, process)["status"] == 2
        late = downloaded(portal)
        server.wait(120)
        server.happens(portal, late, "confirm")
        assert status(portal, late)["stats"]["etx_exception"] == ["PIN1 not confirmed in time"]


@pytest.mark.proves("R-64")
def test_codes_may_show_only_while_the_phone_is_asked() -> None:
    with timed(pace="realistic", readings={"R-64": "while-waiting"}) as server:
        portal = server.portal("waiting")
        story = life(server, portal, imported(portal, "WAITING-1"))
        shown = [sorted({"pin1_code", "pin2_code"} & data["stats"].keys()) for _, data in story]
        assert [codes for place, codes in enumerate(shown) if not place or codes != shown[place - 1]] == [
            [],
            ["pin1_code"],
            [],
            ["pin2_code"],
            [],
        ]


@pytest.mark.proves("R-40", "F-IMP-11", "R-38")
def test_a_draft_has_its_number_before_it_is_signed(realistic: Timed) -> None:
    portal = realistic.portal("drafts")
    process = imported(portal, "DRAFTS-1")

    def shown() -> tuple[str, str, str, list[str]]:
        data = details(portal, process)
        (row,) = data["invoices"]
        (read,) = portal.call("inv_read_invoices", ids=["DRAFTS-1"]).data["invoices"]
        return row["status"], row["qaime"], read["qaime"], [each["status"] for each in data["etax_invoices"]]

    realistic.until(realistic.over(portal, process, "upload") - 1)
    assert shown() == ("imported", "", "", [])
    realistic.wait(0.000001)
    assert shown() == ("draft", "AA26110000001", "", ["draft"])
    realistic.until(realistic.over(portal, process, "sign") - 1)
    assert shown() == ("draft", "AA26110000001", "", ["draft"])
    realistic.wait(0.000001)
    assert shown() == ("signed", "AA26110000001", "AA26110000001", ["onApproval"])


@pytest.mark.proves("R-40", "R-21c", "R-31")
def test_a_draft_that_was_not_signed_stays_one(instant: Timed) -> None:
    portal = instant.portal("unsigned")
    process = imported(portal, "UNSIGNED-1", buyer="9000000006")
    data = details(portal, process)
    assert data["status"] == 3
    assert [(row["qaime"], row["status"]) for row in data["invoices"]] == [("AA26110000001", "draft")]
    assert portal.call("inv_delete", ids=["UNSIGNED-1"]).data == {"deleted": 1}
    assert [row["status"] for row in details(portal, process)["etax_invoices"]] == ["draft"]
    assert portal.finished(deleted(portal, "AA 26110000001"), tries=1)["stats"] == {"deleted": 1}


@pytest.mark.proves("R-38", "F-PROC-07", "R-36")
def test_details_tell_what_and_when(instant: Timed) -> None:
    portal = instant.portal("details")
    process = imported(portal, "DETAILS-1", "DETAILS-2")
    data = details(portal, process)
    assert list(data) == ["status", "status_desc", "stats", "invoices", "etax_invoices", "log"]
    assert {key: data[key] for key in ("status", "status_desc", "stats")} == status(portal, process)
    assert data["invoices"] == [
        {"id": "DETAILS-1", "qaime": "AA26110000001", "status": "signed", "errors": []},
        {"id": "DETAILS-2", "qaime": "AA26110000002", "status": "signed", "errors": []},
    ]
    assert [each["qaime"] for each in data["etax_invoices"]] == ["AA26110000001", "AA26110000002"]
    stages = ["import", "packet", "login", "upload", "sign", "complete"]
    assert [line["stage"] for line in data["log"]] == [name for name in stages for _ in range(2)]
    assert all(set(line) == {"time", "stage", "message"} for line in data["log"])
    assert {line["time"] for line in data["log"]} == {data["etax_invoices"][0]["datetime"]}


@pytest.mark.proves("R-38")
def test_details_show_five_thousand_invoices_of_etaxes_at_most(instant: Timed) -> None:
    portal = instant.portal("many")
    one = invoice(1)
    many = [{**one, "id": f"MANY-{place:05d}"} for place in range(5001)]
    data = details(portal, portal.started("import_upload_invoices", invoices=many, upload=True))
    assert len(data["invoices"]) == 5001
    assert [row["qaime"] for row in data["etax_invoices"]] == [row["qaime"] for row in data["invoices"][:5000]]


@pytest.mark.proves("R-38", "F-PROC-07", "R-66")
def test_details_tell_why_it_failed(instant: Timed) -> None:
    portal = instant.portal("why")
    data = details(portal, imported(portal, "REASON-1", buyer="9000000001"))
    text = "Invalid VOEN: 9000000001"
    assert data["invoices"] == [{"id": "REASON-1", "qaime": "", "status": "refused", "errors": [text]}]
    assert data["log"][-1]["message"] == text
    assert data["etax_invoices"] == []


@pytest.mark.proves("F-IMP-13", "F-ERR-02", "R-62", "R-66")
def test_form_is_judged_at_once_and_business_while_uploading(realistic: Timed) -> None:
    portal = realistic.portal("business")
    unknown, formless = invoice(1, buyer="9000000001"), invoice(2, buyer="12345")
    reply = portal.call("import_upload_invoices", invoices=[unknown, formless], upload=True)
    assert (reply.code, reply.data) == (14, {"invoices": [[], [21]]})
    process = portal.started("import_upload_invoices", invoices=[unknown], upload=True)
    realistic.until(realistic.over(portal, process, "login"))
    data = status(portal, process)
    assert (data["status"], data["stats"]["login_done"], "etx_exception" in data["stats"]) == (1, True, False)
    story = life(realistic, portal, process)
    assert story[-1][1]["status"] == 3
    assert story[-1][1]["stats"]["etx_exception"] == ["Invalid VOEN: 9000000001"]
    assert "pin2_code" not in story[-1][1]["stats"]


@pytest.mark.proves("R-62", "F-ERR-02")
def test_an_objection_to_one_fails_all(instant: Timed) -> None:
    portal = instant.portal("batch")
    batch = [invoice(seed, erp_id=f"BATCH-{seed:03d}") for seed in (1, 2, 3)]
    batch[1]["buyer"] = "9000000001"
    data = details(portal, portal.started("import_upload_invoices", invoices=batch, upload=True))
    assert (data["status"], data["stats"]["invoice_signed"]) == (3, False)
    assert [row["status"] for row in data["invoices"]] == ["imported", "refused", "imported"]
    assert data["etax_invoices"] == []
    ids = [each["id"] for each in batch]
    read = portal.call("inv_read_invoices", ids=ids).data["invoices"]
    assert [row["qaime"] for row in read] == ["", "", ""]
    assert portal.call("inv_delete", ids=ids).data == {"deleted": 3}


@pytest.mark.proves("R-61", "F-ERR-02")
def test_which_voens_etaxes_knows(servers: Servers) -> None:
    strangers = [invoice(1, seller="5550001112"), invoice(2, buyer="1111111111"), invoice(3)]
    for answer, outcomes in (
        ("all", [None, None, None]),
        ("registered", ["Invalid VOEN: 5550001112", "Invalid VOEN: 1111111111", None]),
    ):
        portal = Portal(servers.get(readings={"R-61": answer}).port, fresh_world())
        for each, text in zip(strangers, outcomes, strict=True):
            data = status(portal, portal.started("import_upload_invoices", invoices=[each], upload=True))
            assert data["status"] == (2 if text is None else 3)
            assert data["stats"].get("etx_exception") == (None if text is None else [text])


@pytest.mark.proves("R-61")
def test_an_unregistered_company_has_a_name_of_its_voen(portal: Portal) -> None:
    process = portal.started("import_upload_invoices", invoices=[invoice(1, buyer="1111111111")], upload=True)
    (row,) = details(portal, process)["etax_invoices"]
    assert row["cmp_from"] == "Demo Ticarət MMC"
    assert "1111111111" in row["cmp_to"]


@pytest.mark.proves("R-67", "F-IMP-13")
def test_goods_go_to_nobody_else(portal: Portal) -> None:
    kept = invoice(1, type="goodsTransfer")
    given = invoice(2, type="goodsTransfer", buyer="0987654321")
    good, bad = (portal.started("import_upload_invoices", invoices=[each], upload=True) for each in (kept, given))
    assert status(portal, good)["status"] == 2
    data = status(portal, bad)
    assert data["status"] == 3
    assert data["stats"]["etx_exception"] == ["goodsTransfer: seller and buyer must be the same company"]


@pytest.mark.proves("R-69", "F-AUTH-07")
def test_an_upload_needs_a_phone_and_asks_the_first(realistic: Timed) -> None:
    portal = realistic.portal("phones")
    record, _ = realistic.plan(portal, imported(portal, "PHONES-1"))
    assert (record.phone, [stage.pin for stage in record.stages if stage.pin]) == ("994501234567", [1, 2])
    stranger = portal.as_("nophone")
    assert stranger.call("import_upload_invoices", invoices=[invoice(2)], upload=True).code == 15
    assert stranger.call("import_upload_invoices", invoices=[invoice(2)], upload=False).code == 0


@pytest.mark.proves("F-IMP-15", "F-PROC-04")
def test_five_invoices_can_be_one_packet(portal: Portal) -> None:
    ids = [f"PACKET-{place}" for place in range(5)]
    stats = status(portal, imported(portal, *ids))["stats"]
    assert (stats["imported"], stats["packet_created"]) == (5, 1)


@pytest.mark.proves("R-22", "F-DEL-09", "F-DEL-06", "F-PROC-02")
def test_a_deletion_is_judged_again_when_it_is_carried_out() -> None:
    """The counterparty approves 10 s after signing, while the deletion is under way."""
    with timed(pace="fast") as server:
        portal = server.portal("meanwhile")
        upload = imported(portal, "MEANWHILE-1", buyer="9000000009")
        server.until(server.over(portal, upload, "sign"))
        server.wait(9)
        process = deleted(portal, "AA 26110000001", "MT2412 25000100", signed=True)
        server.wait(0.5)
        assert status(portal, process) == {"status": 1, "status_desc": "Process running", "stats": {"deleted": 0}}
        server.wait(5)
        data = status(portal, process)
        assert (data["status"], data["stats"]["deleted"]) == (3, 0)
        assert data["stats"]["etx_exception"] == ["Qaime cannot be deleted any more: AA26110000001"]
        at_once = portal.call("etx_delete", serialNumbers=["AA 26110000001"], is_signed=True)
        assert (at_once.code, at_once.json["err_msg"]) == (20, "Qaime not found or not in specified folder")
        rest = deleted(portal, "MT2412 25000100", signed=True)
        server.wait(5)
        assert status(portal, rest)["stats"] == {"deleted": 1}
