"""The pictures of the README: made by the tests, the same in every run, as small as they should be."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from fixtures.builders import invoice
from tests.browser.sight import Sight
from tests.control.steer import Steer
from tests.timed import Timed, timed

IMAGES = Path(__file__).parents[2] / "docs" / "images"
KEEP = os.environ.get("PICTURES") == "keep"
"""`make pictures` says so; else they go to a folder of the test's."""

MOST_BYTES = 150_000
WORLD = "picture"


@pytest.fixture(scope="module")
def scene() -> Iterator[Timed]:
    """A world in which something is going on, at an instant that stands still."""
    with timed("20.11.2026 14:30", pace="realistic") as server:
        demo, steer = server.portal(WORLD), Steer(server.server.port, WORLD)
        for number, buyer in enumerate(("0987654321", "9000000006", "9000000002", "9000000001"), 1):
            built = invoice(number, erp_id=f"ERP-2026-{number:03d}", buyer=buyer)
            demo.started("import_upload_invoices", upload=True, invoices=[built])
            server.wait(40)
        server.wait(400)
        demo.call("import_upload_invoices", invoices=[{**invoice(5), "seller": "12345", "sum_totl": 3}])
        demo.call("read_proc_status", procId=4711)
        demo.call("etx_delete", serialNumbers=["AA 24080000001"], is_signed=True)
        other = server.portal(WORLD, "buyer")
        other.started("etx_import", phone=other.account.phone, date_from="01.11.2026", date_to="20.11.2026")
        server.wait(130)
        steer.put("readings", **{"R-31": "manual"})
        invoices = [invoice(number, erp_id=f"ERP-2026-{number:03d}") for number in (6, 7, 8)]
        process = demo.started("import_upload_invoices", upload=True, invoices=invoices)
        server.wait(75)
        steer.post(f"confirmations/{process}-1/confirm")
        server.wait(70)
        yield server


def _kept(page: Page, name: str, folder: Path) -> None:
    target = IMAGES if KEEP else folder
    target.mkdir(exist_ok=True)
    file = target / f"{name}.webp"
    session = page.context.new_cdp_session(page)
    taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": 85})  # a third of a PNG
    file.write_bytes(base64.b64decode(taken["data"]))
    assert 10_000 < file.stat().st_size < MOST_BYTES, file.stat().st_size


@pytest.mark.parametrize(
    ("name", "view", "theme", "language"),
    [
        ("processes", "processes", "light", "en"),
        ("journal", "journal", "dark", "en"),
        ("invoice", "invoices", "light", "az"),
    ],
)
def test_a_picture(
    name: str, view: str, theme: str, language: str, scene: Timed, browser: Browser, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 760}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    sight = Sight(context.new_page(), f"http://127.0.0.1:{scene.server.port}/w/{WORLD}/")
    sight.paint(theme)
    sight.speak(language)
    sight.open(view)
    sight.wait_for(".question")
    if name == "invoice":
        sight.find("tbody tr").filter(has_text="Təsdiq gözləyir").locator("button").first.click()
        sight.wait_for(".paper")
    else:
        sight.wait_for(".process .now" if view == "processes" else ".line .badge")
    _kept(sight.page, name, tmp_path)
    context.close()


def test_a_small_screen(scene: Timed, browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    sight = Sight(context.new_page(), f"http://127.0.0.1:{scene.server.port}/w/{WORLD}/")
    sight.paint("light")
    sight.speak("az")
    sight.open("phone")
    sight.wait_for(".question")
    _kept(sight.page, "phone", tmp_path)
    context.close()
