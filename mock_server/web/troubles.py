"""What goes wrong with a request on purpose: faults of the control API, and scenarios named in a header.

Both come from outside as data and meet here as one `Trouble`; the answer is spoilt, held up or lost on its way.
"""

import asyncio
from typing import Any, NamedTuple

from starlette.types import Receive, Scope, Send

from mock_server import durations, wire
from mock_server.control.faults import Connection, Fault, delay_of
from mock_server.portal.plans import BY_NAME as SCENARIOS
from mock_server.portal.plans import Change
from mock_server.portal.worlds import World
from mock_server.refusals import Refusal, nearest
from mock_server.rulebook.errors import ErrorTable
from mock_server.web.envelope import Answer, Envelope

HEADER = b"x-mock-scenario"
DROP = "vatportal_mock.drop"
"""The extension of the ASGI scope through which our server lets a connection be dropped."""

_DRIP_BYTES = 7
_DRIP_SECONDS = 0.02
_DRIP_PIECES = 200
_EXTRA: dict[str, Any] = {"x_extra": {"unknown": True}, "server_time": "2000-01-01"}
_ERRORS = ErrorTable.load()


class Trouble(NamedTuple):
    """What is to happen to one request.

    Attributes:
        delay: microseconds of real time before anything else.
        changes: of the plan of the process that the request starts.
        note: for the journal.
    """

    note: str = ""
    err_code: int | None = None
    http_status: int | None = None
    body: str | None = None
    connection: Connection | None = None
    delay: int = 0
    mutate: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def instead(self) -> bool:
        """Whether no work is done."""
        return self.err_code is not None or self.http_status is not None or self.connection == "drop_before"


NO_TROUBLE = Trouble()


class UnknownScenario(Exception):
    """The header names no scenario; the answer lists them."""

    def __init__(self, given: str) -> None:
        super().__init__(given)
        self.given = given

    def answer(self) -> Answer:
        allowed = sorted(SCENARIOS)
        body = {
            "type": "about:blank",
            "title": "unknown scenario",
            "status": 400,
            "detail": f"the header {HEADER.decode()} names no scenario; nothing was done",
            "given": self.given,
            "allowed": allowed,
            **({"nearest": guess} if (guess := nearest(self.given, allowed)) else {}),
        }
        return Answer(400, wire.text(body), None, b"application/problem+json")


class Dropped(Exception):
    """The connection is gone, on purpose."""


def of_header(value: bytes, starts: str | None) -> Trouble:
    """The trouble that a request asks for in its header.

    Raises:
        UnknownScenario: there is none of this name, or it is for processes and none is started.
    """
    name = value.decode("latin-1").strip()
    scenario = SCENARIOS.get(name)
    if scenario is None or (scenario.starts and starts not in scenario.starts):
        raise UnknownScenario(name[:100])
    change = scenario.change
    return Trouble(
        f"scenario {name}",
        change.err_code,
        change.http_status,
        None,
        change.connection,
        0 if change.delay is None else durations.microseconds(change.delay),
        (),
        (change,) if scenario.starts else (),
    )


def of_fault(view: World, fault: Fault, met: int) -> Trouble:
    """The trouble that a fault is."""
    return Trouble(
        "fault",
        fault.err_code,
        fault.http_status,
        fault.body,
        fault.connection,
        delay_of(view, fault, met),
        fault.mutate,
        (Change(busy=2),) if fault.etaxes == "busy" else (),
    )


def instead(trouble: Trouble, envelope: Envelope) -> Answer:
    """The answer that is given without any work."""
    if trouble.err_code is not None:
        entry = _ERRORS.find("request", trouble.err_code)
        answer = _unnamed(trouble.err_code) if entry is None else envelope.error(Refusal("request", entry.name))
        return answer if trouble.http_status is None else answer._replace(http=trouble.http_status)
    status = trouble.http_status or 502
    if trouble.body == "empty":
        return Answer(status, b"", None, b"text/html")
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>gateway</body></html>\r\n"
    return Answer(status, page.encode(), None, b"text/html")


def mutated(answer: Answer, mutations: tuple[str, ...]) -> Answer:
    """The answer with another face: texts, unknown fields, order of keys; its meaning stays."""
    if not mutations or answer.code is None:
        return answer
    body = wire.parse(answer.body)
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
    scope: Scope, receive: Receive, send: Send, answer: Answer, connection: Connection | None
) -> None:
    """Send the answer as the trouble has it; a connection that is to be dropped is dropped here."""
    if connection in ("drop_before", "lose_answer"):
        await drop(scope, receive)
        return
    body = answer.body
    if connection == "truncate":
        body = body[: len(body) // 2]
    headers = [(b"content-type", answer.content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": answer.http, "headers": headers})
    if connection == "drop_after":
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await drop(scope, receive)
        return
    step = max(_DRIP_BYTES, len(body) // _DRIP_PIECES) if connection == "drip" else len(body)
    while len(body) > step:
        await send({"type": "http.response.body", "body": body[:step], "more_body": True})
        body = body[step:]
        await asyncio.sleep(_DRIP_SECONDS)
    await send({"type": "http.response.body", "body": body})


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


def _unnamed(code: int) -> Answer:
    return Answer(200, wire.text({"res": 0, "err_code": code, "err_msg": ""}), code)


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
