"""A finding as a file: what was tried, shrunk, so that it can be tried again (`check-server --replay FILE`)."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from contract_tests.check import Check
from contract_tests.findings import Finding
from contract_tests.reporting.legible import encodable
from contract_tests.run import NOTHING
from contract_tests.saved_cases import Malformed, demand_fit
from contract_tests.suites import SUITES


class WrongFile(ValueError):
    """A file that is no saved finding."""


class Replay(NamedTuple):
    """What is to be tried again; `case` is `NOTHING` where the check invents nothing."""

    check: Check
    seed: int
    case: Any


def saved(finding: Finding, seed: int) -> bytes:
    """The content of the file; it holds no credentials."""
    told = {
        "format": 1,
        "check": finding.check,
        "seed": seed,
        "message": finding.message,
        "ids": list(finding.ids),
        **({} if finding.case is None else {"case": finding.case}),
    }
    return msgspec.json.format(_encoder.encode(encodable(told))) + b"\n"


_encoder = msgspec.json.Encoder(decimal_format="number")


def name_of(check: str) -> str:
    """A file name for what a check finds."""
    return re.sub(r"[^a-z0-9._-]+", "-", check.lower()) + ".json"


def read(file: Path) -> Replay:
    """A saved finding.

    Raises:
        WrongFile: it cannot be read, or is none, its check is not known to this version, or cannot take its case.
    """
    try:
        told = json.loads(file.read_text("utf-8"), parse_float=Decimal)
    except (OSError, ValueError, RecursionError) as error:
        raise WrongFile(f"{file}: {error}") from None
    if not isinstance(told, dict) or told.get("format") != 1 or type(told.get("seed")) is not int:
        raise WrongFile(f"{file} is no finding saved by check-server --save (format 1)")
    name = told.get("check")
    check = next((check for suite in SUITES for check in suite if check.name == name), None)
    if check is None:
        raise WrongFile(f"{file}: there is no check {name!r}; --list shows which there are")
    case = told.get("case", NOTHING)
    try:
        demand_fit(check, case)
    except Malformed as error:
        raise WrongFile(f"{file}: {error}") from None
    return Replay(check, told["seed"], case)
