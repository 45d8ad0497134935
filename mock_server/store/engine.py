"""What a storage back-end must offer: five verbs and two kinds of transaction."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]
Params = Sequence[Any]


class Engine(Protocol):
    """A database that speaks SQL with `?` for parameters.

    All calls are synchronous. Between the start and the end of a transaction nothing else of this
    process touches the connection (there is no await in between).
    """

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """The first row, or `None`."""

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        """Every row."""

    def run(self, sql: str, params: Params = ()) -> int:
        """Change rows; how many were touched."""

    def many(self, sql: str, rows: Iterable[Params]) -> None:
        """The same change for each of `rows`."""

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns."""

    def reading(self) -> AbstractContextManager[None]:
        """One consistent view for all reads inside."""

    def writing(self) -> AbstractContextManager[None]:
        """All or nothing; waits for other writers first."""

    def close(self) -> None:
        """Give the connection back; nothing may be asked of the engine afterwards."""
