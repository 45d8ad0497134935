"""What a world's clients have met and what never; and who deleted what."""

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.control.coverage import WHERE, possible
from mock_server.rulebook.errors import ErrorTable
from mock_server.rulebook.operations import BY_NAME, OPERATIONS
from tests.client import Portal
from tests.control.steer import Steer
from tests.http.valid_requests import TEN, asked, right_code
from tests.live import Servers, fresh_world

EXAMPLES = Path(__file__).parents[2] / "fixtures" / "errors"


def pairs(rows: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(row["operation"], row["err_code"]) for row in rows}


def test_a_fresh_world_has_seen_nothing(steer: Steer) -> None:
    answer = steer.get("coverage")
    assert answer["seen"] == []
    assert answer["counts"]["seen"] == 0
    assert answer["counts"]["possible"] == len(answer["never"]) == len(pairs(answer["never"])) > 100
    assert set(answer["counts"]["operations"]) == set(TEN)
    assert {name for name, code in pairs(answer["never"]) if code == 0} == set(TEN)


def test_what_is_seen_is_never_no_more(portal: Portal, steer: Steer) -> None:
    before = steer.get("coverage")
    for name in TEN:
        asked(portal, name)
        asked(portal, name, "PATCH")
        asked(portal, name, "PATCH")
    met = {(name, right_code(name)) for name in TEN} | {(name, 1) for name in TEN}
    answer = steer.get("coverage")
    assert pairs(answer["seen"]) == met
    assert pairs(before["never"]) - pairs(answer["never"]) == met
    assert pairs(answer["never"]).isdisjoint(met)
    assert answer["counts"]["seen"] == len(met) == 20
    assert answer["counts"]["possible"] == before["counts"]["possible"]
    assert answer["counts"]["operations"]["inv_delete"]["seen"] == 2
    assert Steer(steer.port, fresh_world()).get("coverage")["seen"] == []
    steer.post("reset")
    assert steer.get("coverage") == before


def test_way_state_and_pin_are_told_apart(servers: Servers) -> None:
    portal = Portal(servers.get(pace="manual", readings={"R-07": "queued-first"}).port, fresh_world())
    steer = Steer(portal.port, portal.world)
    process = portal.started("import_upload_invoices", invoices=[invoice(1)], upload=True)
    for _ in range(30):
        asked(portal, "read_proc_status", procId=process, token="demo-token")
        if steer.get(f"processes/{process}")["state"] != "running":
            break
        steer.post(f"processes/{process}/step")
    asked(portal, "read_proc_status", procId=process)
    asked(portal, "read_proc_status", token="wrong", procId=process)
    asked(portal, "read_proc_status", "PATCH", procId=process)
    steer.fault(http_status=502, times=1)
    portal.connection.request("GET", f"/w/{portal.world}/api/job/read_proc_status")
    portal.connection.getresponse().read()
    rows = [row for row in steer.get("coverage")["seen"] if row["operation"] == "read_proc_status"]
    assert {tuple(row.values())[1:] for row in rows} == {
        (0, "queued", None, "token"),
        (0, "running", None, "token"),
        (0, "running", 1, "token"),
        (0, "running", 2, "token"),
        (0, "finished", None, "token"),
        (0, "finished", None, "password"),
        (5, None, None, "token"),
        (1, None, None, "none"),
        (None, None, None, "none"),
    }


def test_every_error_of_the_table_has_its_place() -> None:
    assert set(WHERE) == {(entry.scope, entry.name) for entry in ErrorTable.load() if entry.scope != "invoice"}


@pytest.mark.parametrize("edition", ["2025-08", "2025-12"])
def test_what_an_example_provokes_is_possible(servers: Servers, edition: str) -> None:
    checked = 0
    for file in sorted(EXAMPLES.glob("*.json")):
        example = json.loads(file.read_text("utf-8"))
        if example["edition"] != edition:
            continue
        server = servers.get(edition=edition, readings=example.get("readings", {}))
        app = server.app
        view = app.worlds.view(app.worlds.row("default"))
        for step in example["steps"]:
            code = step["expect"].get("err_code", 0)
            assert code in possible(BY_NAME[step["operation"]], view), (file.name, step["operation"], code)
            checked += 1
    assert checked > 5


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("import_upload_invoices", [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 14, 15, 16, 17]),
        ("inv_read_invoices", [0, 1, 2, 3, 4, 5, 7, 10, 11, 12, 16]),
        ("inv_delete", [0, 1, 2, 3, 4, 5, 7, 10, 11, 12, 16, 20]),
        ("etx_delete", [0, 1, 2, 3, 4, 5, 7, 10, 11, 12, 15, 16, 20]),
        ("reset_start", [0, 1, 2, 3, 10, 11, 12, 16]),
        ("reset_confirm", [0, 1, 2, 3, 5, 7, 10, 11, 12, 16]),
    ],
)
def test_codes_of_an_operation(steer: Steer, name: str, codes: list[int]) -> None:
    never = [row for row in steer.get("coverage")["never"] if row["operation"] == name]
    assert [row["err_code"] for row in never] == codes
    assert [row["err_code"] for row in never if row["fault"]] == [10, 11, 12, 16]
    assert never[1]["names"] == ["wrong-method"]


def test_readings_and_partners_change_what_is_possible(servers: Servers) -> None:
    def codes(name: str, **chosen: Any) -> set[int]:
        steer = Steer(servers.get(**chosen).port, fresh_world())
        return {row["err_code"] for row in steer.get("coverage")["never"] if row["operation"] == name}

    assert codes("read_proc_status", readings={"R-15": "20"}) - codes("read_proc_status") == {20}
    assert codes("inv_delete") - codes("inv_delete", readings={"R-21": "skip"}) == {20}
    for operation in OPERATIONS:
        assert {15, 16, 17} <= codes(operation.name, edition="2025-12")


# -- deletions


@pytest.mark.proves("F-AUTH-06")
def test_deletions_tell_who_when_which_and_what_came_of_it(portal: Portal, steer: Steer) -> None:
    asked(portal, "inv_delete", ids=["INV-2024-001", "INV-2024-002"])
    asked(portal.as_("clerk"), "inv_delete", ids=["INV-2024-001"])
    process = portal.started("etx_delete", serialNumbers=["AA2401 10000001"])
    portal.finished(process)
    answer = steer.get("audit")
    newest, accepted, refused, first = answer["deletions"]
    assert answer["total"] == 4
    assert (first["account"], first["company"], first["operation"]) == ("demo", "1234567890", "inv_delete")
    assert (first["invoices"], first["process"]) == (["INV-2024-001", "INV-2024-002"], None)
    assert first["result"] == "deleted"
    assert (refused["account"], refused["result"]) == ("clerk", "refused: no right to delete")
    assert (accepted["process"], accepted["result"]) == (process, "accepted")
    assert (newest["process"], newest["result"], newest["invoices"]) == (process, "deleted", ["AA240110000001"])
    assert first["world_time"] <= newest["world_time"]
    assert Steer(steer.port, fresh_world()).get("audit") == {"deletions": [], "total": 0}
    steer.delete("requests")
    assert steer.get("audit") == answer


def test_deletions_come_in_pages(portal: Portal, steer: Steer) -> None:
    for number in range(7):
        asked(portal, "inv_delete", ids=[f"NO-{number}"])
    page = steer.get("audit?limit=5")
    assert (len(page["deletions"]), page["total"]) == (5, 7)
    rest = steer.get(f"audit?limit=5&before={page['deletions'][-1]['seq']}")
    assert [row["invoices"] for row in page["deletions"] + rest["deletions"]] == [
        [f"NO-{number}"] for number in range(6, -1, -1)
    ]
    steer.refused(400, "GET", "audit?limit=0")
    assert steer.refused(400, "GET", "audit?limt=5")["nearest"] == "limit"
