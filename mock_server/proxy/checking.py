"""What the documents say to a request and its answer, under the readings in force.

The server answers, nobody else: here is only told what the documents would have found in the request, and where the
answer is not as they have it. What needs the portal's data (whose token it is, which ids are taken) is the server's.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mock_server import wire
from mock_server.portal import rules
from mock_server.portal.accounts import Proof
from mock_server.portal.downloads import page_note
from mock_server.portal.moments import span
from mock_server.portal.visits import refuse
from mock_server.portal.worlds import World
from mock_server.proxy.messages import Message
from mock_server.proxy.tunnel import Passage
from mock_server.refusals import Refusal
from mock_server.rulebook.answers import departures
from mock_server.rulebook.constants import CONTENT_TYPE, PAGE_SIZE
from mock_server.rulebook.errors import ErrorTable
from mock_server.rulebook.forms import Note, Violation
from mock_server.web.envelope import Answer, Envelope
from mock_server.web.journal import Exchange
from mock_server.web.requests import body_of, demand_json, demand_method, with_query
from mock_server.web.sequence import lost_body

_ERRORS = ErrorTable.load()
_INVOICE = "urn:vatportal:invoice"
IN_ANSWER = "answer"
"""The first step of a note's path when it is about the answer."""

_DEPARTURES_TOLD = 20
_BECAUSE = 1000
_INVALID_INVOICES = 14
_FIRST_OF_INVOICES = 20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OF_FORM = frozenset({1, 2, 4, 6})
"""Codes that a request bears in itself; all others depend on what the server knows too."""


class Found(NamedTuple):
    """An exchange, looked at.

    Attributes:
        answer: the answer, unpacked; `json` its value, if it is JSON.
        because: what the documents would refuse the request for, in a few words; empty if nothing.
    """

    answer: Answer
    json: Any
    because: str


def examined(passage: Passage, exchange: Exchange, view: World, unread: str) -> Found:
    """Looks at a request and its answer; what there is to say goes into `exchange`.

    `unread` says why the request's body is not there to be looked at, if so.
    """
    notes = exchange.notes
    if unread:
        notes.append(Note((), "", f"the request's body is {unread}"))
    else:
        _look_through(exchange, view)
    because = "; ".join(row.text for row in exchange.violations)[:_BECAUSE]
    if passage.trouble:
        notes.append(Note((), "", passage.trouble))
    content, reason = passage.answer.content()
    status = passage.own or (0 if passage.trouble else passage.answer.http)  # 0: the client has no answer
    kind = passage.answer.header(b"content-type") or b""
    if reason:
        notes.append(_departure(f"the body is {reason}"))
    if passage.answer.strange:
        notes.append(_departure(f"no HTTP: {passage.answer.strange}"))
    if passage.trouble or reason or not status:
        return Found(Answer(status, content, None, kind), None, because)
    value, code = _answer(exchange, view, passage.answer, content)
    if code is not None and not unread:
        notes.extend(_disagreement(exchange.violations, code))
        notes.extend(_page(exchange, value, view.readings.choose("R-16")))
    return Found(Answer(status, content, code, kind), value, because)


def _look_through(exchange: Exchange, view: World) -> None:
    """What is wrong with a request: all of it, where the portal would name the first alone (R-19)."""
    request, readings, notes = exchange.request, view.readings, exchange.notes
    form = view.form(request.operation.request)
    with _noted(exchange):
        demand_method(request, readings)
    with _noted(exchange):
        demand_json(request)
    with _noted(exchange):
        body = exchange.body = body_of(request)
        exchange.readable = True
        notes.extend(lost_body(request))
        body = with_query(request, body, form, view, notes)
        if readings.choose("R-42") == "coerce":
            body = form.coerced(body)
        if request.operation.credentials:
            _credentials(exchange, body)
        for row in form.violations(body):
            if row.code is None:
                notes.append(Note(row.path, "R-53", f"{row.text}: ignored"))
            else:
                exchange.violations.append(row)
        exchange.violations.extend(_dates(body, readings.choose("R-13b")))
        notes.extend(form.notes(body))
        if request.operation.starts == "import" and isinstance(body.get("invoices"), list):
            exchange.violations.extend(_invoices(exchange, view, body["invoices"]))


@contextmanager
def _noted(exchange: Exchange) -> Iterator[None]:
    """A refusal becomes a violation, and the look goes on behind it."""
    try:
        yield
    except Refusal as refusal:
        code = _ERRORS.named(refusal.scope, refusal.name).code
        exchange.violations.append(Violation((), "", code, refusal.because))


def _credentials(exchange: Exchange, body: Mapping[str, Any]) -> None:
    """Who it says he is (F-AUTH-01); whether he is, the server knows."""
    proof = Proof(exchange.request.token, body.get("username"), body.get("password"))
    exchange.way = proof.way
    if isinstance(proof.username, str):
        exchange.account = proof.username[:300]
    if proof.token is None and (proof.username in (None, "") or proof.password in (None, "")):
        with _noted(exchange):
            raise refuse("empty-credentials", "there is no token, and no user name with its password")
    if proof.way == "token" and proof.password is not None:
        exchange.notes.append(Note((), "R-25", "token and password both sent: the token decides"))


def _dates(body: Mapping[str, Any], backwards: str) -> Iterator[Violation]:
    """Dates that are none (F-ENV-06), unless a range that is none is taken for an empty one."""
    for name in ("date_from", "date_to") if backwards != "empty" else ():
        text = body.get(name)
        if isinstance(text, str) and span(text) is None:
            yield Violation((name,), "date", _ERRORS.named("request", "missing-elements").code, f"{name} is no date")


def _invoices(exchange: Exchange, view: World, invoices: list[Any]) -> Iterator[Violation]:
    """Form and sums of each; warehouses, and what builds on an avans invoice, only the portal can judge."""
    form = view.form(_INVOICE)
    for place, sent in enumerate(invoices):
        invoice = sent if isinstance(sent, dict) else {}
        if invoice.get("main_qaime") not in (None, ""):
            continue
        violations = form.violations(invoice)
        items = invoice.get("items")
        lines = [line if isinstance(line, dict) else {} for line in items] if isinstance(items, list) else []
        broken = rules.broken_sums(invoice, lines, {row.path for row in violations}, view.readings.choose("R-11"))
        found = [*violations, *(Violation((), "rule", rules.CODES[name], f"rule {name}") for name in sorted(broken))]
        exchange.notes.extend(note._replace(path=("invoices", place, *note.path)) for note in form.notes(invoice))
        yield from (row._replace(path=("invoices", place, *row.path)) for row in found if row.code is not None)


def _answer(exchange: Exchange, view: World, message: Message, content: bytes) -> tuple[Any, int | None]:
    """The value of an answer and its `err_code`; `None` where there is no envelope."""
    notes, operation = exchange.notes, exchange.request.operation
    if where := redirect(message):
        notes.append(_departure(where))
        return None, None
    kind = (message.header(b"content-type") or b"absent").decode("latin-1")
    if kind.split(";")[0].strip().lower() != CONTENT_TYPE:
        notes.append(_departure(f"Content-Type is {kind[:100]!r}, and not {CONTENT_TYPE} (F-ENV-02)"))
    try:
        value = wire.parse(content)
    except wire.Unreadable as error:
        notes.append(_departure(f"no JSON: {str(error)[:200]}"))
        return None, None
    found = departures(operation, value, _DEPARTURES_TOLD)
    notes.extend(Note((IN_ANSWER, *row.path), "", row.text) for row in found)
    code = value.get("err_code", None if found else 0) if isinstance(value, dict) else None
    if not isinstance(code, int) or isinstance(code, bool):
        return value, None
    notes.extend(_status(Envelope(operation, view.readings), message.http, code))
    return value, code


def redirect(message: Message) -> str:
    """Where a redirect leads, if it is one: the server alone, for the rest of an address may bear secrets."""
    if message.http not in _REDIRECTS:
        return ""
    target = (message.header(b"location") or b"").decode("latin-1")
    try:
        parts = urlsplit(target)
        where = f"{parts.scheme or 'http'}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else "the same server"
    except ValueError:
        where = "an address that is none"
    return (
        f"HTTP {message.http}, a redirect to {where[:200]}, where the documents know none; it was passed on and not"
        " followed. A client that follows it takes its request there, credentials and all"
    )


def _status(envelope: Envelope, http: int, code: int) -> Iterator[Note]:
    """Whether the HTTP status goes with the code (R-01)."""
    entry = _ERRORS.find("request", code)
    wanted = 200 if entry is None else envelope.error(Refusal(entry.scope, entry.name)).http
    if http != wanted:
        yield Note((IN_ANSWER,), "R-01", f"HTTP status {http} with err_code {code}, where {wanted} is in force")


def _disagreement(violations: list[Violation], code: int) -> Iterator[Note]:
    """Where the server and the documents see a request differently; `calibrate` finds out which reading it is."""
    codes = {_INVALID_INVOICES if (row.code or 0) >= _FIRST_OF_INVOICES else row.code for row in violations}
    if codes and code == 0:
        named = ", ".join(str(each) for each in sorted(filter(None, codes)))
        yield _departure(f"err_code 0, where the request is refused with {named} under the readings in force")
    elif code in _OF_FORM and code not in codes:
        yield _departure(f"err_code {code}, for which nothing in the request is to be seen")


def _page(exchange: Exchange, answer: Any, counted: str) -> Iterator[Note]:
    """Which page this was, where there are several: for the rules about clients."""
    data = answer.get("data")
    total = data.get("total") if isinstance(data, dict) else None
    page = (exchange.body or {}).get("from", 1)
    if exchange.request.operation.name != "etx_read_invoices" or counted == "page" or not isinstance(page, int):
        return
    if isinstance(total, int) and total > PAGE_SIZE:
        yield Note((), "R-16", page_note(page, -(-total // PAGE_SIZE), total))


def _departure(text: str) -> Note:
    return Note((IN_ANSWER,), "", text)
