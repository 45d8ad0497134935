"""Whether a case that a file holds is one that its check can take: the file may have been written by anybody."""

import inspect
from collections.abc import Callable
from typing import Any

from schemathesis.generation.meta import CoverageScenario

from contract_tests import builders
from contract_tests.check import Check
from contract_tests.mistakes import WAYS
from contract_tests.model.play import Play
from contract_tests.run import NOTHING

MOST_STEPS, MOST_FAULTS, MOST_INVOICES = 1000, 20, 20
MOST_NUMBER = 100
"""Of an invoice or process by its place, or of new ones: no machine invents as many."""


class Malformed(ValueError):
    """A case that no check can have saved."""


def demand_fit(check: Check, case: Any) -> None:
    """See that a check can take a case.

    Raises:
        Malformed: it cannot; the text says why.
    """
    if case is NOTHING:
        return
    demand = _DEMANDS.get(check.name) or _DEMANDS.get(check.suite)
    if demand is None or check.name == "operations/links":
        raise Malformed(f"{check.name} takes no case")
    demand(check, case)


def _demand(true: object, wanted: str) -> None:
    if not true:
        raise Malformed(f"case: {wanted} is wanted")


def _one_fault(_: Check, case: Any) -> None:
    _faults([case])


def _several_faults(_: Check, case: Any) -> None:
    _demand(isinstance(case, list) and 0 < len(case) <= MOST_INVOICES, "a list of invoices' faults")
    for one in case:
        _demand(isinstance(one, list) and len(one) <= MOST_FAULTS, "of each invoice a list of faults")
        _faults(one)


def _faults(faults: list[Any]) -> None:
    tried = builders.invoice(
        0, seller=builders.SELLER, buyer=builders.BUYER, erp_id="VPMOCK-0", taxation="everything"
    )
    for fault in faults:
        _demand(isinstance(fault, list) and len(fault) == 2, "a fault as [code, way]")
        code, way = fault
        _demand(isinstance(code, int) and code in WAYS, f"a code of an invoice's fault ({code!r} is none)")
        _demand(isinstance(way, str) and way in WAYS[code], f"one of {', '.join(WAYS[code])} as the way of {code}")
        try:
            WAYS[code][way](tried)
        except (KeyError, TypeError, ArithmeticError):
            raise Malformed(f"case: {code} {way} cannot be had beside the faults before it") from None


def _request(check: Check, case: Any) -> None:
    _demand(isinstance(case, dict), "an object with a request")
    name = check.name.partition("/")[2]
    _demand(case.get("operation") == name, f'"operation": "{name}"')
    _demand(case.get("method") in ("GET", "POST", "PUT", "PATCH", "DELETE"), "a method")
    _demand(isinstance(case.get("media_type"), str | None) and "media_type" in case, "a media_type, or null")
    _demand(isinstance(case.get("query"), dict), "a query (an object)")
    _demand(isinstance(case.get("allowed"), bool), "allowed (true or false)")
    _demand(
        case.get("scenario") in ("", *CoverageScenario.__members__), "a scenario of Schemathesis, or an empty one"
    )
    if "bytes" in case:
        try:
            bytes.fromhex(case["bytes"])
        except (TypeError, ValueError):
            raise Malformed("case: bytes in hexadecimal digits are wanted") from None


def _steps(_: Check, case: Any) -> None:
    _demand(isinstance(case, list) and len(case) <= MOST_STEPS, f"a list of at most {MOST_STEPS} steps")
    for place, step in enumerate(case, 1):
        _demand(isinstance(step, dict), f"an object as step {place}")
        name = step.get("do")
        _demand(isinstance(name, str) and name in STEPS, f"one of {', '.join(STEPS)} as do of step {place}")
        kinds = STEPS[name]
        given = {key: value for key, value in step.items() if key != "do"}
        _demand(set(given) == set(kinds), f"step {place} ({name}) with {', '.join(kinds) or 'nothing'} besides")
        for key, value in given.items():
            least = 1 if key == "count" else 0
            _demand(
                _FITS[kinds[key]](value, least), f"{key} of step {place} ({name}) as a small number or true or false"
            )


def _is_number(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= MOST_NUMBER


_FITS: dict[Any, Callable[[Any, int], bool]] = {
    int: _is_number,
    bool: lambda value, _: isinstance(value, bool),
    list[int]: lambda value, least: (
        isinstance(value, list) and len(value) <= MOST_NUMBER and all(_is_number(one, least) for one in value)
    ),
}

STEPS: dict[str, dict[str, Any]] = {
    name: {key: each.annotation for key, each in inspect.signature(step).parameters.items() if key != "self"}
    for name, step in vars(Play).items()
    if inspect.isfunction(step) and not name.startswith("_") and name != "take"
}
"""Each step of a play, and what it takes."""

_DEMANDS: dict[str, Callable[[Check, Any], None]] = {
    "errors/one_fault_has_exactly_its_code": _one_fault,
    "errors/sums_that_do_not_add_up_are_refused": _one_fault,
    "errors/several_faults_have_their_codes": _several_faults,
    "operations": _request,
    "model": _steps,
}
"""By check, or by suite."""
