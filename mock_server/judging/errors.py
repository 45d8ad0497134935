"""Rules about errors: which to look at, which to stop at, which to try again (F-ERR-03, R-81)."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from mock_server.judging.calls import Call
from mock_server.judging.case import SECOND, Case, Found, pause, seconds
from mock_server.judging.catalogue import number
from mock_server.rulebook.errors import ErrorTable

_ERRORS = ErrorTable.load()
SHOWN = 5
NOT_FOUND = _ERRORS.named("request", "qaime-not-found").code
_OWN_RULES = (2, 14)
"""Codes of which other rules speak."""


def ignored_err_code(case: Case) -> Iterator[Found]:
    """Asked for a process that no answer had named, after a refused start; or claims success after one."""
    refused: Call | None = None
    for call in case.calls:
        if call.starts and call.delivered:
            refused = call if call.refused else None
        elif refused is not None and _nameless(call):
            yield Found([refused.seq, call.seq], {"operation": refused.operation, "code": refused.code})
            return
    last = case.calls[-1] if case.calls else None
    if case.claimed and case.expected.succeeds is False and last is not None and last.delivered and last.refused:
        yield Found([last.seq], {"operation": last.operation, "code": last.code})


def retried_refusal(case: Case) -> Iterator[Found]:
    """The same request again, soon after a refusal that a second try does not mend."""
    first: dict[str, Call] = {}
    again: dict[str, list[Call]] = {}
    for call in case.calls:
        if call.operation == "reset_confirm" and call.code == 0:
            first = {name: earlier for name, earlier in first.items() if earlier.code != 5}
        if not _final(call) or _nameless(call) or call.lost_body is not None:
            continue
        name = f"5 {call.way} {call.user}" if call.code == 5 and call.operation != "reset_confirm" else call.key
        earlier = first.get(name)
        if earlier is None or seconds(earlier, call) > number("at_once"):
            first[name] = call
        else:
            again.setdefault(name, [earlier]).append(call)
    again.update(_in_parts(case))
    for calls in again.values():
        code = calls[0].code
        entry = _ERRORS.find("request", code or 0)
        said = {
            "operation": calls[0].operation,
            "code": code,
            "count": len(calls) - 1,
            "seconds": round(seconds(calls[0], calls[-1]), 1),
            "remedy": {"en": entry.remedy.en, "az": entry.remedy.az} if entry else {"en": "", "az": ""},
        }
        yield Found([call.seq for call in calls], said)


def _in_parts(case: Case) -> Iterator[tuple[str, list[Call]]]:
    """A deletion that was refused as a whole (20), tried again number by number without looking at any (F-DEL-08)."""
    whole: Call | None = None
    parts: list[Call] = []
    for call in case.calls:
        if call.operation != "etx_delete":
            whole = None if call.operation not in (None, "read_proc_status") else whole
        elif whole is not None and set(call.named) < set(whole.named) and seconds(whole, call) <= number("at_once"):
            parts.append(call)
            yield f"parts {whole.seq}", [whole, *parts]
        else:
            whole, parts = (call if call.code == NOT_FOUND and call.delivered else None), []


def resent_invalid(case: Case) -> Iterator[Found]:
    """After 14, what was blamed sent again as it was."""
    blamed: dict[tuple[str, str], Call] = {}
    keys: dict[str, Call] = {}
    for call in case.calls:
        if call.operation != "import_upload_invoices":
            continue
        same = [content for content in call.contents if content in blamed]
        first = blamed[same[0]] if same else keys.get(call.key)
        if first is not None:
            names = [erp_id for erp_id, _ in same] or list(call.named)
            yield Found([first.seq, call.seq], {"invoices": ", ".join(names[:SHOWN])})
            return
        if call.code == 14 and call.delivered:
            keys[call.key] = call
            blamed.update({content: call for content in call.contents if content[0] in call.blamed})


def retried_without_pause(case: Case) -> Iterator[Found]:
    """Tries after a failure worth another one, at once or at a fixed interval."""
    for tries in _tries(case):
        pauses = [pause(*pair) for pair in pairwise(tries)]
        least = number("shortest_retry_pause") - number("measuring_tolerance")
        if pauses and (min(pauses) < least or (len(pauses) > 1 and max(pauses[1:]) <= 1.1 * pauses[0])):
            shown = ", ".join(f"{each:.1f}" for each in pauses[:10])
            said = {"operation": tries[0].operation, "why": _why(tries[0]), "pauses": shown}
            yield Found([call.seq for call in tries], said)


def retried_without_bound(case: Case) -> Iterator[Found]:
    """More tries in a row than anybody needs."""
    for tries in _tries(case):
        failed = [call for call in tries if _worth_another(call)]
        if len(failed) > number("most_tries"):
            yield Found([call.seq for call in failed], {"operation": tries[0].operation, "count": len(failed)})


def never_retried(case: Case) -> Iterator[Found]:
    """One failure worth another try, and none came."""
    if case.killed:
        return
    tries = Counter(call.key for call in case.calls)
    latest = {call.operation: call.seq for call in case.calls}
    for call in case.calls:
        if not _worth_another(call) or tries[call.key] > 1 or not case.turned_away(call):
            continue
        lost = call.operation == "import_upload_invoices" and call.failed and call is not case.calls[-1]
        if not lost and latest[call.operation] == call.seq:  # else it went on, with the next token for example
            yield Found([call.seq], {"operation": call.operation, "why": _why(call)})


def second_invoice(case: Case) -> Iterator[Found]:
    """The content of an invoice whose fate was unknown, or whose id exists, imported under another id."""
    unsure: dict[str, tuple[str, Call]] = {}
    for call in case.calls:
        if call.operation != "import_upload_invoices":
            continue
        for erp_id, digest in call.contents:
            first = unsure.get(digest)
            if first is not None and first[0] != erp_id and call.code == 0:
                yield Found([first[1].seq, call.seq], {"first": first[0], "second": erp_id})
                return
            if not call.delivered or call.code == 17:
                unsure.setdefault(digest, (erp_id, call))


def _nameless(call: Call) -> bool:
    """A poll that names no process."""
    return call.operation == "read_proc_status" and call.process is None and call.code == 3


def _final(call: Call) -> bool:
    """Whether the client has been told an error that a second try does not mend."""
    if not call.refused or not call.delivered or call.code in _OWN_RULES or call.code is None:
        return False
    entry = _ERRORS.find("request", call.code)
    return entry is not None and entry.retry != "retry"


def _worth_another(call: Call) -> bool:
    if call.failed:
        return call.http == 0 or call.http >= 500 or not call.delivered
    entry = _ERRORS.find("request", call.code or 0)
    return entry is not None and entry.retry == "retry"


def _why(call: Call) -> str:
    if not call.delivered:
        return "connection lost"
    return f"HTTP {call.http}" if call.code is None else f"err_code {call.code}"


def _tries(case: Case) -> Iterator[list[Call]]:
    """Runs of the same request, each after a failure worth another try; two tries at least."""
    open_: dict[str, list[Call]] = {}
    for call in case.calls:
        tries = open_.pop(call.key, [])
        if tries and call.real - tries[-1].real > number("at_once") * SECOND * 5:
            tries = []
        tries.append(call)
        if _worth_another(call):
            open_[call.key] = tries
        elif len(tries) > 1:
            yield tries
    yield from (tries for tries in open_.values() if len(tries) > 1)
