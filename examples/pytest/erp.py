"""A very small ERP connector, standing for yours."""

import json
import time
from typing import Any
from urllib.request import Request, urlopen


class Refused(Exception):
    """The portal answered with an error code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"err_code {code}")
        self.code = code


class Connector:
    """Uploads and downloads invoices."""

    def __init__(self, url: str, token: str, pause: float = 0.01) -> None:
        self._url, self._token, self._pause = url, token, pause

    def upload(self, invoice: dict[str, Any]) -> str:
        """Upload an invoice, wait for its process, and fetch its qaime."""
        process = self._call("POST", "/inv/import_upload_invoices.php", upload=True, invoices=[invoice])["id"]
        self._follow(process)
        qaime: str = self._call("POST", "/inv/read_invoices", ids=[invoice["id"]])["invoices"][0]["qaime"]
        return qaime

    def download(self, phone: str, date_from: str, date_to: str) -> list[dict[str, Any]]:
        """All incoming invoices of a range, page by page."""
        process = self._call("POST", "/etx/import", phone=phone, date_from=date_from, date_to=date_to, dir=0)["id"]
        self._follow(process)
        invoices: list[dict[str, Any]] = []
        page = 1
        while True:
            body = {"phone": phone, "procId": process, "from": page}
            data = self._call("POST", "/etx/read_invoices", **body)
            invoices += data["invoices"]
            if not data["invoices"]:
                return invoices
            page += 1

    def _follow(self, process: int) -> None:
        for _ in range(600):
            data = self._call("POST", "/job/read_proc_status", procId=process)
            if data["status"] == 2:
                return
            if data["status"] == 3:
                raise RuntimeError(data["stats"]["etx_exception"])
            time.sleep(self._pause)
        raise TimeoutError(process)

    def _call(self, method: str, path: str, tries: int = 3, **body: Any) -> Any:
        headers = {"Content-Type": "application/json", "x-vatpapikey": self._token}
        request = Request(self._url + path, json.dumps(body).encode(), headers, method=method)
        with urlopen(request) as answer:
            found = json.load(answer)
        if found["err_code"] in (10, 11, 12, 16) and tries > 1:
            time.sleep(self._pause * 2 ** (4 - tries))
            return self._call(method, path, tries - 1, **body)
        if found["err_code"]:
            raise Refused(found["err_code"])
        return found["data"]
