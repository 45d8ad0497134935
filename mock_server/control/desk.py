"""What every control works with, and how it says no."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from mock_server.clock import Clock
from mock_server.portal.settling import settle
from mock_server.portal.worlds import World, Worlds
from mock_server.refusals import nearest
from mock_server.store.stores import Store
from mock_server.store.worlds import WorldRow


class Problem(Exception):
    """A control refuses: what was given, what is allowed, the nearest right name (`application/problem+json`).

    Args:
        status: the HTTP status: 400 wrong, 404 unknown, 409 not now, 408 too late.
        given: what was asked for, never a secret; `None` where nobody asked for anything wrong.
        allowed: the right words, or a phrase that tells of them; empty where nothing is possible now.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        given: str | None,
        allowed: Iterable[str] | None,
        extra: dict[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.given = None if given is None else given[:GIVEN_SHOWN]
        self.allowed = None if allowed is None else list(allowed)
        self.extra = extra or {}

    @classmethod
    def unknown(cls, what: str, given: str, allowed: Iterable[str], status: int = 400) -> "Problem":
        """`given` is none of the names `allowed` for `what`."""
        return cls(status, f"unknown {what}", f"{given!r} is no {what}", given=given, allowed=allowed)

    @property
    def nearest(self) -> str | None:
        words = [word for word in self.allowed or () if " " not in word]
        return nearest(self.given, words) if self.given is not None and words else None


GIVEN_SHOWN = 200
"""Characters of what was given that an explanation repeats."""

LONGEST_NUMBER = 18
"""Digits of a number from outside; more would not fit into a row."""


def number_of(what: str, text: str) -> int:
    """The number that a path names; a Problem (404) for what is none."""
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
        raise Problem(404, f"no such {what}", f"{text[:100]!r} is no number", given=text, allowed=["a number"])
    return int(text)


class Change(NamedTuple):
    """A world under change: its view, and the instant of world time at which the change happens."""

    row: WorldRow
    view: World
    now: int


class Desk:
    """One world, as the control API sees it."""

    def __init__(self, store: Store, worlds: Worlds, clock: Clock, name: str) -> None:
        self.store = store
        self.worlds = worlds
        self.clock = clock
        self.name = name

    def look(self) -> Change:
        """The world as it is now, with everything that is due applied."""
        row = self.worlds.row(self.name)
        now = row.clock.at(self.clock.now())
        if row.next_due is not None and row.next_due <= now:
            with self.change() as change:
                return change
        return Change(row, self.worlds.view(row), now)

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A write transaction on the world, locked and settled up to now."""
        name = self.worlds.row(self.name).id
        with self.store.writing():
            row = self.store.worlds.lock(name)
            now = row.clock.at(self.clock.now())
            view = self.worlds.view(row)
            if row.next_due is not None and row.next_due <= now:
                settle(self.store, view, now)
            yield Change(row, view, now)
