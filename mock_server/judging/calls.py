"""A request as the rules see it: what the journal has of it, reduced to what a rule may ask."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from mock_server import wire
from mock_server.judging.catalogue import number
from mock_server.portal.deletions import OTHER_FOLDER
from mock_server.portal.downloads import PAGE_NOTE
from mock_server.portal.moments import instant
from mock_server.rulebook.operations import BY_NAME
from mock_server.store.journal import JournalRow

UNDELIVERED = ("drop_before", "drop_after", "lose_answer", "truncate", "scenario drop", "scenario lose-answer")
"""Words of a note by which the journal tells that the client did not get this answer."""

LOST_BODY = "a GET without a body, from "
"""How the note begins that a request came without what it should carry; the User-Agent follows."""

NO_AGENT = "a client without User-Agent"

WRONG_TYPE = "Content-Type is "
"""How the violation begins that a body is not JSON by its header; the header follows, in quotes."""

NO_TYPE = "absent"

NAMED_KEPT = 200
STARTING = frozenset(name for name, operation in BY_NAME.items() if operation.starts)
_FLOAT = re.compile(rf"[0-9]\.[0-9]{{{int(number('float_decimals'))},}}")
_GARBLED = re.compile("\ufffd|É™|Å[\u009fŸž]|Ä[ŸžŞ±°\u009f]|Ã[§¼¶‡œ–\u0087\u009c\u0096]")


class Call(NamedTuple):
    """One request of a client, and its answer.

    Attributes:
        real, at: microseconds since 1970 UTC of real time and of world time.
        latency: seconds until the answer.
        key: the same for the same request sent again, whether it got as far as its credentials or not.
        delivered: whether the answer reached the client, as far as the simulator decides that.
        process: the process asked for (`procId`); `started`: the one that the answer names.
        status: of the process, as answered.
        page, pages, total: of a read of several pages; `page` as it was asked for, so perhaps below 1.
        named: ERP ids or serial numbers in the request; `others` of them lie in the other folder.
        contents: digests of the invoices sent, without their ids; `blamed`: those that 14 objects to.
        body: the whole request as JSON, where the caller wants it kept.
    """

    seq: int
    real: int
    at: int
    operation: str
    method: str
    account: str | None
    way: str
    http: int
    code: int | None
    latency: float
    key: str
    user: str | None
    query: tuple[str, ...]
    readings: tuple[str, ...]
    delivered: bool
    process: int | None
    started: int | None
    status: int | None
    page: int
    pages: int
    total: int
    named: tuple[str, ...]
    others: int
    signed: bool
    contents: tuple[tuple[str, str], ...]
    blamed: frozenset[str]
    span: str
    filtered: bool
    floats: tuple[str, ...]
    garbled: tuple[str, ...]
    lost_body: str | None
    complaint: str
    body: dict[str, Any] | None

    @property
    def starts(self) -> str | None:
        """The kind of process that such a request starts."""
        known = BY_NAME.get(self.operation)
        return None if known is None else known.starts

    @property
    def refused(self) -> bool:
        return self.code is not None and self.code != 0

    @property
    def failed(self) -> bool:
        """No envelope reached the client."""
        return self.code is None or not self.delivered


def call_of(seq: int, row: JournalRow, keep_body: bool = False) -> Call:
    """The call that a row of the journal tells of."""
    return _call(
        {
            "seq": seq,
            "real": row.at_real,
            "at": row.at,
            "operation": row.operation,
            "method": row.method,
            "path": row.path,
            "account": row.account,
            "way": row.way,
            "http": row.http,
            "code": row.code,
            "latency": row.latency / 1e9,
        },
        row.request,
        row.request_digest,
        row.answer,
        msgspec.json.decode(row.violations),
        msgspec.json.decode(row.notes),
        keep_body,
    )


def call_shown(shown: Mapping[str, Any], keep_body: bool = True) -> Call:
    """The call that a request of `GET requests` of the control API tells of."""
    return _call(
        {
            "seq": shown["seq"],
            "real": instant(datetime.fromisoformat(shown["time"])),
            "at": instant(datetime.fromisoformat(shown["world_time"])),
            "operation": shown["operation"],
            "method": shown["method"],
            "path": shown["path"],
            "account": shown["account"],
            "way": shown["way"],
            "http": shown["http"] or 0,
            "code": shown["err_code"],
            "latency": shown["latency_ms"] / 1e3,
        },
        shown["request"]["text"].encode(),
        shown["request"]["digest"] or "",
        shown["answer"]["text"].encode(),
        shown["violations"],
        shown["notes"],
        keep_body,
    )


def _call(
    plain: dict[str, Any],
    request: bytes,
    digest: str,
    answer: bytes,
    violations: list[dict[str, Any]],
    notes: list[dict[str, Any]],
    keep_body: bool,
) -> Call:
    path = plain.pop("path")
    query = parse_qsl(path.partition("?")[2], keep_blank_values=True)
    body: dict[str, Any] = {**dict(query), **_object(request)}
    told = _object(answer)
    data = told.get("data")
    data = data if isinstance(data, dict) else {}
    page, pages, total = _page(notes, body)
    text = request.decode("utf-8", "replace") if plain["operation"] == "import_upload_invoices" else ""
    contents = _contents(body.get("invoices"))
    lost = [note["text"].removeprefix(LOST_BODY) for note in notes if note["text"].startswith(LOST_BODY)]
    said = " ".join(note["text"] for note in notes if not note["reading"])
    key = f"{plain['operation']} {path} {digest}".encode() + (b"" if digest else request)
    return Call(
        **plain,
        key=hashlib.sha256(key).hexdigest(),
        user=_text(body.get("username") or body.get("login")),
        query=tuple(name for name, _ in query),
        readings=tuple(note["reading"] for note in notes),
        delivered=plain["http"] != 0 and not any(word in said for word in UNDELIVERED),
        process=_integer(body.get("procId")),
        started=_integer(data.get("id")) if plain["operation"] in STARTING else None,
        status=_integer(data.get("status")),
        page=page,
        pages=pages,
        total=total,
        named=_named(body),
        others=sum(row["text"].endswith(OTHER_FOLDER) for row in violations),
        signed=body.get("is_signed") is True,
        contents=contents,
        blamed=_blamed(data.get("invoices"), contents) if plain["code"] == 14 else frozenset(),
        span="-".join(str(body.get(name, "")) for name in ("date_from", "date_to")),
        filtered=any(body.get(name) for name in ("inc_kinds", "exc_kinds", "inc_status", "exc_status")),
        floats=tuple(_FLOAT.findall(text)[:NAMED_KEPT]),
        garbled=tuple(_GARBLED.findall(text)[:NAMED_KEPT]),
        lost_body=lost[0] if lost else None,
        complaint=str(violations[0]["text"])[:200] if violations else "",
        body=body if keep_body else None,
    )


def _object(raw: bytes) -> dict[str, Any]:
    """The JSON object that `raw` is; empty for anything else, such as a body that is kept in part."""
    try:
        value = wire.parse(raw) if raw else {}
    except wire.Unreadable:
        return {}
    return value if isinstance(value, dict) else {}


def _page(notes: list[dict[str, Any]], body: Mapping[str, Any]) -> tuple[int, int, int]:
    for note in notes:
        found = PAGE_NOTE.fullmatch(note["text"])
        if found:
            return int(found[1]), int(found[2]), int(found[3])
    asked = _integer(body.get("from"))
    return (1 if asked is None else asked), 0, 0


def _named(body: Mapping[str, Any]) -> tuple[str, ...]:
    listed = body.get("serialNumbers", body.get("ids"))
    if listed is None and isinstance(body.get("invoices"), list):
        listed = [entry.get("id") for entry in body["invoices"] if isinstance(entry, dict)]
    return tuple(str(name)[:50] for name in listed[:NAMED_KEPT]) if isinstance(listed, list) else ()


def _contents(invoices: Any) -> tuple[tuple[str, str], ...]:
    """Of each invoice its id, and a digest of all but the id."""
    if not isinstance(invoices, list):
        return ()
    found = []
    for invoice in invoices:
        if isinstance(invoice, dict):
            rest = wire.text({name: invoice[name] for name in sorted(invoice) if name != "id"})
            found.append((str(invoice.get("id"))[:50], hashlib.sha256(rest).hexdigest()))
        else:
            found.append(("", ""))
    return tuple(found)


def _blamed(entries: Any, contents: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """Ids of the invoices whose entry in `data.invoices` is not empty (F-ERR-01)."""
    listed = entries if isinstance(entries, list) else []
    return frozenset(erp_id for (erp_id, _), codes in zip(contents, listed, strict=False) if codes)


def _integer(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value[:100] if isinstance(value, str) else None
