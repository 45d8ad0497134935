"""The store: how a database comes up to date, whose rows are whose, and what becomes of a change that fails."""

import http.client
import json
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fixtures.builders import invoice
from mock_server import Settings, create_app
from mock_server.portal import worlds
from mock_server.refusals import ConfigurationError
from mock_server.store import migrations
from mock_server.store.engine import Engine, Unavailable
from mock_server.store.migrations import STEPS
from mock_server.store.sqlite import SqliteEngine
from mock_server.store.stores import Store
from mock_server.store.worlds import TABLES
from tests.client import ACCOUNTS, JSON, Portal, dumped
from tests.timed import timed

OF_NO_WORLD = {"worlds", "starts", "migrations"}
"""Tables that are not cleared with a world: two have a row per world, the other is about the database."""


def opened(file: Path) -> Store:
    return Store(SqliteEngine(file))


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def steps_taken(engine: Engine) -> list[int]:
    return [step for (step,) in engine.all("SELECT step FROM migrations ORDER BY step")]


def tables(engine: Engine) -> set[str]:
    found = engine.all(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    return {name for (name,) in found}


def dump(engine: Engine, name: str) -> dict[str, list[str]]:
    """Every row of a world, but for its own number and those that run through all worlds."""
    ((world,),) = engine.all("SELECT id FROM worlds WHERE name = ?", (name,))
    found = {}
    for table in (*TABLES, "worlds"):
        key = "id" if table == "worlds" else "world"
        columns = ", ".join(column for column in engine.columns(table) if column not in (key, "seq"))
        found[table] = sorted(map(repr, engine.all(f"SELECT {columns} FROM {table} WHERE {key} = ?", (world,))))
    return found


# -- coming up to date


def test_steps_are_taken_in_order_and_once(tmp_path: Path) -> None:
    for _ in range(2):
        store = opened(tmp_path / "portal.db")
        assert steps_taken(store.engine) == list(range(1, len(STEPS) + 1))
        store.close()


def test_an_older_database_takes_what_it_lacks_and_keeps_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, seed = url(tmp_path / "portal.db"), 7
    old = create_app(Settings(database=file, seed=seed))
    before = dump(old.store.engine, "default")
    old.close()
    later = (("CREATE TABLE later (world INTEGER NOT NULL)",), ("INSERT INTO later VALUES (1)",))
    monkeypatch.setattr(migrations, "STEPS", (*STEPS, *later))
    new = create_app(Settings(database=file, seed=seed))
    assert steps_taken(new.store.engine)[-2:] == [len(STEPS) + 1, len(STEPS) + 2]
    assert new.store.engine.all("SELECT * FROM later") == [(1,)]
    assert dump(new.store.engine, "default") == before
    new.close()


def test_a_step_that_fails_leaves_nothing_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "STEPS", (*STEPS, ("CREATE TABLE half (world INTEGER)", "no SQL")))
    with pytest.raises(sqlite3.OperationalError, match="syntax"):
        opened(tmp_path / "portal.db")
    monkeypatch.undo()
    store = opened(tmp_path / "portal.db")
    assert steps_taken(store.engine) == list(range(1, len(STEPS) + 1))
    assert "half" not in tables(store.engine)
    store.close()


def test_servers_that_start_together_take_each_step_once(tmp_path: Path) -> None:
    together, found = threading.Barrier(4), []

    def start() -> None:
        together.wait()
        store = opened(tmp_path / "portal.db")
        found.append(steps_taken(store.engine))
        store.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [list(range(1, len(STEPS) + 1))] * 4


# -- files that cannot be used


def newer(file: Path) -> None:
    store = opened(file)
    store.engine.run("INSERT INTO migrations VALUES (99)")
    store.close()


def of_another_program(file: Path) -> None:
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE worlds (bookmark TEXT)")
    other.commit()
    other.close()


def no_database(file: Path) -> None:
    file.write_text("qaimə\n" * 500, "utf-8")


UNUSABLE = {
    newer: f"the database has taken step 99, this version knows {len(STEPS)}; use the version that wrote it",
    of_another_program: "another program keeps its data there",
    no_database: "file is not a database",
}


@pytest.mark.parametrize(("make", "says"), UNUSABLE.items(), ids=[make.__name__ for make in UNUSABLE])
def test_a_file_that_cannot_be_used_is_named_and_left_alone(make: Any, says: str, tmp_path: Path) -> None:
    file = tmp_path / "portal.db"
    make(file)
    before = file.read_bytes()
    with pytest.raises(ConfigurationError) as refused:
        create_app(Settings(database=url(file)))
    assert str(refused.value).startswith(f"database {url(file)}: ")
    assert says in str(refused.value)
    command = [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--database", url(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: {refused.value}\n"
    assert file.read_bytes() == before


def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        app = create_app(Settings(database=url(tmp_path / "portal.db")))
    finally:
        os.umask(mask)
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    app.close()
    assert modes == {"portal.db": 0o600, "portal.db-wal": 0o600, "portal.db-shm": 0o600}


# -- changes that fail


@pytest.mark.parametrize("file", [None, "portal.db"], ids=["memory", "file"])
def test_a_change_that_fails_is_undone_and_the_next_one_works(file: str | None, tmp_path: Path) -> None:
    store = Store(SqliteEngine(None if file is None else tmp_path / file))
    with pytest.raises(TypeError), store.writing():
        store.worlds.add_account(1, store.worlds.add_company(1, "1234567890", "Demo"))  # type: ignore[arg-type, func-returns-value]
    with store.writing():
        store.worlds.add_company(1, "0987654321", "Alıcı")
    assert store.worlds.companies(1) == {"0987654321": "Alıcı"}
    store.close()


@pytest.mark.parametrize("file", [None, "portal.db"], ids=["memory", "file"])
def test_a_full_disk_is_one_failure_and_no_more(file: str | None, tmp_path: Path) -> None:
    store = Store(SqliteEngine(None if file is None else tmp_path / file))
    ((pages,),) = store.engine.all("PRAGMA page_count")
    store.engine.all(f"PRAGMA max_page_count={pages + 3}")
    for _ in range(2):
        with pytest.raises(Unavailable, match="database or disk is full"), store.writing():
            store.worlds.add_company(1, "1234567890", "Demo" * 100_000)
    with store.writing():
        store.worlds.add_company(1, "0987654321", "Alıcı")
    assert store.worlds.companies(1) == {"0987654321": "Alıcı"}
    store.close()


# -- whose rows are whose


def test_every_row_has_a_world() -> None:
    store = Store(SqliteEngine(None))
    assert tables(store.engine) == {*TABLES, *OF_NO_WORLD}
    for table in TABLES:
        columns = {row[1]: row for row in store.engine.all(f"PRAGMA table_info({table})")}
        assert columns["world"][2:4] == ("INTEGER", 1), f"{table}.world may be NULL"
        for _, index, unique, *_ in store.engine.all(f"PRAGMA index_list({table})"):
            first = store.engine.all(f"PRAGMA index_info({index})")[0][2]
            assert first == "world", f"{'unique ' if unique else ''}{index} runs through all worlds"
    store.close()


class Walk:
    """A bit of everything in one world, the same every time it is walked; notes what was answered."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.buyer = portal.as_("buyer")
        self.answers: list[bytes] = []
        self._steps = 0
        self._process = 123
        self._ids = ["ERP-INV-001"]

    def go(self, what: str) -> None:
        self._steps += 1
        getattr(self, what)()

    def import_(self, upload: bool = False) -> None:
        rows = [invoice(self._steps * 10 + n, erp_id=f"WALK-{self._steps:04d}-{n}") for n in (1, 2)]
        self._ids += [row["id"] for row in rows]
        self._started("import_upload_invoices", invoices=rows, upload=upload)

    def upload(self) -> None:
        self.import_(upload=True)

    def look(self) -> None:
        self._call("read_proc_status", procId=self._process)
        self._call("read_proc_data", procId=self._process)
        self._call("inv_read_invoices", ids=self._ids)

    def delete(self) -> None:
        self._call("inv_delete", ids=self._ids[-1:])

    def delete_draft(self) -> None:
        self._started("etx_delete", serialNumbers=["AA2501 10000001"])

    def delete_signed(self) -> None:
        self._started("etx_delete", serialNumbers=["MT2412 25000100"], is_signed=True)

    def download(self) -> None:
        dates = {"date_from": "01.01.2020", "date_to": "31.12.2099"}
        self._started("etx_import", phone=ACCOUNTS["demo"].phone, dir=1, **dates)
        self._call("etx_read_invoices", phone=ACCOUNTS["demo"].phone, dir=1, **dates)

    def renew(self) -> None:
        challenge = self.buyer.send("GET", "/auth/reset_start.php?login=buyer")
        self.answers.append(challenge.raw)
        body = dumped({"login": "buyer", "key": "0" * 64})
        self.answers.append(self.buyer.send("POST", "/auth/reset_confirm.php", body, {"Content-Type": JSON}).raw)

    def _started(self, name: str, **body: Any) -> None:
        data = self._call(name, **body)
        self._process = data.get("id", self._process)

    def _call(self, name: str, **body: Any) -> Any:
        reply = self.portal.call(name, **body)
        self.answers.append(reply.raw)
        return reply.json.get("data", {})


STEPS_OF_A_WALK = ("import_", "upload", "look", "delete", "delete_draft", "delete_signed", "download", "renew")


def walked(steps: list[tuple[str, str]]) -> dict[str, tuple[list[bytes], dict[str, list[str]]]]:
    """Answers and rows of each world of a fresh server after these steps, (world, what) one by one."""
    with timed(pace="instant") as server:
        walks = {world: Walk(server.portal(world)) for world in dict(steps)}
        for world, what in steps:
            walks[world].go(what)
        engine = server.server.app.store.engine
        return {world: (walk.answers, dump(engine, world)) for world, walk in walks.items()}


@pytest.mark.engines
@settings(max_examples=5, deadline=None, phases=[Phase.reuse, Phase.generate])  # to shrink takes minutes
@given(
    st.lists(
        st.tuples(st.sampled_from(("left", "right")), st.sampled_from(STEPS_OF_A_WALK)), min_size=10, max_size=30
    )
)
def test_a_world_is_the_same_whatever_happens_in_another(steps: list[tuple[str, str]]) -> None:
    together = walked(steps)
    for world in dict(steps):
        assert together[world] == walked([step for step in steps if step[0] == world])[world]


@pytest.mark.engines
def test_clearing_a_world_takes_all_of_it_and_nothing_else() -> None:
    everything = [(world, what) for what in (*STEPS_OF_A_WALK, "look") for world in ("left", "right")]
    with timed(pace="instant") as server:
        walks = {world: Walk(server.portal(world)) for world in dict(everything)}
        for world, what in everything:
            walks[world].go(what)
        store = server.server.app.store
        before = {world: dump(store.engine, world) for world in ("default", "right")}
        left = store.worlds.find("left")
        assert left is not None
        assert not [
            table
            for table, rows in dump(store.engine, "left").items()
            if not rows and table not in ("faults", "seedings")
        ]
        with store.writing():
            store.worlds.remove(left.id)
        for table in TABLES:
            assert store.engine.all(f"SELECT * FROM {table} WHERE world = ?", (left.id,)) == []
        assert {world: dump(store.engine, world) for world in ("default", "right")} == before


@pytest.mark.engines
def test_a_journal_keeps_the_newest_rows_of_its_own_world() -> None:
    with timed(pace="instant") as server:
        for world in ("left", "right"):
            for process in range(1, 8):
                server.portal(world).call("read_proc_status", procId=process)
        journal = server.server.app.store.journal
        with server.server.app.store.writing():
            journal.trim(2, 3)
        kept = {world: [json.loads(row.request)["procId"] for row in journal.rows(world)] for world in (2, 3)}
    assert kept == {2: [5, 6, 7], 3: [1, 2, 3, 4, 5, 6, 7]}


# -- how many worlds


def test_beyond_the_last_world_none_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "MAX_WORLDS", 2)  # the default world is one of them
    with timed(pace="instant") as server:
        server.portal("first").call("read_proc_status", procId=123)
        engine = server.server.app.store.engine
        before = {world: dump(engine, world) for world in ("default", "first")}
        wire = http.client.HTTPConnection("127.0.0.1", server.server.port, timeout=30)
        wire.request("GET", "/w/second/api/job/read_proc_status", b"{}", {"Content-Type": JSON})
        answer = wire.getresponse()
        said = json.loads(answer.read())
        wire.close()
        assert answer.status == 503
        assert "at most 2 worlds" in said["error"]
        assert engine.all("SELECT name FROM worlds ORDER BY id") == [("default",), ("first",)]
        assert {world: dump(engine, world) for world in ("default", "first")} == before
        assert server.portal("first").call("read_proc_status", procId=123).code == 0


@pytest.mark.parametrize(
    ("path", "status"), [("/api/no/such/path", 404), ("/api/job/read_proc_status/", 404), ("", 307), ("/api", 404)]
)
def test_a_path_that_is_none_makes_no_world(path: str, status: int) -> None:
    with timed(pace="instant") as server:
        wire = http.client.HTTPConnection("127.0.0.1", server.server.port, timeout=30)
        wire.request("GET", f"/w/stray{path}")
        status = wire.getresponse().status
        wire.close()
        assert status == (404 if path else 307)  # the dashboard is behind the slash
        assert server.server.app.store.worlds.names() == ["default"]
