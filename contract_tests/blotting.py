"""Secrets found again in a text, however the server that repeats them has written them.

A secret may stand there as it is, by escapes of JSON, of an address or of HTML, for all its letters or for some, in
base64, and in hexadecimal digits.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from html import escape

HIDDEN = "***"
LEAST_SECRET = 6
"""Characters below which a secret is hidden only where it stands by itself: it would blot out other words."""

LEAST_WORD = 3
"""Characters below which, or if it is a number, a secret is hidden only as a whole value: `1` is in every answer."""

_ALONE = r"(?<![\w-])(?:{})(?![\w-])"
_VALUE = r"(?<![^\"'=/&?])(?:{})(?![^\"'&/?])"
_MAY_BE_ESCAPED = re.compile(r"[\\%&+]")
_BASE64 = "[A-Za-z0-9+/_-]"


def blot(text: str, secrets: Sequence[str]) -> str:
    """The text with `***` in place of each secret."""
    plain, escaped = _patterns(tuple(secrets))
    if plain is None or escaped is None:
        return text
    text = plain.sub(HIDDEN, text)
    return escaped.sub(HIDDEN, text) if _MAY_BE_ESCAPED.search(text) else text


@lru_cache(maxsize=64)
def _patterns(secrets: tuple[str, ...]) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    """What finds them as they are, and what finds them escaped too; the longest first, as one may begin another."""
    wanted = sorted({one for one in secrets if one}, key=lambda one: (-len(one), one))
    if not wanted:
        return None, None
    plain = "|".join(_bounded(one, [re.escape(one), *_coded(one, re.escape)]) for one in wanted)
    escaped = "|".join(_bounded(one, [_letters(one), *_coded(one, _letter)]) for one in wanted)
    return re.compile(plain), re.compile(escaped)


def _bounded(secret: str, forms: list[str]) -> str:
    either = "|".join(forms)
    if len(secret) >= LEAST_SECRET:
        return f"(?:{either})"
    whole = len(secret) < LEAST_WORD or secret.isdigit()
    return (_VALUE if whole else _ALONE).format(either)


def _coded(secret: str, letter: Callable[[str], str]) -> Iterator[str]:
    """In base64, wherever in a longer text that begins, and in hexadecimal digits."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield f"(?i:{raw.hex()})"
    for before in range(3 if len(secret) >= LEAST_SECRET else 1):
        whole = b64encode(bytes(before) + raw).decode().rstrip("=")
        partial = (before + len(raw)) % 3 != 0
        sure = whole[(0, 2, 3)[before] : -1 if partial and len(secret) >= LEAST_SECRET else None]
        signs = {"+": "[+-]", "/": "[/_]"}
        yield "".join(_either(signs.get(one, ""), letter(one)) for one in sure) + (
            f"{_BASE64}?(?:=|%3[dD])*" if partial and len(secret) >= LEAST_SECRET else "=*"
        )


def _either(*ways: str) -> str:
    given = [one for one in ways if one]
    return given[0] if len(given) == 1 else f"(?:{'|'.join(given)})"


def _letters(text: str) -> str:
    return "".join(map(_letter, text))


def _letter(letter: str) -> str:
    """Every way to write one letter, once escaped or several times."""
    raw = letter.encode("utf-8", "surrogatepass")
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    ways = [
        rf"\\*{re.escape(letter)}",
        "".join(rf"\\+u{units[at : at + 4]}" for at in range(0, len(units), 4)),
        "".join(rf"%(?:25)*{byte:02x}" for byte in raw),
        rf"&(?:amp;)*#0*{ord(letter)};",
        rf"&(?:amp;)*#x0*{ord(letter):x};",
    ]
    if len(raw) == 1:
        ways.append(rf"\\+x{raw[0]:02x}")
    if escape(letter) != letter:
        ways.append(re.escape(escape(letter)))
    if letter == " ":
        ways.append(r"\+")
    if letter == "\\":
        ways[0] = r"\\+"
    hexadecimal = "|".join(ways[1:])
    return f"(?:{ways[0]}|(?i:{hexadecimal}))"
