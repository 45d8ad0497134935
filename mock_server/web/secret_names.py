"""Which keys have to do with secrets: those of the documents, misspelt ones, and what others call them."""

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

STEMS = (
    *("pass", "pasw", "psw", "pwd", "parol", "token", "key", "secret", "sifr", "gizli", "sirr", "hmac"),
    *("credential", "apik", "парол", "пасс", "токен", "ключ", "секрет"),
)
"""Beginnings of words that give a secret away wherever they stand in a name, without accents."""

_WORDS = ("password", "passwort", "token", "secret", "parol", "sifre", "acar", "vatpapikey")
_NEAR = 0.8
"""How much of two words must agree for one to be a misspelling of the other."""

_LONGEST = 40
_PLAIN = str.maketrans("əı", "ei")
_PARTS = re.compile(r"[A-ZƏŞĞİÇÖÜ]?[^\W\dA-ZƏŞĞİÇÖÜ_]+|[A-ZƏŞĞİÇÖÜ]+")


@lru_cache(8192)
def tells(name: bytes) -> bool:
    """Whether the value of a member or parameter of this name is none of the journal's business."""
    text = name.decode("utf-8", "replace")
    plain = _folded(text)
    if any(stem in plain for stem in STEMS):
        return True
    parts = {_folded(part) for part in _PARTS.findall(text)} | {re.sub(r"[\W_]", "", plain)}
    return any(_near(part, word) for part in parts if 3 < len(part) <= _LONGEST for word in _WORDS)


def _folded(text: str) -> str:
    """In lower case, without accents: `ŞİFRƏ` is `sifre`."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in parted if not unicodedata.combining(each)).translate(_PLAIN)


def _near(part: str, word: str) -> bool:
    match = SequenceMatcher(None, part, word)
    return match.real_quick_ratio() >= _NEAR and match.quick_ratio() >= _NEAR and match.ratio() >= _NEAR
