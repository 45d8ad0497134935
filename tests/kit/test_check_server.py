"""`vatportal-mock check-server` as a user runs it, over a socket."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from contract_tests.cli import check_server
from mock_server import Settings
from tests.live import LiveServer


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(Settings(seed=1))
    yield live
    live.stop()


def command(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(check_server, list(arguments), input=typed, env={"COLUMNS": "200"})


def test_a_sound_simulator_has_no_findings(server: LiveServer, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    page, junit = tmp_path / "report.html", tmp_path / "report.xml"
    reports = ("--json", str(file), "--html", str(page), "--junit", str(junit))
    done = command(f"http://127.0.0.1:{server.port}", "--quick", *reports)
    assert done.exit_code == 0, done.output
    assert "0 findings" in done.output
    report = json.loads(file.read_text("utf-8"))
    assert report["about"]["kind"] == "simulator, steered"
    assert {check["outcome"] for check in report["checks"]} == {"passed", "not tried"}
    assert page.stat().st_size > 10_000
    assert junit.stat().st_size > 10_000
    assert "demo-token" not in file.read_text("utf-8")


def test_a_report_is_not_overwritten_silently(server: LiveServer, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("mine", "utf-8")
    done = command(f"http://127.0.0.1:{server.port}", "--suite", "envelope", "--json", str(file))
    assert done.exit_code == 2
    assert file.read_text("utf-8") == "mine"


def test_nobody_there() -> None:
    done = command("http://127.0.0.1:9")
    assert done.exit_code == 3
    assert "does not answer" in done.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ftp://x"], "is no URL"),
        (["http://a:b@127.0.0.1"], "credentials go into options"),
        (["http://127.0.0.1:9", "--suite", "envelop"], "Suites are: envelope"),
    ],
)
def test_wrong_usage(arguments: list[str], says: str) -> None:
    done = command(*arguments)
    assert done.exit_code == 2
    assert says in done.output
