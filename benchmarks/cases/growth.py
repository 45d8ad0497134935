"""What grows, if anything: the same calls on servers that hold more and more."""

import random
import statistics
import time
from typing import Any

from benchmarks.asking import PHONE, SPAN, Client
from benchmarks.frame import Bar, Column, Row, at_most, number
from fixtures.builders import SELLER, invoice

CALLS = ("poll", "import", "deletion", "download", "page", "last_page", "by_date", "by_date_last")
TITLES = (
    "poll ms",
    "import ms",
    "deletion of 100 ms",
    "download, ms per invoice returned",
    "page, first ms",
    "last ms",
    "page by date, first ms",
    "last ms",
)
COLUMNS = (
    Column("name", ""),
    *(
        Column(call, title, "{:.3f}" if call in CALLS[:4] else "{:.1f}")
        for call, title in zip(CALLS, TITLES, strict=True)
    ),
)
_DAYS = 30
_WINDOW = 4_000
"""How many invoices the dates of a filtered download hold, about; a third or so have a status that is asked for."""

_REPEATED = {"poll": 100, "import": 40, "download": 5, "page": 3, "last_page": 3, "by_date": 3, "by_date_last": 3}


class Grown:
    """A server's world with so many invoices, all of which were downloaded."""

    def __init__(self, name: str, client: Client, invoices: int, drafts: int) -> None:
        self.name, self.client, self.invoices = name, client, invoices
        client.seed(invoices, dir=0)
        client.seed(drafts, dir=1, folder="draft", date_from="31.01.2026", date_to="31.01.2026")
        self.download_took, self.download, _ = client.downloaded()
        self.process = client.running()
        self.pages = max(1, invoices // 5000)
        self._deletable = self._drafts(drafts)
        self.taken: dict[str, list[float]] = {call: [] for call in CALLS}

    def _drafts(self, count: int) -> list[str]:
        found: list[str] = []
        while len(found) < count:
            page = self.client.admin(
                "GET", f"/invoices?company={SELLER}&dir=1&folder=draft&size=500&page={len(found) // 500 + 1}"
            )
            if not page["invoices"]:
                break
            found += [_named(row["qaime"]) for row in page["invoices"]]
        return found

    def ask(self, call: str, draws: random.Random) -> None:
        """Asks once, or several times in a row of which the median counts."""
        once = getattr(self, f"_{call}")
        self.taken[call].append(statistics.median(once(draws) for _ in range(_REPEATED.get(call, 1))))

    def row(self) -> Row:
        return {
            "name": self.name,
            "invoices": self.invoices,
            **{call: 1000 * statistics.median(found) for call, found in self.taken.items()},
        }

    def _poll(self, _: random.Random) -> float:
        return self.client.timed("read_proc_status", procId=self.process)[0]

    def _import(self, draws: random.Random) -> float:
        one = invoice(7, erp_id=f"G-{draws.getrandbits(60)}", buyer="0987654321")
        return self.client.timed("import_upload_invoices", invoices=[one])[0]

    def _deletion(self, _: random.Random) -> float:
        """From the call to the poll that says it is over."""
        names = [self._deletable.pop() for _ in range(min(100, len(self._deletable)))]
        took, data = self.client.timed("etx_delete", serialNumbers=names, is_signed=False)
        began = time.perf_counter()
        self.client.finished(data["id"])
        return took + time.perf_counter() - began

    def _download(self, draws: random.Random) -> float:
        """Seconds for each invoice returned."""
        minutes = _DAYS * 24 * 60
        width = max(1, min(minutes, minutes * _WINDOW // self.invoices))
        start = draws.randrange(minutes - width + 1)
        dates = {"date_from": _minute(start), "date_to": _minute(start + width - 1)}
        took, _, count = self.client.downloaded(**dates, inc_status="onApproval,approved")
        return took / max(1, count)

    def _read(self, **body: Any) -> float:
        return self.client.timed("etx_read_invoices", phone=PHONE, **body)[0]

    def _page(self, _: random.Random) -> float:
        return self._read(procId=self.download)

    def _last_page(self, _: random.Random) -> float:
        return self._read(procId=self.download, **{"from": self.pages})

    def _by_date(self, _: random.Random) -> float:
        return self._read(dir=0, **SPAN)

    def _by_date_last(self, _: random.Random) -> float:
        return self._read(dir=0, **SPAN, **{"from": self.pages})


def _named(qaime: str) -> str:
    """As a deletion names it: series of six, a space, the number."""
    return f"{qaime[:6]} {qaime[6:]}"


def _minute(place: int) -> str:
    day, minute = divmod(place, 24 * 60)
    return f"{day + 1:02}.01.2026 {minute // 60:02}:{minute % 60:02}"


def grow(rounds: int, grown: list[Grown]) -> list[Row]:
    """Asks all in turns; a row each. One round before the first is not counted."""
    draws = random.Random(time.time_ns())
    warm = int(rounds > 1)
    for turn in range(rounds + warm):
        for call in CALLS:
            for each in grown:
                each.ask(call, draws)
                if turn < warm:
                    each.taken[call].clear()
    return [each.row() for each in grown]


def growth_bars(point: str, rows: list[Row]) -> list[Bar]:
    """At most 20 % more in the last row than in the first."""
    found = []
    for call in ("poll", "import", "deletion", "download", "page"):
        first, last = number(rows[0], call), number(rows[-1], call)
        grown = None if not first or last is None else last / first
        found.append(at_most(f"{point}: {call} grows by at most 20 %", grown, 1.2))
    return found


def last_page_bars(rows: list[Row]) -> list[Bar]:
    """The last page of the largest world against the first."""
    asked = (
        (
            "page",
            "last_page",
            1.2,
            "3. by process the last page of a million costs what the first does (within 20 %)",
        ),
        ("by_date", "by_date_last", 3.0, "3. by date the last page costs at most three times the first"),
    )
    found = []
    for first, last, bound, text in asked:
        one, other = number(rows[-1], first), number(rows[-1], last)
        found.append(at_most(text, None if not one or other is None else other / one, bound))
    return found
