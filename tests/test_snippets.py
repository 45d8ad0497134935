"""One upload from each language that is here, by the snippets of `examples/snippets` as they stand."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server import Settings
from tests.live import LiveServer

SNIPPETS = Path(__file__).parents[1] / "examples" / "snippets"
RUN = {
    "portal.mjs": ["node portal.mjs"],
    "Portal.java": ["java Portal.java"],
    "portal.php": ["php portal.php"],
    "portal.go": ["go run portal.go"],
    "Portal.cs": ["mcs -r:System.Net.Http.dll -out:{folder}/Portal.exe Portal.cs", "mono {folder}/Portal.exe"],
}
NOT_RUN = {"Portal.bsl": "1C:Enterprise is not free"}


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(Settings(pace="fast"))
    yield live
    live.stop()


def without(command: str) -> str | None:
    """What is missing to run this: the command itself, or what its snippet needs of it."""
    tool = command.split()[0]
    if shutil.which(tool) is None:
        return tool
    if (
        tool == "php"
        and "curl" not in subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout
    ):
        return "the curl module of php"
    return None


@pytest.mark.parametrize("snippet", RUN)
def test_it_uploads_an_invoice_and_prints_its_qaime(snippet: str, server: LiveServer, tmp_path: Path) -> None:
    missing = [tool for command in RUN[snippet] if (tool := without(command))]
    if missing:
        pytest.skip(f"{missing[0]} is not here")
    own = {
        "VATPORTAL_URL": f"http://127.0.0.1:{server.port}/api",
        "GOFLAGS": "-mod=mod",
        "GOCACHE": str(tmp_path / "go"),
    }
    printed = ""
    for command in RUN[snippet]:
        words = command.format(folder=tmp_path).split()
        done = subprocess.run(
            words, cwd=SNIPPETS, env=os.environ | own, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        printed = done.stdout
    assert re.fullmatch(r"qaime: AA[0-9]{11}\n", printed)


def test_each_snippet_is_run_or_said_not_to_be() -> None:
    assert {file.name for file in SNIPPETS.iterdir()} == {*RUN, *NOT_RUN}
    page = (Path(__file__).parents[1] / "docs" / "how-to" / "languages.md").read_text("utf-8")
    assert all(f"snippets/{name})" in page for name in [*RUN, *NOT_RUN])
