"""What was seen, written down for others: examples as JSON lines, and a world to start a simulator from.

Both are masked before anything is kept (`masking.py`).
"""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mock_server import wire
from mock_server.draws import Draws, secret_of
from mock_server.proxy.masking import Masks
from mock_server.refusals import ConfigurationError
from mock_server.rulebook.constants import SERIES
from mock_server.rulebook.world_form import complaints

INVOICES_KEPT = 50_000

_OWN = "1234567890"
_BESIDE = ("id", "serial", "number", "qaime", "datetime", "status", "type")


class Seen(NamedTuple):
    """An exchange to be recorded; bodies are values, `None` for what is no JSON."""

    operation: str
    method: str
    http: int
    request: Any
    answer: Any
    violations: list[Any]
    departures: list[Any]


class Examples:
    """A file of examples, one JSON object a line, readable by its owner alone."""

    def __init__(self, path: Path, masks: Masks) -> None:
        """Raises ConfigurationError when the file cannot be written."""
        self._masks = masks
        self._file = _opened(path, "record-examples")

    def add(self, seen: Seen) -> None:
        line = {
            "operation": seen.operation,
            "method": seen.method,
            "request": self._masks.example(seen.request),
            "http": seen.http,
            "answer": self._masks.example(seen.answer),
            "violations": seen.violations,
            "departures": seen.departures,
        }
        self._file.write(wire.text(line) + b"\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class WorldRecord:
    """Gathers invoices that went by, masked, for a world file."""

    def __init__(self, path: Path, masks: Masks) -> None:
        """Raises ConfigurationError when the file cannot be written."""
        self._masks = masks
        self._file = _opened(path, "record-world")
        self._registered: dict[str, bytes] = {}
        self._imported: dict[str, bytes] = {}
        self._owners: Counter[str] = Counter()
        self.left_out = 0

    def add(self, seen: Seen) -> None:
        """Invoices of a download that was read, and of an import that was accepted."""
        if not isinstance(seen.answer, dict) or seen.answer.get("err_code") != 0:
            return
        if seen.operation == "etx_read_invoices":
            for invoice in _dicts(seen.answer.get("data"), "invoices"):
                self._keep(self._registered, str(invoice.get("qaime", "")), invoice)
                self._owners.update(
                    text for key in ("tin_from", "tin_to") if isinstance(text := invoice.get(key), str)
                )
        elif seen.operation == "import_upload_invoices":
            for invoice in _dicts(seen.request, "invoices"):
                self._keep(self._imported, str(invoice.get("id", "")), invoice)
                if isinstance(seller := invoice.get("seller"), str):
                    self._owners[seller] += 1

    def close(self) -> None:
        """Write the file."""
        self._file.write(wire.text(self.world()) + b"\n")
        self._file.close()

    def world(self) -> dict[str, Any]:
        """The world file; what the simulator could not start from is left out, and counted."""
        owners = [tin for tin, _ in self._owners.most_common() if len(tin) == len(_OWN) and tin.isdecimal()]
        own = self._masks.text(owners[0]) if owners else _OWN
        world: dict[str, Any] = {
            "format": 1,
            "name": "recorded",
            "series": SERIES,
            "next_process": 5001,
            "companies": [{"tin": own, "name": self._masks.text("Demo MMC")}],
            "accounts": [
                {
                    "username": "demo",
                    "password": "demo",
                    "token": "demo-token",
                    "secret": "demo-secret",
                    "company": own,
                    "phones": ["994501234567"],
                }
            ],
        }
        rows = [_registered(wire.parse(invoice), own) for invoice in self._registered.values()]
        kept = [_imported(wire.parse(invoice), own) for invoice in self._imported.values()]
        world["registry"] = self._sound(world, "registry", rows)
        world["portal"] = self._sound(world, "portal", kept)
        return world

    def _keep(self, kept: dict[str, bytes], name: str, invoice: dict[str, Any]) -> None:
        masked = self._masks.text(name)
        if masked in kept or len(self._registered) + len(self._imported) < INVOICES_KEPT:
            kept[masked] = wire.text(self._masks.whole(invoice))
        else:
            self.left_out += 1

    def _sound(self, world: dict[str, Any], part: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        wrong = {
            said.path[1] for said in complaints({**world, part: rows}) if said.path[:1] == (part,) and said.path[1:]
        }
        self.left_out += len(wrong)
        return [row for place, row in enumerate(rows) if place not in wrong]


def records(examples: Path | None, world: Path | None) -> list[Examples | WorldRecord]:
    """The records that are wanted, with the masks of this run.

    Raises:
        ConfigurationError: a file cannot be written.
    """
    masks = Masks(Draws(secret_of(None, "masks")))
    wanted: list[Examples | WorldRecord] = [] if examples is None else [Examples(examples, masks)]
    return wanted if world is None else [*wanted, WorldRecord(world, masks)]


def _registered(invoice: Mapping[str, Any], own: str) -> dict[str, Any]:
    """An invoice that was read, as a world file has it: what the company did not get, it sent."""
    return {
        "serial": invoice.get("serial"),
        "number": invoice.get("number"),
        "kind": invoice.get("type"),
        "status": invoice.get("status"),
        "uploader": None if invoice.get("tin_to") == own else own,
        "created": invoice.get("datetime"),
        "invoice": {key: value for key, value in invoice.items() if key not in _BESIDE},
    }


def _imported(invoice: Mapping[str, Any], own: str) -> dict[str, Any]:
    return {"company": own, "imported": {"ago": "1d"}, "state": "imported", "invoice": dict(invoice)}


def _dicts(body: Any, name: str) -> list[dict[str, Any]]:
    rows = body.get(name) if isinstance(body, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _opened(path: Path, flag: str) -> BinaryIO:
    try:
        return os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb")
    except FileExistsError:
        raise ConfigurationError(f"{flag} {path}: it is there already; name another file") from None
    except OSError as error:
        raise ConfigurationError(f"{flag} {path}: {error.strerror}") from None
