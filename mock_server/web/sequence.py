"""The order of checks (R-19): what must hold before an operation looks at what it is about.

Method, content type, JSON, credentials, partner, phone, form, and only then what the operation itself finds.
The first thing wrong is answered alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mock_server.judging.calls import LOST_BODY, NO_AGENT
from mock_server.portal import accounts
from mock_server.portal.accounts import NOBODY, Proof
from mock_server.portal.visits import Visit, refuse
from mock_server.portal.worlds import World
from mock_server.rulebook.forms import Note
from mock_server.rulebook.operations import Operation
from mock_server.store.stores import Store
from mock_server.web.handlers import HANDLERS
from mock_server.web.journal import Exchange
from mock_server.web.requests import Request, body_of, demand_few_members, demand_json, demand_method, with_query


def lost_body(request: Request) -> Iterator[Note]:
    """The note of a GET whose body was lost on the way, where parameters and credentials belong (F-ENV-04)."""
    if not request.raw and not request.query and request.operation.credentials:
        agent = (request.header(b"user-agent") or NO_AGENT.encode()).decode("latin-1")
        yield Note((), "R-41", LOST_BODY + agent)


def admit(store: Store, view: World, exchange: Exchange) -> Visit:
    """Everything that comes before the operation itself.

    Raises:
        Refusal: the first thing that is wrong.
    """
    request, readings = exchange.request, view.readings
    operation = request.operation
    # -- method, content type, JSON (1, 2, 3)
    demand_method(request, readings)
    demand_json(request)
    demand_few_members(request)
    body = exchange.body = body_of(request)
    exchange.notes.extend(lost_body(request))
    exchange.readable = True
    form = view.form(operation.request)
    body = with_query(request, body, form, view, exchange.notes)
    if readings.choose("R-42") == "coerce":
        body = form.coerced(body)
    # -- who calls (4, 5, 7, and a partner's 15, 16, 17)
    caller = NOBODY
    if operation.credentials:
        proof = Proof(request.token, body.get("username"), body.get("password"))
        exchange.way = proof.way
        caller = accounts.identify(view, proof, body)
        exchange.account = caller.username
        if proof.way == "token" and proof.password is not None:
            exchange.notes.append(Note((), "R-25", "token and password both sent: the token decides"))
    visit = Visit(store, view, exchange.now, operation.name, caller, body, form.defaults)
    visit.violations, visit.notes = exchange.violations, exchange.notes
    exchange.visit = visit
    right = HANDLERS[operation.name].right
    if right is not None:
        right(visit)
    # -- a phone at all (15), the form (3), and something to do (6); whose phone it is, the operation asks last
    asks_phone = _asks_phone(operation, body)
    if asks_phone and not caller.phones:
        raise refuse("no-asan-phone", "no ASAN phone is configured for the user")
    if form.flawless(body):
        return visit
    violations = form.violations(body)
    wrong = [row for row in violations if row.code not in (None, 6)]
    if wrong:
        exchange.violations.extend(wrong)
        raise refuse("missing-elements", "; ".join(row.text for row in wrong[:20]))
    for row in violations:
        if row.code is None:
            body.pop(str(row.path[0]), None)
            exchange.notes.append(Note(row.path, "R-53", f"{row.text}: ignored"))
    exchange.notes.extend(form.notes(body))
    if violations and any(row.code == 6 for row in violations):
        raise refuse("empty-invoices", "invoices is empty")
    visit.take(body, form.defaults)
    return visit


def _asks_phone(operation: Operation, body: Mapping[str, Any]) -> bool:
    """Whether e-taxes will be reached, which needs a phone (F-AUTH-07, R-68, R-69)."""
    if operation.starts == "import":
        return body.get("upload") is True
    return operation.phone in ("required", "account")
