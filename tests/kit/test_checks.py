"""The envelope-aware checks in a plain `schemathesis run`: silent on a sound library, and each flaw has its check."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract_tests import checks

EXAMPLE = Path(__file__).parents[2] / "examples" / "schemathesis"


@contextmanager
def library(flaw: str) -> Iterator[int]:
    """The port of the example's library with one flaw."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(EXAMPLE / "library.py"), str(port), flaw], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield port
    finally:
        process.terminate()
        process.communicate()


def run(port: int, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", str(EXAMPLE / "openapi.json")),
        *("--url", f"http://127.0.0.1:{port}", "--header", "X-Reader: reader-1", "--seed", "1", "--no-color"),
        *("--max-examples", "20", "--exclude-checks", ",".join(checks.REPLACED)),
    ]
    root = str(Path(__file__).parents[2])
    environ = {**os.environ, "PYTHONPATH": f"{EXAMPLE}{os.pathsep}{root}", "SCHEMATHESIS_HOOKS": "hooks"}
    return subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize(
    ("flaw", "check"),
    [
        ("", None),
        ("titles", "bad_data_is_refused"),
        ("readers", "authentication_is_not_ignored"),
        ("deletion", "no_use_after_delete"),
    ],
)
def test_each_flaw_has_its_check(flaw: str, check: str | None, tmp_path: Path) -> None:
    with library(flaw) as port:
        done = run(port, tmp_path)
    if check is None:
        assert done.returncode == 0, done.stdout
    else:
        assert done.returncode == 1, done.stdout
        assert f"Custom check failed: `{check}`" in done.stdout


def test_an_unknown_check_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="bad_dta_is_refused"):
        checks.install(checks.Envelope(code="err_code"), "bad_dta_is_refused")
