"""Whatever happens appears by itself, and can be steered where it appears."""

import http.client
import json
import re
import subprocess

import pytest
from playwright.sync_api import Page, Route, expect

from fixtures.builders import invoice
from mock_server.store.journal import JournalRow
from tests.browser.sight import Sight
from tests.client import Portal
from tests.control.steer import Steer
from tests.live import LiveServer

ROWS = 10_000
IN_SIGHT = 60


def upload(portal: Portal, *names: str, **fields: object) -> int:
    return portal.started(
        "import_upload_invoices", upload=True, invoices=[{**invoice(1, erp_id=name), **fields} for name in names]
    )


def copied_command(sight: Sight, page: Page, says: str = "") -> str:
    """What is in the clipboard after "Copy as curl" of the newest request, whose drawer says so much besides."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sight.open("journal")
    sight.wait_for(".line").click()
    expect(sight.wait_for("dialog.drawer")).to_contain_text(says)
    sight.press("Copy as curl", "dialog.drawer")
    sight.wait_for(".toast", "Copied")
    found: str = page.evaluate("navigator.clipboard.readText()")
    return found


def test_a_process_is_steered_where_it_shows(sight: Sight, portal: Portal, steer: Steer) -> None:
    sight.open("processes")
    steer.put("settings", pace="manual")
    numbers = [upload(portal, f"STEER-{place}") for place in range(3)]
    cards = [sight.wait_for(".process", f"#{number} ") for number in numbers]
    cards[0].get_by_role("button", name="Finish").click()
    expect(cards[0]).to_have_class(re.compile("finished"))
    expect(cards[0].locator(".stage.pin")).to_have_count(2)
    cards[1].get_by_role("button", name="Next stage").click()
    expect(cards[1].locator(".badge")).to_have_text("Stands still at: Packet")
    cards[1].get_by_role("button", name="Fail").click()
    expect(cards[1]).to_have_class(re.compile("failed"))
    expect(cards[1].locator(".stage.broken")).to_have_count(1)
    expect(cards[2].locator(".badge")).to_have_text("Stands still at: Import")
    assert steer.get(f"processes/{numbers[0]}")["state"] == "finished"
    assert steer.get(f"processes/{numbers[1]}")["state"] == "failed"


def test_a_stalled_process_is_released(sight: Sight, portal: Portal, steer: Steer) -> None:
    steer.put("readings", **{"R-31": "manual"})
    number = upload(portal, "STALL-001")
    sight.open("processes")
    card = sight.wait_for(".process", f"#{number}")
    card.get_by_role("button", name="Stall").click()
    expect(card).to_contain_text("Stands still")
    card.get_by_role("button", name="Release").click()
    expect(card).to_contain_text("Waits for PIN1")
    assert steer.get(f"processes/{number}")["stalled"] is False


def test_requests_appear_and_are_explained(sight: Sight, portal: Portal) -> None:
    sight.open("journal")
    sight.wait_for(".empty")
    portal.call("read_proc_status", procId=123)
    expect(sight.wait_for(".line", "read_proc_status").locator(".badge").first).to_have_text("0")
    assert (
        portal.call("import_upload_invoices", invoices=[{**invoice(1, erp_id="BAD-00001"), "seller": "12"}]).code
        == 14
    )
    sight.wait_for(".line", "14")
    sight.find(".line").filter(has_text="import_upload_invoices").first.click()
    drawer = sight.wait_for("dialog.drawer")
    expect(drawer).to_contain_text("Invoice Validation Error")
    expect(drawer).to_contain_text("invoices[0].seller")
    expect(drawer.locator(".source").filter(has_text="F-ERR-05").first).to_be_visible()
    expect(drawer).to_contain_text('"password": "***"')
    expect(drawer.locator("pre").last).to_contain_text('"err_code": 14')


def test_the_request_is_copied_for_a_shell(sight: Sight, portal: Portal, page: Page) -> None:
    portal.call("read_proc_status", "GET", token="demo-token", procId=123)
    copied = copied_command(sight, page)
    base = f"http://127.0.0.1:{portal.port}/w/{portal.world}/api"
    assert copied.startswith(f"curl -X GET '{base}/job/read_proc_status'")
    assert '-H "x-vatpapikey: ${TOKEN:?}"' in copied
    assert json.loads(copied.partition("--data-raw '")[2].removesuffix("'")) == {"procId": 123}


def in_a_shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a shell hands to curl, an argument a line."""
    script = f"curl() {{ printf '%s\\n' \"$@\"; }}\n{command}"
    return subprocess.run(["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("headers", [{"Content-Type": "application/json"}, {}])
def test_the_copied_request_asks_the_shell_for_secrets_and_sends_no_file(
    headers: dict[str, str | bytes], sight: Sight, portal: Portal, page: Page
) -> None:
    body = {"username": "d'emo", "password": "demo", "ids": ["A'; touch x; '", "$(id)"]}
    portal.send("POST", "/inv/read_invoices?a[]=1&password=demo", json.dumps(body).encode(), headers)
    copied = copied_command(sight, page, "the shell for: PASSWORD")
    assert "--data-raw" in copied
    sent = in_a_shell(copied, PASSWORD="gizli").stdout.splitlines()
    assert json.loads(sent[-1]) == {**body, "password": "gizli"}
    assert sent[0] == "-g"
    assert sent[3].endswith("/inv/read_invoices?a[]=1&password=gizli")
    forgotten = in_a_shell(copied)
    assert (forgotten.stdout, forgotten.returncode != 0) == ("", True)
    assert "PASSWORD" in forgotten.stderr


@pytest.mark.parametrize(
    "body", [b'{"ids": ["%s"]}' % (b"x" * 20_000), b'{"p\\u0061ssword": "demo"}', b'{"password": {"a": 1}, "b": 2}']
)
def test_what_the_journal_does_not_have_whole_is_not_offered(body: bytes, sight: Sight, portal: Portal) -> None:
    portal.send("POST", "/inv/read_invoices", body)
    sight.open("journal")
    sight.wait_for(".line").click()
    drawer = sight.wait_for("dialog.drawer", "does not have it whole")
    expect(drawer.get_by_role("button", name="Copy as curl")).to_have_count(0)
    expect(drawer.get_by_role("button", name="Copy the beginning")).to_have_count(int(len(body) > 20_000))


def test_escaped_letters_are_shown_as_letters(sight: Sight, portal: Portal) -> None:
    portal.send("POST", "/inv/read_invoices", rb'{"ids": ["\u0259\u018f \ud83d\ude00 \u202e \u0022 \\u0259"]}')
    sight.open("journal")
    sight.wait_for(".line").click()
    expect(sight.wait_for("dialog.drawer pre")).to_contain_text(r'"əƏ 😀 \u202e \u0022 \\u0259"')


def test_no_row_of_the_filter_before_comes_late(sight: Sight, portal: Portal, page: Page) -> None:
    for place in range(70):
        portal.call("read_proc_status", procId=place)
        portal.call("inv_read_invoices", ids=[f"NOBODY-{place}"])
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    page.route("**/requests?*before=*", hold)
    sight.open("journal")
    sight.wait_for(".line")
    box = sight.find(".rows")
    box.evaluate("box => { box.scrollTop = box.scrollHeight }")
    page.wait_for_timeout(300)
    page.get_by_label("Operation").select_option("inv_read_invoices")
    sight.wait_for(".head .count", "70 in all")
    assert len(late) == 1
    page.unroute("**/requests?*before=*")  # which lets it go on
    page.wait_for_timeout(300)
    box.evaluate("box => { box.scrollTop = box.scrollHeight }")
    sight.wait_for(".line[aria-rowindex='70']")
    assert sight.find(".line").filter(has_text="read_proc_status").count() == 0


def test_the_journal_pauses_and_filters(sight: Sight, portal: Portal) -> None:
    portal.call("read_proc_status", procId=123)
    portal.call("read_proc_status", procId=99)
    sight.open("journal")
    expect(sight.find(".line")).to_have_count(2)
    sight.find(".filters select").nth(1).select_option("failed")
    expect(sight.find(".line")).to_have_count(1)
    sight.find(".filters select").nth(1).select_option("")
    expect(sight.find(".line")).to_have_count(2)
    sight.press("Pause")
    portal.call("inv_read_invoices", ids=["NOBODY-01"])
    sight.wait_for(".head .count", "1 new")
    expect(sight.find(".line")).to_have_count(2)
    sight.press("Go on")
    expect(sight.find(".line")).to_have_count(3)
    sight.find(".filters select").first.select_option("inv_read_invoices")
    expect(sight.find(".line")).to_have_count(1)


def test_ten_thousand_requests_are_a_few_elements(sight: Sight, server: LiveServer, portal: Portal) -> None:
    portal.call("read_proc_status", procId=123)
    store = server.app.store
    world = store.worlds.find(portal.world)
    assert world is not None
    (row,) = store.journal.rows(world.id)
    fill: list[JournalRow] = [row._replace(account=f"user-{place}") for place in range(ROWS - 1)]
    with store.writing():
        store.journal.add_all(fill)
    sight.open("journal")
    sight.wait_for(".head .count", f"{ROWS} in all")
    assert sight.find(".line").count() < IN_SIGHT
    box = sight.find(".rows")
    box.evaluate("box => { box.scrollTop = box.scrollHeight / 2 }")
    sight.wait_for(".line", f"user-{ROWS // 2 - 2}")
    box.evaluate("box => { box.scrollTop = box.scrollHeight }")
    sight.wait_for(".line", "user-0")
    assert sight.find(".line").count() < IN_SIGHT
    drawn = box.evaluate(
        """async box => {
          let missing = 0;
          for (let step = 0; step < 60; step++) {
            box.scrollTop -= 4200;
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            const y = box.getBoundingClientRect().top + box.clientHeight / 2;
            missing += !document.elementFromPoint(box.getBoundingClientRect().left + 40, y).closest(".line");
          }
          return missing;
        }"""
    )
    assert drawn == 0  # wherever one scrolls to, the rows are there in the next frame


@pytest.mark.parametrize("body", [None, b'{"procId": 123}'])
def test_a_copied_head_waits_for_no_body(body: bytes | None, sight: Sight, portal: Portal, page: Page) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
    connection.request("HEAD", f"/w/{portal.world}/api/job/read_proc_status", body)
    connection.getresponse().read()
    connection.close()
    copied = copied_command(sight, page, "The journal keeps no headers")
    ended = subprocess.run(["/bin/sh", "-c", f"{copied} -s -m 5"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.splitlines()[0].split()[0]) == (0, "HTTP/1.1"), ended


def test_a_paused_journal_counts_its_own_that_match(sight: Sight, portal: Portal, page: Page) -> None:
    for number in (99, 123):
        portal.call("read_proc_status", procId=number)
    sight.open("journal")
    expect(sight.find(".line")).to_have_count(2)
    page.get_by_label("Outcome").select_option("failed")
    expect(sight.find(".line")).to_have_count(1)
    sight.press("Pause")
    other = Portal(portal.port, f"{portal.world}-b")
    for number in (123, 123, 99):
        other.call("read_proc_status", procId=number)
        portal.call("read_proc_status", procId=number)
    expect(sight.find(".head .count").nth(1)).to_have_text("1 new")
    sight.press("Go on")
    expect(sight.find(".line")).to_have_count(2)
    Steer(portal.port).delete(f"worlds/{other.world}")


def test_what_was_refused_was_not_accepted_with_a_warning(sight: Sight, portal: Portal, steer: Steer) -> None:
    steer.fault(operation="read_proc_status", err_code=11)
    portal.call("read_proc_status", procId=123)
    sight.open("journal")
    sight.wait_for(".line").click()
    drawer = sight.wait_for("dialog.drawer", "Noted besides")
    expect(drawer).not_to_contain_text("Accepted with a warning")


def test_the_last_answers_stand_below_many_questions(sight: Sight, portal: Portal, steer: Steer) -> None:
    steer.put("readings", **{"R-31": "manual"})
    sight.open("processes")
    upload(portal, "LATELY-0")
    sight.confirm("PIN1")
    sight.wait_for(".lately li", "confirmed")
    for place in range(1, 8):
        upload(portal, f"LATELY-{place}")
    expect(sight.find(".question")).to_have_count(8)
    sight.wait_for(".lately li", "confirmed")
