"""Records without secrets and without persons: what a text looked like stays, what it said does not.

Every text becomes another one of the same form (letters for letters, digits for digits), the same one each time, so
that a VOEN still is ten digits and two invoices of one seller still have one. What stays as it is: amounts and other
small numbers, dates, units, the documents' own words. A new key is drawn for every run and kept nowhere.
"""

import re
from collections.abc import Iterable
from typing import Any

from mock_server.draws import Draws
from mock_server.rulebook.documents import load
from mock_server.rulebook.errors import ErrorTable
from mock_server.web.secret_names import tells

HIDDEN = "***"
LISTED = 5
"""So many entries of a list are in an example."""

_UPPER = "ABCÇDEƏFGĞHXIİJKQLMNOÖPRSŞTUÜVYZ"
_LOWER = "abcçdeəfgğhxıijkqlmnoöprsştuüvyz"
_RUNNING = 7
"""Digits of a qaime that tell one invoice from another (F-IMP-14)."""

_SMALL = 10**9
"""Whole numbers from here on may be a VOEN or a phone."""

_ROUNDS = 6
_CHALLENGE = "plain_value"
_WORDS = {"status", "type", "kind", "stage", "serial", "unit", "unit_name"}
_FILTERS = {"inc_kinds", "exc_kinds", "inc_status", "exc_status"}
_STAYS = _WORDS | _FILTERS | {"datetime", "date_from", "date_to", "time"}
_PLAIN_KEY = re.compile("[A-Za-z_][A-Za-z0-9_]{0,40}")
_PLAIN_WORD = re.compile(r"[\w.:,+ -]{0,400}")
_QAIME = re.compile("[A-Z]{2,4}[0-9]{0,4} ?[0-9]{7,11}")
_PHONE = "994"
_NUMBER = re.compile("[0-9]+")


class Masks:
    """The masks of one run."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._said = _documented_texts()

    def example(self, value: Any) -> Any:
        """A body with everything masked, and its lists cut to a few entries."""
        return self._value(value, "", LISTED)

    def whole(self, value: Any) -> Any:
        """A body with everything masked."""
        return self._value(value, "", None)

    def text(self, text: str) -> str:
        """Another text of the same form."""
        if _QAIME.fullmatch(text):
            return text[:-_RUNNING] + self.digits(text[-_RUNNING:])
        if text.isascii() and text.isdecimal():
            kept = _PHONE if text.startswith(_PHONE) and len(text) == 12 else ""
            return kept + self.digits(text.removeprefix(kept))
        stream = self._stream(text)
        return "".join(_other(character, drawn) for character, drawn in zip(text, stream, strict=False))

    def digits(self, digits: str) -> str:
        """Other digits, as many; no two texts get the same ones (a Feistel network over both halves)."""
        if len(digits) < 2:
            return digits
        half = len(digits) // 2
        left, right = digits[:half], digits[half:]
        for turn in range(_ROUNDS):
            if turn % 2:
                right = self._moved(right, left, turn)
            else:
                left = self._moved(left, right, turn)
        return left + right

    def _moved(self, digits: str, by: str, turn: int) -> str:
        size = len(digits)
        shift = self._draws.between(0, 10**size - 1, "digits", f"{turn}/{size}/{by}")
        return str((int(digits) + shift) % 10**size).zfill(size)

    def _stream(self, text: str) -> Iterable[int]:
        for counter in range(len(text) // 32 + 1):
            yield from self._draws.digest("text", text, counter)

    def _value(self, value: Any, key: str, most: int | None) -> Any:
        if isinstance(value, dict):
            masked = {self._key(name): self._value(inner, name, most) for name, inner in value.items()}
            return _with_number(masked, value)
        if isinstance(value, list):
            return [self._value(inner, key, most) for inner in value[:most]]
        if value is not None and (key == _CHALLENGE or tells(key.encode())):
            return HIDDEN
        if isinstance(value, str):
            return self._word(value, key)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _SMALL:
            return int(self.digits(str(abs(value))))
        return value

    def _word(self, text: str, key: str) -> str:
        if text in self._said or (key in _STAYS and _PLAIN_WORD.fullmatch(text)):
            return text
        frame = _NUMBER.sub("", text)
        if frame in self._said:  # a documented text with a number in it: `Invalid VOEN: 1111111111`
            return _NUMBER.sub(lambda found: self.text(found[0]), text)
        return self.text(text)

    def _key(self, key: str) -> str:
        return key if _PLAIN_KEY.fullmatch(key) else self.text(key)


def _with_number(masked: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """The number of an invoice is the end of its qaime, masked too."""
    number, qaime = value.get("number"), masked.get("qaime")
    if isinstance(number, str) and isinstance(qaime, str) and len(number) < len(qaime):
        masked["number"] = qaime[-len(number) :]
    return masked


def _other(character: str, drawn: int) -> str:
    if character.isdigit():
        return str(drawn % 10)
    if not character.isalpha():
        return character
    letters = _LOWER if character.islower() else _UPPER
    return letters[drawn % len(letters)]


def _documented_texts() -> frozenset[str]:
    """Texts of the documents, which are nobody's: whole, and without the numbers in them."""
    said = {"", "NEED RETRY"}
    for entry in ErrorTable.load():
        texts = [entry.title, *([entry.err_msg] if entry.err_msg is not None else [])]
        said.update(word for text in texts for word in (text.en, text.az))
    portal = load("portal.json")
    templates = [row["value"] for row in portal["etx_exceptions"].values()]
    said.update(_NUMBER.sub("", re.sub(r"\{\w+\}", "", text)) for text in templates)
    for row in portal["err_msgs"].values():
        said.update((row["en"], row["az"]))
    return frozenset(said | set(_texts_in(load("vocabulary.json")["status_desc"])))


def _texts_in(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts_in(inner)
