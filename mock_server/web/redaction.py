"""Secrets out of what is kept: passwords, tokens and keys, wherever they stand in a body."""

import re

_WORDS = rb"(?:password|token|key|secret)"
_NAME = rb'"[^"\\]{0,80}' + _WORDS + rb'[^"\\]{0,80}"\s*:\s*'
_TEXT = rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
_MEMBER = re.compile(rb"(" + _NAME + rb")(?:" + _TEXT + rb"|[\[{].*|[^,}\]\s]+)", re.IGNORECASE | re.DOTALL)
_LOOSE_NAME = _WORDS + rb"\w{0,80}(?=\W)[\\\"']*\s*(?:=>|[:=>])?\s*"
_LOOSE_TEXT = rb"\\?[\"'].*?(?:\\?[\"'](?=\s*(?:[,;}\])]|\Z))|(?=[\r\n])|\Z)"
_LOOSE = re.compile(rb"(" + _LOOSE_NAME + rb")(?:" + _LOOSE_TEXT + rb"|[^&\r\n]+)", re.IGNORECASE | re.DOTALL)
_TEXTS = re.compile(rb'"((?:[^"\\]|\\.)*)(?:"(\s*:)?|\\?\Z)', re.DOTALL)
_ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})")
_WORD = re.compile(_WORDS, re.IGNORECASE)
WITHHELD = b"(a body that hides its words is not kept)"


def redacted(body: bytes, readable: bool = True) -> bytes:
    """`body` without the values of secret members; what is no JSON is searched with a coarser sieve.

    A secret that is an object or a list takes the rest of the body with it. A body that escapes a secret word
    (`"p\\u0061ssword"`), or that is in UTF-16, is not kept at all.
    """
    if readable:
        return WITHHELD if _escapes_a_name(body) else _MEMBER.sub(rb'\1"***"', body)
    if b"\0" in body or _escapes_a_word(body):
        return WITHHELD
    return _LOOSE.sub(rb"\1***", _MEMBER.sub(rb'\1"***"', body))


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
