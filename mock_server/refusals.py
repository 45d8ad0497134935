"""The two ways to say no: to whoever configures the simulator, and to whoever calls the portal."""

import difflib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self


class ConfigurationError(Exception):
    """The simulator cannot start (or be changed) this way; the text says what to do instead."""

    @classmethod
    def unknown(cls, what: str, given: str, allowed: Iterable[str]) -> Self:
        """What was given, what is allowed, and the nearest right one: `unknown pace "fats": ...`."""
        names = list(allowed)
        guess = nearest(given, names)
        hint = f' Did you mean "{guess}"?' if guess else ""
        return cls(f'unknown {what} "{given}".{hint} Allowed: {", ".join(names)}.')


@contextmanager
def located(origin: str) -> Iterator[None]:
    """Puts the place in front of a complaint from inside: a flag, a variable, a file and its key."""
    try:
        yield
    except ConfigurationError as error:
        raise ConfigurationError(f"{origin}: {error}") from None


class Refusal(Exception):
    """The portal refuses a request.

    Args:
        scope: the scope of the error table, `request` or `partner` (F-ERR-05).
        name: the error's name there, such as `missing-elements`.
        data: the payload of the answer, where the error has one (F-ERR-01).
        err_msg: a text for this case instead of the error's own (R-15), by its name in `schemas/portal.json`.
        because: what was wrong in this case; for the journal only, never in the answer.
    """

    def __init__(
        self, scope: str, name: str, data: Any = None, *, because: str = "", err_msg: str | None = None
    ) -> None:
        super().__init__(f"{scope}/{name}: {because}" if because else f"{scope}/{name}")
        self.scope = scope
        self.name = name
        self.data = data
        self.because = because
        self.err_msg = err_msg


def nearest(given: str, allowed: Iterable[str]) -> str | None:
    """The allowed word most like the given one, case and leading zeros aside; None when nothing is near."""
    spelling = {_plain(word): word for word in allowed}
    matches = difflib.get_close_matches(_plain(given), spelling, n=1)
    return spelling[matches[0]] if matches else None


def _plain(word: str) -> str:
    return re.sub(r"\b0+(?=[0-9])", "", word.lower())
