"""Rows of worlds, companies, warehouses and accounts."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from mock_server.clock import WorldClock
from mock_server.store.engine import Engine
from mock_server.store.invoices import marks, pieces


class Lifetime(NamedTuple):
    """What a world is until it is reset, restored or removed: nothing that belongs to one may touch another."""

    world: int
    generation: int


class WorldRow(NamedTuple):
    """What every request reads first. `version` grows whenever something cached of the world changes."""

    id: int
    name: str
    generation: int
    version: int
    clock_real: int
    clock_world: int
    clock_speed: float
    next_due: int | None

    @property
    def lifetime(self) -> Lifetime:
        return Lifetime(self.id, self.generation)

    @property
    def clock(self) -> WorldClock:
        return WorldClock(self.clock_real, self.clock_world, self.clock_speed)


class AccountRow(NamedTuple):
    """An account; `phones` and `customers` are JSON texts."""

    username: str
    company: str
    password: str
    token: str
    secret: str
    phones: str
    disabled: int
    may_delete: int
    partner: int
    customers: str


class ChallengeRow(NamedTuple):
    """The challenge in force for an account, and how many challenges and tokens it has been given."""

    value: str | None
    until: int | None
    challenges: int
    tokens: int


class WorldGone(Exception):
    """Somebody removed the world meanwhile."""


TABLES = (
    "companies",
    "warehouses",
    "accounts",
    "portal_invoices",
    "registry",
    "numbers",
    "processes",
    "downloads",
    "download_lists",
    "download_texts",
    "download_counts",
    "audit",
    "journal",
    "faults",
    "coverage",
    "seedings",
)
"""Every table whose rows belong to a world."""

_LONG = {
    "registry": "id",
    "downloads": "company, id, dir",
    "download_lists": "process, ordinal",
    "download_texts": "process, first",
    "portal_invoices": "company, erp_id",
    "processes": "id",
    "journal": "seq",
}
"""The tables that may be long, and in what order their rows are removed: by their keys."""

_DISCARDED = "discarded/"
"""Before the name of a world that is to be removed; no name that anybody may give has a slash."""

_WORLD = "id, name, generation, version, clock_real, clock_world, clock_speed, next_due"
_ACCOUNT = "username, company, password, token, secret, phones, disabled, may_delete, partner, customers"


class Worlds:
    """Worlds and who is in them."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine

    def find(self, name: str) -> WorldRow | None:
        row = self._db.one(f"SELECT {_WORLD} FROM worlds WHERE name = ? AND hidden = 0", (name,))
        return None if row is None else WorldRow._make(row)

    def count(self) -> int:
        row = self._db.one("SELECT count(*) FROM worlds WHERE hidden = 0")
        return row[0] if row else 0

    def add(
        self, name: str, secret: bytes, clock: WorldClock, settings: str, start: str, admin_token: str | None
    ) -> int:
        """A new world without anything in it; its id."""
        self._db.run(
            "INSERT INTO worlds (name, generation, version, secret, clock_real, clock_world, clock_speed, next_due,"
            " settings, admin_token, hidden, journal_dropped, next_process, next_arrival, next_registry, used)"
            " VALUES (?, 1, 1, ?, ?, ?, ?, NULL, ?, ?, 0, 0, 1, 1, 1, ?)",
            (name, secret, clock.real, clock.world, clock.speed, settings, admin_token, clock.real),
        )
        row = self._db.one("SELECT id FROM worlds WHERE name = ?", (name,))
        assert row is not None
        self._db.run("INSERT INTO starts (world, start) VALUES (?, ?)", (row[0], start))
        return int(row[0])

    def names(self) -> list[str]:
        """Names of all worlds, in the order in which they were made or began anew."""
        return [name for (name,) in self._db.all("SELECT name FROM worlds WHERE hidden = 0 ORDER BY id")]

    def start(self, world: int) -> str:
        """What the world was made from, as JSON."""
        row = self._db.one("SELECT start FROM starts WHERE world = ?", (world,))
        assert row is not None
        return str(row[0])

    def admin_token(self, world: int) -> str | None:
        row = self._db.one("SELECT admin_token FROM worlds WHERE id = ?", (world,))
        return None if row is None else row[0]

    def set_clock(self, world: int, clock: WorldClock) -> None:
        self._db.run(
            "UPDATE worlds SET clock_real = ?, clock_world = ?, clock_speed = ? WHERE id = ?",
            (clock.real, clock.world, clock.speed, world),
        )

    def set_settings(self, world: int, settings: str) -> None:
        self._db.run("UPDATE worlds SET settings = ?, version = version + 1 WHERE id = ?", (settings, world))

    def set_secret(self, world: int, secret: bytes) -> None:
        self._db.run("UPDATE worlds SET secret = ?, version = version + 1 WHERE id = ?", (secret, world))

    def set_counter(self, world: int, counter: str, value: int) -> None:
        self._db.run(f"UPDATE worlds SET next_{counter} = ? WHERE id = ?", (value, world))

    def clear(self, world: int) -> None:
        """Remove everything in a world but the world, and begin a new generation."""
        for table in TABLES:
            self._db.run(f"DELETE FROM {table} WHERE world = ?", (world,))
        self._db.run(
            "UPDATE worlds SET generation = generation + 1, version = version + 1, next_due = NULL,"
            " journal_dropped = 0, journal_lost = 0, next_process = 1, next_arrival = 1, next_registry = 1"
            " WHERE id = ?",
            (world,),
        )

    def renew(self, world: int) -> int:
        """Put a new world in the place of one, of the next generation and with nothing in it; its id.

        The old one is out of everybody's reach, as after `discard`.
        """
        name = self.discard(world)
        self._db.run(
            "INSERT INTO worlds (name, generation, version, secret, clock_real, clock_world, clock_speed, next_due,"
            " settings, admin_token, hidden, journal_dropped, next_process, next_arrival, next_registry, used)"
            " SELECT ?, generation, version, secret, clock_real, clock_world, clock_speed, NULL, settings,"
            " admin_token, 0, 0, 1, 1, 1, used FROM worlds WHERE id = ?",
            (name, world),
        )
        row = self._db.one("SELECT id FROM worlds WHERE name = ?", (name,))
        assert row is not None
        self._db.run("INSERT INTO starts (world, start) SELECT ?, start FROM starts WHERE world = ?", (row[0], world))
        return int(row[0])

    def discard(self, world: int) -> str:
        """Put a world, or a snapshot, out of everybody's reach at once, to be removed in pieces; the name it had."""
        row = self._db.one("SELECT name FROM worlds WHERE id = ?", (world,))
        if row is None:
            raise WorldGone
        self._db.run(
            "UPDATE worlds SET name = ?, hidden = 1, generation = generation + 1, version = version + 1 WHERE id = ?",
            (f"{_DISCARDED}{world}", world),
        )
        return str(row[0])

    def discarded(self) -> list[int]:
        """Worlds of which something is left to be removed."""
        pattern = _DISCARDED + "%"
        return [world for (world,) in self._db.all("SELECT id FROM worlds WHERE name LIKE ?", (pattern,))]

    def shrink(self, world: int, count: int) -> bool:
        """Remove the first `count` rows of a table in which a discarded world has more; whether there was one."""
        for table, key in _LONG.items():
            removed = self._db.run(
                f"DELETE FROM {table} WHERE world = ? AND ({key}) <="
                f" (SELECT {key} FROM {table} WHERE world = ? ORDER BY {key} LIMIT 1 OFFSET ?)",
                (world, world, count),
            )
            if removed:
                return True
        return False

    def idle(self, since: int, but: str, most: int) -> list[WorldRow]:
        """Worlds, but for one, that nobody has called since an instant of real time."""
        columns = ", ".join(f"w.{name}" for name in WorldRow._fields)
        newest = "coalesce((SELECT at_real FROM journal j WHERE j.world = w.id ORDER BY j.seq DESC LIMIT 1), 0)"
        found = self._db.all(
            f"SELECT {columns} FROM worlds w WHERE w.hidden = 0 AND w.name <> ? AND w.used < ? AND {newest} < ?"
            " ORDER BY w.used, w.id LIMIT ?",
            (but, since, since, most),
        )
        return [WorldRow._make(row) for row in found]

    def use(self, world: int, real: int) -> None:
        """Note that the control API of a world is called now."""
        self._db.run("UPDATE worlds SET used = ? WHERE id = ?", (real, world))

    def remove(self, world: int) -> None:
        """Remove a world with everything in it."""
        self.clear(world)
        self._db.run("DELETE FROM starts WHERE world = ?", (world,))
        self._db.run("DELETE FROM worlds WHERE id = ?", (world,))

    def secret_and_settings(self, world: int) -> tuple[bytes, str]:
        """Raises WorldGone if it is no more."""
        row = self._db.one("SELECT secret, settings FROM worlds WHERE id = ?", (world,))
        if row is None:
            raise WorldGone
        return row[0], row[1]

    def at(self, world: int) -> WorldRow | None:
        """The row as it is in the transaction under way; `None` if it is no more."""
        row = self._db.one(f"SELECT {_WORLD} FROM worlds WHERE id = ?", (world,))
        return None if row is None else WorldRow._make(row)

    def lock(self, world: int) -> WorldRow:
        """The row as it is now, inside a write transaction, which keeps other writers of this world out.

        Raises:
            WorldGone: it is no more.
        """
        row = self._db.one(f"SELECT {_WORLD} FROM worlds WHERE id = ?{self._db.for_update}", (world,))
        if row is None:
            raise WorldGone
        return WorldRow._make(row)

    def hold(self, lifetimes: Collection[Lifetime]) -> set[Lifetime]:
        """Those of them that last, locked like `lock`; always in one order, so that nobody waits in a circle."""
        found: set[Lifetime] = set()
        for some in pieces(sorted({lifetime.world for lifetime in lifetimes})):
            sql = f"SELECT id, generation FROM worlds WHERE id IN ({marks(some)}) ORDER BY id{self._db.for_update}"
            found.update(Lifetime._make(row) for row in self._db.all(sql, some))
        return found.intersection(lifetimes)

    def found_alone(self) -> None:
        """Inside a write transaction: nobody else makes worlds until it ends, so that they can be counted."""
        self._db.alone("worlds")

    def sweep_alone(self) -> None:
        """Inside a write transaction: nobody else removes discarded worlds until it ends."""
        self._db.alone("sweep")

    def lasts(self, lifetime: Lifetime) -> bool:
        """Whether the world is still the one it was."""
        sql = "SELECT 1 FROM worlds WHERE id = ? AND generation = ?"
        return self._db.one(sql, lifetime) is not None

    def take(self, world: int, counter: str, count: int = 1) -> int:
        """The first of `count` fresh numbers of a counter (`process`, `arrival`, `registry`)."""
        row = self._db.one(
            f"UPDATE worlds SET next_{counter} = next_{counter} + ? WHERE id = ? RETURNING next_{counter} - ?",
            (count, world, count),
        )
        assert row is not None
        return int(row[0])

    def next(self, world: int, counter: str) -> int:
        """The number that a counter will give next."""
        row = self._db.one(f"SELECT next_{counter} FROM worlds WHERE id = ?", (world,))
        assert row is not None
        return int(row[0])

    def due(self, world: int, instant: int | None) -> None:
        """Something will be due at `instant`; the world keeps the earliest."""
        if instant is not None:
            self._db.run(
                "UPDATE worlds SET next_due = ? WHERE id = ? AND (next_due IS NULL OR next_due > ?)",
                (instant, world, instant),
            )

    def set_due(self, world: int, instant: int | None) -> None:
        self._db.run("UPDATE worlds SET next_due = ? WHERE id = ?", (instant, world))

    def bump(self, world: int) -> None:
        """Tell every server process to drop what it cached of this world."""
        self._db.run("UPDATE worlds SET version = version + 1 WHERE id = ?", (world,))

    def add_company(self, world: int, tin: str, name: str) -> None:
        self._db.run("INSERT INTO companies VALUES (?, ?, ?)", (world, tin, name))

    def companies(self, world: int) -> dict[str, str]:
        """Names by VOEN."""
        return dict(self._db.all("SELECT tin, name FROM companies WHERE world = ? ORDER BY tin", (world,)))

    def put_company(self, world: int, tin: str, name: str) -> None:
        """Add a company, or give the one of that VOEN another name."""
        self._db.run(
            "INSERT INTO companies (world, tin, name) VALUES (?, ?, ?)"
            " ON CONFLICT (world, tin) DO UPDATE SET name = excluded.name",
            (world, tin, name),
        )

    def add_warehouses(self, world: int, company: str, rows: Iterable[tuple[str, str]]) -> None:
        self._db.many("INSERT INTO warehouses VALUES (?, ?, ?, ?)", [(world, company, *row) for row in rows])

    def warehouses(self, world: int, company: str) -> list[tuple[str, str]]:
        """Codes and names."""
        return [
            (code, name)
            for code, name in self._db.all(
                "SELECT code, name FROM warehouses WHERE world = ? AND company = ? ORDER BY code", (world, company)
            )
        ]

    def add_account(self, world: int, account: AccountRow) -> None:
        self._db.run(
            f"INSERT INTO accounts (world, {_ACCOUNT}, challenges, tokens)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
            (world, *account),
        )

    def put_account(self, world: int, account: AccountRow) -> None:
        """Add an account, or change the one of that name, whose challenge stays in force."""
        changes = ", ".join(f"{name} = excluded.{name}" for name in AccountRow._fields[1:])
        self._db.run(
            f"INSERT INTO accounts (world, {_ACCOUNT}, challenges, tokens)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)"
            f" ON CONFLICT (world, username) DO UPDATE SET {changes}",
            (world, *account),
        )

    def remove_account(self, world: int, username: str) -> None:
        self._db.run("DELETE FROM accounts WHERE world = ? AND username = ?", (world, username))

    def accounts(self, world: int) -> list[AccountRow]:
        return [
            AccountRow._make(row)
            for row in self._db.all(f"SELECT {_ACCOUNT} FROM accounts WHERE world = ? ORDER BY username", (world,))
        ]

    def challenge(self, world: int, username: str) -> ChallengeRow | None:
        row = self._db.one(
            "SELECT challenge, challenge_until, challenges, tokens FROM accounts WHERE world = ? AND username = ?",
            (world, username),
        )
        return None if row is None else ChallengeRow._make(row)

    def set_challenge(self, world: int, username: str, value: str | None, until: int | None) -> None:
        """A new challenge replaces the old one (R-24); `None` spends it."""
        self._db.run(
            "UPDATE accounts SET challenge = ?, challenge_until = ?, challenges = challenges + ?"
            " WHERE world = ? AND username = ?",
            (value, until, int(value is not None), world, username),
        )

    def set_token(self, world: int, username: str, token: str) -> None:
        """The new token replaces the old one (F-AUTH-05)."""
        self._db.run(
            "UPDATE accounts SET token = ?, tokens = tokens + 1 WHERE world = ? AND username = ?",
            (token, world, username),
        )
        self.bump(world)
