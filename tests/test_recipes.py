"""Recipes and forms that only other people's machines run, held against the schemas of their makers."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from check_jsonschema import main as check_jsonschema  # type: ignore[import-untyped]
from click.testing import CliRunner, Result

from mock_server.release import VERSION
from mock_server.settings import Settings
from mock_server.store.postgres import OLDEST

ROOT = Path(__file__).parents[1]
SCHEMAS = {
    "vendor.github-workflows": (".github/workflows/*.yml", "examples/ci/github/*.yml", "examples/client-ci/*.yml"),
    "vendor.github-actions": ("examples/ci/github/*/action.yml",),
    "vendor.github-issue-forms": (".github/ISSUE_TEMPLATE/[!c]*.yml",),
    "vendor.github-issue-config": (".github/ISSUE_TEMPLATE/config.yml",),
    "vendor.gitlab-ci": ("examples/ci/gitlab/*.yml",),
    "vendor.compose-spec": ("compose.yaml",),
}
FILES = sorted((schema, file) for schema, globs in SCHEMAS.items() for each in globs for file in ROOT.glob(each))


def checked(schema: str, *files: Path) -> Result:
    transform = ["--data-transform", "gitlab-ci"] if schema == "vendor.gitlab-ci" else []
    return CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, *transform, *map(str, files)])


@pytest.mark.parametrize("schema", sorted({schema for schema, _ in FILES}))
def test_it_has_the_form_its_reader_wants(schema: str, tmp_path: Path) -> None:
    done = checked(schema, *(file for known, file in FILES if known == schema))
    assert done.exit_code == 0, done.output
    broken = tmp_path / "broken.yml"
    broken.write_text("jobs: 5\nbody: 5\nruns: 5\nservices: 5\nblank_issues_enabled: 5\nimage: [5]\n", "utf-8")
    assert checked(schema, broken).exit_code == 1


def test_no_recipe_is_left_out() -> None:
    known = {file for _, file in FILES}
    written = {*ROOT.glob("examples/*ci/**/*.yml"), *ROOT.glob(".github/**/*.yml"), *ROOT.glob("compose.yaml")}
    assert written == known


def texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for key, value in node.items() for text in [str(key), *texts(value)]]
    return [text for value in node for text in texts(value)] if isinstance(node, list) else [str(node)]


def variables(node: Any) -> dict[str, str]:
    """All `VATPORTAL_MOCK_...` that a recipe sets."""
    if isinstance(node, list):
        return {name: text for value in node for name, text in variables(value).items()}
    if not isinstance(node, dict):
        return {}
    found = {name: str(text) for name, text in node.items() if str(name).startswith("VATPORTAL_MOCK_")}
    return found | {name: text for value in node.values() for name, text in variables(value).items()}


@pytest.mark.parametrize("file", sorted(ROOT.glob("examples/*ci/**/*.yml")), ids=lambda file: file.name)
def test_a_recipe_names_this_version_and_variables_that_exist(file: Path) -> None:
    recipe = yaml.safe_load(file.read_text("utf-8"))
    versions = re.findall(r"vatportal-mock[^\s:=]*(?::|==)([0-9][^\s\"]*)", " ".join(texts(recipe)))
    assert set(versions) <= {VERSION}
    Settings.from_environment(variables(recipe))


def test_the_composition_names_this_version_and_a_postgresql_that_is_new_enough() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    server, database = composed["vatportal"], composed["postgres"]
    assert server["image"] == f"vatportal-mock:{VERSION}"
    name, _, major = database["image"].partition(":")
    assert name == "postgres"
    assert int(major) >= OLDEST // 10000
    (volume,) = database["volumes"]  # from 18 on the image keeps its data one folder higher, and starts on no other
    assert volume.endswith(":/var/lib/postgresql/data") == (int(major) < 18)
    given = database["environment"]
    url = urlsplit(Settings.from_environment(variables(server)).database)
    assert (url.hostname, url.username, url.password) == (
        "postgres",
        given["POSTGRES_USER"],
        given["POSTGRES_PASSWORD"],
    )
    assert url.path == f"/{given['POSTGRES_DB']}"


@pytest.mark.parametrize("form", ["wrong-answer", "failure", "reality"])
def test_a_form_asks_for_version_and_world_file(form: str) -> None:
    fields = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{form}.yml").read_text("utf-8"))["body"]
    assert {"version", "world"} <= {field.get("id") for field in fields}


def test_the_image_says_the_version_and_copies_what_its_stages_need() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert set(re.findall(r'image\.version="([^"]*)"', dockerfile)) == {VERSION}
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE) for name in line.split()
    }
    assert copied - {"."} <= kept
    built = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*built["packages"], *built["force-include"]} <= kept


def test_our_own_workflow_runs_what_every_change_must_pass() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    assert {"run": ".ci/run"} in workflow["jobs"]["run"]["steps"]


def gitlab_steps() -> str:
    recipe = yaml.safe_load((ROOT / "examples/ci/gitlab/check-client.gitlab-ci.yml").read_text("utf-8"))
    return "\n".join(recipe[".check-client"]["script"])


def github_steps() -> str:
    action = yaml.safe_load((ROOT / "examples/ci/github/check-client/action.yml").read_text("utf-8"))
    (found,) = [step["run"] for step in action["runs"]["steps"] if "check-client" in step.get("run", "")]
    return str(found)


@pytest.mark.parametrize("steps", [gitlab_steps, github_steps])
def test_the_steps_of_check_client_judge_a_client(steps: Callable[[], str], tmp_path: Path) -> None:
    """The very lines of the recipe, with a client that is known to be good; what installs the package is left out."""
    client = f"{sys.executable} {ROOT / 'contract_tests' / 'good_clients' / 'requests_client.py'}"
    own = {"CLIENT": client, "COMMAND": client, "JOURNEYS": "upload"}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=steps(),
        cwd=tmp_path,
        env=os.environ | own | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'tests="1"' in (tmp_path / "check-client.xml").read_text("utf-8")
    assert (tmp_path / "check-client.html").is_file()
