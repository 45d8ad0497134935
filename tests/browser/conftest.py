"""Fixtures of the tests in a browser: one browser for all of them, a world and a page for each."""

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.sight import Sight
from tests.client import Portal
from tests.control.steer import Steer
from tests.live import LiveServer, Servers, fresh_world

HERE = Path(__file__).parent
PATIENCE = 20_000
"""Milliseconds until something that should show is given up: machines may be busy."""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium; it ends with this package's tests, since Playwright keeps an event loop running."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium here: `apt-get install chromium` brings it")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture
def server(servers: Servers) -> LiveServer:
    """A server where nothing takes time but what waits for a person."""
    return servers.get()


@pytest.fixture
def portal(server: LiveServer) -> Portal:
    return Portal(server.port, fresh_world())


@pytest.fixture
def steer(portal: Portal) -> Steer:
    return Steer(portal.port, portal.world)


@pytest.fixture
def complaints() -> list[str]:
    """What the page complains about; a test that expects some clears them."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A page of its own; whatever it complains about fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: _demand_local(request.url, complaints))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def sight(page: Page, portal: Portal) -> Sight:
    """The dashboard of the test's world, not opened yet."""
    return Sight(page, f"http://127.0.0.1:{portal.port}/w/{portal.world}/")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, from npm, as the lock file has it."""
    script = HERE / "node_modules" / "axe-core" / "axe.min.js"
    with (HERE / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several workers may want it at once
        if not script.exists():
            _install()
    return script.read_text("utf-8")


def _install() -> None:
    """Fetch what the lock file names; skips where that cannot be."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("axe-core comes from npm, which is not here")
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"npm cannot bring axe-core: {done.stderr[-300:]}")


def _demand_local(url: str, said: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
        said.append(f"asked the network for {url}")
