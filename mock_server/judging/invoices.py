"""Rules about deletions, pages and downloads (F-DEL, F-RD, F-ETX-08)."""

from collections.abc import Iterator
from itertools import pairwise

from mock_server.judging.calls import Call
from mock_server.judging.case import Case, Found
from mock_server.judging.catalogue import number
from mock_server.portal.moments import DAY, span
from mock_server.rulebook.errors import ErrorTable

SHOWN = 5
NO_PAGE = ErrorTable.load().named("request", "missing-elements").code
"""With which a page below 1 is refused (R-16d)."""

SAID = 100
"""Invoices of a refused deletion of which the journal says where they lie."""


def mixed_folders(case: Case) -> Iterator[Found]:
    for call in _refused_deletions(case):
        if 0 < call.others < min(len(call.named), SAID):
            yield Found([call.seq], _folder(call))


def wrong_is_signed(case: Case) -> Iterator[Found]:
    for call in _refused_deletions(case):
        if call.named and call.others >= min(len(call.named), SAID):
            yield Found([call.seq], _folder(call))


def stopped_at_first_page(case: Case) -> Iterator[Found]:
    for reads in _readings(case):
        pages = {call.page for call in reads}
        if pages == {1} and reads[-1].pages > 1 and case.turned_away(reads[-1]):
            yield Found([call.seq for call in reads], {"total": reads[-1].total, "pages": reads[-1].pages})


def assumed_page_size(case: Case) -> Iterator[Found]:
    """Skipped pages, stopped in between, asked for one below 1 (R-16d), or for several past the end (one is a way to
    find it, R-16c)."""
    for reads in _readings(case):
        known = next((call for call in reads if call.pages), None)
        asked = sorted({call.page for call in reads})
        if asked[0] < 1 or (known is not None and _strayed(case, reads, asked, known.pages)):
            said = {"where": _where(asked[0], known), "asked": ", ".join(map(str, asked[:20]))}
            yield Found([call.seq for call in reads], said)


def _strayed(case: Case, reads: list[Call], asked: list[int], pages: int) -> bool:
    jumped = any(later - earlier > 1 for earlier, later in pairwise(asked))
    beyond = [page for page in asked if page > pages]
    halfway = 1 < asked[-1] < pages and case.turned_away(reads[-1])
    return jumped or len(beyond) > 1 or halfway


def _where(first: int, known: Call | None) -> dict[str, str]:
    """What the pages are, as far as the client was told; which one is none."""
    en, az = [], []
    if first < 1:
        en.append(f"There is no page {first} (err_code {NO_PAGE})")
        az.append(f"{first} nömrəli səhifə yoxdur (err_code {NO_PAGE})")
    if known is not None:
        en.append(f"{known.total} invoices are on {known.pages} pages")
        az.append(f"{known.total} qaimə {known.pages} səhifədədir")
    return {"en": "; ".join(en), "az": "; ".join(az)}


def wide_download(case: Case) -> Iterator[Found]:
    for call in case.calls:
        if call.operation != "etx_import" or call.filtered or call.code != 0:
            continue
        bounds = [span(text) for text in call.span.split("-")]
        if len(bounds) == 2 and bounds[0] is not None and bounds[1] is not None:
            days = round((bounds[1][1] - bounds[0][0]) / DAY)
            if days > number("wide_days"):
                yield Found([call.seq], {"days": days})


def _refused_deletions(case: Case) -> Iterator[Call]:
    seen: set[str] = set()
    for call in case.calls:
        if call.operation == "etx_delete" and call.code == 20 and call.key not in seen:
            seen.add(call.key)
            yield call


def _folder(call: Call) -> dict[str, object]:
    return {
        "signed": str(call.signed).lower(),
        "count": len(call.named),
        "others": call.others,
        "invoices": ", ".join(call.named[:SHOWN]),
    }


def _readings(case: Case) -> Iterator[list[Call]]:
    """Reads of the same invoices, all their pages; begun anew when the first page is asked for after another."""
    reads: dict[tuple[object, ...], list[Call]] = {}
    for call in case.calls:
        if call.operation != "etx_read_invoices" or not call.delivered:
            continue
        if call.code != 0 and not (call.code == NO_PAGE and call.page < 1):
            continue
        name = (call.account, call.process, call.span if call.process is None else "")
        begun = reads.setdefault(name, [])
        if begun and call.page == 1 and begun[-1].page > 1:
            yield begun
            reads[name] = begun = []
        begun.append(call)
    yield from reads.values()
