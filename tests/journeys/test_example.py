"""`examples/client-ci` as its GitHub Actions file runs it: every `run` step, in a copy of the folder."""

import os
import shutil
import subprocess
import sys
import venv
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract_tests.journeys.catalogue import LIST
from mock_server.release import VERSION
from tests.test_package import ROOT, build

HERE = Path(sys.executable).parent
EXAMPLE = Path(__file__).parents[2] / "examples" / "client-ci"
INSTALLING = "pip install "
"""The step that a machine with the package need not run; the deep test runs it too."""


def steps() -> list[dict[str, Any]]:
    (job,) = yaml.safe_load((EXAMPLE / "vatportal.yml").read_text("utf-8"))["jobs"].values()
    return [step for step in job["steps"] if "run" in step]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "erp"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(folder: Path, script: str, programs: Path = HERE, **environ: str) -> subprocess.CompletedProcess[str]:
    """A step as GitHub runs it; `programs`: the folder where python, pip and what they install lie."""
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **environ, "PATH": path},
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


@pytest.mark.deep
def test_every_step_runs_where_nothing_is_installed(copied: Path, tmp_path: Path) -> None:
    """The package comes from our wheel, all that it needs from the package index."""
    venv.create(tmp_path / "machine", with_pip=True)
    build("wheel", ROOT, tmp_path / "dist")
    environ = {"PIP_FIND_LINKS": str(tmp_path / "dist"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for step in steps():
        done = run(copied, step["run"], tmp_path / "machine" / "bin", **environ)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "journeys passed; nothing found" in (copied / "scorecard.html").read_text("utf-8")


def test_a_connector_that_is_wrong_fails_there(copied: Path) -> None:
    code = (copied / "connector.py").read_text("utf-8")
    (copied / "connector.py").write_text(code.replace('if data["status"] == 2:', 'if data["status"] >= 1:'), "utf-8")
    done = run(copied, "vatportal-mock check-client --journey upload -- python journey.py")
    assert done.returncode == 1
    assert "took-running-for-done" in done.stdout


def test_it_installs_the_package_with_its_contract_kit() -> None:
    (install,) = (step["run"] for step in steps() if step["run"].startswith(INSTALLING))
    assert install == f'pip install "vatportal-mock[contract]=={VERSION}"'
