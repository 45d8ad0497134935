"""Of several mistakes in one request the first in the order of R-19 is answered, alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.builders import broken, invoice
from mock_server.rulebook.operations import BY_NAME
from tests.client import JSON, Portal, Reply, dumped
from tests.http.valid_requests import BODIES, WITH_CREDENTIALS
from tests.live import Servers, fresh_world


@dataclass
class Draft:
    """A request in the making."""

    method: str
    body: dict[str, Any]
    kind: str = JSON
    rest: bytes = b""
    login: dict[str, str] = field(default_factory=lambda: {"username": "demo", "password": "demo"})

    def sent(self, portal: Portal, path: str) -> Reply:
        raw = dumped({**self.login, **self.body}) + self.rest
        return portal.send(self.method, path, raw, {"Content-Type": self.kind})


class Mistake(NamedTuple):
    """A way to spoil a request; `of_partner` tells the codes of that scope from their namesakes."""

    code: int
    spoil: Callable[[Draft], None]
    of_partner: bool = False


def put(**members: Any) -> Callable[[Draft], None]:
    return lambda draft: draft.body.update(members)


def log_in(**credentials: str) -> Callable[[Draft], None]:
    return lambda draft: draft.login.update(credentials)


def as_partner(phone: str | None) -> Callable[[Draft], None]:
    def spoil(draft: Draft) -> None:
        draft.login.update(username="partner", password="partner")
        draft.body["phone"] = phone

    return spoil


def attribute(name: str, value: Any) -> Callable[[Draft], None]:
    return lambda draft: setattr(draft, name, value)


def one_more(key: str, value: Any) -> Callable[[Draft], None]:
    return lambda draft: draft.body.update({key: [*draft.body[key], value]})


COMMON = (
    Mistake(1, attribute("method", "PATCH")),
    Mistake(2, attribute("kind", "text/plain")),
    Mistake(3, attribute("rest", b"}")),
    Mistake(4, log_in(password="")),
    Mistake(5, log_in(password="wrong")),
    Mistake(7, log_in(username="disabled", password="disabled")),
    Mistake(15, as_partner(None), of_partner=True),
    Mistake(17, as_partner("0501234567"), of_partner=True),
    Mistake(16, as_partner("994559999999"), of_partner=True),
)
NO_PHONE = Mistake(15, log_in(username="nophone", password="nophone"))
ANOTHERS_PHONE = Mistake(15, put(phone="994507654321"))
DUPLICATE = invoice(3, erp_id="INV-2024-001")
OWN = {
    "import_upload_invoices": (
        NO_PHONE,
        Mistake(3, put(use_old_sys="yes")),
        Mistake(6, put(invoices=[])),
        Mistake(14, one_more("invoices", broken(invoice(2), 37))),
        Mistake(17, put(invoices=[DUPLICATE])),
    ),
    "inv_read_invoices": (Mistake(3, one_more("ids", 5)),),
    "inv_delete": (Mistake(3, one_more("ids", 5)), Mistake(20, put(ids=["NO-SUCH-ID"]))),
    "read_proc_status": (Mistake(3, put(procId="x")),),
    "read_proc_data": (Mistake(3, put(procId="x")),),
    "etx_import": (NO_PHONE, Mistake(3, put(dir=7)), Mistake(3, put(date_from="x")), ANOTHERS_PHONE),
    "etx_read_invoices": (NO_PHONE, Mistake(3, put(dir=7)), Mistake(3, put(procId=999_999)), ANOTHERS_PHONE),
    "etx_delete": (
        NO_PHONE,
        Mistake(3, put(is_signed="yes")),
        Mistake(20, put(serialNumbers=["XX9999 99999999"])),
    ),
}
"""What each operation adds, in the order of R-19. What comes later is spoilt first, so that the earlier shows."""


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("R-19")
def test_first_mistake_alone_is_answered(servers: Servers, name: str) -> None:
    portal = Portal(servers.get(edition="2025-12").port, fresh_world())
    mistakes = (*COMMON, *OWN[name])
    operation = BY_NAME[name]

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(st.sets(st.sampled_from(range(len(mistakes))), min_size=1))
    def first_is_answered(chosen: set[int]) -> None:
        draft = Draft(operation.method, dict(BODIES[name]))
        for place in sorted(chosen, reverse=True):
            mistakes[place].spoil(draft)
        reply, first = draft.sent(portal, operation.path), mistakes[min(chosen)]
        assert reply.code == first.code
        assert ("data" in reply.json) == (first.of_partner or first.code == 14)

    first_is_answered()


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("R-19")
def test_each_mistake_beside_the_one_before(servers: Servers, name: str) -> None:
    portal = Portal(servers.get(edition="2025-12").port, fresh_world())
    mistakes = (*COMMON, *OWN[name])
    for place, first in enumerate(mistakes):
        draft = Draft(BY_NAME[name].method, dict(BODIES[name]))
        for mistake in reversed(mistakes[place : place + 2]):
            mistake.spoil(draft)
        assert draft.sent(portal, BY_NAME[name].path).code == first.code, place


@pytest.mark.proves("R-19", "R-51")
@pytest.mark.parametrize("operation", ["inv_delete", "etx_delete"])
def test_the_right_to_delete_is_asked_before_the_form(portal: Portal, operation: str) -> None:
    assert portal.as_("clerk").call(operation).code == 7
    assert portal.call(operation).code == 3
