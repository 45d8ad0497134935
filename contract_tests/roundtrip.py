"""Whether an invoice comes back from e-taxes as it was sent, field by field (R-73)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from contract_tests.builders import Invoice
from contract_tests.documents import load
from contract_tests.run import Run

Row = Mapping[str, Any]
_NAMES = load("portal.json")["as_downloaded"]
_LINE_DECIMALS: int = load("portal.json")["line_decimals"]["value"]
_OF_INVOICE = load("etx_invoice.json")["properties"]
_OF_LINE = load("etx_line.json")["properties"]
_SHOWN = 5
"""How many differences a finding tells."""


class Difference(NamedTuple):
    """A field that came back as something else; `ids` are the facts and readings that say how it comes back."""

    says: str
    ids: tuple[str, ...]


def demand_same(run: Run, sent: Invoice, row: Row) -> None:
    """What came back must be what was sent; one finding tells every difference, by its facts."""
    _demand_none(run, list(differences(sent, row)))


def demand_names(run: Run, rows: Iterable[Row]) -> None:
    """A company has one name, whether it sells or buys, and no two have the same (F-RD-04)."""
    names: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for side in ("from", "to"):
            names[row[f"tin_{side}"]].add(row[f"cmp_{side}"])
    wrong = [
        f"the company {tin} is called {' and '.join(map(repr, sorted(called)))} in cmp_from and cmp_to"
        for tin, called in names.items()
        if len(called) > 1
    ]
    shared = set.intersection(*names.values()) if len(names) > 1 else set()
    wrong += [f"{' and '.join(sorted(names))} are both called {name!r}" for name in shared]
    _demand_none(run, [Difference(says, ("F-RD-04",)) for says in wrong])


def differences(sent: Invoice, row: Row) -> Iterator[Difference]:
    """Every field of an invoice and its lines that is not as it was sent."""
    for there, here in (("tin_from", "seller"), ("tin_to", "buyer")):
        if row.get(there) != sent[here]:
            yield Difference(f"{here} {sent[here]!r} came back as {there} {row.get(there)!r}", ("F-RD-04", "R-73"))
    yield from _fields(sent, row, _NAMES["invoice"], _OF_INVOICE, "", "F-RD-04")
    items, lines = sent["items"], row.get("lines")
    if not isinstance(lines, list) or len(lines) != len(items):
        found = f"{len(lines)} lines" if isinstance(lines, list) else repr(lines)
        yield Difference(f"{len(items)} items came back as {found}", ("F-RD-05", "R-73"))
        return
    for place, (item, line) in enumerate(zip(items, lines, strict=True), 1):
        yield from _fields(item, line, _NAMES["line"], _OF_LINE, f" of line {place}", "F-RD-05")


def _fields(
    sent: Mapping[str, Any],
    row: Row,
    names: Mapping[str, str],
    properties: Mapping[str, Any],
    where: str,
    fact: str,
) -> Iterator[Difference]:
    for there, here in names.items():
        text = properties[there].get("type") == "string"
        wanted = sent.get(here, "" if text else 0)
        if there not in row:
            yield Difference(f"there is no {there}{where}, where {here} was sent", (fact,))
        elif text and row[there] != wanted:
            letters = ("F-ENV-02",) if isinstance(row[there], str) and not wanted.isascii() else ()
            yield Difference(
                f"{here}{where}, {wanted!r}, came back as {there} {row[there]!r}", (*letters, fact, "R-73")
            )
        elif not text and not _equal(row[there], wanted):
            says = f"{here}{where}, {wanted}, came back as {there} {row[there]!r}"
            if _was_rounded(row[there], wanted):
                yield Difference(f"{says}: rounded", ("R-34", fact, "R-73"))
            else:
                yield Difference(says, (fact, "F-RD-06", "R-73"))


def _amount(value: Any) -> Decimal | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return Decimal(str(value)) if number else None


def _equal(got: Any, wanted: Decimal | int) -> bool:
    return _amount(got) == Decimal(wanted)


def _was_rounded(got: Any, wanted: Decimal | int) -> bool:
    amount = _amount(got)
    steps = (Decimal(1).scaleb(-places) for places in range(_LINE_DECIMALS))
    return amount in [Decimal(wanted).quantize(step, ROUND_HALF_UP) for step in steps]


def _demand_none(run: Run, found: list[Difference]) -> None:
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    says = "; ".join(each.says for each in found[:_SHOWN]) + more
    run.expect(not found, says, list(dict.fromkeys(one for each in found for one in each.ids)))
