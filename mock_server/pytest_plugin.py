"""A pytest plugin: `vatportal` is a fresh portal for each test, on a server that is started once.

    def test_upload(vatportal):
        my_erp.upload(base_url=vatportal.url, token=vatportal.token)
        vatportal.advance("5m")
        assert vatportal.requests(operation="import_upload_invoices")

Under pytest-xdist each worker process has a server of its own. The ini option `vatportal_serve` gives the server
other flags than `--pace instant`; `VATPORTAL_MOCK_URL` in the environment names a server that runs already.
"""

import asyncio
import itertools
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

_START_SECONDS = 20
_opener = build_opener(ProxyHandler({}))
_numbers = itertools.count(1)


class ControlError(Exception):
    """The control API refused: its explanation."""


class Server(NamedTuple):
    """A running simulator; `admin_token` opens its control API where it is closed."""

    url: str
    admin_token: str | None = None


class Vatportal:
    """One world of the simulator: what a test tells its client, and what it does to the portal.

    Attributes:
        url: the base URL of the portal, up to and with `/api`.
    """

    username = "demo"
    password = "demo"
    token = "demo-token"
    secret = "demo-secret"
    phone = "994501234567"

    def __init__(self, server: Server, world: str) -> None:
        self.world = world
        self.url = f"{server.url}/w/{world}/api"
        self._server = server

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API of this world: `control("PUT", "clock", {"frozen": True})`.

        Raises:
            ControlError: it was refused; the text says why, and what is allowed.
        """
        return self._send(method, f"{self._server.url}/w/{self.world}/__admin/{path}", body)

    def advance(self, by: str | float) -> None:
        """Let time pass at once (`5m`, or seconds); what falls due happens."""
        self.control("POST", "clock/advance", {"by": by})

    def seed(self, count: int, **wanted: Any) -> None:
        """Put invoices into e-taxes: `seed(12_000, dir=0, statuses=["approved"])`."""
        self.control("POST", "invoices", {"count": count, **wanted})

    def fault(self, **fault: Any) -> int:
        """Make something go wrong: `fault(operation="etx_import", err_code=11, times=2)`; the fault's number."""
        number: int = self.control("POST", "faults", fault)["id"]
        return number

    def readings(self, **answers: str) -> None:
        """Choose readings; `R_16="page"` stands for `R-16`."""
        self.control("PUT", "readings", {name.replace("_", "-"): answer for name, answer in answers.items()})

    def requests(self, **wanted: Any) -> list[dict[str, Any]]:
        """What the client has sent so far, by operation, err_code, account, invoice or since."""
        found: list[dict[str, Any]] = self.control("POST", "requests/find", wanted)["requests"]
        return found

    def wait_for(self, count: int = 1, timeout: str | float = "5s", **wanted: Any) -> list[dict[str, Any]]:
        """Wait (in real time) until so many requests match.

        Raises:
            ControlError: too few came; the text names the nearest misses.
        """
        body = {"count": count, "timeout": timeout, **wanted}
        found: list[dict[str, Any]] = self.control("POST", "requests/wait", body)["requests"]
        return found

    def reset(self) -> None:
        """Back to the start."""
        self.control("POST", "reset", {})

    def remove(self) -> None:
        """Remove the world, if anybody has used it."""
        with suppress(ControlError):
            self._send("DELETE", f"{self._server.url}/__admin/worlds/{self.world}", None)

    def _send(self, method: str, url: str, body: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._server.admin_token is not None:
            headers["Authorization"] = f"Bearer {self._server.admin_token}"
        data = None if body is None else json.dumps(body).encode()
        try:
            with _opener.open(Request(url, data, headers, method=method)) as answer:
                return json.load(answer)
        except HTTPError as error:
            with error:
                raise ControlError(error.read().decode()) from None


class AsyncVatportal:
    """The same for asynchronous tests: each call of `Vatportal`, awaited."""

    def __init__(self, portal: Vatportal) -> None:
        self.sync = portal
        self.url, self.world = portal.url, portal.world
        self.username, self.password = portal.username, portal.password
        self.token, self.secret, self.phone = portal.token, portal.secret, portal.phone

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        return await asyncio.to_thread(self.sync.control, method, path, body)

    async def advance(self, by: str | float) -> None:
        await asyncio.to_thread(self.sync.advance, by)

    async def seed(self, count: int, **wanted: Any) -> None:
        await asyncio.to_thread(self.sync.seed, count, **wanted)

    async def fault(self, **fault: Any) -> int:
        return await asyncio.to_thread(self.sync.fault, **fault)

    async def readings(self, **answers: str) -> None:
        await asyncio.to_thread(self.sync.readings, **answers)

    async def requests(self, **wanted: Any) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self.sync.requests, **wanted)

    async def wait_for(
        self,
        count: int = 1,
        timeout: str | float = "5s",  # noqa: ASYNC109 - the server waits, as in the synchronous call
        **wanted: Any,
    ) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self.sync.wait_for, count, timeout, **wanted)

    async def reset(self) -> None:
        await asyncio.to_thread(self.sync.reset)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("vatportal_serve", "flags of the simulator that `vatportal` starts", default="--pace instant")


@pytest.fixture(scope="session")
def vatportal_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The simulator of this test run: one that is named in the environment, or one started for it."""
    named = os.environ.get("VATPORTAL_MOCK_URL")
    if named:
        yield Server(named.rstrip("/"), os.environ.get("VATPORTAL_MOCK_ADMIN_TOKEN") or None)
        return
    flags = shlex.split(request.config.getini("vatportal_serve"))
    ours = {name: value for name, value in os.environ.items() if not name.startswith("VATPORTAL_MOCK_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_server", "serve", *flags, "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=ours,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    if not url.startswith("http"):
        process.kill()
        pytest.fail(f"the simulator did not start: {url}{process.stdout.read()}")
    yield Server(url)
    process.terminate()
    process.wait(_START_SECONDS)
    process.stdout.close()


@pytest.fixture
def vatportal(vatportal_server: Server) -> Iterator[Vatportal]:
    """A fresh world, removed when the test is over."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    portal = Vatportal(vatportal_server, f"{worker}-{os.getpid()}-{next(_numbers)}")
    yield portal
    portal.remove()


@pytest.fixture
def vatportal_async(vatportal: Vatportal) -> AsyncVatportal:
    """The same world, for asynchronous tests."""
    return AsyncVatportal(vatportal)
