"""What a run of the kit brings to light."""

from collections.abc import Sequence
from typing import Any

import msgspec

from contract_tests.exchange import Exchange

OPEN = "?"
"""The answer to a reading that is none of the ledger's."""


class Finding(msgspec.Struct, frozen=True):
    """The server differs from the documents.

    Attributes:
        ids: the facts or readings it is judged by.
        evidence: the exchanges that show it, the telling one last.
        case: what was invented for it, shrunk; `None` where nothing was.
    """

    check: str
    suite: str
    ids: tuple[str, ...]
    message: str
    evidence: tuple[Exchange, ...] = ()
    case: Any = None


class Observation(msgspec.Struct, frozen=True):
    """Which answer of a reading the server gave; `OPEN` for one that the ledger does not have."""

    reading: str
    answer: str
    check: str
    evidence: tuple[Exchange, ...] = ()
    note: str = ""


class NotTried(msgspec.Struct, frozen=True):
    """A check that was not run, and why."""

    check: str
    suite: str
    ids: tuple[str, ...]
    why: str


class Breach(Exception):
    """A check has found something; the runner makes a `Finding` of it."""

    def __init__(self, message: str, evidence: Sequence[Exchange] = (), ids: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.evidence = tuple(evidence)
        self.ids = tuple(ids)
        self.case: Any = None


class Unfit(Exception):
    """A check cannot be run against this target; the text says why."""


class Gone(Exception):
    """Nothing more can be sent, or may be: the server answers nothing any longer, or the run is to end."""
