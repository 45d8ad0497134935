"""Nothing that a client sends is ever run, no other page may steer, and who is far away needs the token."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from fixtures.builders import invoice
from mock_server import Settings
from tests.browser.sight import VIEWS, Sight
from tests.client import Portal
from tests.control.steer import Steer
from tests.live import LiveServer

EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
TOKEN = "only-the-admin-knows"
FIRST_VIEW_BYTES = 200_000


def test_what_a_client_sends_is_text(sight: Sight, page: Page, portal: Portal, steer: Steer) -> None:
    steer.post("accounts", username=EVIL[:60], password="x", company="7777777777", company_name=EVIL)
    built = invoice(1, erp_id="EVIL-0001")
    built["main_info"] = built["items"][0]["name"] = EVIL
    built["id"] = "EVIL-<script>"
    (qaime,) = portal.uploaded(built)
    process = portal.started("import_upload_invoices", invoices=[invoice(2)])
    steer.put("settings", pace="manual")
    process = portal.started("import_upload_invoices", upload=True, invoices=[invoice(3)])
    steer.post(f"processes/{process}/fail", text=EVIL)
    nobody_asked: dict[str, Any] = {EVIL: 1}
    portal.call("import_upload_invoices", invoices=[{**built, EVIL: EVIL}], **nobody_asked)
    for view in VIEWS:
        sight.open(view)
        page.wait_for_timeout(200)
    sight.open("processes")
    expect(sight.wait_for(".failures")).to_have_text(EVIL)
    sight.open("journal")
    sight.find(".line").first.click()
    expect(sight.wait_for("dialog.drawer pre")).to_contain_text("<script>")
    page.keyboard.press("Escape")
    sight.open("invoices")
    sight.find("tbody button").filter(has_text=qaime).click()
    expect(sight.wait_for(".paper")).to_contain_text(EVIL)
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img, main script, dialog img, dialog script").count() == 0


def test_a_script_that_came_in_all_the_same_would_not_run(sight: Sight, page: Page, complaints: list[str]) -> None:
    sight.open()
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.hacked = 1";
          document.body.append(script);
        }"""
    )
    assert page.evaluate("window.hacked") is None
    assert "Content Security Policy" in complaints.pop()


@pytest.mark.parametrize("path", ["/", "/w/seen/", "/docs", "/w/seen/docs"])
def test_the_policy_allows_nothing_inline(path: str, page: Page, server: LiveServer) -> None:
    answer = page.request.get(f"http://127.0.0.1:{server.port}{path}")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_first_view_is_light(sight: Sight, page: Page) -> None:
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.__setitem__(answer.url, len(answer.body())))
    sight.open()
    expect(sight.find(".pairs code").last).to_have_text("demo-token")
    assert 20_000 < sum(sizes.values()) < FIRST_VIEW_BYTES, sizes


@pytest.fixture
def closed() -> Iterator[LiveServer]:
    server = LiveServer(Settings(pace="instant", admin_token=TOKEN, seed=1))
    yield server
    server.stop()


def test_who_needs_the_token_is_asked_for_it(closed: LiveServer, page: Page, complaints: list[str]) -> None:
    page.goto(f"http://127.0.0.1:{closed.port}/")
    field = page.get_by_label("Admin token")
    field.fill("wrong")
    page.get_by_role("button", name="Dark or light").click()
    expect(field).to_have_value("wrong")
    page.get_by_role("button", name="Enter").click()
    expect(page.locator(".trouble")).to_contain_text("This is not the admin token")
    expect(field).to_be_focused()
    expect(page.locator(".world-clock")).to_be_empty()
    field.fill(TOKEN)
    page.get_by_role("button", name="Azərbaycanca").click()
    page.get_by_role("button", name="English").click()
    expect(field).to_have_value(TOKEN)
    page.get_by_role("button", name="Enter").click()
    expect(page.locator(".world-clock")).not_to_be_empty()
    expect(field).not_to_be_visible()
    assert page.evaluate("Object.keys(localStorage).some(key => localStorage[key].includes('only-the'))") is False
    assert all("401" in complaint for complaint in complaints)
    complaints.clear()


def test_the_token_of_one_world_opens_its_views(closed: LiveServer, page: Page, complaints: list[str]) -> None:
    Steer(closed.port, token=TOKEN).post("worlds", name="team", admin_token="of-the-team-only")
    page.goto(f"http://127.0.0.1:{closed.port}/w/team/#world")
    page.get_by_label("Admin token").fill("of-the-team-only")
    page.get_by_role("button", name="Enter").click()
    expect(page.locator(".readings article").first).to_be_visible()
    expect(page.locator(".card.past")).to_be_visible()
    expect(page.locator(".card.worlds")).not_to_be_visible()
    expect(page.locator(".trouble")).not_to_be_visible()
    complaints.clear()


@pytest.mark.parametrize(("view", "part"), [("journal", ".filters select"), ("world", ".card.faults select")])
def test_a_view_is_whole_once_the_token_is_there(
    view: str, part: str, closed: LiveServer, page: Page, complaints: list[str]
) -> None:
    page.goto(f"http://127.0.0.1:{closed.port}/#{view}")
    page.get_by_label("Admin token").fill(TOKEN)
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Enter").click()
    expect(page.locator(part)).to_have_count(2)
    complaints.clear()


def test_a_token_that_no_header_can_hold_is_refused_in_words(
    closed: LiveServer, page: Page, complaints: list[str]
) -> None:
    page.goto(f"http://127.0.0.1:{closed.port}/")
    field = page.get_by_label("Admin token")
    field.fill("şifrə-şifrə")
    page.get_by_role("button", name="Enter").click()
    expect(page.locator(".trouble")).to_contain_text("No HTTP header can hold this")
    page.reload()
    field.fill(TOKEN)
    page.get_by_role("button", name="Enter").click()
    expect(page.locator(".world-clock")).not_to_be_empty()
    complaints.clear()


def test_a_name_turns_round_nothing_beside_it(sight: Sight, steer: Steer) -> None:
    steer.post("accounts", username="evil", password="x", company="7777777777", company_name="\u202eABC")
    sight.open("world")
    small = sight.wait_for(".account", "evil").locator("small").first
    name, tin = (small.locator("span").nth(place).bounding_box() for place in (0, 1))
    assert name is not None
    assert tin is not None
    assert name["x"] + name["width"] < tin["x"]
    assert small.locator("span").nth(1).evaluate("node => getComputedStyle(node).unicodeBidi") == "isolate"
