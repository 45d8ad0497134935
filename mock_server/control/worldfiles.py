"""World files that come from outside, in YAML or JSON: read, and held against everything they must be.

What is wrong is said with the name of the file, the line, the place, what was given, what is allowed and what was
probably meant.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path as FilePath
from typing import Any

import msgspec

from mock_server import wire
from mock_server.control import faults, markup
from mock_server.control.contradictions import contradictions
from mock_server.control.desk import Problem
from mock_server.control.markup import Markup, Unreadable
from mock_server.portal.world_file import WorldFile, decode
from mock_server.rulebook.world_form import Complaint, complaints

SHOWN = 10
"""How many complaints are told at once."""

MOST = 1_000
"""How many complaints are looked for."""

INLINE = "file"
_YAML = (".yaml", ".yml")
_SECRETS = ("password", "token", "secret")


class BadWorldFile(Exception):
    """A world file says something that cannot be.

    Attributes:
        complaints: the first of what is wrong, each with its line where that is known.
    """

    def __init__(self, origin: str, found: Sequence[tuple[int | None, Complaint]], more: int) -> None:
        self.complaints = found
        lines = [f"{'' if line is None else f'line {line}, '}{said.place}: {said.sentence}" for line, said in found]
        least = "at least " if more >= MOST - SHOWN else ""
        rest = [f"and {least}{more} more"] if more else []
        super().__init__(f"{origin}: " + "\n  ".join([*lines, *rest]))


def read_file(path: FilePath) -> WorldFile:
    """The world file of that name: YAML if it is called so, else JSON or YAML by its first letter.

    Raises:
        OSError: it cannot be read.
        BadWorldFile: nothing can start from it.
    """
    suffix = path.suffix.lower()
    is_yaml = True if suffix in _YAML else False if suffix == ".json" else None
    return decode(checked(str(path), path.read_bytes(), is_yaml=is_yaml).encode())


def given(file: Any) -> str:
    """A world file that stands in a body, whole or as a text in YAML or JSON; as JSON, checked.

    Raises:
        Problem: nothing can start from it.
    """
    try:
        return checked(INLINE, file.encode() if isinstance(file, str) else markup.plain(file))
    except BadWorldFile as error:
        first = error.complaints[0][1]
        errors = [_told(line, said) for line, said in error.complaints]
        raise Problem(
            400,
            "not a world file",
            str(error),
            given=first.given or "file",
            allowed=first.allowed or ["what schemas/world.json describes; GET world gives such a file"],
            extra={"errors": errors},
        ) from None


def _told(line: int | None, said: Complaint) -> dict[str, Any]:
    told: dict[str, Any] = {"line": line, "path": said.place, "detail": said.text}
    told |= {"given": said.given, "allowed": said.allowed, "nearest": said.nearest}
    return {name: value for name, value in told.items() if value is not None}


def checked(origin: str, file: bytes | Markup, *, is_yaml: bool | None = None) -> str:
    """The file as JSON; a world can be founded on whatever this returns.

    Raises:
        BadWorldFile: `origin` names it in the text.
    """
    try:
        read = markup.read(file, is_yaml=is_yaml) if isinstance(file, bytes) else file
    except Unreadable as error:
        raise BadWorldFile(origin, [(error.line, Complaint((), str(error)))], 0) from None
    wrong = list(islice(_complaints(read.value), MOST))
    if wrong:
        placed = [(read.line_of(said.path), said) for said in wrong[: SHOWN * 10]]
        placed.sort(key=lambda each: (each[0] or 0, each[1].given is None))  # what was meant before what is missing
        raise BadWorldFile(origin, placed[:SHOWN], max(len(wrong) - SHOWN, 0))
    return wire.text(read.value).decode()


def _complaints(value: Any) -> Iterator[Complaint]:
    """Form first; only what has it can be held against itself."""
    wrong = [*islice(complaints(value), MOST), *_without_secrets(value)]
    yield from wrong
    if wrong:
        return
    yield from contradictions(msgspec.convert(value, WorldFile), value)
    yield from _bad_faults(value)


def _without_secrets(value: Any) -> Iterator[Complaint]:
    """A file that was exported without secrets: nobody could log in."""
    accounts = value.get("accounts") if isinstance(value, dict) else None
    for place, account in enumerate(accounts if isinstance(accounts, list) else ()):
        missing = [name for name in _SECRETS if isinstance(account, dict) and name not in account]
        if missing:
            others = f" (nor are there {' and '.join(missing[1:])})" if missing[1:] else ""
            yield Complaint(
                ("accounts", place),
                f'"{missing[0]}" is a required property{others}: a world can only start from accounts with their'
                " secrets; write them in, or export with ?secrets=include",
            )


def _bad_faults(value: Any) -> Iterator[Complaint]:
    """Faults are of the form that the control API takes; they are put into it here."""
    for place, entry in enumerate(value.get("faults", ())):
        try:
            entry["fault"] = faults.checked(entry["fault"])
        except (Problem, msgspec.ValidationError) as error:
            yield Complaint(("faults", place, "fault"), str(error))
