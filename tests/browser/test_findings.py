"""What the journal says about the client, with how to mend it."""

from playwright.sync_api import Page, expect

from tests.browser.sight import Sight
from tests.client import Portal


def test_a_finding_is_told_with_its_mending_and_its_requests(sight: Sight, page: Page, portal: Portal) -> None:
    sight.open("findings")
    sight.wait_for(".empty", "Nothing is known yet")
    for _ in range(3):
        assert portal.call("read_proc_status", procId=99).code == 3
    card = sight.wait_for(".finding", "retried-refusal")
    for text in ("Error", "How to mend it:", "F-ERR-03"):
        expect(card).to_contain_text(text)
    english = card.inner_text()
    card.get_by_role("button", name="#").first.click()
    expect(sight.wait_for("dialog.drawer")).to_contain_text('"procId": 99')
    page.keyboard.press("Escape")
    sight.press("Azərbaycanca")
    azerbaijani = sight.wait_for(".finding", "retried-refusal").inner_text()
    assert "Necə düzəltməli:" in azerbaijani
    same = set(english.splitlines()) & set(azerbaijani.splitlines()) - {"", "retried-refusal"}
    assert all(line.startswith("F-ERR-03") for line in same)
