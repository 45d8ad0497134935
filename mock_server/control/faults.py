"""Faults: what is to go wrong with requests that fit, how often, and how it is decided."""

from typing import Any, Literal

import msgspec

from mock_server.control.clocks import length_of
from mock_server.control.desk import Desk, Problem
from mock_server.draws import Draws, secret_of
from mock_server.portal.worlds import World
from mock_server.rulebook.operations import BY_NAME
from mock_server.store.faults import FaultRow
from mock_server.store.stores import Store

MAX_FAULTS = 100
MAX_DELAY_SECONDS = 600

Connection = Literal["drop_before", "drop_after", "truncate", "drip", "lose_answer"]
Mutation = Literal["empty_err_msg", "az_err_msg", "extra_fields", "key_order"]
CONNECTIONS: dict[str, str] = {
    "drop_before": "the connection is dropped before any work is done",
    "drop_after": "the work is done, and the connection dropped in the middle of the answer",
    "truncate": "the JSON of the answer ends in the middle, as if that were all",
    "drip": "the answer comes a few bytes at a time",
    "lose_answer": "the work is done, and the connection dropped without an answer",
}
MUTATIONS: dict[str, str] = {
    "empty_err_msg": "`err_msg` is empty",
    "az_err_msg": "`err_msg` is in Azerbaijani",
    "extra_fields": "fields that no document knows stand in the answer",
    "key_order": "the keys of the answer come in another order",
}


class Between(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A length drawn anew each time, evenly between two."""

    min: str | float
    max: str | float


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to go wrong.

    Attributes:
        operation: the only operation it is for; every one when left out.
        err_code: the answer is this error, and no work is done.
        http_status: the answer has this status; without `err_code` it is no envelope, but `body`.
        etaxes: `busy`: a process that starts meets NEED RETRY twice.
        delay: before anything else, in real time.
        times: how often; without end when left out. `probability`: of each time, drawn from `seed`.
    """

    operation: str | None = None
    err_code: int | None = None
    http_status: int | None = None
    body: Literal["html", "empty"] | None = None
    etaxes: Literal["busy"] | None = None
    delay: str | float | Between | None = None
    connection: Connection | None = None
    mutate: tuple[Mutation, ...] = ()
    times: int | None = None
    probability: float | None = None
    seed: int | None = None


_decoder = msgspec.json.Decoder(Fault)


def listed(desk: Desk) -> list[dict[str, Any]]:
    change = desk.look()
    return [_shown(row) for row in desk.store.faults.all(change.row.id)]


def add(desk: Desk, fault: Fault) -> dict[str, Any]:
    """Put a fault in force: `{"id"}`.

    Raises:
        Problem: something about it cannot be.
    """
    _check(fault)
    with desk.change() as change:
        if len(desk.store.faults.all(change.row.id)) >= MAX_FAULTS:
            raise Problem(409, "too many faults", f"a world has at most {MAX_FAULTS} faults; delete some")
        number = desk.store.faults.add(change.row.id, msgspec.json.encode(fault).decode())
        desk.store.worlds.bump(change.row.id)
    return {"id": number}


def remove(desk: Desk, fault: int | None = None) -> dict[str, Any]:
    """Take one fault, or all of them, out of force: `{"removed"}`."""
    with desk.change() as change:
        removed = desk.store.faults.remove(change.row.id, fault)
        if fault is not None and not removed:
            raise Problem(404, "no such fault", f"this world has no fault {fault}", given=str(fault))
        desk.store.worlds.bump(change.row.id)
    return {"removed": removed}


def strike(store: Store, world: World, operation: str) -> tuple[Fault, int] | None:
    """The fault that this request meets, and how often that fault has been met; inside a write transaction."""
    for row in store.faults.all(world.id):
        fault = _decoder.decode(row.spec)
        if fault.operation not in (None, operation) or (fault.times is not None and row.used >= fault.times):
            continue
        met = row.met + 1
        strikes = _strikes(world, fault, row.id, met)
        store.faults.count(world.id, row.id, met, row.used + int(strikes))
        if strikes:
            return fault, met
    return None


def delay_of(world: World, fault: Fault, met: int) -> int:
    """How long the fault holds a request up, in microseconds of real time."""
    if fault.delay is None:
        return 0
    if isinstance(fault.delay, Between):
        low, high = length_of(fault.delay.min), length_of(fault.delay.max)
        return _draws(world, fault).between(low, high, "fault-delay", fault.operation, met)
    return length_of(fault.delay)


def _strikes(world: World, fault: Fault, number: int, met: int) -> bool:
    if fault.probability is None:
        return True
    drawn = _draws(world, fault).between(0, 999_999, "fault", number, met)
    return drawn < fault.probability * 1_000_000


def _draws(world: World, fault: Fault) -> Draws:
    return world.draws if fault.seed is None else Draws(secret_of(fault.seed, "faults"))


def _check(fault: Fault) -> None:
    if fault.operation is not None and fault.operation not in BY_NAME:
        raise Problem.unknown("operation", fault.operation, BY_NAME)
    if fault.probability is not None and not 0 <= fault.probability <= 1:
        raise Problem(400, "no probability", "probability is from 0 to 1", given=str(fault.probability))
    if fault.times is not None and fault.times < 1:
        raise Problem(400, "no number of times", "times is 1 or more", given=str(fault.times))
    if fault.http_status is not None and not 200 <= fault.http_status <= 599:
        raise Problem(400, "no HTTP status", "http_status is from 200 to 599", given=str(fault.http_status))
    if fault.err_code is not None and not 1 <= fault.err_code <= 9999:
        raise Problem(400, "no error code", "err_code is from 1 to 9999", given=str(fault.err_code))
    ends = (fault.delay.min, fault.delay.max) if isinstance(fault.delay, Between) else (fault.delay or 0,)
    lengths = [length_of(end) for end in ends]
    if not all(0 <= length <= MAX_DELAY_SECONDS * 1_000_000 for length in lengths) or lengths != sorted(lengths):
        raise Problem(400, "no such delay", f"a delay is from 0 to {MAX_DELAY_SECONDS} s, min not above max")
    if msgspec.structs.replace(fault, operation=None, times=None, probability=None, seed=None) == Fault():
        raise Problem(
            400, "nothing goes wrong", "name at least one of err_code, http_status, etaxes, delay, connection, mutate"
        )


def _shown(row: FaultRow) -> dict[str, Any]:
    return {"id": row.id, "met": row.met, "used": row.used, **msgspec.json.decode(row.spec)}
