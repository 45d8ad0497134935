"""What is left of a killed server: in its database, and in the mouth of another one that is started on it."""

import json
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from benchmarks.kill_load import WORLD, Client, Effect, Memory, Sent, Told, renew
from benchmarks.kill_places import Place, Rows

T = TypeVar("T")

END_SECONDS = 30
"""What a process of the pace `fast` gets to come to its end: ten times what it needs."""

_MARK = re.compile(rb'"mark":"([^"]+)"')


class Kept(NamedTuple):
    """What the journal has of a request."""

    answer: bytes
    size: int


def autopsy(place: Place, told: Told, memory: Memory) -> dict[str, Kept]:
    """What is there the moment something has died; the journal's rows of this round."""
    with place.rows() as rows:
        told.problems += place.damage(rows)
        ((world,),) = rows("SELECT id FROM worlds WHERE name = :name", name=WORLD)
        journal = _journal(rows, world, told)
        told.problems += _compare_journal(told, journal)
        _remember(told, memory, journal)
        told.problems += _compare_rows(rows, world, told, memory)
    return journal


def _journal(rows: Rows, world: int, told: Told) -> dict[str, Kept]:
    found: dict[str, Kept] = {}
    for request, answer, size in rows(
        "SELECT request, answer, answer_size FROM journal WHERE world = :world", world=world
    ):
        match = _MARK.search(request)
        mark = "" if match is None else match[1].decode()
        if mark in told.sent:
            if mark in found:
                told.problems.append(f"the journal has {mark} twice")
            found[mark] = Kept(answer, size)
    return found


def _compare_journal(told: Told, journal: dict[str, Kept]) -> Iterator[str]:
    """Every acknowledged request has its row, with the answer that the client was given.

    Only a read may lack it, which was answered when its database was gone; such rows are counted.
    """
    for mark, reply in told.answers.items():
        kept = journal.get(mark)
        if kept is None and told.victim == "database" and told.sent[mark].effect is None:
            told.unkept += 1
        elif kept is None:
            yield f"answered, but not in the journal: {mark} {told.sent[mark].effect}"
        elif kept.size != len(reply.raw) or _unlike(kept.answer, reply.raw[: len(kept.answer)]):
            yield f"the journal has another answer to {mark}: {kept}"


def _unlike(kept: bytes, told: bytes) -> bool:
    return kept != told and b"***" not in kept


def _remember(told: Told, memory: Memory, journal: dict[str, Kept]) -> None:
    """Carry over what the journal says was done, in whichever order: no two requests of a round cross."""
    gone: set[str] = set()
    for mark in journal:
        effect = told.sent[mark].effect
        if effect is None or _refused(journal[mark]):
            continue
        if effect.kind in ("import", "upload"):
            memory.ids.update(effect.ids)
        elif effect.kind == "delete":
            gone.update(effect.ids)
        elif effect.kind == "token" and mark not in told.answers:
            memory.tokens[effect.account] = None
    memory.ids -= gone


def _refused(kept: Kept) -> bool:
    return bool(json.loads(kept.answer).get("err_code"))


def _compare_rows(rows: Rows, world: int, told: Told, memory: Memory) -> Iterator[str]:
    """Nothing is there by half: a change and its journal row are one.

    What e-taxes was asked to delete goes while the round lasts, or after it.
    """
    there = {erp_id for (erp_id,) in rows(_IDS, world=world)}
    ours = {erp_id for erp_id in there if erp_id.startswith(("UP-", "IN-"))}
    effects = [sent.effect for sent in told.sent.values() if sent.effect is not None]
    leaving = {erp_id for effect in effects if effect.kind == "etx" for erp_id in effect.ids}
    if leaving & ours not in (set(), leaving):
        yield f"deleted by half: {sorted(leaving - ours)} of {sorted(leaving)}"
    if ours - leaving != memory.ids - leaving:
        lost, odd = sorted(memory.ids - leaving - ours), sorted(ours - leaving - memory.ids)
        yield f"in the journal only: {lost[:5]}, in the portal only: {odd[:5]}"
    for what, sql in _HALVES.items():
        found = rows(sql, world=world)
        if found:
            yield f"{what}: {found[:5]}"


_IDS = "SELECT erp_id FROM portal_invoices WHERE world = :world"
_HALVES = {
    "an invoice without its process": """SELECT erp_id FROM portal_invoices p WHERE world = :world AND process <> 0
        AND NOT EXISTS (SELECT 1 FROM processes q WHERE q.world = p.world AND q.id = p.process)""",
    "an invoice without its row in e-taxes": """SELECT erp_id FROM portal_invoices p WHERE world = :world
        AND registry IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM registry r WHERE r.world = p.world AND r.id = p.registry)""",
    "an upload that nothing will end": """SELECT erp_id FROM portal_invoices p JOIN processes q
        ON q.world = p.world AND q.id = p.process WHERE p.world = :world AND p.state = 'uploading'
        AND q.next_due IS NULL""",
    "a signed invoice without a number": """SELECT erp_id FROM portal_invoices WHERE world = :world
        AND state = 'signed' AND registry IS NULL""",
    "a process that the world has forgotten": """SELECT q.id FROM processes q JOIN worlds w ON w.id = q.world
        WHERE w.id = :world AND q.next_due IS NOT NULL AND (w.next_due IS NULL OR w.next_due > q.next_due)""",
    "a process number to be given again": """SELECT q.id FROM processes q JOIN worlds w ON w.id = q.world
        WHERE w.id = :world AND q.id >= w.next_process AND q.id <> 12345""",
}


def resurrection(port: int, told: Told, memory: Memory, journal: dict[str, Kept]) -> None:
    """What the server says that is there afterwards."""
    asked = Client(port, "demo", "after", Told())
    effects = [sent.effect for sent in told.sent.values() if sent.effect is not None and sent.effect.kind != "etx"]
    ids = [erp_id for effect in effects for erp_id in effect.ids]
    there = set(_read(asked, ids))
    wanted = {erp_id for erp_id in ids if erp_id in memory.ids}
    if there != wanted:
        told.problems.append(f"lost: {sorted(wanted - there)[:5]}, back again: {sorted(there - wanted)[:5]}")
    _compare_tokens(port, told, memory)
    begun = {
        _started(kept): told.sent[mark].effect
        for mark, kept in journal.items()
        if _starts(told.sent[mark]) and not _refused(kept)
    }
    told.problems += _follow(asked, begun)
    for effect in begun.values():
        if effect is not None and effect.kind == "etx":
            memory.ids.difference_update(effect.ids)
            for erp_id in effect.ids:
                del memory.signed[erp_id]
    uploaded = [erp_id for effect in begun.values() if effect and effect.kind == "upload" for erp_id in effect.ids]
    _compare_numbers(told, memory, _read(asked, [*uploaded, *memory.signed]), uploaded)
    told.problems += asked.told.problems
    asked.close()


def _compare_tokens(port: int, told: Told, memory: Memory) -> None:
    for account, token in memory.tokens.items():
        client = Client(port, account, "token", Told())
        if token is None:  # a new one came into force, but nobody was told: nothing to do but to renew
            memory.tokens[account] = renew(client)
        code = client.ask("inv_read_invoices", ids=[], token=memory.tokens[account]).code
        if code != 0:
            told.problems.append(f"the token of {account} is refused with {code}")
        client.close()


def _starts(sent: Sent) -> bool:
    return sent.effect is not None and sent.effect.kind in ("import", "upload", "etx")


def _started(kept: Kept) -> int:
    number: int = json.loads(kept.answer)["data"]["id"]
    return number


def _follow(client: Client, begun: dict[int, Effect | None]) -> Iterator[str]:
    """All processes come to a good end."""
    waiting = sorted(begun)
    until = time.monotonic() + END_SECONDS
    while waiting and time.monotonic() < until:
        replies = {process: client.call("read_proc_status", procId=process).json for process in waiting}
        states = {process: reply.get("data", {}).get("status", 3) for process, reply in replies.items()}
        yield from (f"process {process} fails: {replies[process]}" for process, state in states.items() if state == 3)
        waiting = [process for process, state in states.items() if state not in (2, 3)]
        time.sleep(0.1)
    if waiting:
        yield f"without an end: {waiting[:5]}"


def _read(client: Client, ids: Sequence[str]) -> dict[str, str]:
    """Qaimes by ERP id of those that are there."""
    found: dict[str, str] = {}
    for some in _batches(ids, 5000):
        rows = client.call("inv_read_invoices", ids=some).data["invoices"]
        found.update((row["id"], row["qaime"]) for row in rows)
    return found


def _batches(values: Sequence[T], size: int) -> Iterable[list[T]]:
    return (list(values[at : at + size]) for at in range(0, len(values), size))


def _compare_numbers(told: Told, memory: Memory, found: dict[str, str], uploaded: list[str]) -> None:
    """Every upload has its qaime; none has two, none is given twice, in all rounds."""
    told.problems += [f"uploaded, but without a qaime: {erp_id}" for erp_id in uploaded if not found.get(erp_id)]
    told.problems += [
        f"{erp_id} had {qaime}, has {found.get(erp_id)}"
        for erp_id, qaime in memory.signed.items()
        if found.get(erp_id) != qaime
    ]
    for reply in told.answers.values():
        rows = reply.json.get("data", {}) if isinstance(reply.json, dict) else {}
        for row in rows.get("invoices", []) if isinstance(rows, dict) else []:
            told.problems += _given(memory, row["id"], row["qaime"])
    for erp_id, qaime in found.items():
        told.problems += _given(memory, erp_id, qaime)
        memory.signed[erp_id] = qaime


def _given(memory: Memory, erp_id: str, qaime: str) -> list[str]:
    owner = memory.given.setdefault(qaime, erp_id) if qaime else erp_id
    return [] if owner == erp_id else [f"{qaime} was given to {owner}, and to {erp_id}"]
