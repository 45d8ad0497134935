"""The one door of randomness.

A draw is HMAC(world secret, kind, object, counter): the same in any order of requests, and not to be
guessed by others on a shared server. The secret itself is random unless a seed is given.
"""

import hashlib
import hmac
import os


def secret_of(seed: int | None, world: str) -> bytes:
    """The 32 bytes that all draws of a world hang on; the same for the same seed and world."""
    if seed is None:
        return os.urandom(32)
    return hashlib.sha256(f"vatportal-mock/{seed}/{world}".encode()).digest()


class Draws:
    """The draws of one world."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def digest(self, kind: str, thing: object, counter: int = 0) -> bytes:
        """32 bytes for the `counter`-th draw of this kind about this thing."""
        return hmac.digest(self._secret, f"{kind}\n{thing}\n{counter}".encode(), "sha256")

    def lookup(self, text: str) -> bytes:
        """What a secret text is found by: so that the time of a look-up tells nothing about near misses."""
        return hashlib.blake2b(text.encode(), key=self._secret[:64], digest_size=16).digest()

    def between(self, low: int, high: int, kind: str, thing: object, counter: int = 0) -> int:
        """A whole number, `low` and `high` included."""
        number = int.from_bytes(self.digest(kind, thing, counter)[:8], "big")
        return low + number % (high - low + 1)

    def digits(self, count: int, kind: str, thing: object, counter: int = 0) -> str:
        """A text of `count` decimal digits, such as a PIN code."""
        return str(self.between(0, 10**count - 1, kind, thing, counter)).zfill(count)

    def text(self, kind: str, thing: object, counter: int = 0) -> str:
        """A text of 40 hexadecimal digits: tokens and challenges."""
        return self.digest(kind, thing, counter)[:20].hex()
