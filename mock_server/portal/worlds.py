"""Worlds: each owns everything that can change, and sees nothing of the others.

A world is a row (clock, version, what is due) and a view: what is derived from its rows and can be kept until
its version changes (accounts, readings, compiled forms).
"""

import hmac
import threading
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from mock_server.clock import Clock, WorldClock
from mock_server.draws import Draws, secret_of
from mock_server.portal.founding import found
from mock_server.portal.moments import from_exact
from mock_server.portal.world_file import WorldFile, decode
from mock_server.rulebook.constants import PAGE_SIZE
from mock_server.rulebook.forms import Form
from mock_server.rulebook.ledger import Readings
from mock_server.store.coverage import Seen
from mock_server.store.stores import Store
from mock_server.store.worlds import WorldRow

MAX_WORLDS = 1000
"""How many worlds one server keeps (ours: everything from outside is bounded)."""


DROPPED_AT_ONCE = 10
"""How many idle worlds go when one is made: they are removed while somebody waits."""

DEFAULT_WORLD = "default"


def snapshots_of(world: str) -> str:
    """What the names of the hidden worlds begin with that are a world's snapshots."""
    return f"snapshot/{world}/"


class WorldTaken(Exception):
    """Somebody has made a world of this name meanwhile."""


class TooManyWorlds(Exception):
    """The server keeps as many worlds as it may."""


class Customer(msgspec.Struct, frozen=True):
    """A customer of a partner account, with the phones that name him (F-PART-03)."""

    company: str
    phones: tuple[str, ...]


class Account(NamedTuple):
    """Who may call; `company` is a VOEN."""

    username: str
    company: str
    password: str
    token: str
    secret: str
    phones: tuple[str, ...]
    disabled: bool
    may_delete: bool
    partner: bool
    customers: tuple[Customer, ...]


class WorldSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a world has chosen for itself; the rest is the server's.

    `company` is the one that is meant where none is named: the first of its file.
    """

    series: str
    readings: dict[str, str] = {}
    pace: str | None = None
    page_size: int = PAGE_SIZE
    speed: float = 1.0
    company: str = ""


class Start(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a world was made from, kept for its reset; what is left out is the server's.

    Attributes:
        file: a whole world file as JSON text, checked. What stands beside it here counts more.
        now: world time at the start, in microseconds since 1970 UTC; the file's or real time when left out.
    """

    file: str | None = None
    seed: int | None = None
    readings: dict[str, str] = {}
    pace: str | None = None
    page_size: int | None = None
    now: int | None = None
    frozen: bool | None = None


class Defaults(NamedTuple):
    """What the server was started with; a world may differ.

    Attributes:
        seed: of all draws; `None` for random ones.
        file: what a new world starts from.
        strict: whether answers that rest on an assumption are marked in the journal (`--strict-documented`).
        drop_idle: microseconds of real time after which a world that nobody calls may go; `None` for never.
        run: names this run of a server whose worlds end with it; empty for one whose worlds are kept.
    """

    readings: Readings
    pace: str
    seed: int | None
    file: WorldFile
    strict: bool = False
    drop_idle: int | None = None
    run: str = ""


class _LeanedOn(threading.local):
    """Readings asked while one request is answered, which happens in one thread."""

    def __init__(self) -> None:
        self.readings: set[str] = set()


class World:
    """What is derived from a world's rows, good for one version of it."""

    def __init__(self, store: Store, row: WorldRow, defaults: Defaults) -> None:
        secret, settings = store.worlds.secret_and_settings(row.id)
        chosen = msgspec.json.decode(settings, type=WorldSettings)
        self.id = row.id
        self.name = row.name
        self.key = (row.id, row.generation, row.version)
        self.draws = Draws(secret)
        self.readings = defaults.readings.changed(chosen.readings) if chosen.readings else defaults.readings
        self.settings = chosen
        self.pace = chosen.pace or defaults.pace
        self.series = chosen.series
        self.page_size = chosen.page_size
        self.faults = store.faults.all(row.id)  # as they were when the version began: `met` and `used` go on
        self.seen: set[Seen] = set()
        self.companies = store.worlds.companies(row.id)
        self.accounts: Mapping[str, Account] = {
            account.username: Account(
                *account[:5],
                msgspec.json.decode(account.phones, type=tuple[str, ...]),
                bool(account.disabled),
                bool(account.may_delete),
                bool(account.partner),
                msgspec.json.decode(account.customers, type=tuple[Customer, ...]),
            )
            for account in store.worlds.accounts(row.id)
        }
        self._warehouses = {tin: store.worlds.warehouses(row.id, tin) for tin in self.companies}
        self._by_token = {self.draws.lookup(account.token): account for account in self.accounts.values()}
        self._forms: dict[str, Form] = _forms_of(self.readings)
        self.strict = defaults.strict
        self._assumed = frozenset(self.readings.assumed()) if defaults.strict else frozenset()
        self._leaned_on = _LeanedOn()

    def form(self, urn: str) -> Form:
        """The compiled schema of that name under this world's readings."""
        form = self._forms.get(urn)
        if form is None:
            form = self._forms[urn] = Form(urn, self.readings)
        return form

    def choose(self, reading: str) -> str:
        """The answer in force; every point of difference in the portal asks here."""
        if reading in self._assumed:
            self._leaned_on.readings.add(reading)
        return self.readings.choose(reading)

    def leaned_on(self) -> list[str]:
        """Readings asked in this thread since the last call whose answer rests on an assumption; only when strict."""
        if not self._assumed:
            return []
        leaned = sorted(self._leaned_on.readings)
        self._leaned_on.readings.clear()
        return leaned

    def warehouses(self, company: str) -> list[tuple[str, str]]:
        """Codes and names of a company's warehouses."""
        return self._warehouses[company]

    def bearer(self, token: str) -> Account | None:
        """The account of a token, found by a digest so that time tells nothing about near misses."""
        account = self._by_token.get(self.draws.lookup(token))
        if account is not None and hmac.compare_digest(account.token.encode(), token.encode()):
            return account
        return None


_FORMS: dict[tuple[tuple[str, str], ...], dict[str, Form]] = {}


def _forms_of(readings: Readings) -> dict[str, Form]:
    """Compiled forms are shared by all worlds with the same answers: compiling takes milliseconds."""
    key = tuple(readings.in_force().items())
    if len(_FORMS) > 64:
        _FORMS.clear()
    return _FORMS.setdefault(key, {})


class Worlds:
    """Finds worlds, makes them on first use, puts them back to their start, and keeps their views."""

    def __init__(self, store: Store, clock: Clock, defaults: Defaults) -> None:
        self._store = store
        self._clock = clock
        self._defaults = defaults
        self._views: dict[int, World] = {}
        self._seen: dict[str, WorldRow] = {}

    def row(self, name: str) -> WorldRow:
        """The world's row, as it is now; the world is made if nobody has used it yet.

        Raises:
            TooManyWorlds: it would be one too many.
        """
        row = self._store.worlds.find(name) or self.make(name, Start())
        self.saw(row)
        return row

    def life(self, row: WorldRow) -> str:
        """Names the life of a world: another one after a reset, a deletion, or the end of a server that kept none."""
        return self.view(row).draws.text("life", f"{self._defaults.run} {row.id} {row.generation}")

    def glance(self, name: str) -> WorldRow:
        """The row as somebody saw it last: whoever builds on it looks again before he answers.

        Raises:
            TooManyWorlds: nobody has seen it, and it would be one too many.
        """
        return self._seen.get(name) or self.row(name)

    def saw(self, row: WorldRow) -> None:
        """A world's row is this now, for whoever glances at it."""
        if len(self._seen) >= 2 * MAX_WORLDS:
            self._seen.clear()
        self._seen[row.name] = row

    def view(self, row: WorldRow) -> World:
        """What is derived from the world, kept until its version changes."""
        view = self._views.get(row.id)
        if view is None or view.key != (row.id, row.generation, row.version):
            if len(self._views) >= 2 * MAX_WORLDS:
                self._views.clear()  # views of worlds that another server process removed
            view = self._views[row.id] = World(self._store, row, self._defaults)
        return view

    def make(self, name: str, start: Start, admin_token: str | None = None, *, anew: bool = False) -> WorldRow:
        """A new world, or the one of that name if there is one by now.

        Raises:
            WorldTaken: there is one by now, and it was to be made `anew`.
            TooManyWorlds: it would be one too many.
        """
        with self._store.writing():
            self._store.worlds.found_alone()
            row = self._store.worlds.find(name)
            if row is not None and anew:
                raise WorldTaken(name)
            if row is not None:
                return row
            self.demand_room()
            file = self._file(start)
            world = self._store.worlds.add(
                name,
                self._secret(name, start, file),
                WorldClock(self._clock.now(), 0, 1.0),
                "{}",
                msgspec.json.encode(start).decode(),
                admin_token,
            )
            self._begin(world, start, file)
            return self._store.worlds.lock(world)

    def demand_room(self) -> None:
        """Raises TooManyWorlds unless there is room for one more; inside the caller's write transaction.

        Where idle worlds are dropped, some of those go first.
        """
        if self._defaults.drop_idle is not None:
            since = self._clock.now() - self._defaults.drop_idle
            for row in self._store.worlds.idle(since, DEFAULT_WORLD, DROPPED_AT_ONCE):
                self._store.worlds.lock(row.id)
                self.remove(row)
        if self._store.worlds.count() >= MAX_WORLDS:
            raise TooManyWorlds(f"this server keeps at most {MAX_WORLDS} worlds; delete one first")

    def used(self, name: str) -> None:
        """Note that somebody calls the control API of a world, if idle ones are dropped."""
        row = None if self._defaults.drop_idle is None else self._store.worlds.find(name)
        if row is not None:
            with self._store.writing():
                self._store.worlds.use(row.id, self._clock.now())

    def reset(self, row: WorldRow) -> None:
        """Put a world back to its start, as a new generation; inside the caller's write transaction.

        What was in it is out of reach at once, and left to be swept.
        """
        start = msgspec.json.decode(self._store.worlds.start(row.id), type=Start)
        self._begin(self._store.worlds.renew(row.id), start, self._file(start))
        self.forget(row)

    def discard(self, row: WorldRow) -> None:
        """Put a world and its snapshots out of reach, left to be swept; inside the caller's write transaction."""
        prefix = snapshots_of(row.name)
        for snapshot, _ in self._store.copies.hidden_below(prefix):
            hidden = self._store.copies.hidden(prefix + snapshot)
            if hidden is not None:
                self._store.worlds.discard(hidden)
        self._store.worlds.discard(row.id)
        self.forget(row)

    def remove(self, row: WorldRow) -> None:
        """Remove a world and its snapshots; inside the caller's write transaction."""
        self.discard(row)
        for world in self._store.worlds.discarded():
            self._store.worlds.remove(world)

    def sweep(self, most: int) -> bool:
        """Remove some rows of what was discarded, in a transaction of its own; whether there may be more."""
        with self._store.writing():
            self._store.worlds.sweep_alone()
            for world in self._store.worlds.discarded():
                if not self._store.worlds.shrink(world, most):
                    self._store.worlds.remove(world)
                return True
        return False

    def doubt(self, name: str) -> Readings:
        """Forget every view, since the database has failed; what was in force in a world, as far as is known."""
        views = list(self._views.values())
        self._views.clear()
        self._seen.clear()
        return next((view.readings for view in views if view.name == name), self._defaults.readings)

    def forget(self, row: WorldRow) -> None:
        """Drop the view of a world that is no more."""
        self._views.pop(row.id, None)

    def _file(self, start: Start) -> WorldFile:
        return self._defaults.file if start.file is None else decode(start.file.encode())

    def _secret(self, name: str, start: Start, file: WorldFile) -> bytes:
        """What draws hang on: a seed asked for, what the file holds, or the server's seed."""
        kept = file.secret if start.seed is None else None
        if kept is not None:
            return bytes.fromhex(kept)
        return secret_of(self._defaults.seed, name) if start.seed is None else secret_of(start.seed, "")

    def _begin(self, world: int, start: Start, file: WorldFile) -> None:
        clock = _clock_of(file, start, self._clock.now())
        now = clock.world
        chosen = WorldSettings(
            series=file.series,
            readings={**file.settings.readings, **start.readings},
            pace=start.pace or file.settings.pace,
            page_size=start.page_size or file.settings.page_size or PAGE_SIZE,
            speed=1.0 if file.clock is None else file.clock.speed,
            company=file.companies[0].tin,
        )
        self._store.worlds.set_clock(world, clock)
        self._store.worlds.set_settings(world, msgspec.json.encode(chosen).decode())
        self._store.worlds.set_counter(world, "process", file.next_process)
        found(self._store, world, file, now)


def _clock_of(file: WorldFile, start: Start, real: int) -> WorldClock:
    """The clock of a world that begins now."""
    now, speed, frozen = real, 1.0, False
    if file.clock is not None:
        now, speed, frozen = from_exact(file.clock.now) or real, file.clock.speed, file.clock.frozen
    now = now if start.now is None else start.now
    frozen = frozen if start.frozen is None else start.frozen
    return WorldClock(real, now, 0.0 if frozen else speed)
