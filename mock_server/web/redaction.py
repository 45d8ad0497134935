"""Secrets out of what is kept: passwords, tokens and keys, wherever they stand in a body."""

import re

_KEYS = rb"password|token|key|secret|x-vatpapikey"
_MEMBER = re.compile(rb'("(?:' + _KEYS + rb')"\s*:\s*)("(?:[^"\\]|\\.)*(?:"|\\?$)|[^,}\]\s]+)', re.IGNORECASE)
_LOOSE = re.compile(rb"((?:" + _KEYS + rb")[^\w]{1,8})[^\s&,;}\"']+", re.IGNORECASE)
_HIDDEN = rb'\1"***"'
_ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})")
WITHHELD = b"(a body that is no JSON and hides its words in escapes is not kept)"


def redacted(body: bytes, readable: bool = True) -> bytes:
    """`body` without the values of secret members; what is no JSON is searched with a coarser sieve."""
    if b"\\u" in body and _hides_a_key(body):
        return WITHHELD
    body = _MEMBER.sub(_HIDDEN, body)
    return body if readable else _LOOSE.sub(rb"\1***", body)


def _hides_a_key(body: bytes) -> bool:
    """Whether undoing the escapes of ASCII letters brings out more secret members than are to be seen."""
    plain = _ESCAPE.sub(_ascii, body)
    return len(re.findall(_KEYS, plain, re.IGNORECASE)) > len(re.findall(_KEYS, body, re.IGNORECASE))


def _ascii(match: re.Match[bytes]) -> bytes:
    code = int(match[1], 16)
    return bytes([code]) if 0x20 <= code < 0x7F else match[0]
