"""`kill -9` under load: what was ever answered is there afterwards, and nothing is there by half."""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from benchmarks.kill_places import Database, File, Place
from benchmarks.kill_rounds import RECOVERY_SECONDS, durable, rounds


def hold(place: Place, count: int, seed: int, workers: int) -> None:
    found = list(rounds(place, count, seed, workers))
    assert [problem for one in found for problem in one.problems] == []
    assert len(found) == count
    assert sum(one.imports for one in found) > count, "there was no load"
    assert all(one.back < RECOVERY_SECONDS for one in found if one.victim == "database")


@pytest.mark.parametrize(
    ("count", "seed", "workers"),
    [
        pytest.param(3, 1, 1, id="3 rounds"),
        pytest.param(140, 2, 1, id="140 rounds", marks=pytest.mark.deep),
        pytest.param(60, 3, 2, id="60 rounds of 2 workers", marks=pytest.mark.deep),
    ],
)
def test_a_killed_server_has_forgotten_nothing(count: int, seed: int, workers: int, tmp_path: Path) -> None:
    hold(File(tmp_path / "portal.db"), count, seed, workers)


@pytest.mark.parametrize(
    ("count", "seed", "workers"),
    [
        pytest.param(2, 1, 1, id="2 rounds"),
        pytest.param(40, 4, 1, id="40 rounds", marks=pytest.mark.deep),
        pytest.param(20, 5, 2, id="20 rounds of 2 workers", marks=pytest.mark.deep),
    ],
)
def test_a_killed_server_or_postgresql_has_forgotten_nothing(count: int, seed: int, workers: int) -> None:
    with ExitStack() as stack:
        try:
            cluster = durable(stack)
        except FileNotFoundError as missing:
            pytest.skip(str(missing))
        hold(Database(cluster), count, seed, workers)


class Forgetful(File):
    """A file that loses something when its server dies."""

    def __init__(self, file: Path, statement: str) -> None:
        super().__init__(file)
        self._path, self._statement = file, statement

    def let_go(self) -> None:
        with closing(sqlite3.connect(self._path)) as database, database:
            assert database.execute(self._statement).rowcount == 1


LOST = {
    "journal": "DELETE FROM journal WHERE seq = (SELECT min(seq) FROM journal "
    " WHERE CAST(request AS TEXT) LIKE '%\"IN-%')",
    "invoice": "DELETE FROM portal_invoices WHERE rowid = (SELECT min(rowid) FROM portal_invoices"
    " WHERE erp_id LIKE 'IN-%')",
    "process": "DELETE FROM processes WHERE id = (SELECT max(id) FROM processes WHERE next_due IS NOT NULL)",
    "token": "UPDATE accounts SET token = 'another' WHERE username = 'clerk'"
    " AND world = (SELECT max(id) FROM worlds)",
    "number": "UPDATE worlds SET next_process = 5002 WHERE id = (SELECT max(id) FROM worlds)",
}


@pytest.mark.parametrize(
    "statement",
    [pytest.param(sql, id=what, marks=[] if what == "invoice" else [pytest.mark.deep]) for what, sql in LOST.items()],
)
def test_a_loss_is_noticed(statement: str, tmp_path: Path) -> None:
    (one,) = rounds(Forgetful(tmp_path / "portal.db", statement), 1, 1)
    assert one.problems
