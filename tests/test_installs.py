"""The wheel in an empty environment of every Python that is here: it brings what it needs, and answers."""

from pathlib import Path

import pytest

from benchmarks.newcomer import install, pythons
from tests.test_package import ROOT, build

FOUND = list(pythons())


@pytest.mark.deep
@pytest.mark.parametrize("python", FOUND, ids=lambda python: python.name)
def test_an_installed_wheel_answers(python: Path, tmp_path: Path) -> None:
    install(python, build("wheel", ROOT, tmp_path), tmp_path / "environment")
