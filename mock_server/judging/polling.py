"""Rules about processes: how they are followed, and how many at a time (F-PROC-08, F-PROC-09, R-80)."""

from collections.abc import Iterator
from itertools import pairwise

from mock_server.judging.calls import Call
from mock_server.judging.case import ENDS, SECOND, Case, Followed, Found, seconds
from mock_server.judging.catalogue import number


def polled_too_fast(case: Case) -> Iterator[Found]:
    """Two polls of one process less than a second of real time apart."""
    least = number("shortest_poll_pause") - number("measuring_tolerance")
    for process in case.processes:
        pairs = [pair for pair in _pairs(process) if seconds(*pair) < least]
        if pairs:
            shown = [each.seq for pair in pairs for each in pair]
            shortest = min(seconds(*pair) for pair in pairs)
            yield Found(shown, {"process": process.id, "count": len(pairs), "seconds": f"{shortest:.2f}"})


def never_slowed_down(case: Case) -> Iterator[Found]:
    """A fixed interval after the second minute."""
    after = number("slow_down_after")
    for process in case.processes:
        if not process.polls:
            continue
        first = process.polls[0]
        early = [seconds(*pair) for pair in _pairs(process) if seconds(first, pair[1]) <= after]
        late = [pair for pair in _pairs(process) if seconds(first, pair[0]) > after]
        if early and late and _middle([seconds(*pair) for pair in late]) < 1.2 * _middle(early):
            usual = _middle([seconds(*pair) for pair in late])
            yield Found([pair[1].seq for pair in late], {"process": process.id, "seconds": f"{usual:.1f}"})


def polled_after_end(case: Case) -> Iterator[Found]:
    """A poll after the client has been told 2 or 3; where texts are changed, it is these that it missed."""
    for process in case.processes:
        end = process.end
        more = [poll for poll in process.polls if end is not None and poll.seq > end.seq]
        if end is not None and more and not case.expected.changed:
            shown = [end.seq, *(poll.seq for poll in more)]
            yield Found(shown, {"process": process.id, "status": end.status, "count": len(more)})


def stopped_early(case: Case) -> Iterator[Found]:
    """Turned away before the end, and before the time a process may take."""
    for process in _left_alone(case):
        last, start = process.last, process.start
        if last is None or start is None or _taken_for_done(case, process) is not None:
            continue
        followed = (last.at - start.at) / SECOND
        if followed < number("patience") and not _asked_later(case, process, last):
            said = {
                "process": process.id,
                "operation": start.operation,
                "seconds": round(followed),
                "count": len(process.polls),
            }
            yield Found([start.seq, *(poll.seq for poll in process.polls)], said)


def polled_without_bound(case: Case) -> Iterator[Found]:
    """Polled on and on; seen where the client had to be ended, or after a very long time."""
    for process in case.processes:
        if process.end is not None or len(process.polls) < 2:
            continue
        lasted = seconds(process.polls[0], process.polls[-1])
        if lasted > number("longest_following") or (case.killed and case.calls[-1] is process.polls[-1]):
            said = {"process": process.id, "count": len(process.polls), "seconds": round(lasted)}
            yield Found([poll.seq for poll in process.polls], said)


def took_running_for_done(case: Case) -> Iterator[Found]:
    """Went on to what a finished process brings, while the last poll said that it runs."""
    for process in _left_alone(case):
        proof = _taken_for_done(case, process)
        if proof is not None and process.last is not None:
            yield Found([process.last.seq, *proof], {"process": process.id, "last": _last_word(process)})


def _last_word(process: Followed) -> dict[str, str]:
    if not process.polls:
        return {"en": "was never asked for", "az": "heç soruşulmayıb"}
    status = process.polls[-1].status
    if status is None:
        return {"en": "had not told its status", "az": "statusunu bildirməyib"}
    return {
        "en": f"had last said status {status}, which is not its end",
        "az": f"sonuncu dəfə {status} statusunu bildirib, bu isə son deyil",
    }


def many_at_once(case: Case) -> Iterator[Found]:
    """A process started before another one had ended, as far as its client knew."""
    begun = [process for process in case.processes if process.start is not None]
    for earlier, later in pairwise(begun):
        assert earlier.start is not None
        assert later.start is not None
        end = earlier.end
        given_up = (later.start.at - earlier.start.at) / SECOND > number("patience")
        if (end is None or end.seq > later.start.seq) and not given_up and _same_user(earlier.start, later.start):
            yield Found([earlier.start.seq, later.start.seq], {"first": earlier.id, "second": later.id})


def _same_user(one: Call, other: Call) -> bool:
    return one.account == other.account


def _pairs(process: Followed) -> list[tuple[Call, Call]]:
    return list(pairwise(process.polls))


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _left_alone(case: Case) -> Iterator[Followed]:
    """Processes whose end the client never saw, and which it does not follow any more."""
    for process in case.processes:
        last = process.last
        if process.end is None and last is not None and process.start is not None and case.turned_away(last):
            if case.killed and case.calls[-1] is last:
                continue  # it was still at it
            yield process


def _taken_for_done(case: Case, process: Followed) -> list[int] | None:
    """The requests that show it; empty if only the client's word does."""
    last, start = process.last, process.start
    if last is None or start is None or last.status in ENDS or last.refused or case.claimed is False:
        return None
    if not case.claimed and (last.at - start.at) / SECOND >= number("patience"):
        return None  # it gave up, and looks what has come nevertheless
    read = case.reads.get(process.id, 0)
    if start.starts == "import":
        read = max([read, *(case.asked.get(erp_id, 0) for erp_id in start.named)])
    if read > last.seq:
        return [read]
    return [] if case.claimed else None


def _asked_later(case: Case, process: Followed, last: Call) -> bool:
    """Whether the last answer, or what it met when it asked again, was an error: then it is for other rules."""
    return max(case.troubled.get(process.id, 0), case.nameless) >= last.seq
