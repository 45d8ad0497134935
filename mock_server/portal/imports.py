"""Import and upload of invoices: `POST /inv/import_upload_invoices.php` (F-IMP)."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from mock_server import wire
from mock_server.portal import rules
from mock_server.portal.plans import BY_BUYER, Change, failing, plan
from mock_server.portal.settling import Outcome, outcomes_text
from mock_server.portal.stages import Record
from mock_server.portal.starting import begin, free_process
from mock_server.portal.visits import Visit, refuse
from mock_server.rulebook.constants import IMPORT_ITEMS, IMPORT_MISTAKES, exception_text
from mock_server.rulebook.forms import Note, Violation
from mock_server.rulebook.vocabulary import DEFAULT, GONE, GOODS_TRANSFER, TYPE_OF_KIND
from mock_server.store.invoices import IMPORTED, UPLOADING, NewInvoice

_INVOICE = "urn:vatportal:invoice"
_NEVER_INHERITED = ("id", "type")
_EMPTY: tuple[Any, ...] = (None, "", [])
_BOUNDS = ("maxLength", "maxItems")
_LOOKED_FOR = 2 * IMPORT_MISTAKES
"""How many violations of one invoice are looked for; a few of them are no mistakes, but ignored (R-53)."""

_TOLD = 100
"""How many notes and violations of one request are kept at most; the journal has no more."""


class Checked(NamedTuple):
    """An invoice after its check.

    Attributes:
        invoice: what will be stored.
        codes: of what is wrong with it (F-ERR-01).
        mistakes: how many there are in its form.
        inherited: items of the avans invoice that it builds on.
    """

    invoice: dict[str, Any]
    codes: list[int]
    mistakes: int = 0
    inherited: int = 0


def check_invoices(visit: Visit) -> list[Checked]:
    """Every invoice of the request with its codes; one that builds on an avans invoice waits for `import_`.

    Raises:
        Refusal: 3 for a text, a list, or a number of mistakes beyond our bounds (R-47), 14 when one of those that
            can be judged now is wrong.
    """
    invoices = visit.body["invoices"]
    lists = [row.get("items") for row in invoices if isinstance(row, dict)]
    _demand_few("items", sum(len(items) for items in lists if isinstance(items, list)), IMPORT_ITEMS)
    checked: list[Checked] = []
    mistakes = 0
    for place, row in enumerate(_rows(invoices)):
        one = _bounded(visit, row, place) if _builds_on_avans(row) else _checked(visit, row, place)
        checked.append(one)
        mistakes += one.mistakes
        _demand_few("mistakes", mistakes, IMPORT_MISTAKES)
    if not any(_builds_on_avans(row.invoice) for row in checked):
        _refuse_if_wrong(checked)
    return checked


def import_(visit: Visit, checked: Sequence[Checked]) -> dict[str, Any]:
    """Store the invoices and start their process: `{"id": 5001}` (F-IMP-02).

    Raises:
        Refusal: 14 (F-ERR-01), or 17 for an id the portal has, or one that stands twice (F-IMP-06, R-17); 3 for more
            items of avans invoices than a request may have (R-47).
    """
    judged = _judged(visit, checked)
    _refuse_if_wrong(judged)
    invoices = [row.invoice for row in judged]
    _make_room(visit, [invoice["id"] for invoice in invoices])
    upload = visit.body["upload"] is True
    process = free_process(visit)
    record = _planned(visit, invoices, process, upload)
    _store(visit, invoices, process, record)
    return {"id": process}


def _judged(visit: Visit, checked: Sequence[Checked]) -> list[Checked]:
    """With those that build on avans invoices, whose items count as if they were sent."""
    judged: list[Checked] = []
    items = mistakes = 0
    for place, row in enumerate(checked):
        one = _on_avans(visit, row.invoice, place) if _builds_on_avans(row.invoice) else row
        judged.append(one)
        items += one.inherited
        mistakes += one.mistakes
        _demand_few("mistakes", mistakes, IMPORT_MISTAKES)
        _demand_few("items of avans invoices", items, IMPORT_ITEMS)
    return judged


def _demand_few(what: str, number: int, most: int) -> None:
    """What a whole request takes is bounded, and ours to bound (R-47)."""
    if number > most:
        text = f"{number} {what}, where a request has at most {most}: send fewer invoices at a time"
        raise refuse("missing-elements", text)


def _rows(invoices: Sequence[Any]) -> list[dict[str, Any]]:
    """An invoice or item that is no object counts as `{}` (R-53)."""
    rows = [row if isinstance(row, dict) else {} for row in invoices]
    for row in rows:
        items = row.get("items")
        if isinstance(items, list) and not all(isinstance(item, dict) for item in items):
            row["items"] = [item if isinstance(item, dict) else {} for item in items]
    return rows


def _builds_on_avans(invoice: Mapping[str, Any]) -> bool:
    """Whether a `main_qaime` is given; an empty text gives none."""
    return invoice.get("main_qaime") not in (None, "")


def _checked(visit: Visit, invoice: dict[str, Any], place: int) -> Checked:
    """Form by the schema, sums and warehouses by the named rules."""
    form = visit.world.form(_INVOICE)
    violations: list[Violation] = []
    if not form.flawless(invoice):
        violations = form.violations(invoice, _LOOKED_FOR)
        invoice = _without_flaws(visit, invoice, place, violations)
    codes = {violation.code for violation in violations if violation.code is not None}
    wrong = {violation.path for violation in violations}
    _canonical_type(invoice)
    items = invoice.get("items")
    broken = rules.broken_sums(invoice, items if isinstance(items, list) else [], wrong, visit.world.choose("R-11"))
    field = None if ("wh_field",) in wrong else int(invoice.get("wh_field", 1))
    broken |= rules.broken_warehouses(invoice, visit.world.warehouses(visit.caller.company), field)
    if codes or broken:
        _note_wrong(visit, place, [*violations, *(_rule(name) for name in sorted(broken))])
    mistakes = sum(violation.code is not None for violation in violations)
    return Checked(invoice, sorted(codes | {rules.CODES[name] for name in broken}), mistakes)


def _without_flaws(
    visit: Visit, invoice: dict[str, Any], place: int, violations: Sequence[Violation]
) -> dict[str, Any]:
    """The invoice without what is to be ignored, each noted (R-43, R-53)."""
    _demand_bounds(violations, place)
    for violation in violations:
        if violation.code is None and len(violation.path) == 1:
            invoice.pop(str(violation.path[0]), None)
            visit.notes.append(Note(("invoices", place, *violation.path), "R-53", f"{violation.text}: ignored"))
    form = visit.world.form(_INVOICE)
    if len(visit.notes) < _TOLD:
        notes = form.notes(invoice)
        if not notes:
            return invoice
        visit.notes.extend(note._replace(path=("invoices", place, *note.path)) for note in notes)
    known: dict[str, Any] = form.known(invoice)
    return known


def _rule(name: str) -> Violation:
    return Violation((), "rule", rules.CODES[name], f"rule {name}")


def _note_wrong(visit: Visit, place: int, violations: Iterable[Violation]) -> None:
    """For the journal; the answer has the codes alone."""
    coded = (row for row in violations if row.code is not None)
    room = max(_TOLD - len(visit.violations), 0)
    visit.violations += [row._replace(path=("invoices", place, *row.path)) for row in islice(coded, room)]


def _bounded(visit: Visit, invoice: dict[str, Any], place: int) -> Checked:
    """An invoice that will be judged once it is merged; what it sends is within the bounds already."""
    violations = visit.world.form(_INVOICE).violations(invoice, _LOOKED_FOR)
    _demand_bounds(violations, place)
    return Checked(invoice, [], sum(len(row.path) > 1 for row in violations))  # what is missing may be inherited


def _demand_bounds(violations: Sequence[Violation], place: int) -> None:
    """Our own bounds are no mistake of an invoice, but of the request (R-47)."""
    for violation in violations:
        if violation.keyword in _BOUNDS:
            raise refuse("missing-elements", f"invoice {place}: {violation.text}: too long or too many")


def _canonical_type(invoice: dict[str, Any]) -> None:
    """A word of e-taxes that the form let through is taken for its counterpart (R-14c `synonym`)."""
    word = invoice.get("type")
    if isinstance(word, str) and word in TYPE_OF_KIND:
        invoice["type"] = TYPE_OF_KIND[word]


def _on_avans(visit: Visit, invoice: dict[str, Any], place: int) -> Checked:
    """What is sent and not empty wins, the rest comes from the avans invoice (F-IMP-07, R-58)."""
    name = invoice["main_qaime"]
    found = None
    if isinstance(name, str):
        found = visit.store.invoices.avans(visit.world.id, visit.caller.company, name)
    if found is None or found[1] in GONE:
        _note_wrong(visit, place, [_rule("main-qaime")])
        return Checked(invoice, [rules.CODES["main-qaime"]])
    avans: dict[str, Any] = wire.parse(found[0].encode())
    inherited = {key: value for key, value in avans.items() if key not in _NEVER_INHERITED}
    sent = {key: value for key, value in invoice.items() if not _is_empty(key, value)}
    return _checked(visit, {**inherited, **sent}, place)._replace(inherited=len(avans["items"]))


def _is_empty(key: str, value: Any) -> bool:
    """White space only is empty in `main_info` (R-53)."""
    return value in _EMPTY or (key == "main_info" and isinstance(value, str) and not value.strip())


def _refuse_if_wrong(checked: Sequence[Checked]) -> None:
    if any(row.codes for row in checked):
        raise refuse("invalid-invoices", "see data.invoices", {"invoices": [row.codes for row in checked]})


def _make_room(visit: Visit, ids: Sequence[str]) -> None:
    """Ids are unique in the portal; an unsubmitted invoice gives way under R-55 `replace`."""
    if len(set(ids)) < len(ids):
        raise refuse("duplicate-invoice", "an id stands twice in the request")
    company = visit.caller.company
    known = visit.store.invoices.by_ids(visit.world.id, company, ids)
    if not known:
        return
    replaceable = visit.world.choose("R-55") == "replace" and all(row.state == IMPORTED for row in known.values())
    if not replaceable:
        raise refuse("duplicate-invoice", f"the portal has {', '.join(sorted(known)[:3])}")
    visit.store.invoices.remove(visit.world.id, company, list(known))


def _planned(visit: Visit, invoices: Sequence[Mapping[str, Any]], process: int, upload: bool) -> Record:
    if not upload:
        record = plan(visit.world, "import_only", process, visit.now)
        return msgspec.structs.replace(record, count=len(invoices))
    changes = [*visit.changes, *(_change(row) for row in invoices if row["buyer"] in BY_BUYER)]
    record = plan(visit.world, "import", process, visit.now, changes)
    refused, partial = _objections(visit, invoices)
    for_all = any(change.approval for change in visit.changes)
    record = msgspec.structs.replace(
        record,
        count=len(invoices),
        phone=visit.caller.phones[0],
        refused=refused,
        approves=() if for_all else tuple(row["id"] for row in invoices if _change(row).approval),
    )
    if not refused:
        return record
    return failing(record, "complete" if partial else "upload", refused.values())


def _objections(visit: Visit, invoices: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], bool]:
    """What e-taxes will object to, by ERP id (R-61, R-62, R-67), and whether the others go through."""
    texts: dict[str, str] = {}
    alone = True
    for place, row in enumerate(invoices):
        change = _change(row)
        if place == 0:  # a scenario that is named for the whole request means its first invoice
            change = next((asked for asked in visit.changes if asked.objection), change)
        text = change.objection and change.objection.format(buyer=row["buyer"])
        text = text or _objection(visit, row)
        if text:
            texts[row["id"]] = text
            alone = alone and change.partial
    return texts, alone and len(texts) < len(invoices)


def _change(row: Mapping[str, Any]) -> Change:
    """What the buyer's VOEN changes, if it is one of the scenarios'."""
    scenario = BY_BUYER.get(row["buyer"])
    return Change() if scenario is None else scenario.change


def _objection(visit: Visit, row: Mapping[str, Any]) -> str | None:
    if row.get("type", DEFAULT) == GOODS_TRANSFER and row["seller"] != row["buyer"]:
        return exception_text("transfer_companies")
    if visit.world.choose("R-61") == "registered":
        for voen in (row["seller"], row["buyer"]):
            if voen not in visit.world.companies:
                return exception_text("invalid_voen", voen=voen)
    return None


def _store(visit: Visit, invoices: Sequence[Mapping[str, Any]], process: int, record: Record) -> None:
    world, company = visit.world.id, visit.caller.company
    state = UPLOADING if record.kind == "import" else IMPORTED
    arrival = visit.store.worlds.take(world, "arrival", len(invoices))
    visit.store.invoices.add(
        world,
        company,
        [
            NewInvoice(
                row["id"],
                number,
                process,
                row.get("type", DEFAULT),
                state,
                None,
                visit.now,
                wire.text(row).decode(),
            )
            for number, row in enumerate(invoices, arrival)
        ],
    )
    outcomes = [Outcome(row["id"], "", IMPORTED, []) for row in invoices]
    begin(visit, process, record, outcomes_text(outcomes))
