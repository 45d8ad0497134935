"""The ledger of readings: where the documents are silent or disagree, and which answer is in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import msgspec

from mock_server.refusals import ConfigurationError
from mock_server.rulebook.documents import load

Support = Literal["documented", "inferred", "assumed"]
"""A page says or shows it; it is read off examples; it is our choice only."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to read the documents."""

    says: str
    support: Support
    sources: tuple[str, ...]


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One open question. A fixed one has a single answer, called `fixed`.

    `owner` says whose behaviour it is about: the portal's, or that of a client who is judged. `settled_by`: what to
    ask of the real portal to know, where no document says it.
    """

    id: str
    question: str
    kind: Literal["selectable", "fixed"]
    owner: Literal["server", "client"] = "server"
    default: str
    answers: dict[str, Answer]
    why: str
    sources: tuple[str, ...]
    test_accepts: str | None = None
    settled_by: str | None = None

    @property
    def selectable(self) -> bool:
        return self.kind == "selectable"

    def supported(self) -> list[str]:
        """The answers that some document bears out."""
        return [name for name, answer in self.answers.items() if answer.support != "assumed"]

    def check(self, answer: str) -> None:
        """Raises ConfigurationError unless this is one of the answers."""
        if answer in self.answers:
            return
        if not self.selectable:
            says = self.answers[self.default].says
            raise ConfigurationError(f'{self.id} is fixed and cannot be set to "{answer}": {says}')
        raise ConfigurationError.unknown(f"answer of {self.id} ({self.question})", answer, self.answers)


class Edition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One revision of the documents: the answers that are not the default, and whether it knows partners."""

    readings: dict[str, str]
    partners: bool


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    editions: dict[str, Edition]
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """The answers in force. Immutable: a change makes another one."""

    edition: str
    partners: bool
    _ledger: "Ledger"
    _chosen: Mapping[str, str]

    def choose(self, reading: str) -> str:
        """The answer in force, such as `page` for `R-16`; KeyError when the program names no such reading."""
        return self._chosen[reading]

    def in_force(self) -> dict[str, str]:
        """The answer of every selectable reading, in the order of the ledger."""
        return {name: self._chosen[name] for name, reading in self._ledger.readings.items() if reading.selectable}

    def changed(self, patch: Mapping[str, str]) -> "Readings":
        """These answers with some of them replaced; ConfigurationError as `Ledger.choose_all`."""
        self._ledger.check(patch)
        return Readings(self.edition, self.partners, self._ledger, {**self._chosen, **patch})

    def assumed(self) -> list[str]:
        """Selectable readings whose answer in force no document supports."""
        return [
            name
            for name, answer in self.in_force().items()
            if self._ledger.readings[name].answers[answer].support == "assumed"
        ]

    def unsupported(self) -> list[tuple[Reading, str]]:
        """What `--strict-documented` refuses: answers of selectable readings that rest on an assumption.

        Where no answer has support, the edition's own is let pass, because the simulator must do something;
        any other one there would be a guess of the caller's.
        """
        return [
            (reading, answer)
            for reading in self._ledger.readings.values()
            if reading.selectable and self._is_needless_guess(reading, answer := self._chosen[reading.id])
        ]

    def _is_needless_guess(self, reading: Reading, answer: str) -> bool:
        if reading.answers[answer].support != "assumed":
            return False
        return bool(reading.supported()) or answer != self._ledger.of_edition(self.edition)[reading.id]


class Ledger:
    """All readings, and the editions that bundle answers."""

    def __init__(self, editions: dict[str, Edition], readings: tuple[Reading, ...]) -> None:
        self.editions = editions
        self.readings = {reading.id: reading for reading in readings}
        self._check_itself(readings)

    @classmethod
    def load(cls) -> "Ledger":
        """The ledger of `schemas/readings.json`; one object for the whole program."""
        return _load()

    def choose_all(self, edition: str, chosen: Mapping[str, str]) -> Readings:
        """The edition's answers, except those chosen otherwise.

        Raises:
            ConfigurationError: no such edition, reading or answer, or another answer for a fixed reading.
        """
        answers = self.of_edition(edition)
        self.check(chosen)
        return Readings(edition, self.editions[edition].partners, self, {**answers, **chosen})

    def of_edition(self, edition: str) -> dict[str, str]:
        """The answer of every reading as the edition has it; ConfigurationError when it is unknown."""
        if edition not in self.editions:
            raise ConfigurationError.unknown("edition", edition, self.editions)
        defaults = {name: reading.default for name, reading in self.readings.items()}
        return defaults | self.editions[edition].readings

    def check(self, chosen: Mapping[str, str]) -> None:
        """Raises ConfigurationError for the first reading or answer that the ledger does not have."""
        for name, answer in chosen.items():
            if name not in self.readings:
                selectable = [reading.id for reading in self.readings.values() if reading.selectable]
                raise ConfigurationError.unknown("reading", name, selectable)
            self.readings[name].check(answer)

    def _check_itself(self, readings: tuple[Reading, ...]) -> None:
        if len(readings) != len(self.readings):
            raise ValueError("readings.json: an id stands twice")
        for reading in readings:
            reading.check(reading.default)
        for edition in self.editions.values():
            self.check(edition.readings)


@cache
def _load() -> Ledger:
    file = msgspec.convert(load("readings.json"), _File)
    return Ledger(file.editions, file.readings)
