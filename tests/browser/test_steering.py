"""The views of invoices and of the world: whatever a button does, the control API shows it done."""

from playwright.sync_api import Page, expect

from tests.browser.sight import Sight
from tests.client import Portal
from tests.control.steer import Steer
from tests.control.test_reset import until

APPROVED = "AA24080000001"


def test_invoices_are_filtered_and_paged_by_the_server(sight: Sight, page: Page, steer: Steer) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sight.open("invoices")
    total = steer.get("invoices?size=1")["total"]
    expect(sight.find(".pager")).to_contain_text(f"{total} invoices")
    expect(sight.find("tbody tr")).to_have_count(50)
    first = sight.find("tbody button").first.inner_text()
    sight.press("Next")
    expect(sight.find(".pager")).to_contain_text("Page 2 of")
    assert sight.find("tbody button").first.inner_text() != first
    assert any("page=2" in url for url in asked)
    sight.press("Drafts")
    drafts = steer.get("invoices?folder=draft&size=1")["total"]
    expect(sight.find(".pager")).to_contain_text(f"{drafts} invoices")
    sight.press("Incoming")
    page.get_by_label("Company").select_option("0987654321")
    page.get_by_label("Status").select_option("approved")
    wanted = steer.get("invoices?folder=incoming&company=0987654321&status=approved&size=1")["total"]
    expect(sight.find(".pager")).to_contain_text(f"{wanted} invoices")
    sight.press("Portal")
    expect(sight.find("tbody")).to_contain_text("ALICI-YENI-01")


def test_the_counterparty_acts(sight: Sight, page: Page, steer: Steer) -> None:
    sight.open("invoices")
    page.get_by_label("Qaime number").fill(APPROVED)
    page.keyboard.press("Enter")
    expect(sight.find("tbody tr")).to_have_count(1)
    sight.press(APPROVED)
    paper = sight.wait_for(".paper")
    for text in ("Company LLC", "VÖEN 1111111111", "Product Name", "1 180,00", "AA № 24080000001"):
        expect(paper).to_contain_text(text)
    sight.press("Request cancellation", "dialog.drawer")
    expect(sight.find("dialog.drawer .badge").first).to_have_text("Cancellation requested")
    sight.press("Cancel", "dialog.drawer")
    expect(sight.find("dialog.drawer")).to_contain_text("No flow leads on")
    assert steer.get(f"invoices/{APPROVED}")["status"] == "canceled"


def test_the_clock_and_the_pace(sight: Sight, page: Page, steer: Steer) -> None:
    sight.open("world")
    sight.press("Freeze")
    sight.wait_for(".card.clock", "It stands still")
    before = steer.get("clock")
    assert before["frozen"] is True
    sight.press("+1h", ".card.clock")
    expect(sight.find(".big-clock")).not_to_have_text(before["now"])
    sight.press("Let it run")
    sight.wait_for(".card.clock", "It runs as real time does")
    page.get_by_label("Speed").select_option("60")
    page.locator(".card.clock select").nth(1).select_option("realistic")
    sight.wait_for(".card.clock", "60 times as fast")
    expect(page.locator(".card.clock select").nth(1)).to_have_value("realistic")
    assert (steer.get("clock")["speed"], steer.get("settings")["pace"]) == (60, "realistic")
    assert steer.get("clock")["now"] > before["now"]


def test_a_reading_is_chosen(sight: Sight, steer: Steer) -> None:
    sight.open("world")
    sight.page.get_by_label("Search").fill("total")
    row = sight.wait_for(".reading", "R-16")
    row.locator("summary").click()
    row.locator("select").select_option("page")
    expect(sight.wait_for(".reading", "R-16")).to_contain_text("not the default")
    expect(sight.find(".reading details[open]")).to_have_count(1)
    assert steer.get("readings")["readings"]["R-16"] == "page"


def test_faults_come_and_go(sight: Sight, portal: Portal, steer: Steer) -> None:
    sight.open("world")
    card = sight.wait_for(".card.faults")
    card.get_by_label("Operation").select_option("etx_import")
    card.get_by_label("Times").fill("2")
    card.get_by_role("button", name="Add").click()
    expect(card.locator("li")).to_have_count(1)
    (fault,) = steer.get("faults")["faults"]
    assert (fault["operation"], fault["err_code"], fault["times"]) == ("etx_import", 11, 2)
    assert portal.call("etx_import").code == 11
    expect(card.locator("li")).to_contain_text("1 of 1")
    card.get_by_role("button", name="Remove").click()
    expect(card.locator("li")).to_have_count(0)
    assert steer.get("faults")["total"] == 0


def test_snapshots_and_reset(sight: Sight, steer: Steer) -> None:
    sight.open("world")
    sight.press("Save", ".card.past")
    sight.wait_for(".card.past li", "checkpoint")
    steer.fault(err_code=11)
    sight.press("Restore", ".card.past")
    sight.press("Restore", "dialog.ask")
    until(lambda: steer.get("pulse")["generation"] == 2)
    assert steer.get("faults")["total"] == 0
    sight.press("Reset the world")
    sight.press("Cancel", "dialog.ask")
    assert steer.get("pulse")["generation"] == 2
    sight.press("Reset the world")
    sight.press("Reset the world", "dialog.ask")
    until(lambda: steer.get("pulse")["generation"] == 3)


def test_many_invoices_with_a_progress_bar(sight: Sight, steer: Steer) -> None:
    sight.open("world")
    before = steer.get("invoices?size=1")["total"]
    sight.page.get_by_label("How many").fill("4500")
    sight.press("Put them in")
    sight.wait_for("progress")
    sight.wait_for(".card.seed", "4500 are there")
    assert steer.get("invoices?size=1")["total"] == before + 4500


def test_secrets_are_copied_and_worlds_are_made(sight: Sight, page: Page, steer: Steer) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sight.open("world")
    sight.press("Token", ".account:has-text('buyer')")
    sight.wait_for(".toast", "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "buyer-token"
    page.get_by_label("Name of the new world").fill(f"{steer.world}-b")
    sight.press("Make a world")
    sight.wait_for(".card.worlds a", f"{steer.world}-b")
    assert steer.done("DELETE", f"worlds/{steer.world}-b")


def test_what_is_typed_outlasts_what_goes_on(sight: Sight, page: Page, portal: Portal, steer: Steer) -> None:
    sight.open("world")
    steer.fault(err_code=11, operation="etx_import")
    remove = sight.wait_for(".fault").get_by_role("button", name="Remove")
    fields = [page.get_by_label(name, exact=True) for name in ("Page size", "How much time", "Value", "Times")]
    for field in fields:
        field.press("Control+a")
        field.press_sequentially("7")
        if field is fields[0]:
            field.press_sequentially("1")
        portal.call("read_proc_status", procId=123)
        steer.put("readings", **{"R-31": "manual" if field is fields[1] else "auto"})
        page.wait_for_timeout(1500)
        expect(field).to_be_focused()
        field.press("5")
    assert [field.input_value() for field in fields] == ["715", "75", "75", "75"]
    assert steer.get("settings")["page_size"] == 715
    remove.focus()
    portal.call("etx_import")
    sight.wait_for(".fault", "1 of 1")
    expect(remove).to_be_focused()


def test_every_world_is_found(sight: Sight, page: Page, portal: Portal, steer: Steer) -> None:
    names = [f"{portal.world}-of-{place:02}" for place in range(31)]
    for name in names:
        Steer(portal.port).post("worlds", name=name)
    sight.open("world")
    sight.wait_for(".card.worlds", f"30 shown, {Steer(portal.port).get('worlds')['total']} in all")
    for name in (names[0], names[-1]):
        page.get_by_label("Find a world").fill(name)
        expect(sight.find(".card.worlds li a")).to_have_text([name])
    for name in names:
        steer.delete(f"worlds/{name}")


def test_no_page_lies_behind_the_last_one(sight: Sight, page: Page, steer: Steer) -> None:
    steer.post("invoices", count=200)
    sight.open("invoices")
    total = steer.get("invoices?size=1")["total"]
    for number in range(2, -(-total // 50) + 1):
        sight.press("Next")
        expect(sight.find(".pager")).to_contain_text(f"Page {number} of")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    steer.post("reset")
    fewer = steer.get("invoices?size=1")["total"]
    assert -(-fewer // 50) < -(-total // 50)
    expect(sight.find(".pager")).to_contain_text(f"Page {-(-fewer // 50)} of {-(-fewer // 50)}")
    expect(sight.find("tbody tr").first).to_be_visible()


def test_what_cannot_be_is_explained(sight: Sight, page: Page, complaints: list[str]) -> None:
    sight.open("world")
    page.get_by_label("How much time").fill("yesterday")
    sight.press("Advance")
    expect(sight.wait_for(".toast.bad")).to_contain_text("no duration")
    assert "400" in complaints.pop()
