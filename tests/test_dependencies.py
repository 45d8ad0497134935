"""Which packages are needed, why, under which licences: a page of the handbook against locks and packages."""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "explanation" / "dependencies.md").read_text("utf-8")
COMPATIBLE = {
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Apache-2.0",
    "PSF-2.0",
    "MPL-2.0",
    "LGPL-3.0-only",
    "Apache-2.0 OR BSD-2-Clause",
    "MIT OR Apache-2.0",
}
"""What may be installed beside Apache-2.0 and shipped with it unchanged."""

ELSEWHERE = {"colorama", "httpx2-jsfetch", "tzdata"}
WORDS = {
    "BSD": "BSD License",
    "Apache-2.0": "Apache Software License",
    "MIT": "MIT License",
    "MPL-2.0": "Mozilla Public License 2.0",
}
"""How packages without an SPDX expression call their licence among their classifiers."""


def locked(name: str) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / f"{name}.lock").read_text("utf-8"), re.MULTILINE))


def table(head: str) -> list[list[str]]:
    lines = PAGE.partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]


LICENCES = {name: (licence, comes) for name, licence, comes in table("package | licence | comes with")}


def test_every_locked_package_is_listed_with_what_brings_it() -> None:
    server, postgres = locked("requirements"), locked("requirements-postgres")
    expected = dict.fromkeys(locked("requirements-contract"), "`[contract]`")
    expected |= dict.fromkeys(postgres, "`[postgres]`") | dict.fromkeys(server, "the server")
    assert {name: comes for name, (_, comes) in LICENCES.items()} == expected


def test_every_licence_is_compatible() -> None:
    assert {licence for licence, _ in LICENCES.values()} <= COMPATIBLE


@pytest.mark.parametrize("name", sorted(LICENCES.keys() - ELSEWHERE))
def test_the_licence_is_the_one_that_the_package_names(name: str) -> None:
    try:
        told = distribution(name).metadata
    except PackageNotFoundError:
        pytest.skip(f"{name} is not needed on this Python")
    written = LICENCES[name][0]
    expression = told.json.get("license_expression")
    if isinstance(expression, str):
        assert set(expression.split(" OR ")) == set(written.split(" OR "))
        return
    words = " ".join([str(told.json.get("license", "")), *(told.get_all("Classifier") or [])])
    for one in written.split(" OR "):
        assert one in words or WORDS.get(one.partition("-")[0] if one.startswith("BSD") else one, one) in words


def test_every_dependency_of_the_server_is_justified() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8").partition("\ndependencies = [")[2].partition("]")[0]
    assert {name for name, *_ in table("package | for | why this one")} == set(re.findall(r'"([a-z0-9-]+)', text))
