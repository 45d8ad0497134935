"""Passwords, tokens and secrets of a world's accounts, hidden by their value wherever somebody wrote them."""

import json
import re
from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import AnyStr
from urllib.parse import unquote_to_bytes
from weakref import WeakKeyDictionary

from mock_server.portal.worlds import World

HIDDEN = b"***"
WITHHELD = b"(what hides its words is not kept)"
SHORT = 4
"""Characters below which a secret is hidden only where it stands by itself: else a password `1` would hide all."""

WIDEST = 12
"""Bytes that a byte of a secret takes at most, escaped twice: `\\\\u005cu0061`."""

FARTHEST = 65_536
"""Bytes behind a cut that are looked at; a secret longer than this takes all with it."""

ROUNDS = 3
"""How often something may be escaped for us still to read it."""

_ESCAPES = re.compile(rb"\\(?:(u[0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*)|(.))", re.DOTALL)
_OF_ASCII = re.compile(rb"\\(?:u00[2-7]|[\\/])|%")
_ANY = re.compile(rb"[\\%]")
_ALONE = rb"(?<![^\"'=/&?])%s(?![^\"'&/?])"

Trie = dict[bytes, "Trie"]
_END = b""


class KnownSecrets:
    """The secrets of one world.

    What an account shows anyhow (a name, a VOEN, a phone) is no secret, though it be a password: `demo` is both.
    """

    def __init__(self, secrets: Iterable[str], shown: Iterable[str]) -> None:
        self.shown = frozenset(shown)
        values = {each for each in secrets if each} - self.shown
        forms = {form for value in values if len(value) >= SHORT for form in _forms(value)}
        alone = [_ALONE % re.escape(value.encode()) for value in sorted(values) if len(value) < SHORT]
        branches = [*([_pattern(_trie(forms))] if forms else []), *alone]
        self._pattern = re.compile(b"|".join(branches)) if branches else None
        self._escaped = _OF_ASCII if all(map(str.isascii, values)) else _ANY
        self._longest = _longest(values)

    def hide_plain(self, text: bytes) -> bytes:
        """The text without those that stand there as they are."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)

    def hide(self, text: bytes) -> bytes:
        """The text without them; nothing of it where one is escaped or encoded in a way of its own."""
        if self._pattern is None:
            return text
        plain = text = self.hide_plain(text)
        for _ in range(ROUNDS):
            if self._escaped.search(plain) is None:
                break
            plain = unescaped(plain)
            if self._pattern.search(plain):
                return WITHHELD
        return text

    def hide_given(self, text: bytes, given: Iterable[str]) -> bytes:
        """The text without what a caller gave as his own secret, as it stands there; not what is shown anyhow."""
        for each in given:
            if each not in self.shown:
                text = text.replace(each.encode("utf-8", "surrogatepass"), HIDDEN)
        return text

    def hide_text(self, text: str, given: Iterable[str] = ()) -> str:
        """The same for what is text already."""
        hidden = self.hide(text.encode("utf-8", "surrogatepass"))
        return self.hide_given(hidden, given).decode("utf-8", "replace")

    def reach(self, given: Iterable[str]) -> int:
        """How far behind a cut a secret may go on that begins before it, in bytes."""
        return min(WIDEST * max(self._longest, _longest(given)), FARTHEST)

    def cut(self, text: AnyStr, size: int, given: Iterable[str], hidden: Callable[[AnyStr], AnyStr]) -> AnyStr:
        """The beginning of a text that is longer than `size`, hidden first and cut then.

        Cut first, a secret across the cut would stay, but for its end. So what follows is looked at too, as far as
        one may go on, and only what was found whole is kept. `hidden` leaves alone what it does not hide.
        """
        if max(self._longest, _longest(given)) > FARTHEST:
            return text[:0]
        window = text[: size + self.reach(given)]
        beyond = len(window) - size
        found = hidden(window)
        if not found.endswith(window[size:]):  # as it is, unless something there is hidden
            pairs = zip(reversed(found), reversed(window), strict=False)
            beyond = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        return found[: min(size, len(found) - beyond)]


def unescaped(text: bytes) -> bytes:
    r"""The text without `\u....` and `%..`, which may stand for any letter, and one backslash less elsewhere."""
    if b"\\" in text:
        text = _ESCAPES.sub(_letters, text)
    return unquote_to_bytes(text) if b"%" in text else text


def _letters(escapes: re.Match[bytes]) -> bytes:
    if escapes[2]:
        return escapes[2]
    units = bytes.fromhex(escapes[1].replace(b"\\", b"").replace(b"u", b"").decode())
    return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")


_KNOWN: WeakKeyDictionary[World, KnownSecrets] = WeakKeyDictionary()


def secrets_of(view: World) -> KnownSecrets:
    """Those of a world's accounts as they are now, kept as long as the view."""
    found = _KNOWN.get(view)
    if found is None:
        accounts = view.accounts.values()
        shown = {*view.companies, *view.companies.values(), *view.accounts}
        shown.update(phone for account in accounts for phone in account.phones)
        secrets = (each for one in accounts for each in (one.password, one.token, one.secret))
        found = _KNOWN[view] = KnownSecrets(secrets, shown)
    return found


def _longest(secrets: Iterable[str]) -> int:
    """Bytes of the longest one."""
    return max((len(each.encode("utf-8", "surrogatepass")) for each in secrets), default=0)


def _forms(value: str) -> set[bytes]:
    """A value as it stands in plain text, in a form of HTML and in JSON."""
    written = (json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    return {each.encode("utf-8", "surrogatepass") for each in (value, value.replace(" ", "+"), *written)}


def _trie(words: Iterable[bytes]) -> Trie:
    root: Trie = {}
    for word in words:
        node = root
        for place in range(len(word)):
            node = node.setdefault(word[place : place + 1], {})
        node[_END] = {}
    return root


def _pattern(trie: Trie) -> bytes:
    """A pattern of all words of the trie: an alternation of thousands would be tried one by one at each place."""
    run = b""
    while len(trie) == 1 and _END not in trie:
        letter, trie = next(iter(trie.items()))
        run += re.escape(letter)
    branches = [re.escape(letter) + _pattern(inner) for letter, inner in trie.items() if letter]
    if not branches:
        return run
    rest = b"(?:" + b"|".join(branches) + b")"
    return run + (rest + b"?" if _END in trie else rest)
