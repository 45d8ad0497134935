"""The ten operations (F-ENV-05): names, paths, methods, forms (`schemas/operations.json`)."""

from typing import Literal

import msgspec

from mock_server.rulebook.documents import load
from mock_server.rulebook.ledger import Readings


class Operation(msgspec.Struct, frozen=True):
    """One operation.

    Attributes:
        path: below the base path of the API.
        method: the documented one; `data_read` marks the four whose method is a reading (R-02).
        credentials: whether a caller must show who he is (F-AUTH-01).
        starts: the kind of process it starts, if any.
        phone: `required` of every caller, of an `account` that would ask it, of a `partner` only, or `none`.
        shown: the keys of its documented answers (R-03 `as-shown`).
    """

    name: str
    path: str
    method: str
    data_read: bool
    credentials: bool
    starts: str | None
    request: str
    answer: str
    shown: tuple[str, ...]
    phone: Literal["none", "partner", "account", "required"]

    def methods(self, readings: Readings) -> tuple[str, ...]:
        """The methods it takes under these readings (R-02); any other one is error 1 (R-02c)."""
        if not self.data_read:
            return (self.method,)
        return _READ_METHODS[readings.choose("R-02")]


_READ_METHODS = {"both": ("GET", "POST"), "documented": ("GET",), "post-only": ("POST",)}

OPERATIONS: tuple[Operation, ...] = msgspec.convert(load("operations.json")["operations"], tuple[Operation, ...])
BY_PATH = {operation.path: operation for operation in OPERATIONS}
BY_NAME = {operation.name: operation for operation in OPERATIONS}
