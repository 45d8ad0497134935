"""English and Azerbaijani: every text of the page goes through the table of words, and the table is complete."""

import re
from importlib.resources import files

import pytest
from playwright.sync_api import Page, Route, expect

from fixtures.builders import invoice
from mock_server.rulebook.documents import load
from tests.browser.sight import VIEWS, Sight
from tests.client import Portal
from tests.control.steer import Steer

STATIC = files("mock_server.web.dashboard") / "static"
ROW = re.compile(r'^  (\w+): \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\],$', re.MULTILINE)
WORDS = {
    key: (english, azerbaijani) for key, english, azerbaijani in ROW.findall((STATIC / "words.js").read_text("utf-8"))
}
SCRIPTS = {
    file.name: file.read_text("utf-8")
    for file in STATIC.iterdir()
    if file.name.endswith(".js") and file.name != "words.js"
}
SAME = {
    "token",
    "portal",
    "folder_portal",
    "status",
    "err_code",
    "erp_id",
    "fault_etaxes",
    "col_line",
    "pin_no",
    "docs",
}
"""Called the same in both languages."""

UNTRANSLATED = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (element.closest("noscript, script, [translate=no]")) continue;
    if (!/\\p{L}/u.test(node.data.replace(/⟦[^⟧]*⟧/g, ""))) continue;
    found.push(node.data);
  }
  for (const element of document.querySelectorAll("[title], [aria-label], [placeholder]"))
    for (const name of ["title", "aria-label", "placeholder"]) {
      const text = element.getAttribute(name);
      if (text && /\\p{L}/u.test(text.replace(/⟦[^⟧]*⟧/g, "")) && !element.closest("[translate=no]"))
        found.push(`${name}=${text}`);
    }
  return found;
}"""


def test_every_text_is_there_in_both_languages() -> None:
    assert len(WORDS) > 200
    source = (STATIC / "words.js").read_text("utf-8")
    assert len(re.findall(r"^  \w+: ", source, re.MULTILINE)) == len(WORDS), "a line that is no pair, or a key twice"
    for key, (english, azerbaijani) in WORDS.items():
        assert english.strip(), key
        assert azerbaijani.strip(), key
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", azerbaijani)), key
        assert (english == azerbaijani) == (key in SAME), key


def test_every_text_that_is_asked_for_is_there_and_the_other_way_round() -> None:
    source = "\n".join(SCRIPTS.values())
    asked = set(re.findall(r'\bt\("(\w+)"', source))
    assert asked <= set(WORDS)
    stems = set(re.findall(r"\bt\(`(\w+)\$\{", source))
    assert all(any(key.startswith(stem) for key in WORDS) for stem in stems)
    quoted = set(re.findall(r'"(\w+)"', source)) | set(re.findall(r"\b(\w+)[:,]", source))
    unused = [key for key in WORDS if key not in asked | quoted and not key.startswith(tuple(stems))]
    assert unused == []


def _marked(route: Route) -> None:
    """The words with each text in brackets, so that what does not come from there stands out."""
    source = (STATIC / "words.js").read_text("utf-8")
    told = source.replace("return text.replace(", "return `⟦${key}⟧`; text.replace(")
    assert told != source
    route.fulfill(body=told, content_type="text/javascript")


@pytest.fixture
def busy(portal: Portal, steer: Steer) -> Portal:
    """A world in which everything has something to show."""
    steer.put("readings", **{"R-31": "manual"})
    for buyer in ("0987654321", "9000000001", "9000000003"):
        built = invoice(1, erp_id=f"WORD-{buyer}", buyer=buyer)
        portal.started("import_upload_invoices", upload=True, invoices=[built])
    portal.started("etx_delete", serialNumbers=["AA2401 10000001"], is_signed=False)
    portal.call("import_upload_invoices", invoices=[{"id": "x"}])
    portal.call("read_proc_status", procId=123, nobody_asked=True)
    steer.fault(err_code=11, operation="etx_import")
    steer.post("snapshots", name="before")
    return portal


def test_no_text_is_left_untranslated(sight: Sight, page: Page, busy: Portal) -> None:
    page.route("**/words.js", _marked)
    assert busy.world
    for view in VIEWS:
        sight.open(view)
        expect(sight.find("main")).to_contain_text("⟦")
        page.wait_for_timeout(300)
        assert page.evaluate(UNTRANSLATED) == [], view
    sight.open("journal")
    sight.find(".line").first.click()
    sight.wait_for("dialog.drawer .remarks")
    assert page.evaluate(UNTRANSLATED) == []
    page.keyboard.press("Escape")
    sight.open("invoices")
    sight.find("tbody button").first.click()
    sight.wait_for(".paper")
    assert page.evaluate(UNTRANSLATED) == []


def test_the_language_is_switched_and_kept(sight: Sight, page: Page) -> None:
    sight.open("processes")
    expect(sight.find("h1")).to_have_text("Processes")
    sight.press("Azərbaycanca")
    expect(sight.find("h1")).to_have_text("Proseslər")
    expect(sight.find("html")).to_have_attribute("lang", "az")
    expect(sight.find(".idle")).to_contain_text("Sorğu yoxdur")
    page.reload()
    expect(sight.find("h1")).to_have_text("Proseslər")
    sight.open("invoices")
    expect(sight.find("tbody .badge").filter(has_text="Təsdiqləndi").first).to_be_visible()
    sight.press("English")
    expect(sight.find("tbody .badge").filter(has_text="Approved").first).to_be_visible()


def test_refusals_are_told_in_azerbaijani_too(
    sight: Sight, page: Page, portal: Portal, complaints: list[str]
) -> None:
    sight.speak("az")
    portal.call("import_upload_invoices", invoices=[{**invoice(1, erp_id="BAD-00001"), "seller": "12"}])
    sight.open("journal")
    sight.wait_for(".line").click()
    violation = sight.wait_for("dialog.drawer .remarks li", "invoices[0].seller")
    meanings = {f"{one['scope']} {one['code']}": one["title"]["az"] for one in load("errors.json")["errors"]}
    meant = meanings[f"invoice {violation.locator('.badge').inner_text()}"]
    expect(violation.locator("b").first).to_have_text(meant.replace("`", ""))
    expect(violation.locator("> [lang=en]")).not_to_be_empty()
    page.keyboard.press("Escape")
    sight.open("world")
    page.get_by_label("Nə qədər").fill("yesterday")
    sight.press("İrəli çək", ".card.clock .row:has(input)")
    expect(sight.wait_for(".toast.bad", "Qəbul edilmədi")).to_contain_text("no duration")
    complaints.clear()
