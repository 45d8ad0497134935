"""Secrets out of what is kept: passwords, tokens and keys, wherever they stand in a body or a query string."""

import re
from urllib.parse import unquote_to_bytes

_WORDS = rb"(?:password|token|key|secret)"
_NAME = rb'"[^"\\]{0,80}' + _WORDS + rb'[^"\\]{0,80}"\s*:\s*'
_TEXT = rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
_MEMBER = re.compile(rb"(" + _NAME + rb")(?:" + _TEXT + rb"|[\[{].*|[^,}\]\s]+)", re.IGNORECASE | re.DOTALL)
_LOOSE_NAME = _WORDS + rb"\w{0,80}(?=\W)[\\\"']*\s*(?:(?:=>|[:=>])\s*)?"
_LOOSE_TEXT = rb"\\?[\"'].*?(?:\\?[\"'](?=\s*(?:[,;}\])]|\Z))|(?=[\r\n])|\Z)"
_LOOSE = re.compile(rb"(" + _LOOSE_NAME + rb")(?:" + _LOOSE_TEXT + rb"|[^&\r\n]+)", re.IGNORECASE | re.DOTALL)
_TEXTS = re.compile(rb'"((?:[^"\\]|\\.)*)(?:"(\s*:)?|\\?\Z)', re.DOTALL)
_ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})")
_WORD = re.compile(_WORDS, re.IGNORECASE)
_SAID = re.compile("(" + _WORDS.decode() + r"\w{0,80}\W{0,8}[:=]).+", re.IGNORECASE | re.DOTALL)
WITHHELD = b"(a body that hides its words is not kept)"


def redacted(body: bytes, readable: bool = True) -> bytes:
    """`body` without the values of secret members; what is no JSON is searched with a coarser sieve.

    A secret that is an object or a list takes the rest of the body with it. A body that escapes a secret word
    (`"p\\u0061ssword"`), or that is in UTF-16, is not kept at all.
    """
    if readable:
        return WITHHELD if _escapes_a_name(body) else _MEMBER.sub(_hidden, body)
    if b"\0" in body or _escapes_a_word(body):
        return WITHHELD
    return _LOOSE.sub(rb"\1***", _MEMBER.sub(_hidden, body))


def _hidden(member: re.Match[bytes]) -> bytes:
    return member[1] + b'"***"'  # as a template it would cost each poll 4 %


def redacted_query(query: bytes) -> bytes:
    """A query string without the values of parameters that have to do with secrets, encoded ones too."""
    if _WORD.search(query) is None and b"%" not in query:
        return query
    return b"&".join(_without_secret(part) for part in query.split(b"&"))


def redacted_name(name: str) -> str:
    """A key that somebody made up, without what it says if it is no mere name: `password=gizli`."""
    return _SAID.sub(r"\1***", name)


def _without_secret(parameter: bytes) -> bytes:
    if _WORD.search(_plain(unquote_to_bytes(parameter))) is None:
        return parameter
    name, sign, _ = parameter.partition(b"=")
    mere = _SAID.search(unquote_to_bytes(name).decode("latin-1")) is None
    return name + b"=***" if sign and mere else b"***"


def _escapes_a_name(body: bytes) -> bool:
    if b"\\u" not in body:
        return False
    names = (text[1] for text in _TEXTS.finditer(body) if text[2] and b"\\u" in text[1])
    return any(_WORD.search(_plain(name)) for name in names)


def _escapes_a_word(body: bytes) -> bool:
    """Whether there are more secret words than are to be seen."""
    return b"\\u" in body and len(_WORD.findall(_plain(body))) > len(_WORD.findall(body))


def _plain(text: bytes) -> bytes:
    """The text without escapes of ASCII letters."""
    return _ESCAPE.sub(_letter, text)


def _letter(escape: re.Match[bytes]) -> bytes:
    code = int(escape[1], 16)
    return bytes([code]) if 0x20 <= code < 0x7F else escape[0]
