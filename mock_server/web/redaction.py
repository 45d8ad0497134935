"""Secrets out of what is kept, by the names before them: wherever they stand in a body or a query string."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from mock_server.web.known_secrets import WITHHELD, unescaped
from mock_server.web.secret_names import STEMS, tells

_NAMED = re.compile(rb'"([^"\\]{1,200})"\s*:')
_TEXTS = re.compile(rb'"((?:[^"\\]|\\.)*)(?:"(\s*:)?|\\?\Z)', re.DOTALL)
_ESCAPED_NAME = re.compile(rb'\\.[^"\\]*"\s*:')
_ESCAPED_QUOTE = re.compile(rb'\\(?:"|u0022)')
_VALUE = rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[{].*|[^,}\]\s]+'
_LETTER = rb"[\w\x80-\xff-]"
_LOOSE_NAMED = re.compile(rb"(?<!" + _LETTER + rb")(" + _LETTER + rb"{2,80})[\\\"']*\s*(?:=>|[:=>])")
_LOOSE_VALUE = rb"\\?[\"'].*?(?:\\?[\"'](?=\s*(?:[,;}\])]|\Z))|(?=[\r\n])|\Z)|[^&\r\n]+"
_WORDS = "|".join(re.escape(stem) for stem in STEMS) + "|şifr|açar"
_WORD = re.compile(_WORDS.encode(), re.IGNORECASE)
_SAID = re.compile("((?:" + _WORDS + r")\w{0,80}\W{0,8}[:=]).+", re.IGNORECASE | re.DOTALL)
_DEPTH = 4
"""How deep JSON may lie in texts of JSON for us to look into it."""


def redacted(body: bytes, readable: bool = True) -> bytes:
    """`body` without the values of secret members; what is no JSON is searched with a coarser sieve.

    A secret that is an object or a list takes the rest of the body with it, a text that holds JSON with a secret
    goes as a whole. A body that escapes a secret name (`"p\\u0061ssword"`), or that is in UTF-16, is not kept at all.
    """
    if not readable:
        return _coarsely(body)
    if b"\\" in body:
        if _ESCAPED_NAME.search(body) is not None and _escapes_a_name(body):
            return WITHHELD
        if _ESCAPED_QUOTE.search(body) is not None:
            body = _TEXTS.sub(_without_nested, body)
    return _by_name(body)


def redacted_query(query: bytes) -> bytes:
    """A query string without the values of parameters that have to do with secrets, encoded ones too."""
    return b"&".join(_without_secret(part) for part in query.split(b"&"))


def redacted_name(name: str) -> str:
    """A key that somebody made up, without what it says if it is no mere name: `password=gizli`."""
    return _SAID.sub(r"\1***", name)


def _by_name(body: bytes) -> bytes:
    telling = _telling(frozenset(_NAMED.findall(body)))
    return body if telling is None else telling.sub(_hidden, body)


@lru_cache(1024)
def _telling(names: frozenset[bytes]) -> re.Pattern[bytes] | None:
    """The members of secret names among these; bodies of one kind have the same names."""
    telling = frozenset(filter(tells, names))
    return _members_of(telling) if telling else None


@lru_cache(256)
def _members_of(names: frozenset[bytes]) -> re.Pattern[bytes]:
    either = b"|".join(map(re.escape, sorted(names, reverse=True)))
    return re.compile(rb'("(?:' + either + rb')"\s*:\s*)(?:' + _VALUE + rb")", re.DOTALL)


def _hidden(member: re.Match[bytes]) -> bytes:
    return member[1] + b'"***"'  # as a template it would cost each poll 4 %


def _without_nested(text: re.Match[bytes]) -> bytes:
    """A text of JSON; its place only, if it holds JSON in which a secret is named."""
    if text[2] or _ESCAPED_QUOTE.search(text[1]) is None or not _names_a_secret(unescaped(text[1]), _DEPTH):
        return text[0]
    return b'"***"'


def _names_a_secret(inner: bytes, depth: int) -> bool:
    if any(tells(name) for name in set(_NAMED.findall(inner))):
        return True
    return depth > 0 and b"\\" in inner and _names_a_secret(unescaped(inner), depth - 1)


def _escapes_a_name(body: bytes) -> bool:
    names = (text[1] for text in _TEXTS.finditer(body) if text[2] and b"\\" in text[1])
    return any(tells(unescaped(name)) for name in names)


def _coarsely(body: bytes) -> bytes:
    plain = unescaped(body)
    if b"\0" in body or len(_WORD.findall(plain)) > len(_WORD.findall(body)):
        return WITHHELD
    others = frozenset(name for name in set(_LOOSE_NAMED.findall(body)) if tells(name) and not _WORD.search(name))
    return _loose_of(others).sub(rb"\1***", _by_name(body))


@lru_cache(256)
def _loose_of(names: frozenset[bytes]) -> re.Pattern[bytes]:
    """A secret word or one of these names, and what follows it."""
    words = rb"(?:" + _WORDS.encode() + rb")\w{0,80}(?=\W)"
    either = b"|".join([words, *map(re.escape, sorted(names, reverse=True))])
    name = rb"(?:" + either + rb")[\\\"']*\s*(?:(?:=>|[:=>])\s*)?"
    return re.compile(rb"(" + name + rb")(?:" + _LOOSE_VALUE + rb")", re.IGNORECASE | re.DOTALL)


def _without_secret(parameter: bytes) -> bytes:
    name, sign, _ = parameter.partition(b"=")
    if not tells(unquote_to_bytes(name)) and _WORD.search(unescaped(unquote_to_bytes(parameter))) is None:
        return parameter
    mere = _SAID.search(unquote_to_bytes(name).decode("latin-1")) is None
    return name + b"=***" if sign and mere else b"***"
