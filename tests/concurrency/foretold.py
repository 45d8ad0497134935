"""What the reference model of the contract kit says of requests, told to it one by one."""

import json
from typing import Any

from contract_tests.accounts import DEFAULT_WORLD
from contract_tests.documents import ledger, load
from contract_tests.model.portal import WAITING, Portal
from contract_tests.model.things import Disagreement, Said
from tests.concurrency.order import Asked
from tests.concurrency.schedules import begun
from tests.live import LiveServer, fresh_world

FIRST_PROCESS = 5001
FIRST_NUMBER = f"{load('portal.json')['series']['value']}27050000001"
"""In the month in which the schedules' worlds stand still."""


class Foretold:
    """The model, in the state in which a world of the schedules begins; a server shows what e-taxes holds then.

    Beside what the documents promise it wants what the simulator does: at the pace `instant` processes end as they
    start, and their numbers, like those of invoices, run without gap or repeat in the order of the journal.
    """

    def __init__(self, server: LiveServer) -> None:
        self.model = Portal({name: row["default"] for name, row in ledger().items()}, at_once=True)
        self.model.numbers_from(FIRST_NUMBER)
        self._next = FIRST_PROCESS
        self._company = DEFAULT_WORLD["main"].voen
        shown = begun(server.port, fresh_world()).get("invoices?size=500")
        assert shown["total"] == len(shown["invoices"])
        for row in shown["invoices"]:
            self.model.begins_with(row["qaime"], row["uploader"], row["buyer"], row["status"])

    def would(self, request: Asked) -> str:
        return self._wrong(request)

    def does(self, request: Asked) -> str:
        told = self._wrong(request)
        data = json.loads(request.answer).get("data")
        if not told and isinstance(data, dict) and "id" in data:
            told = "" if data["id"] == self._next else f"process {data['id']} where {self._next} comes next"
            self._next += 1
        return told

    def _wrong(self, request: Asked) -> str:
        answer = json.loads(request.answer)
        said = Said(answer.get("err_code"), answer.get("data"))
        try:
            self._judge(request.step.operation, request.step.body, said, answer)
        except Disagreement as wrong:
            return f"{wrong.message} {wrong.ids}"
        return ""

    def _judge(self, operation: str, body: dict[str, Any], said: Said, answer: Any) -> None:
        model, company = self.model, self._company
        match operation:
            case "import_upload_invoices":
                model.import_(company, body["invoices"], body["upload"], said)
            case "inv_read_invoices":
                model.read(company, body["ids"], said)
            case "inv_delete":
                model.delete(company, body["ids"], said)
            case "read_proc_status":
                model.status(company, body["procId"], said)
            case "read_proc_data":
                model.details(company, body["procId"], said)
            case "etx_import":
                process = model.download(company, said)
                assert process is not None
                model.brings(process, company, body["dir"], [WAITING])
            case "etx_read_invoices":
                model.downloaded(company, body["procId"], said, fresh=False, whole=True)
            case "etx_delete":
                model.delete_filed(company, body["serialNumbers"], body["is_signed"], said)
            case "reset_start":
                model.challenge(answer.get("plain_value"))
            case _:
                raise ValueError(operation)
