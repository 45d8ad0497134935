"""`/docs`: Swagger UI from the package; "try it" works for GET with a body and for DELETE too."""

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from mock_server import Settings
from tests.client import Portal
from tests.control.steer import Steer
from tests.live import LiveServer


def tried(page: Page, port: int, method: str, path: str, body: object, world: str = "") -> Locator:
    """The operation, after "Execute" with this body."""
    page.goto(f"http://127.0.0.1:{port}{world}/docs")
    block = page.locator(f".opblock-{method}").filter(has=page.locator(f"[data-path='{path}']"))
    block.locator(".opblock-summary").click()
    block.locator("textarea").first.fill(json.dumps(body))
    block.get_by_role("button", name="Execute").click()
    return block


@pytest.mark.proves("R-02")
def test_a_get_with_a_body_is_sent_as_the_post_that_it_may_be(page: Page, server: LiveServer) -> None:
    body = {"username": "demo", "password": "demo", "procId": 123}
    block = tried(page, server.port, "get", "/job/read_proc_status", body)
    expect(block.locator(".live-responses-table")).to_contain_text('"status": 2')
    expect(page.locator(".docs-note")).to_contain_text("R-02")
    assert Steer(server.port).get("requests?limit=1")["requests"][0]["method"] == "POST"


@pytest.mark.proves("R-02b")
def test_where_there_is_no_post_it_goes_into_the_query_string(page: Page) -> None:
    server = LiveServer(Settings(pace="instant", readings={"R-02": "documented"}, seed=1))
    body = {"username": "demo", "password": "demo", "ids": ["INV-2024-001", "INV-2024-002"]}
    block = tried(page, server.port, "get", "/inv/read_invoices", body)
    expect(block.locator(".live-responses-table")).to_contain_text('"total": 2')
    (row,) = Steer(server.port).get("requests")["requests"]
    assert (row["method"], row["err_code"]) == ("GET", 0)
    server.stop()


def test_a_delete_has_its_body(page: Page, server: LiveServer) -> None:
    body = {"username": "demo", "password": "demo", "ids": ["NOBODY-001"]}
    block = tried(page, server.port, "delete", "/inv/delete", body)
    expect(block.locator(".live-responses-table")).to_contain_text('"err_code": 20')
    row = Steer(server.port).get("requests?limit=1")["requests"][0]
    assert row["method"] == "DELETE"
    assert "NOBODY-001" in row["request"]["text"]


def test_a_world_has_docs_of_its_own(page: Page, portal: Portal, steer: Steer) -> None:
    steer.put("readings", **{"R-02": "post-only"})
    body = {"username": "demo", "password": "demo", "procId": 123}
    block = tried(page, portal.port, "post", "/job/read_proc_status", body, f"/w/{portal.world}")
    expect(block.locator(".live-responses-table")).to_contain_text('"status": 2')
    (row,) = steer.get("requests")["requests"]
    assert row["path"] == f"/w/{portal.world}/api/job/read_proc_status"
    assert page.locator(".opblock-get").filter(has=page.locator("[data-path='/job/read_proc_status']")).count() == 0
    expect(page.locator(".docs-top b")).to_have_text(portal.world)
    page.locator(".docs-top a").click()
    expect(page.locator(".world-name")).to_have_text(portal.world)
    assert page.locator("nav a").last.get_attribute("href") == f"/w/{portal.world}/docs"


def test_all_ten_paths_are_there(page: Page, server: LiveServer, portal: Portal) -> None:
    page.goto(f"http://127.0.0.1:{portal.port}/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    paths = page.locator(".opblock [data-path]").evaluate_all(
        "all => [...new Set(all.map(each => each.dataset.path))]"
    )
    assert len(paths) == 10
    assert server.port == portal.port


@pytest.mark.proves("R-02", "R-02b")
def test_what_only_a_body_can_say_is_not_sent_and_shown_as_curl(page: Page) -> None:
    server = LiveServer(Settings(pace="instant", readings={"R-02": "documented", "R-02b": "body-only"}, seed=1))
    body = {"username": "demo", "password": "demo", "ids": ["INV-2024-001"]}
    block = tried(page, server.port, "get", "/inv/read_invoices", body)
    expect(page.locator(".docs-note")).to_contain_text("Not sent")
    expect(block.locator(".curl-command")).to_contain_text("INV-2024-001")
    assert Steer(server.port).get("requests")["total"] == 0
    other = page.locator(".opblock-delete").filter(has=page.locator("[data-path='/inv/delete']"))
    other.locator(".opblock-summary").click()
    other.locator("textarea").first.fill(json.dumps({"username": "demo", "password": "demo", "ids": ["NOBODY-1"]}))
    other.get_by_role("button", name="Execute").click()
    expect(other.locator(".live-responses-table")).to_contain_text('"err_code": 20')
    expect(page.locator(".docs-note")).to_have_count(0)
    server.stop()


@pytest.mark.proves("R-02b")
def test_a_body_that_is_no_json_is_said_and_an_object_in_it_is_sent_as_json(page: Page) -> None:
    server = LiveServer(Settings(pace="instant", readings={"R-02": "documented"}, seed=1))
    block = tried(page, server.port, "get", "/inv/read_invoices", {"username": "demo", "filter": {"a": 1}})
    expect(block.locator(".live-responses-table")).to_contain_text("err_code")
    assert "%7B%22a%22%3A1%7D" in Steer(server.port).get("requests")["requests"][0]["path"]
    block.locator("textarea").first.fill('{"username": ')
    block.get_by_role("button", name="Execute").click()
    expect(page.locator(".docs-note")).to_contain_text("no JSON object")
    assert Steer(server.port).get("requests")["total"] == 1
    block.locator("textarea").first.fill('{"username": "demo", "password": "demo", "ids": ["INV-2024-001"]}')
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table")).to_contain_text('"total": 1')
    server.stop()
