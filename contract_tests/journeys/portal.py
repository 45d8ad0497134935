"""The portal of one journey: a world of its own on a simulator, steered through its control API."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import httpx2

from contract_tests.documents import operations
from contract_tests.target import encoded

TIMEOUT_SECONDS = 60.0
OWN = {"username": "demo", "password": "demo"}
PHONE = "994501234567"
POLL_SECONDS = 0.1


def account(name: str) -> dict[str, str]:
    """The variables by which a client is another user of the default world."""
    return {
        "VATPORTAL_USERNAME": name,
        "VATPORTAL_PASSWORD": name,
        "VATPORTAL_TOKEN": f"{name}-token",
        "VATPORTAL_SECRET": f"{name}-secret",
    }


class Portal:
    """A world on a running simulator.

    Attributes:
        over: set when the journey has ended, so that what goes on meanwhile ends too.
    """

    def __init__(self, server: str, world: str, seed: int, pace: str = "fast") -> None:
        self.server = server
        self.world = world
        self.seed = seed
        self.over = threading.Event()
        self._http = httpx2.Client(timeout=TIMEOUT_SECONDS)
        self._http.post(
            f"{server}/__admin/worlds", json={"name": world, "seed": seed, "pace": pace}
        ).raise_for_status()

    @property
    def url(self) -> str:
        """The base URL that the client is given."""
        return f"{self.server}/w/{self.world}/api"

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API.

        Raises:
            httpx2.HTTPStatusError: it was refused.
        """
        answer = self._http.request(method, f"{self.server}/w/{self.world}/__admin/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def fault(self, **fault: Any) -> None:
        self.control("POST", "faults", fault)

    def call(self, operation: str, **body: Any) -> dict[str, Any]:
        """A portal call of the harness itself, as user `buyer` or `demo`; the client is judged without them."""
        row = operations()[operation]
        sent = encoded({**OWN, **body})
        headers = {"Content-Type": "application/json"}
        answer = self._http.request(row["method"], self.url + row["path"], content=sent, headers=headers)
        told: dict[str, Any] = answer.json()
        return told

    def done(self, operation: str, **body: Any) -> int:
        """Start a process of the harness itself, and let it finish; its number."""
        number = int(self.call(operation, **body)["data"]["id"])
        self.control("POST", f"processes/{number}/finish")
        return number

    def uploaded(self, *invoices: Mapping[str, Any]) -> list[str]:
        """Invoices that are there already: their qaimes."""
        self.done("import_upload_invoices", upload=True, invoices=list(invoices))
        told = self.call("inv_read_invoices", ids=[invoice["id"] for invoice in invoices])
        return [row["qaime"] for row in told["data"]["invoices"]]

    def lying(self, **filters: Any) -> frozenset[str]:
        """The qaimes that lie in e-taxes now, of those that these filters of the control API let through."""
        found: list[str] = []
        page = 1
        while True:
            query = "&".join(f"{key}={value}" for key, value in {**filters, "size": 500, "page": page}.items())
            told = self.control("GET", f"invoices?{query}")
            found += [row["qaime"] for row in told["invoices"]]
            if not told["invoices"] or len(found) >= told["total"]:
                return frozenset(found)
            page += 1

    def kept(self) -> dict[str, str]:
        """ERP id -> qaime (empty while it has none) of the invoices in the portal."""
        rows = self.control("GET", "portal-invoices?size=500")["invoices"]
        return {row["id"]: row["qaime"] or "" for row in rows}

    def forget(self) -> None:
        """The client's journal begins here."""
        self.control("DELETE", "requests")

    def waited(self, operation: str, count: int = 1) -> bool:
        """Wait until the client has asked for this so often; false when the journey is over first."""
        while not self.over.is_set():
            if self.control("POST", "requests/count", {"operation": operation})["count"] >= count:
                return True
            time.sleep(POLL_SECONDS)
        return False

    def requests(self) -> list[dict[str, Any]]:
        """Everything the client sent, in order, with bodies."""
        rows: list[dict[str, Any]] = []
        before = ""
        while True:
            page = self.control("GET", f"requests?limit=1000{before}")["requests"]
            rows += page
            if len(page) < 1000:
                return rows[::-1]
            before = f"&before={page[-1]['seq']}"

    def close(self) -> None:
        self.over.set()
        self._http.delete(f"{self.server}/__admin/worlds/{self.world}")
        self._http.close()
