"""Downloaded invoices by date, in the order in which they arrived in a company's portal."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from mock_server.store.engine import Engine
from mock_server.store.invoices import marks, pieces
from mock_server.store.processes import Page

COUNTED = 1000
"""Arrival numbers that are counted together, so that nobody walks over a million rows to find a page or a total."""

MOST_PARTIAL = 40
"""Stretches that lie in a range of dates in part; where there are more, single rows are counted all the same."""

_STRETCH = f"(arrival - 1) / {COUNTED} * {COUNTED}"
COUNT = (
    "INSERT INTO download_counts (world, company, dir, first, number, earliest, latest)"
    f" SELECT world, company, dir, {_STRETCH}, count(*), min(created), max(created) FROM downloads"
)
GROUPED = f" GROUP BY world, company, dir, {_STRETCH}"


class Asked(NamedTuple):
    """A folder of a company's portal, and instants of creation, `end` not included."""

    world: int
    company: str
    dir: int
    start: int
    end: int


_IN_RANGE = "world = ? AND company = ? AND dir = ? AND created >= ? AND created < ?"


class Arrivals:
    """What downloads brought, by date."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine
        self._json = engine.utf8("d.text")  # as it will be sent: nobody reads it on the way

    def page(self, asked: Asked, skip: int, count: int) -> tuple[Page, int]:
        """A page by arrival (R-72), and how many invoices there are on all pages."""
        stretches = self._stretches(asked)
        if stretches is None:
            row = self._db.one(f"SELECT count(*) FROM downloads WHERE {_IN_RANGE}", asked)
            return self._behind(asked, 0, skip, count), row[0] if row else 0
        total, after, within = 0, None, 0
        for first, number in stretches:
            if after is None and total + number > skip:
                after, within = first, skip - total
            total += number
        return Page([], 0) if after is None else self._behind(asked, after, within, count), total

    def _stretches(self, asked: Asked) -> list[tuple[int, int]] | None:
        """Behind which arrival numbers there are how many; `None` where single rows are counted as quickly."""
        found = self._db.all(
            "SELECT first, number, earliest, latest FROM download_counts"
            " WHERE world = ? AND company = ? AND dir = ? AND latest >= ? AND earliest < ? ORDER BY first",
            asked,
        )
        partial = {first for first, _, earliest, latest in found if earliest < asked.start or latest >= asked.end}
        if len(partial) > MOST_PARTIAL:
            return None
        return [(first, self._number(asked, first) if first in partial else number) for first, number, _, _ in found]

    def _number(self, asked: Asked, first: int) -> int:
        row = self._db.one(
            f"SELECT count(*) FROM downloads WHERE {_IN_RANGE} AND arrival > ? AND arrival <= ?",
            (*asked, first, first + COUNTED),
        )
        return row[0] if row else 0

    def _behind(self, asked: Asked, after: int, skip: int, count: int) -> Page:
        found = self._db.all(
            f"SELECT {self._json} FROM (SELECT arrival FROM downloads WHERE {_IN_RANGE} AND arrival > ?"
            " ORDER BY arrival LIMIT ? OFFSET ?) page JOIN downloads d"
            " ON d.world = ? AND d.company = ? AND d.dir = ? AND d.arrival = page.arrival ORDER BY d.arrival",
            (*asked, after, count, skip, *asked[:3]),
        )
        return Page([text for (text,) in found], len(found))

    def came(self, world: int, company: str, dir_: int, arrival: int) -> None:
        """Count what has come into a folder, from an arrival number on."""
        first = (arrival - 1) // COUNTED * COUNTED
        folder = (world, company, dir_, first)
        self._db.run("DELETE FROM download_counts WHERE world = ? AND company = ? AND dir = ? AND first >= ?", folder)
        self._db.run(f"{COUNT} WHERE world = ? AND company = ? AND dir = ? AND arrival > ?{GROUPED}", folder)

    def recount(self, world: int) -> None:
        """Count everything in a world anew."""
        self._db.run("DELETE FROM download_counts WHERE world = ?", (world,))
        self._db.run(f"{COUNT} WHERE world = ?{GROUPED}", (world,))

    def forget(self, world: int, company: str, ids: Sequence[int]) -> None:
        """Remove the company's copies of deleted invoices."""
        for some in pieces(ids):
            which = f"world = ? AND company = ? AND id IN ({marks(some)})"
            found = self._db.all(f"SELECT dir, {_STRETCH} FROM downloads WHERE {which}", (world, company, *some))
            self._db.many(
                "UPDATE download_counts SET number = number - ?"
                " WHERE world = ? AND company = ? AND dir = ? AND first = ?",
                [(number, world, company, *stretch) for stretch, number in Counter(found).items()],
            )
            self._db.run(f"DELETE FROM downloads WHERE {which}", (world, company, *some))
