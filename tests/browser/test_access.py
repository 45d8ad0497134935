"""For everybody: by keyboard, on a small screen, in dark and light, with a screen reader."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sight import VIEWS, Sight
from tests.browser.test_words import busy
from tests.client import Portal
from tests.control.steer import Steer

__all__ = ["busy"]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize(("theme", "language", "width"), [("light", "en", 1280), ("dark", "az", 360)])
def test_nothing_serious_bars_anybody(
    theme: str, language: str, width: int, sight: Sight, page: Page, busy: Portal, axe: str
) -> None:
    assert busy.world
    page.set_viewport_size({"width": width, "height": 800})
    sight.paint(theme)
    sight.speak(language)
    for view in (*VIEWS, "phone")[: None if width < 700 else -1]:
        sight.open(view)
        page.wait_for_timeout(300)
        assert page.evaluate(OVERFLOW) == 0, view
        assert sight.serious(axe) == [], view
    sight.open("journal")
    sight.find(".line").first.click()
    sight.wait_for("dialog.drawer .remarks")
    assert sight.serious(axe) == []
    page.keyboard.press("Escape")
    sight.open("invoices")
    sight.find("tbody button").first.click()
    sight.wait_for(".paper")
    assert page.evaluate(OVERFLOW) == 0
    assert sight.serious(axe) == []


def test_the_phone_is_answered_by_keyboard(sight: Sight, page: Page, portal: Portal, steer: Steer) -> None:
    steer.put("readings", **{"R-31": "manual"})
    process = portal.started("etx_import", phone=portal.account.phone, date_from="01.01.2025", date_to="31.01.2025")
    sight.open("processes")
    sight.wait_for(".question")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.button.confirm')"):
            break
    page.keyboard.press("Enter")
    sight.wait_for(".process.finished", f"#{process}")


def test_the_journal_is_walked_by_keyboard(sight: Sight, page: Page, portal: Portal) -> None:
    for number in (1, 2, 3):
        portal.call("read_proc_status", procId=number)
    sight.open("journal")
    sight.wait_for(".line")
    sight.find(".line button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(sight.wait_for("dialog.drawer")).to_contain_text('"procId": 2')
    page.keyboard.press("Escape")
    expect(sight.find("dialog.drawer")).not_to_be_visible()


def test_dark_and_light_are_chosen_and_kept(sight: Sight, page: Page) -> None:
    sight.open()
    page.emulate_media(color_scheme="light")
    light = sight.find("html").evaluate("node => getComputedStyle(node).backgroundColor")
    sight.find("header [data-focus=theme]").click()
    dark = sight.find("html").evaluate("node => getComputedStyle(node).backgroundColor")
    assert light != dark
    page.reload()
    sight.wait_for("main h1")
    assert sight.find("html").evaluate("node => getComputedStyle(node).backgroundColor") == dark
