"""The good `requests` client with one sin, named after the rule that finds it.

vatportal-mock check-client --journey upload -- python -m contract_tests.bad_clients.one_sin polled-too-fast
"""

import json
import os
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from contract_tests.good_clients.requests_client import PortalError, VatPortal, main

WIDE = {"date_from": "01.01.2022", "date_to": "30.04.2024"}


class PolledTooFast(VatPortal):
    def between_polls(self, waited: float) -> float:  # noqa: ARG002
        return 0.4


class NeverSlowedDown(VatPortal):
    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.patience = 140

    def between_polls(self, waited: float) -> float:  # noqa: ARG002
        return 2


class PolledAfterEnd(VatPortal):
    def follow(self, process: int) -> dict[str, Any]:
        super().follow(process)
        time.sleep(2)
        return super().follow(process)


class StoppedEarly(VatPortal):
    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.patience = 1


class PolledWithoutBound(VatPortal):
    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.patience = float("inf")


class TookRunningForDone(VatPortal):
    def follow(self, process: int) -> dict[str, Any]:
        data: dict[str, Any] = self.call("GET", "/job/read_proc_status", procId=process)
        return data


class IgnoredErrCode(VatPortal):
    def upload(self, invoices: list[dict[str, Any]]) -> dict[str, str]:
        _, _, data = self.once("POST", "/inv/import_upload_invoices.php", {"invoices": invoices, "upload": True})
        self.once("GET", "/job/read_proc_status", {"procId": (data or {}).get("id")})
        return {}


class ComparedTexts(VatPortal):
    def follow(self, process: int) -> dict[str, Any]:
        for _ in range(4):
            data: dict[str, Any] = self.call("GET", "/job/read_proc_status", procId=process)
            if data["status_desc"] == "Process Finalized Successfully":
                return data
            time.sleep(2)
        raise PortalError(None, "it never says that it is finalized")


class CredentialsInQuery(VatPortal):
    def once(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[int | None, str, Any]:
        if method != "GET":
            return super().once(method, path, body)
        token, self.token = self.token, ""
        try:
            return super().once(method, f"{path}?username={self.login}&password={self.password}", body)
        finally:
            self.token = token


class TokenAndPassword(VatPortal):
    def once(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[int | None, str, Any]:
        return super().once(method, path, {"username": self.login, "password": self.password, **body})


class PasswordInsteadOfToken(VatPortal):
    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__({**environ, "VATPORTAL_TOKEN": ""})


class WrongContentType(VatPortal):
    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.content_type = "text/plain"


class ParametersInQuery(VatPortal):
    def once(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[int | None, str, Any]:
        if method != "GET":
            return super().once(method, path, body)
        told = self.http.get(self.base + path, params=body, headers={"x-vatpapikey": self.token}).json()
        return told["err_code"], told["err_msg"], told.get("data")


class GetBodyLost(VatPortal):
    def once(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[int | None, str, Any]:
        if method != "GET":
            return super().once(method, path, body)
        told = self.http.get(self.base + path, headers={"x-vatpapikey": self.token}).json()
        return told["err_code"], told["err_msg"], told.get("data")


class MixedFolders(VatPortal):
    def remove(self, invoices: list[dict[str, Any]]) -> Iterator[str]:
        """Takes the folder of the first for the folder of all."""
        serials = [each["serialNumber"] for each in invoices]
        self.delete(serials, invoices[0]["is_signed"])
        yield from serials


class WrongIsSigned(VatPortal):
    def delete(self, serials: list[str], signed: bool) -> None:  # noqa: ARG002
        super().delete(serials, True)


class RetriedRefusal(VatPortal):
    def delete(self, serials: list[str], signed: bool) -> None:
        try:
            super().delete(serials, signed)
        except PortalError:
            time.sleep(1)
            super().delete(serials, signed)


class ResentInvalid(VatPortal):
    def upload(self, invoices: list[dict[str, Any]]) -> dict[str, str]:
        try:
            return super().upload(invoices)
        except PortalError:
            time.sleep(1)
            return super().upload(invoices)


class RetriedWithoutPause(VatPortal):
    def back_off(self, tries: int) -> float:  # noqa: ARG002
        return 0


class RetriedWithoutBound(VatPortal):
    retries = 12

    def back_off(self, tries: int) -> float:
        return float(0.6 * 1.15**tries)


class NeverRetried(VatPortal):
    retries = 0


class SecondInvoice(VatPortal):
    def upload(self, invoices: list[dict[str, Any]]) -> dict[str, str]:
        code, _, _ = self.once("POST", "/inv/import_upload_invoices.php", {"invoices": invoices, "upload": True})
        if code is None:
            time.sleep(1)
            invoices = [{**invoice, "id": f"{invoice['id']}-AGAIN"} for invoice in invoices]
        return super().upload(invoices)


class StoppedAtFirstPage(VatPortal):
    def pages(self, process: int, dir_: int) -> Iterator[dict[str, Any]]:
        yield from self.page(process, dir_, 1)["invoices"]


class AssumedPageSize(VatPortal):
    def pages(self, process: int, dir_: int) -> Iterator[dict[str, Any]]:
        """Takes `from` for the number of the first record."""
        first = 1
        while found := self.page(process, dir_, first)["invoices"]:
            yield from found
            first += len(found)


class AlteredAmounts(VatPortal):
    def upload(self, invoices: list[dict[str, Any]]) -> dict[str, str]:
        return super().upload([{key: _single(value) for key, value in each.items()} for each in invoices])


class GarbledLetters(VatPortal):
    def upload(self, invoices: list[dict[str, Any]]) -> dict[str, str]:
        return super().upload(
            [{**each, "main_info": each["main_info"].encode().decode("cp1252", "replace")} for each in invoices]
        )


class ManyAtOnce(VatPortal):
    def follow(self, process: int) -> dict[str, Any]:
        wanted = {"phone": self.phone, "date_from": "01.04.2024", "date_to": "30.04.2024", "dir": 0}
        other = self.call("POST", "/etx/import", **wanted)["id"]
        super().follow(other)
        return super().follow(process)


class WideDownload(VatPortal):
    def download(self, **wanted: Any) -> Iterator[dict[str, Any]]:
        return super().download(**{**wanted, **WIDE})


class BlamedWrongInvoice(VatPortal):
    def upload(self, invoices: list[dict[str, Any]]) -> dict[str, str]:
        try:
            return super().upload(invoices)
        except PortalError as error:
            raise PortalError(error.code, error.text, {"invoices": error.data["invoices"][::-1]}) from None


class BelievedRefusedDeletion(VatPortal):
    @staticmethod
    def amend(outcome: dict[str, Any]) -> None:
        outcome["deleted"] = ["MT2412 25000100"]


class LostInvoices(VatPortal):
    @staticmethod
    def amend(outcome: dict[str, Any]) -> None:
        outcome["invoices"].pop()


class WrongOutcome(VatPortal):
    @staticmethod
    def amend(outcome: dict[str, Any]) -> None:
        outcome["status"] = "succeeded"


class Sin(NamedTuple):
    """A client, and the journey that brings its sin to light; `seconds`: after which it is stopped, if not the usual.

    `slow`: it takes minutes of real time.
    """

    client: type[VatPortal]
    journey: str
    seconds: float | None = None
    slow: bool = False


SINS: Mapping[str, Sin] = {
    "polled-too-fast": Sin(PolledTooFast, "upload"),
    "never-slowed-down": Sin(NeverSlowedDown, "stalled", 200, slow=True),
    "polled-after-end": Sin(PolledAfterEnd, "upload"),
    "stopped-early": Sin(StoppedEarly, "slow-pins"),
    "polled-without-bound": Sin(PolledWithoutBound, "stalled", 10),
    "took-running-for-done": Sin(TookRunningForDone, "upload"),
    "ignored-err-code": Sin(IgnoredErrCode, "invalid"),
    "compared-texts": Sin(ComparedTexts, "other-texts"),
    "credentials-in-query": Sin(CredentialsInQuery, "upload"),
    "token-and-password": Sin(TokenAndPassword, "upload"),
    "password-instead-of-token": Sin(PasswordInsteadOfToken, "upload"),
    "wrong-content-type": Sin(WrongContentType, "upload"),
    "parameters-in-query": Sin(ParametersInQuery, "upload"),
    "get-body-lost": Sin(GetBodyLost, "upload"),
    "mixed-folders": Sin(MixedFolders, "delete-both-folders"),
    "wrong-is-signed": Sin(WrongIsSigned, "delete-drafts"),
    "retried-refusal": Sin(RetriedRefusal, "delete-refused"),
    "resent-invalid": Sin(ResentInvalid, "invalid"),
    "retried-without-pause": Sin(RetriedWithoutPause, "internal-errors"),
    "retried-without-bound": Sin(RetriedWithoutBound, "internal-error-stays"),
    "never-retried": Sin(NeverRetried, "internal-errors"),
    "second-invoice": Sin(SecondInvoice, "lost-answer"),
    "stopped-at-first-page": Sin(StoppedAtFirstPage, "page-appears"),
    "assumed-page-size": Sin(AssumedPageSize, "page-appears"),
    "altered-amounts": Sin(AlteredAmounts, "upload"),
    "garbled-letters": Sin(GarbledLetters, "letters"),
    "many-at-once": Sin(ManyAtOnce, "upload"),
    "wide-download": Sin(WideDownload, "page-appears"),
    "blamed-wrong-invoice": Sin(BlamedWrongInvoice, "invalid"),
    "believed-refused-deletion": Sin(BelievedRefusedDeletion, "delete-refused"),
    "lost-invoices": Sin(LostInvoices, "page-appears"),
    "wrong-outcome": Sin(WrongOutcome, "pin-refused"),
}
"""Rule -> the client that breaks it, and nothing else."""


def _single(value: Any) -> Any:
    """An amount as a 32-bit float has it."""
    if isinstance(value, float):
        return struct.unpack("f", struct.pack("f", value))[0]
    return value


def commit(name: str) -> int:
    """Run the client with this sin; its exit code."""
    sinner = SINS[name].client
    exit_ = main(sinner)
    amend = getattr(sinner, "amend", None)
    if amend is not None:
        file = Path(os.environ["VATPORTAL_OUTPUT"])
        outcome = json.loads(file.read_bytes())
        amend(outcome)
        file.write_text(json.dumps(outcome, ensure_ascii=False), "utf-8")
    return exit_


if __name__ == "__main__":
    sys.exit(commit(sys.argv[1]))
