"""`examples/client-ci` as its GitHub Actions file runs it: every `run` step, in a copy of the folder."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract_tests.journeys.catalogue import LIST
from mock_server.release import VERSION

EXAMPLE = Path(__file__).parents[2] / "examples" / "client-ci"
INSTALLING = "pip install "
"""Steps that a machine with the package need not run; `tests/test_installs.py` installs it."""


def steps() -> list[dict[str, Any]]:
    (job,) = yaml.safe_load((EXAMPLE / "vatportal.yml").read_text("utf-8"))["jobs"].values()
    return [step for step in job["steps"] if "run" in step]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "erp"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """A step as GitHub runs it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_connector_passes_in_its_pipeline(copied: Path) -> None:
    (script,) = (step["run"] for step in steps() if not step["run"].startswith(INSTALLING))
    done = run(copied, script)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = [case.get("name") for case in ET.parse(copied / "journeys.xml").iter("testcase")]
    assert len(cases) == len([journey for journey in LIST if journey.task == "upload"])
    assert "<html" in (copied / "scorecard.html").read_text("utf-8")


def test_a_connector_that_is_wrong_fails_there(copied: Path) -> None:
    code = (copied / "connector.py").read_text("utf-8")
    (copied / "connector.py").write_text(code.replace('if data["status"] == 2:', 'if data["status"] >= 1:'), "utf-8")
    done = run(copied, "vatportal-mock check-client --journey upload -- python journey.py")
    assert done.returncode == 1
    assert "took-running-for-done" in done.stdout


def test_it_installs_the_package_with_its_contract_kit() -> None:
    (install,) = (step["run"] for step in steps() if step["run"].startswith(INSTALLING))
    assert install == f'pip install "vatportal-mock[contract]=={VERSION}"'
