"""`vatportal-mock calibrate`: what it writes is what `serve --readings` takes."""

import json
from pathlib import Path

from click.testing import CliRunner

from contract_tests.calibration import SEEN_BY, SETTLED_BY, UNSEEN, still_open
from contract_tests.cli import calibrate
from contract_tests.documents import ledger
from contract_tests.results import About, Results
from mock_server import Settings
from tests.live import LiveServer

CHOSEN = {"R-01": "mapped", "R-08b": "3", "R-16": "page", "R-55": "replace"}


def test_the_file_is_one_that_the_simulator_takes(tmp_path: Path) -> None:
    file = tmp_path / "readings.json"
    server = LiveServer(Settings(seed=1, readings=CHOSEN))
    done = CliRunner().invoke(calibrate, [f"http://127.0.0.1:{server.port}", "--output", str(file)])
    server.stop()
    assert done.exit_code == 0, done.output
    settings = Settings.from_environment({}, readings=str(file))
    defaults = {name: row["default"] for name, row in ledger().items() if row["kind"] == "selectable"}
    assert settings.readings == {name: one for name, one in (defaults | CHOSEN).items() if name not in UNSEEN}
    told = json.loads(file.read_text("utf-8"))["calibration"]
    assert set(told["open"]) == set(UNSEEN)
    assert set(told["evidence"]) == set(settings.readings)
    assert all(each["exchanges"] for each in told["evidence"].values())
    assert "demo-token" not in file.read_text("utf-8")


def test_what_would_settle_a_reading_fits_the_reading() -> None:
    told = still_open(Results(About("http://portal.example", "no simulator", "reads", 0, True, "test")))
    assert set(SETTLED_BY) <= set(SEEN_BY)
    assert {name for name, says in told.items() if "downloaded" in says} == {"R-16"}
    assert "GET" in told["R-02b"]
    assert "err_msg" in told["R-45"]
    assert "--allow-writes" in told["R-55"]
