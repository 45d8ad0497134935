"""A drawer hides nothing that matters, and a server that is gone or hangs is noticed."""

import pytest
from playwright.sync_api import Page, expect

from mock_server import Settings
from tests.browser.sight import Sight
from tests.client import Portal
from tests.control.steer import Steer
from tests.live import LiveServer


def asked(portal: Portal, steer: Steer) -> int:
    """A process whose PIN1 is asked for on the phone."""
    steer.put("readings", **{"R-31": "manual"})
    return portal.started("etx_import", phone=portal.account.phone, date_from="01.01.2025", date_to="31.01.2025")


def test_the_phone_is_answered_beside_an_open_request(sight: Sight, portal: Portal, steer: Steer) -> None:
    process = asked(portal, steer)
    sight.open("journal")
    sight.wait_for(".line").click()
    sight.wait_for("dialog.drawer")
    sight.confirm("PIN1")
    assert portal.finished(process)["status"] == 2
    expect(sight.find("dialog.drawer")).to_be_visible()


def test_the_browser_s_back_closes_the_drawer(sight: Sight, portal: Portal, page: Page) -> None:
    portal.call("read_proc_status", procId=123)
    sight.open("start")
    sight.open("journal")
    sight.wait_for(".line").click()
    sight.wait_for("dialog.drawer")
    page.go_back()
    expect(sight.find("dialog.drawer")).not_to_be_visible()
    expect(sight.find("h1")).to_have_text("Journal")
    sight.find(".line").click()
    sight.press("Close", "dialog.drawer")
    expect(sight.find("dialog.drawer")).not_to_be_visible()
    page.go_back()
    expect(sight.find(".hero")).to_be_visible()


@pytest.mark.parametrize("allowed", [True, False])
def test_without_a_clipboard_it_is_copied_all_the_same_or_said(
    allowed: bool, sight: Sight, portal: Portal, page: Page
) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    if not allowed:
        page.add_init_script("document.execCommand = () => false")
    portal.call("read_proc_status", procId=123)
    sight.open("journal")
    sight.wait_for(".line").click()
    sight.press("Copy as curl", "dialog.drawer")
    if not allowed:
        sight.wait_for(".toast.bad", "did not let it be copied")
        return
    sight.wait_for(".toast", "Copied")
    expect(sight.find("dialog.drawer").get_by_role("button", name="Copy as curl")).to_be_focused()
    sight.press("Close", "dialog.drawer")
    page.get_by_label("Account").press("Control+v")
    assert "curl -X GET" in page.get_by_label("Account").input_value()


def test_a_server_that_hangs_is_noticed(sight: Sight, portal: Portal, steer: Steer, page: Page) -> None:
    asked(portal, steer)
    sight.open("processes")
    sight.wait_for(".question")
    page.route("**/__admin/**", lambda _: None)
    sight.wait_for(".trouble", "does not answer")
    expect(sight.find(".question")).to_have_count(0)
    sight.wait_for(".side-phone .idle", "No connection")
    sight.find("nav a[data-view=invoices]").click()
    page.wait_for_timeout(300)
    page.unroute("**/__admin/**")
    sight.wait_for(".question")
    expect(sight.find(".trouble")).not_to_be_visible()
    sight.wait_for("tbody tr")


def test_a_server_that_is_gone_is_noticed(
    sight: Sight, portal: Portal, steer: Steer, page: Page, complaints: list[str]
) -> None:
    asked(portal, steer)
    sight.open("processes")
    sight.wait_for(".question")
    page.route("**/__admin/**", lambda route: route.abort())
    for view in ("journal", "invoices", "world", "start"):
        sight.find(f"nav a[data-view={view}]").click()
        page.wait_for_timeout(200)
    sight.wait_for(".trouble", "does not answer")
    expect(sight.find(".question")).to_have_count(0)
    page.unroute("**/__admin/**")
    sight.wait_for(".question")
    assert all("ERR_FAILED" in complaint for complaint in complaints), complaints
    complaints.clear()


@pytest.mark.parametrize(("answer", "said"), [("reject", "refuses by itself"), ("timeout", "nobody answers")])
@pytest.mark.proves("R-31")
def test_the_phone_says_what_it_does_when_nobody_answers(answer: str, said: str, sight: Sight, steer: Steer) -> None:
    steer.put("readings", **{"R-31": answer})
    sight.open()
    sight.wait_for(".hint", said)
    switch = sight.find(".side-phone .switch")
    switch.click()
    expect(switch.locator("input")).to_be_checked()
    switch.click()
    sight.wait_for(".hint", said)
    assert steer.get("readings")["readings"]["R-31"] == answer


def test_a_server_started_anew_is_another_life(page: Page, complaints: list[str]) -> None:
    settings = Settings(pace="instant", seed=1)
    server = LiveServer(settings)
    page.goto(f"http://127.0.0.1:{server.port}/")
    sight = Sight(page, f"http://127.0.0.1:{server.port}/")
    sight.press("Do it", "[data-step=upload]")
    sight.wait_for("[data-step=upload].passed")
    sight.open("journal")
    sight.wait_for(".line", "import_upload_invoices")
    server.stop()
    sight.wait_for(".trouble", "does not answer")
    server = LiveServer(settings, port=server.port)
    Portal(server.port, "default").send("GET", "/auth/reset_start.php?login=demo")
    expect(sight.find(".line")).to_have_count(1)
    sight.wait_for(".line", "reset_start")
    sight.open("start")
    expect(sight.find("[data-step=upload]")).to_be_visible()
    expect(sight.find(".step.passed")).to_have_count(0)
    page.goto("about:blank")
    server.stop()
    complaints.clear()


def test_a_deleted_world_stays_deleted(
    sight: Sight, portal: Portal, steer: Steer, page: Page, complaints: list[str]
) -> None:
    sight.open("journal")
    Steer(portal.port).delete(f"worlds/{portal.world}")
    sight.wait_for(".trouble", "has been deleted")
    page.wait_for_timeout(1500)
    assert steer.refused(404, "GET", "pulse?missing=refuse")
    sight.press("Let it begin anew", ".trouble")
    expect(sight.find(".trouble")).not_to_be_visible()
    assert steer.get("pulse?missing=refuse")["generation"] == 1
    assert all("404" in complaint for complaint in complaints)
    complaints.clear()


def test_a_filter_that_is_none_is_said_once(sight: Sight, portal: Portal, page: Page, complaints: list[str]) -> None:
    sight.open("invoices")
    page.get_by_role("searchbox", name="From").fill("yesterday")
    page.keyboard.press("Enter")
    sight.wait_for("main .empty", "Not accepted")
    portal.call("read_proc_status", procId=123)
    page.wait_for_timeout(1500)
    assert len(complaints) == 1, complaints
    expect(sight.find(".trouble")).not_to_be_visible()
    page.get_by_role("searchbox", name="From").fill("01.01.2024")
    page.keyboard.press("Enter")
    sight.wait_for("tbody tr")
    sight.open("journal")
    sight.wait_for(".line")
    page.get_by_label("err_code").fill("1.5")
    page.keyboard.press("Enter")
    sight.wait_for("main .empty", "Not accepted")
    expect(sight.find(".trouble")).not_to_be_visible()
    complaints.clear()
