"""One request as the portal's operations see it: who calls, what is asked, and what time it is."""

from collections.abc import Mapping
from typing import Any

from mock_server.portal.accounts import Caller
from mock_server.portal.plans import Change
from mock_server.portal.worlds import World
from mock_server.refusals import Refusal
from mock_server.rulebook.forms import Note, Violation
from mock_server.store.journal import AuditRow
from mock_server.store.stores import Store

Parts = tuple[bytes, ...]
"""`data` as finished JSON, not yet put together: it is copied once, with the envelope around it."""


class Visit:
    """What an operation works with.

    Attributes:
        now: microseconds since 1970 UTC, of world time.
        body: what was asked, checked in form, with documented defaults; `given` are the keys that were sent.
        violations, notes: what is wrong, and what is worth a warning, for the journal; operations add to them.
        changes: what a scenario or a fault changes in the plan of the process that is started.
        state, pin: of the process that the answer tells of, and the PIN it waits for; for coverage.
        stands: from which instant of world time on, and before which, the answer is the same unless somebody
            changes something.
        audits: rows for the audit trail, written whether or not the request is refused.
    """

    __slots__ = (
        "audits",
        "body",
        "caller",
        "changes",
        "given",
        "notes",
        "now",
        "operation",
        "pin",
        "stands",
        "state",
        "store",
        "violations",
        "world",
    )

    def __init__(
        self,
        store: Store,
        world: World,
        now: int,
        operation: str,
        caller: Caller,
        body: dict[str, Any],
        defaults: Mapping[str, Any],
    ) -> None:
        self.store = store
        self.world = world
        self.now = now
        self.operation = operation
        self.caller = caller
        self.take(body, defaults)
        self.changes: tuple[Change, ...] = ()
        self.state = ""
        self.pin = ""
        self.stands: tuple[float, float] | None = None
        self.violations: list[Violation] = []
        self.notes: list[Note] = []
        self.audits: list[AuditRow] = []

    def take(self, body: dict[str, Any], defaults: Mapping[str, Any]) -> None:
        """What is asked from now on: the form may have dropped something."""
        self.body = {**defaults, **body}
        self.given = frozenset(body)

    def note(self, reading: str, text: str) -> None:
        self.notes.append(Note((), reading, text))

    def audit(self, invoices: str, result: str, process: int | None = None) -> None:
        """Who deletes what, when, and what comes of it (F-AUTH-06)."""
        caller = self.caller
        self.audits.append(
            AuditRow(self.now, caller.username, caller.company, self.operation, process, invoices, result)
        )


def refuse(name: str, because: str, data: Any = None, err_msg: str | None = None) -> Refusal:
    """A refusal in the scope of requests; `because` is for the journal."""
    return Refusal("request", name, data, because=because, err_msg=err_msg)
