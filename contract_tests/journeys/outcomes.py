"""Outcomes that clients meet: an operation with a code, or with the end of a process; which journey brings which."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from contract_tests.coverage import STATES, codes_of
from contract_tests.documents import load, operations
from contract_tests.journeys.journey import Text
from mock_server.judging import Call

POLL = "read_proc_status"
RUNNING, FINISHED, FAILED = 1, 2, 3
_WHO = (4, 5, 7)
"""The client is not let in, or not to this."""


class Met(NamedTuple):
    """One outcome.

    Attributes:
        code: `err_code`; `None` where no envelope reached the client.
        status: of the process, where a poll tells it: 1 for all that is not over; else `None`.
    """

    operation: str
    code: int | None
    status: int | None = None

    @property
    def told(self) -> Text:
        if self.status is not None:
            return Text(f"status {self.status}", f"status {self.status}")
        if self.code is None:
            return Text("no answer", "cavab yoxdur")
        return Text(f"err_code {self.code}", f"err_code {self.code}")


class Coverage(NamedTuple):
    """An outcome, and what journeys have to do with it.

    Attributes:
        journeys: where the client met it; if it never did, those that bring it.
        reason: `met`; or why not: `missed` (a journey that was run brings it), `not-run`, `own-mistake`, `fault`,
            `not-provoked` (no journey brings it).
    """

    outcome: Met
    journeys: tuple[str, ...]
    reason: str


REASONS: Mapping[str, Text] = {
    "met": Text("met", "rast gəlinib"),
    "missed": Text("the client did not come to it", "müştəri proqram ora çatmayıb"),
    "not-run": Text("its journey has not been run", "sınağı keçirilməyib"),
    "own-mistake": Text(
        "no journey: only a mistake of the client's own brings it", "sınağı yoxdur: yalnız proqramın öz səhvi gətirir"
    ),
    "fault": Text(
        "no journey: only a fault of the portal's brings it", "sınağı yoxdur: yalnız portalın nasazlığı gətirir"
    ),
    "not-provoked": Text("no journey brings it", "heç bir sınaq gətirmir"),
}


def _at(operation: str, *codes: int | None) -> frozenset[Met]:
    return frozenset(Met(operation, code) for code in codes)


def _followed(*statuses: int) -> frozenset[Met]:
    return frozenset(Met(POLL, 0, status) for status in (RUNNING, *statuses))


_STARTED = _at("import_upload_invoices", 0) | _followed()
_READ = _at("inv_read_invoices", 0)
_UPLOADED = _STARTED | _followed(FINISHED) | _READ
_NOT_SIGNED = _STARTED | _followed(FAILED) | _READ | _at("read_proc_data", 0)
_DOWNLOADED = _at("etx_import", 0) | _followed(FINISHED) | _at("etx_read_invoices", 0)
_DELETED = _at("etx_delete", 0) | _followed(FINISHED)

BRINGS: Mapping[str, frozenset[Met]] = {
    "upload": _UPLOADED,
    "slow-pins": _UPLOADED,
    "pin-refused": _NOT_SIGNED,
    "one-of-three-rejected": _NOT_SIGNED,
    "busy": _UPLOADED,
    "stalled": _STARTED,
    "invalid": _at("import_upload_invoices", 14),
    "lost-answer": _at("import_upload_invoices", None, 17) | _READ,
    "internal-errors": _UPLOADED
    | _at("import_upload_invoices", 10, 11)
    | _at(POLL, 12)
    | _at("inv_read_invoices", 16),
    "internal-error-stays": _at("import_upload_invoices", 11),
    "wrong-password": _at("import_upload_invoices", 5),
    "no-phone": _at("import_upload_invoices", 15),
    "token-expires": _UPLOADED | _at(POLL, 5) | _at("reset_start", 0) | _at("reset_confirm", 0),
    "letters": _UPLOADED,
    "other-texts": _UPLOADED,
    "dropped": _UPLOADED | _at(POLL, None) | _at("inv_read_invoices", None),
    "bad-gateway": _UPLOADED | _at(POLL, None),
    "download-12001": _DOWNLOADED,
    "download-5000": _DOWNLOADED,
    "page-appears": _DOWNLOADED,
    "page-breaks": _DOWNLOADED | _at("etx_read_invoices", None),
    "filters": _DOWNLOADED,
    "delete-refused": _at("etx_delete", 20),
    "delete": _DELETED,
    "delete-drafts": _DELETED,
    "delete-both-folders": _DELETED,
    "delete-one-folder-refused": _DELETED | _at("etx_delete", 20),
    "no-right-to-delete": _at("etx_delete", 7),
    "delete-fails-later": _at("etx_delete", 0) | _followed(FAILED),
}
"""What a client that does all it should, and all it may, meets on each journey."""


def met_by(calls: Iterable[Call]) -> frozenset[Met]:
    """What these requests have met."""
    known = operations()
    return frozenset(_met(call) for call in calls if call.operation in known)


def came_to(journey: str, met: Collection[Met]) -> bool:
    """Whether a client came to what a journey is about: its error, by whatever operation, or its failed process."""
    telling = {_told(one) for one in BRINGS.get(journey, ())} - {None}
    if telling:
        return any(_told(one) in telling for one in met)
    return any(one in met for one in BRINGS.get(journey, ())) or journey not in BRINGS


def _told(one: Met) -> str | None:
    """What an outcome says is wrong; `None` where all goes well, or nobody knows."""
    if one.status == FAILED:
        return "failed"
    return "who" if one.code in _WHO else f"code {one.code}" if one.code else None


def met_in(seen: Iterable[Mapping[str, Any]]) -> frozenset[Met]:
    """What `seen` of `GET coverage` tells of."""
    numbers = {name: number for number, name in STATES.items()}
    return frozenset(
        _outcome(row["operation"], row["err_code"], numbers.get(row["state"] or ""))
        for row in seen
        if row["operation"] in operations()
    )


def _met(call: Call) -> Met:
    return _outcome(call.operation, call.code if call.delivered else None, call.status)


def _outcome(operation: str, code: int | None, status: int | None) -> Met:
    if operation != POLL or code != 0:
        return Met(operation, code)
    return Met(operation, code, status if status in (FINISHED, FAILED) else RUNNING)


def covered(met: Mapping[str, Collection[Met]]) -> list[Coverage]:
    """Every outcome that the documents or a journey know; `met`: those of each journey that was run."""
    brought = frozenset[Met]().union(*BRINGS.values(), *met.values())
    return [
        _covered(outcome, met)
        for operation in operations()
        for outcome in sorted({*_documented(operation), *_of(operation, brought)}, key=_place)
    ]


def _covered(outcome: Met, met: Mapping[str, Collection[Met]]) -> Coverage:
    where = tuple(name for name, outcomes in met.items() if outcome in outcomes)
    if where:
        return Coverage(outcome, where, "met")
    bring = tuple(name for name, outcomes in BRINGS.items() if outcome in outcomes)
    run = tuple(name for name in bring if name in met)
    if bring:
        return Coverage(outcome, run or bring, "missed" if run else "not-run")
    kinds = [row for row in load("errors.json")["errors"] if (row["scope"], row["code"]) == ("request", outcome.code)]
    if any(row.get("faults_only") for row in kinds):
        return Coverage(outcome, (), "fault")
    return Coverage(outcome, (), "own-mistake" if any(row["class"] == "fix" for row in kinds) else "not-provoked")


def _documented(operation: str) -> Iterator[Met]:
    if operation == POLL:
        yield from _followed(FINISHED, FAILED)
    faults = [row["code"] for row in load("errors.json")["errors"] if row.get("faults_only")]
    yield from (Met(operation, code) for code in {*codes_of(operation), *faults} if operation != POLL or code)


def _of(operation: str, outcomes: Iterable[Met]) -> Iterator[Met]:
    return (outcome for outcome in outcomes if outcome.operation == operation)


def _place(outcome: Met) -> tuple[int, int]:
    return (999 if outcome.code is None else outcome.code, outcome.status or 0)
