"""Polls that come again: while a process stands where it stood, the same bytes get the same answer.

Whoever waits for a process asks for it again and again. Its row and that of its world are read each time; what was
judged, answered and noted in the journal the last time holds as long as they are what they were, no turn of the
process has come, and nobody has changed the world.
"""

from typing import NamedTuple

from mock_server.portal.worlds import World
from mock_server.rulebook.constants import TOKEN_HEADER
from mock_server.store.journal import JournalRow
from mock_server.store.processes import ProcessRow
from mock_server.web.envelope import Answer
from mock_server.web.handlers import HANDLERS
from mock_server.web.journal import POLL_BYTES, Entry
from mock_server.web.requests import Request

KEPT = 1024

RECORD_KEPT = 2048
"""Characters of a process's record, which has 300 unless it names many invoices or tells of failures at length."""

_TOKEN = TOKEN_HEADER.encode()

_Key = tuple[object, ...]


class Poll(NamedTuple):
    """A poll that was answered.

    Attributes:
        process: as it was.
        since, until: from which instant of world time on, and before which, its answer is right.
        entry: what the journal said of it.
    """

    process: ProcessRow
    since: float
    until: float
    answer: Answer
    entry: Entry

    def holds(self, view: World, now: int) -> bool:
        """Whether the answer is right, if the process is as it was."""
        return self.since <= now < self.until and self.entry.seen in view.seen

    def entry_at(self, real: int, now: int, latency: int) -> Entry:
        """What the journal says of it this time; instants in microseconds, latency in nanoseconds."""
        lifetime, row, seen, _ = self.entry
        return Entry(lifetime, JournalRow(row.world, real, now, latency, *row[4:]), seen, False)


class Polls:
    """The polls of late, of all worlds; each as long as its world keeps its version."""

    def __init__(self) -> None:
        self._kept: dict[_Key, Poll] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def known(self, view: World, request: Request) -> Poll | None:
        key = _key(view, request)
        return None if key is None else self._kept.get(key)

    def keep(self, view: World, request: Request, poll: Poll) -> None:
        key = _key(view, request)
        if key is None or len(poll.process.record) > RECORD_KEPT:
            return
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[key] = poll


def _key(view: World, request: Request) -> _Key | None:
    """All that decides on the answer to a poll but its process; `None` for what is no poll, or is not kept.

    Where assumptions are marked, each answer has to be asked anew what it leans on.
    """
    raw, headers = request.raw, request.headers
    if not HANDLERS[request.operation.name].of_process or request.query or view.strict:
        return None
    looked_at = (headers.get(_TOKEN), headers.get(b"content-type"), headers.get(b"content-encoding"))
    if not raw or len(raw) + sum(len(value) for value in looked_at if value) > POLL_BYTES:
        return None
    return view.key, request.method, request.path, raw, looked_at
