"""Rules that hold what a client believes against what happened; they need to know the journey."""

from collections import Counter
from collections.abc import Iterator

from mock_server.judging.case import FAILURE, SUCCESS, Case, Found, Outcome


def compared_texts(case: Case) -> Iterator[Found]:
    """In a world of other texts: polled on after the end, or took success for failure."""
    if not case.expected.changed:
        return
    for process in case.processes:
        end = process.end
        more = [poll.seq for poll in process.polls if end is not None and poll.seq > end.seq]
        if end is not None and more:
            what = {
                "en": f"it polled process {process.id} on after status {end.status}",
                "az": f"{process.id} nömrəli prosesi {end.status} statusundan sonra da soruşub",
            }
            yield Found([end.seq, *more], {"what": what})
            return
    if case.claimed is False and case.expected.succeeds:
        what = {"en": "it took success for failure", "az": "uğuru xəta sayıb"}
        yield Found([case.calls[-1].seq] if case.calls else [], {"what": what})


def blamed_wrong_invoice(case: Case) -> Iterator[Found]:
    told = {invoice for error in case.outcome.errors for invoice in error.invoices}
    right = case.expected.blamed
    if right and told and told != right:
        said = {"right": ", ".join(sorted(right)), "told": ", ".join(sorted(told))}
        yield Found([call.seq for call in case.calls if call.code == 14], said)


def believed_refused_deletion(case: Case) -> Iterator[Found]:
    right, told = case.expected.deleted, case.outcome.deleted
    if right is None or told is None:
        return
    there = [serial for serial in told if serial.replace(" ", "") not in right]
    if there:
        shown = [call.seq for call in case.calls if call.operation == "etx_delete"]
        yield Found(shown, {"invoices": ", ".join(there[:5])})


def lost_invoices(case: Case) -> Iterator[Found]:
    right, told = case.expected.invoices, case.outcome.invoices
    if right is None or told is None:
        return
    counts = Counter(told)
    lost, strange = right - counts.keys(), counts.keys() - right
    doubled = [qaime for qaime, count in counts.items() if count > 1]
    if lost or strange or doubled:
        shown = [call.seq for call in case.calls if call.operation == "etx_read_invoices"]
        said = {"total": len(right), "lost": len(lost), "doubled": len(doubled), "strange": len(strange)}
        yield Found(shown, said, (SUCCESS, FAILURE))


def wrong_outcome(case: Case) -> Iterator[Found]:
    """Success told for failure, failure for success, or qaimes that are not those of the portal."""
    succeeds, last = case.expected.succeeds, [case.calls[-1].seq] if case.calls else []
    if case.killed:
        what = {
            "en": "the client did not end, and had to be stopped",
            "az": "müştəri proqram bitmədi və dayandırıldı",
        }
        yield Found(last, {"what": what}, (FAILURE,))
        return
    if not case.expected.came and case.outcome == Outcome():
        what = {
            "en": f"the client ended without a word after {len(case.calls)} requests, and had not come to what the"
            " journey is about",
            "az": f"müştəri proqram {len(case.calls)} sorğudan sonra heç nə bildirmədən bitdi və sınağın mahiyyətinə"
            " çatmadı",
        }
        yield Found(last, {"what": what}, (FAILURE,))
        return
    if case.claimed and case.expected.done is False and succeeds is not False:
        what = {
            "en": "the client reports success, and what was asked for has not been done",
            "az": "müştəri proqram uğur bildirir, tapşırıq isə yerinə yetirilməyib",
        }
        yield Found(last, {"what": what}, (SUCCESS,))
        return
    if succeeds is not None and case.claimed is not None and case.claimed != succeeds:
        claimed = {True: ("success", "uğur"), False: ("failure", "xəta")}
        (said_en, said_az), (was_en, was_az) = claimed[case.claimed], claimed[succeeds]
        what = {
            "en": f"the client reports {said_en}, and a right one reports {was_en} here",
            "az": f"müştəri proqram {said_az} bildirir, düzgün nəticə isə {was_az} olmalıdır",
        }
        yield Found(last, {"what": what}, (SUCCESS if case.claimed else FAILURE,))
        return
    right, told = case.expected.qaimes, case.outcome.qaimes
    if right is not None and told is not None and dict(right) != told:
        wrong = sorted(name for name in right.keys() | told.keys() if right.get(name) != told.get(name))[:5]
        pairs = ", ".join(f"{name}: {told.get(name) or '–'} ({right.get(name) or '–'})" for name in wrong)
        what = {
            "en": f"the numbers told are not the portal's (in brackets): {pairs}",
            "az": f"bildirilən nömrələr portaldakılar (mötərizədə) deyil: {pairs}",
        }
        yield Found(last, {"what": what}, (SUCCESS, FAILURE))
