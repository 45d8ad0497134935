"""What goes wrong with a request on purpose: faults of the control API, and scenarios named in a header.

Both come from outside as data and meet here as one `Trouble`; the answer is spoilt, held up or lost on its way.
"""

import asyncio
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from starlette.types import Receive, Scope, Send

from mock_server import durations, wire
from mock_server.control.faults import Body, Connection, Struck, delay_of, said
from mock_server.portal.plans import BY_NAME as SCENARIOS
from mock_server.portal.plans import Change, Scenario
from mock_server.portal.worlds import World
from mock_server.refusals import Refusal, nearest
from mock_server.rulebook.errors import ErrorTable
from mock_server.rulebook.operations import Operation
from mock_server.web.envelope import Answer, Envelope

HEADER = b"x-mock-scenario"
DROP = "vatportal_mock.drop"
"""The extension of the ASGI scope through which our server lets a connection be dropped."""

_DRIP_BYTES = 7
_DRIP_SECONDS = 0.02
_DRIP_PIECES = 200
_NO_CONTENT = (204, 304)
"""Statuses whose answers have no body, by the rules of HTTP."""

_EXTRA: dict[str, Any] = {"x_extra": {"unknown": True}, "server_time": "2000-01-01"}
_SOME_CODES = {"invoices": [[20]]}
"""What 14 is about (F-ERR-01) where nobody has looked at the invoices."""

_MALFORMED = b'{"err_code":0,"err_msg":"","data":{"id":}}'
_ERRORS = ErrorTable.load()
_exact = msgspec.json.Decoder(float_hook=Decimal)


class Trouble(NamedTuple):
    """What is to happen to one request.

    Attributes:
        note: for the journal.
        answer: what is answered instead of doing any work, if that needs no envelope.
        delay: microseconds of real time before anything else.
        changes: of the plan of the process that the request starts.
    """

    note: str = ""
    answer: Answer | None = None
    err_code: int | None = None
    http_status: int | None = None
    body: Body | None = None
    connection: Connection | None = None
    delay: int = 0
    mutate: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def instead(self) -> bool:
        """Whether no work is done."""
        named = (self.answer, self.err_code, self.http_status, self.body)
        return self.connection == "drop_before" or any(each is not None for each in named)


NO_TROUBLE = Trouble()


class Dropped(Exception):
    """The connection is gone, on purpose."""


def of_header(value: bytes, operation: Operation) -> Trouble:
    """The trouble that a request asks for in its header; a name that does not fit is refused with the list."""
    name = value.decode("latin-1").strip()
    scenario = SCENARIOS.get(name)
    if scenario is None:
        return _refused(name, "unknown scenario", f"the header {HEADER.decode()} names no scenario", operation)
    if not _fits(scenario, operation):
        starting = f"it is for requests that start {_listed(scenario.starts)}"
        return _refused(name, "the scenario does not fit", f"{starting}, and {operation.name} does not", operation)
    change = scenario.change
    return Trouble(
        note=f"scenario {name}",
        err_code=change.err_code,
        http_status=change.http_status,
        connection=change.connection,
        delay=0 if change.delay is None else durations.microseconds(change.delay),
        changes=(change,) if scenario.starts else (),
    )


def of_fault(view: World, struck: Struck) -> Trouble:
    """The trouble that a fault is."""
    fault = struck.fault
    return Trouble(
        note=said(struck),
        err_code=fault.err_code,
        http_status=fault.http_status,
        body=fault.body,
        connection=fault.connection,
        delay=delay_of(view, struck),
        mutate=fault.mutate,
        changes=(Change(busy=2),) if fault.etaxes == "busy" else (),
    )


def instead(trouble: Trouble, envelope: Envelope) -> Answer:
    """The answer that is given without any work; HTTP status 0 where nothing will leave."""
    if trouble.connection == "drop_before":
        return Answer(0, b"", None)
    if trouble.answer is not None:
        return trouble.answer
    if trouble.err_code is not None:
        answer = _error(trouble.err_code, envelope)
        return answer if trouble.http_status is None else _with_status(answer, trouble.http_status)
    status = trouble.http_status or 200
    if trouble.body == "empty":
        return Answer(status, b"", None, b"text/html")
    if trouble.body == "malformed":
        return _with_status(Answer(status, _MALFORMED, None), status)
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>gateway</body></html>\r\n"
    return _with_status(Answer(status, page.encode(), None, b"text/html"), status)


def mutated(answer: Answer, mutations: tuple[str, ...]) -> Answer:
    """The answer with another face: texts, unknown fields, order of keys; its meaning stays."""
    if not mutations or answer.code is None:
        return answer
    body = _exact.decode(answer.body)
    if "empty_err_msg" in mutations and "err_msg" in body:
        body["err_msg"] = ""
    if "az_err_msg" in mutations and body.get("err_code"):
        entry = _ERRORS.find("request", body["err_code"])
        if entry is not None and entry.err_msg is not None:
            body["err_msg"] = entry.err_msg.az
    if "extra_fields" in mutations:
        body = _with_extra(body)
    if "key_order" in mutations:
        body = _reversed(body)
    return answer._replace(body=wire.text(body))


async def delivered(
    scope: Scope, receive: Receive, send: Send, answer: Answer, connection: Connection | None, close: bool = False
) -> None:
    """Send the answer as the trouble has it; a connection that is to be dropped is dropped here."""
    if connection in ("drop_before", "lose_answer"):
        await drop(scope, receive)
        return
    body = answer.body
    if connection == "truncate":
        body = body[: len(body) // 2]
    headers = [(b"content-type", answer.content_type), (b"content-length", str(len(body)).encode())]
    if answer.http in _NO_CONTENT:
        headers = []
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.http, "headers": headers})
    if connection == "drop_after":
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await drop(scope, receive)
        return
    step = max(_DRIP_BYTES, len(body) // _DRIP_PIECES) if connection == "drip" else len(body)
    sent = 0
    while len(body) - sent > step:
        await send({"type": "http.response.body", "body": body[sent : sent + step], "more_body": True})
        sent += step
        await asyncio.sleep(_DRIP_SECONDS)
    await send({"type": "http.response.body", "body": body[sent:]})


async def drop(scope: Scope, receive: Receive) -> None:
    """Close the connection; what was sent so far goes out.

    Raises:
        Dropped: there is no connection, since the application was called without a server.
    """
    close = scope.get("extensions", {}).get(DROP, {}).get("close")
    if close is None:
        raise Dropped
    close()
    while (await receive())["type"] != "http.disconnect":
        pass


def _error(code: int, envelope: Envelope) -> Answer:
    """The envelope of any error; one that the documents do not name has no text."""
    entry = _ERRORS.find("request", code)
    if entry is not None:
        data = _SOME_CODES if entry.name == "invalid-invoices" else None
        return envelope.error(Refusal("request", entry.name, data))
    answer = envelope.error(Refusal("request", "internal-error"))
    body = {**_exact.decode(answer.body), "err_code": code}
    if "err_msg" in body:
        body["err_msg"] = ""
    return answer._replace(body=wire.text(body), code=code)


def _with_status(answer: Answer, status: int) -> Answer:
    return answer._replace(http=status, body=b"" if status in _NO_CONTENT else answer.body)


def _fits(scenario: Scenario, operation: Operation) -> bool:
    return not scenario.starts or operation.starts in scenario.starts


def _listed(kinds: tuple[str, ...]) -> str:
    return " or ".join(f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" for kind in kinds)


def _refused(given: str, title: str, detail: str, operation: Operation) -> Trouble:
    """Nothing is done; the answer lists the scenarios of this operation."""
    allowed = sorted(name for name, scenario in SCENARIOS.items() if _fits(scenario, operation))
    body = {
        "type": "about:blank",
        "title": title,
        "status": 400,
        "detail": f"{detail}; nothing was done",
        "given": given[:100],
        "allowed": allowed,
        **({"nearest": guess} if (guess := nearest(given[:100], allowed)) else {}),
    }
    return Trouble(f"scenario refused: {detail}", Answer(400, wire.text(body), None, b"application/problem+json"))


def _with_extra(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_extra(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {**{key: _with_extra(inner) for key, inner in value.items()}, **_EXTRA}


def _reversed(value: Any) -> Any:
    if isinstance(value, list):
        return [_reversed(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {key: _reversed(value[key]) for key in reversed(value)}
