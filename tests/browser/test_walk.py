"""The README's first walk, done by clicking."""

import hmac

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sight import Sight
from tests.client import Portal
from tests.control.steer import Steer


def test_the_first_walk_by_clicking(sight: Sight, portal: Portal, steer: Steer) -> None:
    sight.open()
    sight.find(".side-phone .switch").click()
    expect(sight.find(".side-phone input")).to_be_checked()
    sight.press("Do it", "[data-step=upload]")
    question = sight.wait_for(".question", "PIN1")
    code = question.locator(".code").inner_text()
    assert code.isdecimal()
    assert "Demo Ticarət MMC" in question.inner_text()
    expect(sight.find("[data-step=upload] .calls")).to_contain_text("read_proc_status")
    sight.confirm("PIN1")
    sight.confirm("PIN2")
    sight.wait_for("[data-step=upload].passed")
    sight.press("Do it", "[data-step=qaime]")
    qaime = sight.wait_for(".qaime-no").inner_text()
    assert steer.get(f"invoices/{qaime}")["status"] == "onApproval"
    sight.press("Do it", "[data-step=download]")
    sight.confirm("PIN1")
    sight.wait_for("[data-step=download].passed")
    sight.find("[data-step=download] summary").last.click()
    expect(sight.find("[data-step=download] .calls li:last-child pre").last).to_contain_text(
        '"main_subject": "Müqavilə A-17"'
    )
    sight.press("Do it", "[data-step=remove]")
    sight.confirm("PIN1")
    sight.confirm("PIN2")
    sight.wait_for("[data-step=remove].passed")
    sight.find("[data-step=remove] summary").last.click()
    expect(sight.find("[data-step=remove] .calls li:last-child pre").last).to_contain_text('"total": 0')
    sight.press("Do it", "[data-step=approved]")
    expect(sight.wait_for("[data-step=approved].passed").locator("summary")).to_contain_text("err_code 20")
    sight.press("Do it", "[data-step=renew]")
    renewed = sight.wait_for("[data-step=renew].passed").locator("summary")
    expect(renewed).to_have_count(4)
    expect(renewed.nth(2)).to_contain_text("err_code 5")
    assert portal.call("read_proc_status", token="demo-token", procId=123).code == 5
    assert steer.get("invoices/AA24080000001")["status"] == "approved"


def test_what_stops_the_walk_is_said(sight: Sight, steer: Steer) -> None:
    sight.open()
    steer.fault(operation="etx_delete", err_code=11)
    sight.press("Do it", "[data-step=approved]")
    sight.wait_for("[data-step=approved] .calls", "It stopped")
    assert sight.find("[data-step=approved].passed").count() == 0


def test_the_walk_goes_on_while_something_else_is_looked_at(sight: Sight, steer: Steer, page: Page) -> None:
    steer.put("readings", **{"R-31": "manual"})
    sight.open()
    sight.press("Do it", "[data-step=upload]")
    sight.wait_for(".question", "PIN1")
    sight.open("journal")
    sight.press("Azərbaycanca")
    sight.open("start")
    step = sight.find("[data-step=upload]")
    expect(step.locator(".calls li").first).to_be_visible()
    expect(step.get_by_role("button")).to_be_disabled()
    sight.confirm("PIN1")
    sight.confirm("PIN2")
    sight.wait_for("[data-step=upload].passed")
    sight.press("İcra et", "[data-step=qaime]")
    sight.wait_for(".qaime-no")
    assert page.locator("[data-step]").count() == 6


def test_an_answer_that_is_no_json_stops_the_walk_in_words(sight: Sight, steer: Steer) -> None:
    steer.fault(operation="etx_delete", body="html")
    sight.open()
    sight.press("Do it", "[data-step=approved]")
    sight.wait_for("[data-step=approved] .calls", "The answer is no JSON (HTTP 200)")


@pytest.mark.proves("R-02")
def test_where_reads_are_get_only_the_walk_says_why_it_stops(sight: Sight, steer: Steer) -> None:
    steer.put("readings", **{"R-02": "documented"})
    sight.open()
    sight.press("Do it", "[data-step=renew]")
    sight.wait_for("[data-step=renew] .calls", "reading R-02 forbids that here")


def test_the_command_shown_has_the_token_of_now(sight: Sight, portal: Portal, steer: Steer) -> None:
    sight.open("processes")
    assert '"seller": "1234567890"' in sight.wait_for(".empty pre", "'x-vatpapikey: demo-token'").inner_text()
    challenge = portal.send("GET", "/auth/reset_start.php?login=demo").json["plain_value"]
    key = hmac.digest(b"demo-secret", challenge.encode(), "sha256").hex()
    renewed = portal.call("reset_confirm", login="demo", key=key).json["token"]
    sight.wait_for(".empty pre", f"'x-vatpapikey: {renewed}'")
    assert steer.get("accounts?secrets=include")["accounts"][2]["token"] == renewed


def test_what_began_before_the_world_has_no_length(sight: Sight) -> None:
    sight.open("processes")
    expect(sight.wait_for(".process", "#12345").locator(".age")).to_be_empty()


def test_a_refusal_on_the_phone_ends_the_process(sight: Sight, portal: Portal, steer: Steer) -> None:
    steer.put("readings", **{"R-31": "manual"})
    process = portal.started("etx_import", phone=portal.account.phone, date_from="01.01.2025", date_to="31.01.2025")
    sight.open("processes")
    sight.wait_for(".question", "Download invoices").get_by_role("button", name="Refuse").click()
    sight.wait_for(".process.failed", f"#{process}")
    sight.wait_for(".lately li", "refused")
    assert portal.finished(process)["status"] == 3
