"""What is recorded can be given away: no secret and no person is in it, and a simulator starts from it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.builders import invoice
from mock_server import Settings
from mock_server.draws import Draws
from mock_server.proxy.masking import Masks
from mock_server.proxy.recording import records
from tests.client import Portal
from tests.live import LiveServer, Servers, fresh_world
from tests.proxy.between import Between, everything, request

MASKS = Masks(Draws(b"key"))
TOKEN = ["x-vatpapikey: demo-token", "Connection: close"]
DATES = '"phone":"994501234567","date_from":"01.01.2025","date_to":"31.12.2026"'


def through(proxy: Between, path: str, body: str, method: str = "POST") -> Any:
    with proxy.connection() as client:
        client.sendall(request(f"/api{path}", body.encode(), method, TOKEN))
        return json.loads(everything(client).partition(b"\r\n\r\n")[2])


@pytest.fixture(scope="module")
def recorded(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], Path, str]:
    """Examples, a world file, and what was said in truth."""
    folder = tmp_path_factory.mktemp("records")
    examples, world = folder / "examples.jsonl", folder / "world.json"
    proxy = Between(f"http://127.0.0.1:{servers.get().port}/w/{fresh_world()}", records(examples, world))
    truth = ""
    try:
        number = through(proxy, "/etx/import", f"{{{DATES}}}")["data"]["id"]
        truth += json.dumps(
            through(proxy, "/etx/read_invoices", f'{{"phone":"994501234567","procId":{number}}}', "GET")
        )
        sent = json.dumps({"invoices": [invoice(1), invoice(2)], "upload": False}, default=float)
        assert through(proxy, "/inv/import_upload_invoices.php", sent)["err_code"] == 0
        truth += sent
        through(proxy, "/inv/read_invoices", json.dumps({"ids": ["ERP-INV-001"], "password": "GIZLI"}), "GET")
        through(proxy, "/auth/reset_start.php?login=demo", "{}", "GET")
    finally:
        proxy.stop()
    return [json.loads(line) for line in examples.read_text("utf-8").splitlines()], world, truth


def test_no_secret_and_no_person_is_recorded(recorded: tuple[list[dict[str, Any]], Path, str]) -> None:
    examples, world, truth = recorded
    kept = json.dumps(examples, ensure_ascii=False) + world.read_text("utf-8")
    assert "GIZLI" not in kept
    known = set(re.findall(r'"(?:tin_from|tin_to|seller|buyer|prod_code)": "([0-9]+)"', truth))
    names = {
        json.loads(f'"{text}"') for text in re.findall(r'"(?:cmp_from|cmp_to|main_subject|name)": "([^"]+)"', truth)
    }
    assert len(known) > 10
    assert len(names) > 50
    assert [text for text in known | names if text in kept] == []
    accounts = json.loads(world.read_bytes())["accounts"]  # made up, not seen
    assert "994501234567" not in kept.replace(json.dumps(accounts, separators=(",", ":"))[1:-1], "")
    [challenge] = [row for row in examples if row["operation"] == "reset_start"]
    assert challenge["answer"] == {"plain_value": "***"}


def test_examples_are_as_they_were_but_for_what_they_said(recorded: tuple[list[dict[str, Any]], Path, str]) -> None:
    examples, _, truth = recorded
    assert [row["operation"] for row in examples] == [
        "etx_import",
        "etx_read_invoices",
        "import_upload_invoices",
        "inv_read_invoices",
        "reset_start",
    ]
    page = examples[1]["answer"]["data"]
    real = json.loads(truth[: truth.index("}{") + 1])["data"]
    assert page["total"] == real["total"]
    assert len(page["invoices"]) == 5
    for masked, plain in zip(page["invoices"], real["invoices"], strict=False):
        assert set(masked) == set(plain)
        assert masked["qaime"] == masked["serial"] + masked["number"]
        for key in ("net_amount", "status", "type", "datetime"):
            assert masked[key] == plain[key]
    assert all(row["violations"] == [] for row in examples[:3])


def test_a_simulator_starts_from_what_was_seen(recorded: tuple[list[dict[str, Any]], Path, str]) -> None:
    _, world, truth = recorded
    server = LiveServer(Settings(world=world, pace="instant"))
    try:
        portal = Portal(server.port, "default")
        dates = {"date_from": "01.01.2025", "date_to": "31.12.2026", "phone": "994501234567"}
        process = portal.started("etx_import", **dates)
        portal.finished(process)
        read = portal.call("etx_read_invoices", procId=process, phone="994501234567").data
        real = json.loads(truth[: truth.index("}{") + 1])["data"]
        assert read["total"] == real["total"] > 100
        plain, masked = real["invoices"], read["invoices"]
        assert [row["net_amount"] for row in masked] == [row["net_amount"] for row in plain]
    finally:
        server.stop()


@given(st.integers(2, 12).flatmap(lambda size: st.tuples(*[st.text("0123456789", min_size=size, max_size=size)] * 2)))
def test_different_numbers_stay_different(numbers: tuple[str, str]) -> None:
    first, second = (MASKS.digits(text) for text in numbers)
    assert (first == second) == (numbers[0] == numbers[1])
    assert len(first) == len(numbers[0])


@given(st.text())
def test_a_text_keeps_its_form(text: str) -> None:
    masked = MASKS.text(text)
    assert len(masked) == len(text)
    assert MASKS.text(text) == masked
    assert [each.isspace() for each in masked] == [each.isspace() for each in text]


@pytest.mark.parametrize("text", ["", "NEED RETRY", "Invalid username or password", "Process Finalized With Error"])
def test_the_documents_own_words_stay(text: str) -> None:
    assert MASKS.whole({"err_msg": text}) == {"err_msg": text}


def test_a_number_in_a_documented_text_is_masked() -> None:
    [masked] = MASKS.whole({"etx_exception": ["Invalid VOEN: 1111111111"]})["etx_exception"]
    assert re.fullmatch("Invalid VOEN: [0-9]{10}", masked)
    assert masked != "Invalid VOEN: 1111111111"


def test_the_forms_of_a_qaime_stay_one() -> None:
    assert MASKS.text("AA25010000123").replace("AA", "AA ") == MASKS.text("AA 25010000123")
    masked = MASKS.whole({"serial": "AA", "number": "25010000123", "qaime": "AA25010000123"})
    assert masked["qaime"] == MASKS.text("AA25010000123") == "AA" + masked["number"]
