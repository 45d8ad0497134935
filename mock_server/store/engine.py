"""What a storage back-end must offer: five verbs, two kinds of transaction, and what its SQL has of its own."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]
Params = Sequence[Any]


class Unavailable(Exception):
    """The database cannot do what was asked just now: it is gone, full, read-only. What was begun is undone.

    The text says why, and holds nothing secret.
    """


class Group:
    """Changes that are kept together.

    `kept` is None until that is decided: nobody may be told of them before.
    """

    __slots__ = ("kept",)

    def __init__(self, kept: bool | None = None) -> None:
        self.kept = kept


class Engine(Protocol):
    """A database that speaks SQL with `?` for parameters.

    All calls are synchronous. Between the start and the end of a transaction nothing else of this
    thread touches its connection (there is no await in between). Every call raises `Unavailable` when the
    database cannot be used.

    Attributes:
        threads: how many threads may use it at a time, each waiting for itself alone; 0: only the caller's own,
            since nothing it asks is ever waited for.
        for_update: what a SELECT ends in that keeps other writers from its rows until the transaction ends.
    """

    @property
    def threads(self) -> int: ...

    @property
    def for_update(self) -> str: ...

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """The first row, or `None`."""

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        """Every row."""

    def run(self, sql: str, params: Params = ()) -> int:
        """Change rows; how many were touched."""

    def many(self, sql: str, rows: Iterable[Params]) -> None:
        """The same change for each of `rows`."""

    def define(self, statement: str) -> None:
        """Make or change a table or an index; `statement` has SQLite's words for types."""

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns."""

    def utf8(self, expression: str) -> str:
        """SQL for the bytes of a text, so that it need not be decoded on the way."""

    def alone(self, purpose: str) -> None:
        """Inside a write transaction: wait until no other one has the same purpose, and keep them out."""

    def reading(self) -> AbstractContextManager[None]:
        """One consistent view for all reads inside."""

    def writing(self) -> AbstractContextManager[None]:
        """All or nothing. Writers lock the row of their world first, unless the engine lets in one at a time."""

    def joining(self) -> AbstractContextManager[Group]:
        """As `writing`, but the change may be kept together with those that join it before anything else is asked.

        Whoever has joined calls `settle` before he tells of his change, and then looks whether it is `kept`.
        """

    def settle(self) -> None:
        """Keep what has joined so far; raises nothing, for each group says itself whether it is kept."""

    def close(self) -> None:
        """Give the connections back; nothing may be asked of the engine afterwards."""
