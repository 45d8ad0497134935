"""The error table: what a code means in each scope, and how to mend it.

One number may mean two things (20 is "qaime not found" as `err_code` and "VOEN not present" inside 14),
so the key is (scope, code) (F-ERR-05).
"""

from collections.abc import Iterator
from functools import cache
from typing import Literal

import msgspec

from mock_server.rulebook.documents import load

Retry = Literal["stop", "retry", "fix", "none"]
"""What a client should do after an error (F-ERR-03, R-81)."""

Provenance = Literal["documented", "inferred", "assumed"]


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in both languages of the documents."""

    en: str
    az: str


class ErrorEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row. `err_msg` and `http` (the status under R-01 `mapped`) are None in scope `invoice`, whose codes
    travel inside an answer of code 14. `faults_only`: nothing but a fault provokes it.
    """

    scope: str
    code: int
    name: str
    title: Text
    when: Text
    remedy: Text
    retry: Retry = msgspec.field(name="class")
    provenance: Provenance
    sources: tuple[str, ...]
    err_msg: Text | None = None
    http: int | None = None
    faults_only: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    scopes: dict[str, str]
    errors: tuple[ErrorEntry, ...]


class ErrorTable:
    """All rows, found by name or by code within a scope. Iterates in the order of the file."""

    def __init__(self, scopes: dict[str, str], entries: tuple[ErrorEntry, ...]) -> None:
        self.scopes = scopes
        self._entries = entries
        self._by_name = {(entry.scope, entry.name): entry for entry in entries}
        self._by_code = {(entry.scope, entry.code): entry for entry in entries}
        if not len(entries) == len(self._by_name) == len(self._by_code):
            raise ValueError("errors.json: a name or a code stands twice in one scope")

    @classmethod
    def load(cls) -> "ErrorTable":
        """The table of `schemas/errors.json`; one object for the whole program."""
        return _load()

    def __iter__(self) -> Iterator[ErrorEntry]:
        return iter(self._entries)

    def named(self, scope: str, name: str) -> ErrorEntry:
        """The entry that the program calls by this name.

        Raises:
            KeyError: the table has no such name in this scope, which is a mistake in the program.
        """
        return self._by_name[scope, name]

    def find(self, scope: str, code: int) -> ErrorEntry | None:
        """The entry of a code that came from outside, or None."""
        return self._by_code.get((scope, code))

    def all_of(self, code: int) -> list[ErrorEntry]:
        """Every meaning of a code, one for each scope that has it."""
        return [entry for entry in self._entries if entry.code == code]


@cache
def _load() -> ErrorTable:
    file = msgspec.convert(load("errors.json"), _File)
    return ErrorTable(file.scopes, file.errors)
