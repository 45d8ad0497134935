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
    sight.find("h1").click()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.button.confirm')"):
            break
    page.keyboard.press("Enter")
    sight.wait_for(".process.finished", f"#{process}")
    expect(sight.find(".side-phone .screen")).to_be_focused()


def test_the_keyboard_stays_where_it_was_after_a_question(sight: Sight, page: Page) -> None:
    sight.open("world")
    reset = sight.find(".card.past").get_by_role("button", name="Reset the world")
    reset.focus()
    page.keyboard.press("Enter")
    sight.wait_for("dialog.ask")
    page.keyboard.press("Escape")
    expect(sight.find("dialog.ask")).to_have_count(0)
    expect(reset).to_be_focused()


@pytest.mark.parametrize("language", ["en", "az"])
def test_a_small_screen_shows_it_all(language: str, sight: Sight, page: Page, portal: Portal) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sight.speak(language)
    sight.open()
    expect(sight.find(".world-name")).to_have_text(portal.world)
    for part in (*sight.find("nav a:visible").all(), *sight.find("header > :visible").all()):
        box = part.bounding_box()
        assert box is not None
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= 360, part
        assert (
            part.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
            or part.evaluate("node => node.className") == "world-name"
        )
    assert page.evaluate(OVERFLOW) == 0


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
    expect(sight.find(".line button").nth(1)).to_be_focused()


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


def test_another_colour_or_language_keeps_the_filter(sight: Sight, page: Page, portal: Portal) -> None:
    portal.call("read_proc_status", procId=123)
    portal.call("read_proc_status", procId=99)
    sight.open("journal")
    page.get_by_label("Outcome").select_option("failed")
    expect(sight.find(".line")).to_have_count(1)
    sight.find("header [data-focus=theme]").click()
    expect(page.get_by_label("Outcome")).to_have_value("failed")
    sight.press("Azərbaycanca")
    expect(page.get_by_label("Nəticə")).to_have_value("failed")
    expect(sight.find(".line")).to_have_count(1)
