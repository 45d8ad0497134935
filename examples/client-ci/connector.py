"""The part of a small ERP that brings its invoices to VatPortal. Nothing but Python's own library."""

import hmac
import http.client
import json
import time
import urllib.parse
import urllib.request
from typing import Any

RETRY = {10, 11, 12, 16}
TRIES = 5


class Refused(Exception):
    """The portal does not want this, or does not answer; `code` is its `err_code`, `None` without one."""

    def __init__(self, code: int | None, text: str, data: Any = None) -> None:
        super().__init__(text)
        self.code = code
        self.data = data


class Portal:
    """The ERP's account of one portal."""

    def __init__(self, base: str, user: str, password: str, token: str, secret: str, patience: float = 900) -> None:
        self.base = base
        self.user, self.password, self.token, self.secret = user, password, token, secret
        self.patience = patience

    def send(self, invoices: list[dict[str, Any]]) -> dict[str, str]:
        """Upload invoices; their qaimes by the ERP's ids.

        Raises:
            Refused: they are not signed, or not known to be.
        """
        ids = [invoice["id"] for invoice in invoices]
        try:
            self._follow(self._call("POST", "/inv/import_upload_invoices.php", invoices=invoices, upload=True)["id"])
        except Refused as refused:
            if refused.code != 17:  # the portal has them: an answer was lost, and we sent them again
                raise
        started = time.monotonic()
        while True:
            rows = self._call("GET", "/inv/read_invoices", ids=ids)["invoices"]
            qaimes = {row["id"]: row["qaime"] for row in rows if row["qaime"]}
            if len(qaimes) == len(ids):
                return qaimes
            self._demand_patience(started, "the invoices get no qaime")
            time.sleep(2)

    def _follow(self, process: int) -> None:
        started = time.monotonic()
        while True:
            data = self._call("GET", "/job/read_proc_status", procId=process)
            if data["status"] == 2:
                return
            if data["status"] == 3:
                raise Refused(None, "; ".join(data["stats"].get("etx_exception", [])) or "the upload failed")
            passed = self._demand_patience(started, f"process {process} does not end")
            time.sleep(2 if passed < 60 else 5 if passed < 120 else 10)

    def _demand_patience(self, started: float, text: str) -> float:
        passed = time.monotonic() - started
        if passed > self.patience:
            raise Refused(None, text)
        return passed

    def _call(self, method: str, path: str, **body: Any) -> Any:
        """`data` of the answer; what passes by itself is tried again, with growing pauses."""
        renewed = False
        for tried in range(1, TRIES + 1):
            answer = self._answer(method, path, body)
            code = answer.get("err_code")
            if code == 5 and self.token and self.secret and not renewed:
                self._renew()
                renewed = True
                answer = self._answer(method, path, body)
                code = answer.get("err_code")
            if code == 0:
                return answer["data"]
            if (code is not None and code not in RETRY) or tried == TRIES:
                raise Refused(code, answer.get("err_msg") or f"err_code {code}", answer.get("data"))
            time.sleep(2 ** (tried - 1))
        raise AssertionError("not reached")

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["x-vatpapikey"] = self.token
        else:
            body = {"username": self.user, "password": self.password, **body}
        raw = json.dumps(body).encode()
        return self._sent(urllib.request.Request(self.base + path, raw, headers, method=method))

    def _sent(self, request: urllib.request.Request) -> dict[str, Any]:
        """The answer's JSON, whatever its HTTP status; empty where no answer of the portal's came."""
        try:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    value = json.loads(answer.read())
            except urllib.error.HTTPError as error:
                value = json.loads(error.read())
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def _renew(self) -> None:
        """A new token, by HMAC of a challenge."""
        query = urllib.parse.urlencode({"login": self.user})
        challenge = self._sent(urllib.request.Request(f"{self.base}/auth/reset_start.php?{query}"))
        key = hmac.new(self.secret.encode(), str(challenge.get("plain_value")).encode(), "sha256").hexdigest()
        body = json.dumps({"login": self.user, "key": key}).encode()
        headers = {"Content-Type": "application/json"}
        told = self._sent(urllib.request.Request(f"{self.base}/auth/reset_confirm.php", body, headers, method="POST"))
        if "token" not in told:
            raise Refused(told.get("err_code"), "the token cannot be renewed")
        self.token = told["token"]
