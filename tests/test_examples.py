"""The examples are run as a reader would run them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server import Settings
from tests.live import LiveServer

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def server() -> Iterator[LiveServer]:
    live = LiveServer(Settings(pace="fast"))
    yield live
    live.stop()


def _run(*command: str, **environment: str) -> str:
    plain = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST_", "VATPORTAL_"))}
    done = subprocess.run(
        command, env={**plain, **environment}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_pytest(workers: str, tmp_path: Path) -> None:
    flags = ["-p", "no:cacheprovider", "-p", "no:schemathesis", "-n", workers, "--rootdir", str(EXAMPLES / "pytest")]
    config = tmp_path / "pytest.ini"
    config.write_text("[pytest]\n", "utf-8")
    out = _run(sys.executable, "-m", "pytest", "-q", "-c", str(config), *flags, str(EXAMPLES / "pytest"))
    assert "7 passed" in out


@pytest.mark.skipif(shutil.which("curl") is None, reason="the example is for curl, which is not here")
def test_shell(server: LiveServer) -> None:
    out = _run("bash", str(EXAMPLES / "shell" / "steer.sh"), SERVER=f"http://127.0.0.1:{server.port}")
    assert '"state":"pending"' in out
    assert '"qaime":"AA' in out
    assert '"err_code":11' in out
    assert out.rstrip().endswith('{"count":3}')


@pytest.mark.skipif(shutil.which("node") is None, reason="the example is for Node, which is not here")
def test_node(server: LiveServer) -> None:
    assert "qaime: AA" in _run("node", str(EXAMPLES / "node" / "steer.mjs"), f"http://127.0.0.1:{server.port}")
