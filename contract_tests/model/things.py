"""What the model remembers: invoices in the portal and in e-taxes, processes, and how it disagrees."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from contract_tests.documents import load

_STATUS = load("vocabulary.json")["process_status"]
RUNNING, FINISHED, FAILED = 1, _STATUS["finished"], _STATUS["failed"]
ENDS = (FINISHED, FAILED)

Kind = Literal["import", "import_only", "download", "deletion"]
State = Literal["importing", "imported", "uploading", "signed"]


class Disagreement(Exception):
    """No reading allows this answer; `ids` are the facts and readings it goes against."""

    def __init__(self, message: str, *ids: str) -> None:
        super().__init__(message)
        self.message = message
        self.ids = ids


class Said(NamedTuple):
    """An answer: its `err_code`, `None` without an envelope, and its `data`."""

    code: int | None
    data: Any = None


@dataclass(eq=False)
class Entry:
    """An invoice in the portal; its number shows once it is signed (R-40)."""

    company: str
    erp_id: str
    buyer: str
    process: int
    state: State
    qaime: str = ""


@dataclass(eq=False)
class Filed:
    """An invoice in e-taxes: a draft, or in the sent folder with a status."""

    qaime: str
    company: str
    buyer: str
    status: str
    entry: Entry | None = None


@dataclass(eq=False)
class Process:
    """Work in the background.

    Attributes:
        must_fail: why it cannot end well: the facts, empty where it can.
        may_fail: whether it may end in 3 all the same.
        pins: questions that a person must answer before it can end well.
        brought: of a download, the numbers it must have brought (`True`) or may have (`False`).
    """

    number: int
    company: str
    kind: Kind
    entries: list[Entry] = field(default_factory=list)
    filed: list[Filed] = field(default_factory=list)
    must_fail: tuple[str, ...] = ()
    may_fail: bool = False
    pins: int = 0
    status: int = 0
    flags: dict[str, int] = field(default_factory=dict)
    brought: dict[str, bool] | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDS
