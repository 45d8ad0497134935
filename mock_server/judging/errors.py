"""Rules about errors: which to look at, which to stop at, which to try again (F-ERR-03, R-81)."""

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
    if case.claimed and (case.expected.succeeds is False or case.expected.done is False):
        told = [*_never_accepted(case), *(call for call in case.calls[-1:] if call.delivered and call.refused)]
        if told:
            yield Found([told[0].seq, case.calls[-1].seq], {"operation": told[0].operation, "code": told[0].code})


def retried_refusal(case: Case) -> Iterator[Found]:
    """The same request again, soon after a refusal that a second try does not mend."""
    first: dict[str, Call] = {}
    again: dict[str, list[Call]] = {}
    for call in case.calls:
        if call.operation == "reset_confirm" and call.code == 0:
            first = {name: earlier for name, earlier in first.items() if earlier.code != 5}
        if not _final(call) or _nameless(call) or call.lost_body is not None:
            continue
        name = (
            f"5 {call.way} {call.user}"
            if call.code == 5 and call.operation != "reset_confirm"
            else f"{call.way} {call.key}"
        )
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
        pauses = _pauses(tries)
        least = number("shortest_retry_pause") - number("measuring_tolerance")
        if pauses and (min(pauses) < least or (len(pauses) > 1 and max(pauses[1:]) <= 1.1 * pauses[0])):
            shown = ", ".join(f"{each:.1f}" for each in pauses[:10])
            said = {"operation": tries[0].operation, "why": _why(tries[0]), "pauses": shown}
            yield Found([call.seq for call in tries], said)


def _pauses(tries: list[Call]) -> list[float]:
    """Seconds before each try; not before the second where the connection broke before anything was looked at.

    On a kept connection libraries such as libcurl then send the request again by themselves, at once.
    """
    unseen = tries[0].way == "none" and not tries[0].delivered
    return [pause(*pair) for pair in pairwise(tries)][1 if unseen else 0 :]


def retried_without_bound(case: Case) -> Iterator[Found]:
    """More tries in a row than anybody needs; or than advised, and still at it when the client had to be ended."""
    for tries in _tries(case):
        failed = [call for call in tries if _worth_another(call)]
        at_it = case.killed and tries[-1] is case.calls[-1] and _worth_another(tries[-1])
        if len(failed) > number("advised_tries" if at_it else "most_tries"):
            yield Found([call.seq for call in failed], {"operation": tries[0].operation, "count": len(failed)})


def never_retried(case: Case) -> Iterator[Found]:
    """One failure worth another try, and none came."""
    if case.killed:
        return
    latest = {call.operation: call.seq for call in case.calls}
    for call in (tries[0] for tries in _runs(case) if len(tries) == 1):
        if not case.turned_away(call):
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


def _never_accepted(case: Case) -> Iterator[Call]:
    """Starts that the client was told are refused, and of what they name nothing has ever been accepted."""
    accepted = {named for call in case.calls if call.starts and call.code == 0 for named in _asked(call)}
    for call in case.calls:
        if call.starts and call.refused and call.delivered and not accepted & _asked(call):
            yield call


def _asked(call: Call) -> set[tuple[str, str]]:
    return {(call.operation, name) for name in call.named or ("",)}


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


def _why(call: Call) -> dict[str, str]:
    if not call.delivered:
        return {"en": "connection lost", "az": "bağlantı kəsilib"}
    shown = f"HTTP {call.http}" if call.code is None else f"err_code {call.code}"
    return {"en": shown, "az": shown}


def _tries(case: Case) -> Iterator[list[Call]]:
    """Runs of two tries at least."""
    return (tries for tries in _runs(case) if len(tries) > 1)


def _runs(case: Case) -> Iterator[list[Call]]:
    """Runs of the same request, each but the first after a failure worth another try; of one if none came."""
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
    yield from open_.values()
