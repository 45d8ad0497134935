"""A file that an earlier release has written is read on by this one: `released/` has one of each release.

Each was written by `serve --pace instant --seed 1` of that release: an upload of RELEASED-0001, and a download of
everything sent, with process number 5002.
"""

import gzip
import sqlite3
from pathlib import Path

import pytest

from fixtures.builders import invoice
from mock_server import Settings
from mock_server.release import VERSION
from mock_server.store.migrations import STEPS
from mock_server.store.sqlite import APPLICATION
from tests.inprocess import InProcess

RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql.gz"))


def test_this_release_has_its_file() -> None:
    assert f"{VERSION}.sql.gz" in [file.name for file in RELEASED]


@pytest.mark.parametrize("dump", RELEASED, ids=[file.name for file in RELEASED])
def test_what_a_release_has_written_is_there_and_goes_on(dump: Path, tmp_path: Path) -> None:
    file = tmp_path / "portal.db"
    with sqlite3.connect(file) as database:
        database.executescript(gzip.decompress(dump.read_bytes()).decode())
        database.execute(f"PRAGMA application_id={APPLICATION}")
    database.close()
    with InProcess(Settings(database=f"sqlite:///{file}", pace="instant", seed=1)) as server:
        portal = server.portal(world="default")
        kept = portal.call("inv_read_invoices", ids=["RELEASED-0001"]).data["invoices"]
        assert kept == [{"id": "RELEASED-0001", "qaime": "AA26110000001"}]
        found = portal.call("etx_read_invoices", phone=portal.account.phone, procId=5002).data["invoices"]
        assert "AA26110000001" in [row["serial"] + row["number"] for row in found]
        assert (
            portal.started("import_upload_invoices", invoices=[invoice(2, erp_id="LATER-00001")], upload=True) == 5003
        )
        portal.finished(5003)
        assert len(portal.call("inv_read_invoices", ids=["RELEASED-0001", "LATER-00001"]).data["invoices"]) == 2
        steps = server.app.store.engine.all("SELECT step FROM migrations ORDER BY step")
        assert steps == [(step,) for step in range(1, len(STEPS) + 1)]
        assert server.app.store.engine.one("PRAGMA integrity_check") == ("ok",)
