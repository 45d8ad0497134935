"""A client of VatPortal with `requests`: uploads, downloads and deletes as the documents advise.

It speaks the protocol of `vatportal-mock check-client`: what to do stands in the file VATPORTAL_INPUT, what came of
it goes into VATPORTAL_OUTPUT; exit 0 means that the task is done.
"""

import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

TIMEOUT = (5, 60)
RETRIES = 4
FIRST_PAUSE_SECONDS = 1.0
GROWTH = 2.0
PATIENCE_SECONDS = 600.0
"""Longer than any process takes: 3 to 5 minutes (F-PROC-06)."""

PAGE_SIZE = 5000
RETRY, RUNNING, DONE = frozenset({10, 11, 12, 16}), frozenset({0, 1}), 2
INVALID_CREDENTIALS, INVALID_INVOICES, DUPLICATE = 5, 14, 17
NEED_RETRY = "NEED RETRY"


class PortalError(Exception):
    """The portal said no, or could not be reached; trying the same again helps nothing."""

    def __init__(self, code: int | None, text: str, data: Any = None) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.data = data


class VatPortal:
    """One account of one portal."""

    retries = RETRIES
    content_type = "application/json"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.base = environ["VATPORTAL_BASE_URL"]
        self.login = environ["VATPORTAL_USERNAME"]
        self.password = environ["VATPORTAL_PASSWORD"]
        self.token = environ["VATPORTAL_TOKEN"]
        self.secret = environ["VATPORTAL_SECRET"]
        self.phone = environ["VATPORTAL_PHONE"]
        self.patience = float(environ.get("VATPORTAL_PATIENCE", PATIENCE_SECONDS))
        self.http = requests.Session()

    def call(self, method: str, path: str, **body: Any) -> Any:
        """`data` of an operation. What passes by itself is tried again, with growing pauses (F-ERR-03, F-PROC-09).

        Raises:
            PortalError: it did not work.
        """
        renewed = False
        for tries in range(self.retries + 1):
            code, text, data = self.once(method, path, body)
            if code == 0:
                return data
            if code == INVALID_CREDENTIALS and self.token and self.secret and not renewed:
                self.renew()
                renewed = True
                continue
            if (code is not None and code not in RETRY) or tries == self.retries:
                raise PortalError(code, text, data)
            time.sleep(self.back_off(tries))
        raise PortalError(code, text, data)

    def once(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[int | None, str, Any]:
        """`err_code`, `err_msg` and `data`; `None` as code when there was no answer of the portal's."""
        headers = {"Content-Type": self.content_type}
        if self.token:
            headers["x-vatpapikey"] = self.token
        else:
            body = {"username": self.login, "password": self.password, **body}
        raw = json.dumps(body, ensure_ascii=False).encode()
        try:
            answer = self.http.request(method, self.base + path, data=raw, headers=headers, timeout=TIMEOUT)
            told = answer.json()
            return int(told["err_code"]), str(told.get("err_msg", "")), told.get("data")
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            return None, f"no answer of the portal: {type(error).__name__}", None

    def renew(self) -> None:
        """A new token by HMAC-SHA256 (F-AUTH-03 to F-AUTH-05).

        Raises:
            PortalError: the secret is not ours.
        """
        start = self.http.get(f"{self.base}/auth/reset_start.php", params={"login": self.login}, timeout=TIMEOUT)
        challenge = str(start.json()["plain_value"])
        key = hmac.new(self.secret.encode(), challenge.encode(), hashlib.sha256).hexdigest()
        confirm = self.http.post(
            f"{self.base}/auth/reset_confirm.php", json={"login": self.login, "key": key}, timeout=TIMEOUT
        )
        told = confirm.json()
        if "token" not in told:
            raise PortalError(told.get("err_code"), "the token could not be renewed")
        self.token = told["token"]

    def follow(self, process: int) -> dict[str, Any]:
        """Poll a process to its end: every 2 s in the first minute, 5 s in the second, 10 s after (F-PROC-08).

        Raises:
            PortalError: it ended with errors, or not within our patience.
        """
        started = time.monotonic()
        while True:
            data: dict[str, Any] = self.call("GET", "/job/read_proc_status", procId=process)
            if data["status"] == DONE:
                return data
            stats = data.get("stats") or {}
            if data["status"] not in RUNNING:
                raise PortalError(None, "; ".join(stats.get("etx_exception", [])) or "the process failed")
            for pin in ("pin1_code", "pin2_code"):
                if pin in stats:
                    print(f"confirm {pin[:4].upper()} {stats[pin]} on the phone", flush=True)
            waited = time.monotonic() - started
            if waited > self.patience:
                raise PortalError(None, f"process {process} has not ended after {waited:.0f} s")
            time.sleep(self.between_polls(waited))

    def back_off(self, tries: int) -> float:
        """Seconds before the next try."""
        return FIRST_PAUSE_SECONDS * GROWTH**tries

    def between_polls(self, waited: float) -> float:
        return 2 if waited < 60 else 5 if waited < 120 else 10

    def upload(self, invoices: list[dict[str, Any]]) -> dict[str, str]:
        """ERP id -> qaime, when all are signed."""
        ids = [invoice["id"] for invoice in invoices]
        try:
            process = self.call("POST", "/inv/import_upload_invoices.php", invoices=invoices, upload=True)["id"]
        except PortalError as error:
            if error.code != DUPLICATE:
                raise
            return self.sent_before(ids)  # an answer was lost on the way: the portal has them
        self.follow(process)
        return self.qaimes(ids)

    def sent_before(self, ids: list[str]) -> dict[str, str]:
        """The qaimes of invoices whose process nobody told us of: look until all have one."""
        started = time.monotonic()
        while True:
            found = self.qaimes(ids)
            if all(found.get(each) for each in ids):
                return found
            if time.monotonic() - started > self.patience:
                raise PortalError(DUPLICATE, "the portal has these invoices, and they get no qaime")
            time.sleep(2)

    def qaimes(self, ids: list[str]) -> dict[str, str]:
        found = self.call("GET", "/inv/read_invoices", ids=ids)["invoices"]
        return {row["id"]: row["qaime"] for row in found if row["qaime"]}

    def download(self, **wanted: Any) -> Iterator[dict[str, Any]]:
        """Every invoice once, page by page (F-RD-02, F-RD-03)."""
        process = self.call("POST", "/etx/import", phone=self.phone, **wanted)["id"]
        self.follow(process)
        yield from self.pages(process, wanted["dir"])

    def pages(self, process: int, dir_: int) -> Iterator[dict[str, Any]]:
        seen: set[str] = set()
        page = 1
        while True:
            data = self.page(process, dir_, page)
            for invoice in data["invoices"]:
                if invoice["qaime"] not in seen:
                    seen.add(invoice["qaime"])
                    yield invoice
            if not data["invoices"] or len(seen) >= data["total"]:
                return
            page += 1

    def page(self, process: int, dir_: int, number: int) -> dict[str, Any]:
        asked = {"phone": self.phone, "procId": process, "dir": dir_, "from": number}
        data: dict[str, Any] = self.call("GET", "/etx/read_invoices", **asked)
        return data

    def remove(self, invoices: list[dict[str, Any]]) -> Iterator[str]:
        """Delete, each folder with a request of its own (F-DEL-02); the serial numbers that are gone, as they go."""
        for signed in (False, True):
            serials = [each["serialNumber"] for each in invoices if each["is_signed"] is signed]
            if serials:
                self.delete(serials, signed)
                yield from serials

    def delete(self, serials: list[str], signed: bool) -> None:
        """All of them or none (F-DEL-03), followed to the end (F-DEL-09)."""
        process = self.call("DELETE", "/etx/delete", serialNumbers=serials, is_signed=signed)["id"]
        self.follow(process)


def told(error: PortalError, invoices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the user is told: of a 14 answer, which invoice has which codes (F-ERR-01)."""
    if error.code == INVALID_INVOICES and error.data:
        pairs = zip(invoices, error.data["invoices"], strict=True)
        return [
            {"code": code, "invoices": [invoice["id"]], "text": f"invoice {invoice['id']}: error {code}"}
            for invoice, codes in pairs
            for code in codes
        ]
    return [{**({} if error.code is None else {"code": error.code}), "text": error.text}]


def main(kind: type[VatPortal] = VatPortal) -> int:
    asked = json.loads(Path(os.environ["VATPORTAL_INPUT"]).read_bytes())
    portal = kind(os.environ)
    outcome: dict[str, Any] = {"status": "succeeded"}
    try:
        match asked["task"]:
            case "upload":
                outcome["qaimes"] = portal.upload(asked["invoices"])
            case "download":
                outcome["invoices"] = [invoice["qaime"] for invoice in portal.download(**asked["download"])]
            case "delete":
                outcome["deleted"] = gone = []
                for serial in portal.remove(asked["delete"]):
                    gone.append(serial)  # what went before a refusal is told too
    except PortalError as error:
        outcome |= {"status": "failed", "errors": told(error, asked.get("invoices", []))}
        print(error, file=sys.stderr)
    Path(os.environ["VATPORTAL_OUTPUT"]).write_text(json.dumps(outcome, ensure_ascii=False), "utf-8")
    return 0 if outcome["status"] == "succeeded" else 1


if __name__ == "__main__":
    sys.exit(main())
