"""`docs/how-to/steer.md` cannot rot: its lines are run; the README's table of faults is held against the code."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from mock_server import Settings
from mock_server.control.faults import BODIES, CONNECTIONS, EFFECTS, MUTATIONS, Fault
from mock_server.portal.plans import SCENARIOS
from tests.live import LiveServer

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
DOCUMENT = (Path(__file__).parents[2] / "docs" / "how-to" / "steer.md").read_text("utf-8")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = "--- end of block"


@pytest.fixture
def server() -> Iterator[LiveServer]:
    live = LiveServer(Settings())
    yield live
    live.stop()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page is written for curl, which is not here")
def test_its_lines_print_what_they_promise(server: LiveServer) -> None:
    blocks = [text for language, text in _BLOCK.findall(DOCUMENT) if language == "bash"]
    assert len(blocks) == len(_BLOCK.findall(DOCUMENT))
    script = "".join(f"{block}\necho '{_MARK}'\n" for block in blocks)
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=script,
        env={
            "SERVER": f"http://127.0.0.1:{server.port}",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    printed = done.stdout.split(_MARK)
    assert len(printed) == len(blocks) + 1
    for block, output in zip(blocks, printed, strict=False):
        position = 0
        for promise in re.findall(r"^#> (.*)$", block, re.MULTILINE):
            found = output.find(promise, position)
            assert found >= 0, f"{promise!r} is not printed (after what went before) by\n{block}\nbut\n{output}"
            position = found


def test_the_table_of_faults_is_the_one_in_the_code() -> None:
    lines = README.partition("| key | value | what happens |\n")[2].partition("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    rows = [(key.strip("`"), word.strip("`"), says) for key, word, says in cells]
    words = {"body": BODIES, "connection": CONNECTIONS, "mutate": MUTATIONS}
    expected = {(key, "", says) for key, says in EFFECTS.items()}
    expected |= {(key, word, says) for key, table in words.items() for word, says in table.items()}
    rules = [row for row in rows if not row[1] and row[0] not in EFFECTS]
    assert {row for row in rows if row not in rules} == expected
    assert {row[0] for row in rules} | set(EFFECTS) == {field.name for field in msgspec.structs.fields(Fault)}
    assert len(rows) == len(set(rows))


def test_it_names_every_scenario_of_answers() -> None:
    named = re.findall(r"`([a-z0-9-]+)`", DOCUMENT.partition("beside them there are")[2].partition(".")[0])
    assert named == [scenario.name for scenario in SCENARIOS if not scenario.starts]
