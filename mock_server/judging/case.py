"""What is judged: the calls of a client, and where a journey was run, what it should and did bring."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from mock_server.judging.calls import Call
from mock_server.judging.catalogue import Belief, number

SECOND = 1_000_000
ENDS = (2, 3)
"""The statuses with which a process ends (F-PROC-02)."""

Said = Mapping[str, object]

SUCCESS: Belief = "success"
FAILURE: Belief = "failure"


class Found(NamedTuple):
    """What a rule found: the requests that show it, and what its text is filled with.

    A value of `said` that differs by language is a mapping `{"en", "az"}`. Where `beliefs` of the client are
    told as wrong, a finding that explains one of them makes this one needless.
    """

    requests: Sequence[int]
    said: Said
    beliefs: tuple[Belief, ...] = ()


class ToldError(msgspec.Struct, frozen=True):
    """An error as the client tells it."""

    code: int | None = None
    text: str = ""
    invoices: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """What a client believes to have happened (`schemas/client_outcome.json`); `None`: it does not say."""

    status: str | None = None
    qaimes: dict[str, str] | None = None
    invoices: tuple[str, ...] | None = None
    deleted: tuple[str, ...] | None = None
    errors: tuple[ToldError, ...] = ()


class Expected(NamedTuple):
    """What a journey should bring.

    Attributes:
        succeeds: whether a right client ends it with success; `None` where both are right.
        changed: texts of the answers are other ones than the documents show, and unknown fields stand there.
        sent: the invoices given to the client to send, by id.
        qaimes: the number of each invoice afterwards; `invoices`: the qaimes to be read.
        blamed: the invoices that the portal objects to.
        deleted: the qaimes that are gone, where a deletion was refused or failed.
        done: whether what was asked for has been done in the end; `None`: unknown.
        came: whether the client came to what the journey is about.
    """

    succeeds: bool | None = None
    changed: bool = False
    sent: Mapping[str, Mapping[str, Any]] | None = None
    qaimes: Mapping[str, str] | None = None
    invoices: frozenset[str] | None = None
    blamed: frozenset[str] = frozenset()
    deleted: frozenset[str] | None = None
    done: bool | None = None
    came: bool = True


class Followed(NamedTuple):
    """A process, as its client followed it."""

    id: int
    start: Call | None
    polls: tuple[Call, ...]

    @property
    def end(self) -> Call | None:
        """The first poll that told the client of its end."""
        return next((poll for poll in self.polls if poll.delivered and poll.status in ENDS), None)

    @property
    def last(self) -> Call | None:
        return self.polls[-1] if self.polls else self.start


class Case:
    """One client's conversation with one world.

    Args:
        calls: in the order they came.
        now: real time (microseconds), for a client that may go on; `None` for one that has ended.
        killed: the client had to be ended since its time was over.
        claimed: whether the client says that it succeeded, by its outcome or its exit; `None`: unknown.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        *,
        now: int | None = None,
        expected: Expected | None = None,
        outcome: Outcome | None = None,
        claimed: bool | None = None,
        killed: bool = False,
    ) -> None:
        self.calls = calls
        self.now = now
        self.expected = expected or Expected()
        self.outcome = outcome or Outcome()
        self.claimed = claimed
        self.killed = killed
        self.processes = _followed(calls)
        self.reads: dict[int, int] = {}
        """The last read of what a download brought, by process."""
        self.asked: dict[str, int] = {}
        """The last question for the qaime, by ERP id."""
        self.troubled: dict[int, int] = {}
        """The last request about a process that was refused or lost."""
        self.nameless = 0
        """The last refused poll that named no process."""
        for call in calls:
            self._note(call)

    def _note(self, call: Call) -> None:
        if call.operation == "etx_read_invoices" and call.process is not None:
            self.reads[call.process] = call.seq
        elif call.operation == "inv_read_invoices":
            self.asked.update(dict.fromkeys(call.named, call.seq))
        if call.operation == "read_proc_status" and call.process is None and call.refused:
            self.nameless = call.seq
        if call.process is not None and (call.refused or call.failed):
            self.troubled[call.process] = call.seq

    def turned_away(self, call: Call) -> bool:
        """Whether the client will not come back to what this call is about."""
        return self.now is None or self.now - call.real > number("idle") * SECOND


def seconds(earlier: Call, later: Call) -> float:
    """Real time between two requests."""
    return (later.real - earlier.real) / SECOND


def pause(earlier: Call, later: Call) -> float:
    """Real time from the answer of one request to the next request."""
    return seconds(earlier, later) - earlier.latency


def _followed(calls: Sequence[Call]) -> list[Followed]:
    starts: dict[int, Call] = {}
    polls: dict[int, list[Call]] = {}
    for call in calls:
        if call.started is not None and call.code == 0 and call.delivered:
            starts[call.started] = call
        elif call.operation == "read_proc_status" and call.process is not None and not call.refused:
            polls.setdefault(call.process, []).append(call)
    return [
        Followed(number_, starts.get(number_), tuple(polls.get(number_, ())))
        for number_ in sorted(starts.keys() | polls.keys())
    ]
