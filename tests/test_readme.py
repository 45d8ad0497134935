"""The README cannot rot: its walk is run as it stands, its tables are held against the code."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mock_server import Settings
from mock_server.cli import main
from mock_server.portal.plans import SCENARIOS
from tests.live import LiveServer

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
_BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def fast() -> Iterator[LiveServer]:
    server = LiveServer(Settings(pace="fast"))
    yield server
    server.stop()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the walk is written for curl, which is not here")
@pytest.mark.proves(
    "F-IMP-02",
    "F-IMP-11",
    "F-PROC-01",
    "F-PROC-04",
    "F-INV-01",
    "F-ETX-04",
    "F-RD-01",
    "F-DEL-06",
    "F-DEL-07",
    "F-AUTH-05",
)
def test_the_walk_prints_what_it_promises(fast: LiveServer) -> None:
    blocks = _BLOCK.findall(README)
    mark = "--- end of block"
    script = "".join(f"{block}\necho '{mark}'\n" for block in blocks)
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=script,
        env={
            "BASE": f"http://127.0.0.1:{fast.port}/api",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    printed = done.stdout.split(mark)
    assert len(printed) == len(blocks) + 1
    for block, output in zip(blocks, printed, strict=False):
        position = 0
        for promise in re.findall(r"^#> (.*)$", block, re.MULTILINE):
            found = output.find(promise, position)
            assert found >= 0, f"{promise!r} is not printed (after what went before) by\n{block}\nbut\n{output}"
            position = found


def test_every_flag_stands_in_the_table() -> None:
    command = main.commands["serve"]
    flags = {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
    assert set(_column("| flag |", 0)) == flags - {"--help", "-h"}


def test_the_table_of_scenarios_is_the_one_in_the_schemas() -> None:
    written = {
        (voen, phone, name)
        for voen, phone, name in zip(*(_column("| buyer VOEN |", place) for place in range(3)), strict=True)
    }
    known = {
        (next(iter(row.buyers), ""), next(iter(row.phones), ""), row.name)
        for row in SCENARIOS
        if row.buyers or row.phones
    }
    assert written == known


def _column(head: str, place: int) -> Iterator[str]:
    """The cells of a column of the README's table with this head, without backticks."""
    lines = iter(README.splitlines())
    for line in lines:
        if line.startswith(head):
            next(lines)
            break
    for line in lines:
        if not line.startswith("|"):
            return
        yield line.strip("|").split("|")[place].strip().strip("`")
