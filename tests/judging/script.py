"""Conversations written down: what a client would have sent, as rows of the journal."""

import json
from typing import Any

from mock_server.judging import Call, Case, call_of, judge
from mock_server.rulebook.operations import BY_NAME
from mock_server.store.journal import JournalRow

SECOND = 1_000_000


class Script:
    """Rows one after the other; `wait` lets real and world time pass."""

    def __init__(self, speed: float = 1) -> None:
        self.rows: list[tuple[int, JournalRow]] = []
        self.real = 1_800_000_000 * SECOND
        self.at = self.real
        self.speed = speed

    def wait(self, seconds: float) -> "Script":
        self.real += round(seconds * SECOND)
        self.at += round(seconds * self.speed * SECOND)
        return self

    def call(
        self,
        operation: str,
        code: int | None = 0,
        data: Any = None,
        *,
        http: int = 200,
        note: str = "",
        reading: str = "",
        way: str = "token",
        query: str = "",
        complaints: tuple[str, ...] = (),
        **body: Any,
    ) -> "Script":
        request = json.dumps(body, ensure_ascii=False).encode() if body else b""
        answer = b"" if code is None else json.dumps({"err_code": code, "data": data}).encode()
        known = BY_NAME[operation]
        row = JournalRow(
            world=1,
            at_real=self.real,
            at=self.at,
            operation=operation,
            method=known.method,
            path=f"/api{known.path}" + (f"?{query}" if query else ""),
            account=None if code in (4, 5) else "demo",
            way=way,
            http=http,
            code=code,
            latency=1_000_000,
            violations=json.dumps([{"path": [], "code": code, "reading": "", "text": text} for text in complaints]),
            notes=json.dumps([{"path": [], "reading": reading, "text": note}] if note else []),
            request=request,
            request_size=len(request),
            request_digest="",
            named="",
            answer=answer,
            answer_size=len(answer),
            answer_digest="",
        )
        self.rows.append((len(self.rows) + 1, row))
        return self

    def start(self, process: int = 7, operation: str = "etx_import", **body: Any) -> "Script":
        return self.call(operation, 0, {"id": process}, **body)

    def polls(self, *statuses: int, every: float = 2, process: int = 7) -> "Script":
        for status in statuses:
            self.wait(every).call("read_proc_status", 0, {"status": status}, procId=process)
        return self

    def calls(self, keep_body: bool = True) -> list[Call]:
        return [call_of(seq, row, keep_body) for seq, row in self.rows]


def rules(script: Script, **about: Any) -> list[str]:
    """The rules that a conversation breaks, in the order of the findings."""
    return [finding["rule"] for finding in judge(Case(script.calls(), **about))]
