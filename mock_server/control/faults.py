"""Faults: what is to go wrong with requests that fit, how often, and how it is decided."""

from functools import lru_cache
from typing import Any, Literal, NamedTuple

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
MAX_NUMBER = 10**15

Connection = Literal["drop_before", "drop_after", "truncate", "drip", "lose_answer"]
Mutation = Literal["empty_err_msg", "az_err_msg", "extra_fields", "key_order"]
Body = Literal["html", "empty", "malformed"]
BODIES: dict[str, str] = {
    "html": "no work is done; the answer is a page of HTML, as from a gateway",
    "empty": "no work is done; the answer has no body at all",
    "malformed": "no work is done; the answer calls itself JSON and is none",
}
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
EFFECTS: dict[str, str] = {
    "err_code": "no work is done; the answer is this error, any number from 1 to 9999",
    "http_status": "no work is done; the answer has this status and `body`, or with `err_code` its envelope",
    "body": "what the answer is instead of an envelope: `html` if only `http_status` is named, which is else 200",
    "etaxes": "`busy`: the process that is started meets NEED RETRY twice, then goes on",
    "delay": 'the request is held up first, in real time: `3s`, or drawn from `{"min": "1s", "max": "3s"}`',
    "connection": "what becomes of the connection",
    "mutate": "a list: how the answer is changed, in its face only",
}
_UNSEEN = ("drop_before", "lose_answer")
"""Faults of the connection after which there is no answer that anything else could change."""


class Between(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A length drawn anew each time, evenly between two."""

    min: str | float
    max: str | float


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to go wrong.

    Attributes:
        operation: the only operation it is for; every one when left out.
        err_code ... mutate: see `EFFECTS`.
        times: how often; without end when left out. `probability`: of each time, drawn from `seed`.
    """

    operation: str | None = None
    err_code: int | None = None
    http_status: int | None = None
    body: Body | None = None
    etaxes: Literal["busy"] | None = None
    delay: str | float | Between | None = None
    connection: Connection | None = None
    mutate: tuple[Mutation, ...] = ()
    times: int | None = None
    probability: float | None = None
    seed: int | None = None


class Struck(NamedTuple):
    """A fault that a request meets; the fault's number, and how many requests have fitted it by now."""

    fault: Fault
    number: int
    met: int


_read = lru_cache(maxsize=1024)(msgspec.json.Decoder(Fault).decode)


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
            most = f"at most {MAX_FAULTS} faults"
            raise Problem(
                409, "too many faults", f"a world has {most}; delete some", given="one more", allowed=[most]
            )
        number = desk.store.faults.add(change.row.id, msgspec.json.encode(fault).decode())
        desk.store.worlds.bump(change.row.id)
    return {"id": number}


def remove(desk: Desk, fault: int | None = None) -> dict[str, Any]:
    """Take one fault, or all of them, out of force: `{"removed"}`."""
    with desk.change() as change:
        removed = desk.store.faults.remove(change.row.id, fault)
        if fault is not None and not removed:
            known = [str(row.id) for row in desk.store.faults.all(change.row.id)]
            raise Problem.unknown("fault", str(fault), known, status=404)
        desk.store.worlds.bump(change.row.id)
    return {"removed": removed}


def may_strike(world: World, operation: str) -> bool:
    """Whether a request may meet a fault, and it must be counted: most worlds have none, and one is for some only."""
    return any(_in_force(row, operation) for row in world.faults)


def strike(store: Store, world: World, operation: str) -> Struck | None:
    """The first fault that this request meets, counted; inside a write transaction that holds the world."""
    for row in store.faults.all(world.id):
        if not _in_force(row, operation):
            continue
        fault = _read(row.spec)
        struck = Struck(fault, row.id, row.met + 1)
        strikes = _strikes(world, struck)
        used = row.used + int(strikes)
        store.faults.count(world.id, row.id, struck.met, used)
        if used == fault.times:
            store.worlds.bump(world.id)  # nobody need ask for it again
        if strikes:
            return struck
    return None


def delay_of(world: World, struck: Struck) -> int:
    """How long the fault holds a request up, in microseconds of real time."""
    delay = struck.fault.delay
    if delay is None:
        return 0
    if isinstance(delay, Between):
        low, high = length_of(delay.min), length_of(delay.max)
        return _draws(world, struck.fault).between(low, high, "fault-delay", struck.number, struck.met)
    return length_of(delay)


def said(struck: Struck) -> str:
    """What the journal says of it: `fault 3: {"err_code":11}`."""
    only = msgspec.structs.replace(struck.fault, operation=None, times=None, probability=None, seed=None)
    return f"fault {struck.number}: {msgspec.json.encode(only).decode()}"


def _in_force(row: FaultRow, operation: str) -> bool:
    """Whether a fault is for such requests, and not used up."""
    fault = _read(row.spec)
    if fault.times is not None and row.used >= fault.times:
        return False
    if fault.operation not in (None, operation):
        return False
    return fault.etaxes is None or BY_NAME[operation].starts is not None


def _strikes(world: World, struck: Struck) -> bool:
    probability = struck.fault.probability
    if probability is None:
        return True
    drawn = _draws(world, struck.fault).between(0, 999_999, "fault", struck.number, struck.met)
    return drawn < probability * 1_000_000


def _draws(world: World, fault: Fault) -> Draws:
    return world.draws if fault.seed is None else Draws(secret_of(fault.seed, "faults"))


def checked(spec: Any) -> dict[str, Any]:
    """A fault that a world file holds, as it is kept.

    Raises:
        Problem: something about it cannot be; msgspec.ValidationError: it is not of the form of a fault.
    """
    fault = msgspec.convert(spec, Fault)
    _check(fault)
    kept: dict[str, Any] = msgspec.to_builtins(fault)
    return kept


def _check(fault: Fault) -> None:
    if fault.operation is not None and fault.operation not in BY_NAME:
        raise Problem.unknown("operation", fault.operation, BY_NAME)
    for name, value, low, high in (
        ("probability", fault.probability, 0, 1),
        ("times", fault.times, 1, MAX_NUMBER),
        ("http_status", fault.http_status, 200, 599),
        ("err_code", fault.err_code, 1, 9999),
        ("seed", fault.seed, -MAX_NUMBER, MAX_NUMBER),
    ):
        if value is not None and not low <= value <= high:
            bounds = f"{low} to {high}"
            raise Problem(400, f"no such {name}", f"{name} is from {bounds}", given=str(value), allowed=[bounds])
    ends = (fault.delay.min, fault.delay.max) if isinstance(fault.delay, Between) else (fault.delay or 0,)
    lengths = [length_of(end) for end in ends]
    if not all(0 <= length <= MAX_DELAY_SECONDS * 1_000_000 for length in lengths) or lengths != sorted(lengths):
        form, given = f"0 to {MAX_DELAY_SECONDS} s, min not above max", msgspec.json.encode(fault.delay).decode()
        raise Problem(400, "no such delay", f"a delay is from {form}", given=given, allowed=[form])
    _check_together(fault)


def _check_together(fault: Fault) -> None:
    """Raises a Problem (400) for a fault of which a part, or everything, would do nothing."""
    effects = [name for name in EFFECTS if getattr(fault, name) not in (None, ())]
    if not effects:
        raise Problem(
            400, "nothing goes wrong", f"name at least one of {', '.join(EFFECTS)}", given="none", allowed=EFFECTS
        )
    enveloped = fault.err_code is not None or (fault.http_status is None and fault.body is None)
    worked = fault.err_code is None and fault.http_status is None and fault.body is None
    for useless, name, because in (
        (fault.err_code is not None, "body", "err_code is answered in an envelope"),
        (not enveloped, "mutate", "there is no envelope to change"),
        (not worked or fault.connection == "drop_before", "etaxes", "no process starts, since no work is done"),
        (fault.connection in _UNSEEN, "err_code", f"{fault.connection} leaves no answer"),
        (fault.connection in _UNSEEN, "http_status", f"{fault.connection} leaves no answer"),
        (fault.connection in _UNSEEN, "body", f"{fault.connection} leaves no answer"),
        (fault.connection in _UNSEEN, "mutate", f"{fault.connection} leaves no answer"),
    ):
        if useless and name in effects:
            detail = f"{name} would have no effect: {because}"
            without = [other for other in effects if other != name]
            raise Problem(400, "they do not go together", detail, given=name, allowed=without)
    starting = [name for name, operation in BY_NAME.items() if operation.starts is not None]
    if fault.etaxes is not None and fault.operation not in (None, *starting):
        raise Problem(
            400, "it starts no process", "only a process meets e-taxes", given=fault.operation, allowed=starting
        )


def _shown(row: FaultRow) -> dict[str, Any]:
    return {"id": row.id, "met": row.met, "used": row.used, **msgspec.json.decode(row.spec)}
