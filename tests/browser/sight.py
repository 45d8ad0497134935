"""The dashboard as a person sees it."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

VIEWS = ("start", "processes", "journal", "findings", "invoices", "world")


class Sight:
    """A page that shows the dashboard of one world at `url`."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, view: str = "start") -> "Sight":
        """Go to a view, by the address or by its link, and wait until it has something to show."""
        if self.page.url.startswith(self.url):
            self.page.locator(f"nav a[data-view={view}]").click()
        else:
            self.page.goto(f"{self.url}#{view}")
        expect(self.page.locator(f"nav a[data-view={view}]")).to_have_attribute("aria-current", "page")
        expect(self.page.locator("main h1, main .phone").first).to_be_visible()
        expect(self.page.locator(".world-clock")).not_to_be_empty()
        return self

    def find(self, selector: str, **wanted: Any) -> Locator:
        return self.page.locator(selector, **wanted)

    def press(self, name: str, within: str = "body") -> None:
        """Click the button of this name."""
        self.page.locator(within).get_by_role("button", name=name, exact=True).first.click()

    def wait_for(self, selector: str, text: str = "") -> Locator:
        """The first match, once it can be seen and says so."""
        found = self.page.locator(selector).filter(has_text=text).first
        expect(found).to_be_visible()
        return found

    def confirm(self, title: str) -> None:
        """Answer what the phone asks under this title."""
        question = self.wait_for(".question", title)
        question.locator(".button.confirm").click()

    def speak(self, language: str) -> None:
        """Choose a language for all pages to come."""
        self.page.add_init_script(f"localStorage.setItem('vatportal-mock.language', {json.dumps(language)})")

    def paint(self, theme: str) -> None:
        self.page.add_init_script(f"localStorage.setItem('vatportal-mock.theme', {json.dumps(theme)})")

    def serious(self, axe: str) -> list[str]:
        """What axe-core finds wrong in what is shown, of level serious or worse."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(axe)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for violation in found["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]
