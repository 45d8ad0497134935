"""A client of VatPortal with `httpx2`, asynchronous: uploads, downloads and deletes as the documents advise.

It speaks the protocol of `vatportal-mock check-client`, as its neighbour with `requests` does. Amounts are `Decimal`
from parse to print.
"""

import asyncio
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import msgspec

PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between tries of what may pass by itself."""

PATIENCE_SECONDS = 600.0
WORTH_ANOTHER_TRY = frozenset({10, 11, 12, 16})
INVALID_CREDENTIALS, INVALID_INVOICES, DUPLICATE = 5, 14, 17
FINISHED, FAILED = 2, 3

_json = msgspec.json.Encoder(decimal_format="number")


class Refused(Exception):
    """The portal says no; `code` is its `err_code`, if it gave one."""

    def __init__(self, code: int | None, text: str, data: Any = None) -> None:
        super().__init__(text or f"err_code {code}")
        self.code, self.data = code, data


class Unclear(Exception):
    """No answer came, or none of the portal's: the request may have been carried out, or not."""


class Client:
    """One account of one portal, and one connection pool to it."""

    def __init__(self, http: httpx2.AsyncClient, environ: Mapping[str, str]) -> None:
        self._http = http
        self._login, self._password = environ["VATPORTAL_USERNAME"], environ["VATPORTAL_PASSWORD"]
        self._token, self._secret = environ["VATPORTAL_TOKEN"], environ["VATPORTAL_SECRET"]
        self._phone = environ["VATPORTAL_PHONE"]
        self._patience = float(environ.get("VATPORTAL_PATIENCE", PATIENCE_SECONDS))

    async def call(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """`data` of an operation; with another token if this one has died, and some more tries where they may help.

        Raises:
            Refused: `err_code` is not 0.
            Unclear: there was no answer.
        """
        try:
            return await self._tried(method, path, body)
        except Refused as refused:
            if refused.code != INVALID_CREDENTIALS or not (self._token and self._secret):
                raise
        await self._renew()
        return await self._tried(method, path, body)

    async def _tried(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        for pause in PAUSES:
            try:
                return (await self._sent(method, path, body))["data"]
            except Unclear:
                pass
            except Refused as refused:
                if refused.code not in WORTH_ANOTHER_TRY:
                    raise
            await asyncio.sleep(pause)
        return (await self._sent(method, path, body))["data"]

    async def _sent(self, method: str, path: str, body: Mapping[str, Any], known: bool = True) -> Any:
        """The answer to one request, which shows who we are if `known`."""
        headers = {"Content-Type": "application/json"}
        if known and self._token:
            headers["x-vatpapikey"] = self._token
        elif known:
            body = {"username": self._login, "password": self._password, **body}
        try:
            answer = await self._http.request(method, path, content=_json.encode(body), headers=headers)
            told = json.loads(answer.content, parse_float=Decimal)
        except (httpx2.TransportError, ValueError) as error:
            raise Unclear(f"no answer of the portal: {type(error).__name__}") from None
        if told.get("err_code", 0) != 0:
            raise Refused(told["err_code"], told.get("err_msg", ""), told.get("data"))
        return told

    async def _renew(self) -> None:
        """A new token: the portal's challenge, signed with our secret (F-AUTH-03 to F-AUTH-05)."""
        start = httpx2.URL("/auth/reset_start.php", params={"login": self._login})
        challenge = (await self._sent("GET", str(start), {}, known=False))["plain_value"]
        key = hmac.new(self._secret.encode(), challenge.encode(), hashlib.sha256).hexdigest()
        signed = {"login": self._login, "key": key}
        self._token = (await self._sent("POST", "/auth/reset_confirm.php", signed, known=False))["token"]

    async def follow(self, process: int) -> None:
        """Until status 2: every 2 s in the first minute, 5 s in the second, 10 s after (F-PROC-08).

        Raises:
            Refused: status 3, or patience is at its end.
        """
        began = time.monotonic()
        while (waited := time.monotonic() - began) <= self._patience:
            data = await self.call("GET", "/job/read_proc_status", {"procId": process})
            if data["status"] == FINISHED:
                return
            stats = data.get("stats") or {}
            if data["status"] == FAILED:
                raise Refused(None, "; ".join(stats.get("etx_exception") or ["the process failed"]))
            for name in ("pin1_code", "pin2_code"):
                if name in stats:
                    print(f"confirm on the phone: {name[:4]} {stats[name]}", flush=True)
            await asyncio.sleep(2 if waited < 60 else 5 if waited < 120 else 10)
        raise Refused(None, f"process {process} goes on; look again later")

    async def upload(self, invoices: list[dict[str, Any]]) -> dict[str, str]:
        """ERP id -> qaime. An id that exists may be of a try whose answer was lost: then it has a qaime soon."""
        ids = [invoice["id"] for invoice in invoices]
        try:
            body = {"invoices": invoices, "upload": True}
            await self.follow((await self.call("POST", "/inv/import_upload_invoices.php", body))["id"])
        except Refused as refused:
            if refused.code != DUPLICATE:
                raise
        end = time.monotonic() + self._patience
        while len(found := await self._qaimes(ids)) < len(ids):
            if time.monotonic() > end:
                raise Refused(DUPLICATE, "the portal has these invoices already, without a qaime")
            await asyncio.sleep(2)
        return found

    async def _qaimes(self, ids: list[str]) -> dict[str, str]:
        rows = (await self.call("GET", "/inv/read_invoices", {"ids": ids}))["invoices"]
        return {row["id"]: row["qaime"] for row in rows if row.get("qaime")}

    async def download(self, wanted: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Every invoice, page by page until all have come that `total` promises (F-RD-02, F-RD-03)."""
        process = (await self.call("POST", "/etx/import", {**wanted, "phone": self._phone}))["id"]
        await self.follow(process)
        asked = {"procId": process, "phone": self._phone, "dir": wanted["dir"]}
        page, read = 1, 0
        while True:
            data = await self.call("GET", "/etx/read_invoices", {**asked, "from": page})
            for invoice in data["invoices"]:
                yield invoice
            page, read = page + 1, read + len(data["invoices"])
            if not data["invoices"] or read >= data["total"]:
                return

    async def remove(self, invoices: list[dict[str, Any]]) -> AsyncIterator[str]:
        """Delete, each folder with a request of its own (F-DEL-02); the serial numbers that are gone, as they go."""
        for signed in {each["is_signed"]: None for each in invoices}:
            serials = [each["serialNumber"] for each in invoices if each["is_signed"] == signed]
            await self.delete(serials, signed)
            for serial in serials:
                yield serial

    async def delete(self, serials: list[str], signed: bool) -> None:
        """All of them or none (F-DEL-03), followed to the end (F-DEL-09)."""
        body = {"serialNumbers": serials, "is_signed": signed}
        await self.follow((await self.call("DELETE", "/etx/delete", body))["id"])


async def perform(client: Client, asked: Mapping[str, Any], outcome: dict[str, Any]) -> None:
    """The task; what came of it goes into `outcome`, and stays there if the rest fails."""
    match asked["task"]:
        case "upload":
            outcome["qaimes"] = await client.upload(asked["invoices"])
        case "download":
            outcome["invoices"] = [invoice["qaime"] async for invoice in client.download(asked["download"])]
        case _:
            outcome["deleted"] = gone = []
            async for serial in client.remove(asked["delete"]):
                gone.append(serial)


def explained(error: Refused | Unclear, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the user is told; of 14, which invoices it is about (F-ERR-01)."""
    told: dict[str, Any] = {"text": str(error)}
    if isinstance(error, Refused) and error.code is not None:
        told["code"] = error.code
        if error.code == INVALID_INVOICES:
            pairs = zip(asked["invoices"], error.data["invoices"], strict=True)
            told["invoices"] = [invoice["id"] for invoice, codes in pairs if codes]
    return told


async def outcome_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    async with httpx2.AsyncClient(base_url=os.environ["VATPORTAL_BASE_URL"], timeout=60) as http:
        outcome: dict[str, Any] = {"status": "succeeded"}
        try:
            await perform(Client(http, os.environ), asked, outcome)
        except (Refused, Unclear) as error:
            print(error, file=sys.stderr)
            outcome |= {"status": "failed", "errors": [explained(error, asked)]}
        return outcome


def main() -> int:
    asked = json.loads(Path(os.environ["VATPORTAL_INPUT"]).read_bytes(), parse_float=Decimal)
    outcome = asyncio.run(outcome_of(asked))
    Path(os.environ["VATPORTAL_OUTPUT"]).write_text(json.dumps(outcome, ensure_ascii=False), "utf-8")
    return 0 if outcome["status"] == "succeeded" else 1


if __name__ == "__main__":
    sys.exit(main())
