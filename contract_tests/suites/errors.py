"""Each error code for its cause and for no other: by the documented examples, and by invoices broken on purpose."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from contract_tests import work
from contract_tests.builders import Invoice
from contract_tests.check import Suite
from contract_tests.documents import examples
from contract_tests.findings import Unfit
from contract_tests.mistakes import WAYS
from contract_tests.playing import Example, demand_readings, ids, play, same_codes
from contract_tests.run import Run

SUITE = Suite("errors", "each error code for its cause and no other, one entry an invoice")
check = SUITE.check

Faults = list[list[tuple[int, str]]]
"""Of each invoice, its faults: code and way."""

_RELATIONS = ("sum", "relation")
"""Ways that break the arithmetic, which is looked at only where everything else is well-formed (R-11)."""

_WITHOUT_ITEMS = 39
_GROUPS = {20: "parties", 21: "parties", 22: "main_info", 23: "main_info", 37: "id", 38: "id", 40: "item id"}
_GROUPS |= {41: "item id", 42: "name", 43: "name", 44: "unit", 45: "unit", 46: "price", 47: "price"}
_GROUPS |= {48: "quantity", 49: "quantity", 50: "barcode", 51: "barcode", 61: "type"}
_GROUPS |= {24: "sum1", 25: "sum1", 26: "sum2", 27: "sum2", 28: "sum3", 29: "sum3"}


def single_faults(*, arithmetic: bool) -> Iterator[tuple[int, str]]:
    """Every way to have one code."""
    for code, ways in WAYS.items():
        for way in ways:
            if arithmetic or way not in _RELATIONS:
                yield code, way


@st.composite
def several_faults(draw: st.DrawFn) -> Faults:
    """Up to four invoices with up to five faults each, in different fields; some with none."""
    invoices = draw(st.integers(1, 4))
    return [draw(_of_one_invoice()) for _ in range(invoices)]


@st.composite
def _of_one_invoice(draw: st.DrawFn) -> list[tuple[int, str]]:
    if draw(st.integers(0, 9)) == 0:
        return [(_WITHOUT_ITEMS, draw(st.sampled_from(sorted(WAYS[_WITHOUT_ITEMS]))))]
    choices = [fault for fault in single_faults(arithmetic=False) if fault[0] != _WITHOUT_ITEMS]
    faults = draw(st.lists(st.sampled_from(choices), max_size=5, unique_by=_field))
    return sorted(faults)


def _field(fault: tuple[int, str]) -> str:
    """What a fault changes; two faults of one field would hide each other."""
    code, way = fault
    return _GROUPS.get(code, f"{code}" if not way.startswith("negative-") else way)


def _broken(run: Run, faults: list[tuple[int, str]]) -> Invoice:
    result = deepcopy(work.invoice(run, taxation="everything"))
    for code, way in faults:
        WAYS[code][way](result)
    return result


def _judged(run: Run, faults: Faults) -> None:
    invoices = [_broken(run, each) for each in faults]
    if not any(faults):
        run.good("import_upload_invoices", invoices=invoices)
        return
    exchange = run.refused(14, "import_upload_invoices", invoices=invoices)
    same_codes(run, [sorted({code for code, _ in each}) for each in faults], exchange)
    rows = work.known(run, [one["id"] for one in invoices if isinstance(one.get("id"), str)])
    run.expect(not rows, "a refused import left invoices in the portal", ["R-18", "F-IMP-13"])


@check("F-ERR-01", "F-ERR-05", "F-IMP-03", "F-IMP-04", "F-IMP-05", "F-IMP-13", "R-18", "R-53", effect="writes")
def one_fault_has_exactly_its_code(run: Run) -> None:
    """A valid invoice that is broken in exactly one way is refused with 14 and exactly the code of that way."""
    run.explore(_each_way(run), lambda case: _judged(run, [[case]]), 150)


@check("F-ERR-01", "F-ERR-05", "R-18", "R-54", effect="writes")
def several_faults_have_their_codes(run: Run) -> None:
    """Invoices broken in k ways have those k codes, each invoice in its place, and nothing of them is stored."""
    run.explore(several_faults(), lambda case: _judged(run, case), 150)


@check("F-ERR-04", "F-IMP-10", "R-11", "R-11b", "R-11c", effect="writes")
def sums_that_do_not_add_up_are_refused(run: Run) -> None:
    """An amount that does not fit the others is refused with a code of the sums."""
    if run.answer("R-11") != "tolerant":
        raise Unfit(f"it holds where R-11 is tolerant, and the server follows {run.answer('R-11')}")
    faults = [fault for fault in single_faults(arithmetic=True) if fault[1] in _RELATIONS]
    run.explore(st.sampled_from(faults), lambda case: _judged(run, [[case]]), 60)


@check("F-ERR-01", "R-18", effect="writes")
def entries_are_positional(run: Run) -> None:
    """Of five invoices with the second and the fourth at fault, these entries have codes, and the others none."""
    _judged(run, [[], [(22, "absent"), (37, "absent"), (43, "empty")], [], [(45, "empty")], []])


@check("F-ERR-04", "F-IMP-06", "R-17", "R-55", effect="writes")
def an_id_twice_is_refused(run: Run) -> None:
    """An id that stands twice in a request is refused with 17, and nothing is stored."""
    one = work.invoice(run)
    run.refused(17, "import_upload_invoices", invoices=[one, one])
    run.expect(not work.known(run, [one["id"]]), "a refused import left an invoice in the portal")


@check("F-ERR-04", "F-IMP-06", effect="writes")
def no_invoices_are_refused(run: Run) -> None:
    """An empty `invoices` array is refused with 6."""
    run.refused(6, "import_upload_invoices", invoices=[])


@check("F-ERR-02", "F-IMP-13", effect="world")
def a_business_objection_is_not_14(run: Run) -> None:
    """An unknown VOEN is no error of form: the upload is taken, and its process ends in 3 with a text about it."""
    one = work.invoice(run, buyer="9000000001")
    final = run.done("import_upload_invoices", ends=3, invoices=[one], upload=True)
    texts = final["stats"].get("etx_exception")
    run.expect(isinstance(texts, list) and texts, f"etx_exception is {texts!r}, and no array of texts", ["F-PROC-04"])
    run.expect("9000000001" in texts[0], f"etx_exception is {texts!r}, and names no VOEN")


def _each_way(run: Run) -> st.SearchStrategy[Any]:
    arithmetic = run.target.answers.get("R-11") == "tolerant"
    return st.sampled_from(list(single_faults(arithmetic=arithmetic)))


def _played(name: str, files: list[Example]) -> None:
    def body(run: Run) -> None:
        tried = 0
        for example in files:
            try:
                demand_readings(run, example)
            except Unfit as unfit:
                why = str(unfit)
                continue
            tried += 1
            fresh = any("then" in step for step in example["steps"]) and tried > 1
            play(run.elsewhere() if fresh else run, example)
        if not tried:
            raise Unfit(why)

    named = tuple(dict.fromkeys(one for example in files for one in ids(example)))
    scope, code = name.rsplit("-", 1)
    says = f"The requests of the documents' examples of {scope} {code} are answered with it."
    needs = ("main", "partner") if scope == "partner" else ("main",)
    SUITE.add(name, body, says, *named, effect="world", needs=needs)


def _by_code() -> dict[str, list[Example]]:
    found: dict[str, list[Example]] = {}
    for example in examples("errors"):
        if example["steps"]:
            found.setdefault("-".join(example["name"].split("-")[:2]), []).append(example)
    return found


for _name, _files in _by_code().items():
    _played(_name, _files)
