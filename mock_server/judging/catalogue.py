"""The rules as data: `schemas/client_rules.json` with texts, numbers, and habits of client libraries."""

import re
from typing import Literal

import msgspec

from mock_server.rulebook.documents import load
from mock_server.rulebook.errors import Text

Severity = Literal["error", "warning", "advice"]
Belief = Literal["success", "failure"]
"""What a client may take its task for, wrongly; one that does not end has failed."""


class RuleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a rule says. `explains`: what a client that breaks it may therefore take its task for, wrongly."""

    name: str
    severity: Severity
    facts: tuple[str, ...]
    title: Text
    text: Text
    mend: Text
    explains: tuple[Belief, ...] = ()


class Number(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bound, with its unit and where it comes from."""

    value: float
    unit: str
    sources: tuple[str, ...]
    provenance: Literal["documented", "inferred", "assumed"]


class Habit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client library, known by its User-Agent, does to the body of a GET."""

    agent: str
    en: str
    az: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    says: str
    numbers: dict[str, Number]
    habits: tuple[Habit, ...]
    rules: tuple[RuleText, ...]


_FILE = msgspec.convert(load("client_rules.json"), _File)

RULES: dict[str, RuleText] = {rule.name: rule for rule in _FILE.rules}


def number(name: str) -> float:
    """A bound, in its unit.

    Raises:
        KeyError: there is no such number, which is a mistake in the program.
    """
    return _FILE.numbers[name].value


def habit_of(agent: str) -> Text:
    """What the library that calls itself so is known for; empty texts for an unknown one."""
    for habit in _FILE.habits:
        if re.search(habit.agent, agent):
            return Text(habit.en, habit.az)
    return Text("", "")
