"""The package: what is in the wheel, and that it serves from wherever it is installed."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = ("schemas", "fixtures")
EXTRAS = ("contract", "postgres")


def build(target: str, source: Path, folder: Path) -> Path:
    """The archive that `make build` makes of `source`; needs no network."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (archive,) = folder.glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[target])
    return archive


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel in it, and nothing else; what it depends on lies where it did."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
    ]
    subprocess.run([*pip, "--target", str(folder), str(wheel)], check=True, capture_output=True)
    return folder


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [path for path in archive.namelist() if path.endswith(f".dist-info/{name}")]
        return archive.read(path).decode("utf-8")


def test_the_wheel_has_all_data_where_the_server_looks_for_it(wheel: Path) -> None:
    for folder in DATA:
        on_disk = {file.relative_to(ROOT).as_posix() for file in (ROOT / folder).rglob("*.json")}
        assert {f"mock_server/{file}" for file in on_disk} <= names(wheel)
    assert {"mock_server/schemas/openapi.json", "mock_server/fixtures/worlds/default.json"} <= names(wheel)


def test_the_wheel_has_the_modules_the_licence_and_nothing_of_the_workshop(wheel: Path) -> None:
    modules = {file.relative_to(ROOT).as_posix() for file in (ROOT / "mock_server").rglob("*.py")}
    assert modules <= names(wheel)
    assert "mock_server/py.typed" in names(wheel)
    licences = {name.rpartition("/")[2] for name in names(wheel) if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE", "NOTICE"}
    tops = {name.partition("/")[0] for name in names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} <= {"mock_server", "contract_tests"}
    assert not [name for name in names(wheel) if "__pycache__" in name or name.endswith(".db")]


def test_whoever_installs_it_gets_no_developer_tools(wheel: Path) -> None:
    told = HeaderParser().parsestr(metadata(wheel, "METADATA"))
    assert (told["Name"], told["License-Expression"]) == ("vatportal-mock", "Apache-2.0")
    needed = {
        entry.split(">")[0].split("<")[0] for entry in told.get_all("Requires-Dist", []) if "extra ==" not in entry
    }
    assert needed == {
        "click",
        "h11",
        "httptools",
        "jsonschema-rs",
        "msgspec",
        "pyyaml",
        "starlette",
        "uvicorn",
        "uvloop",
    }
    assert set(told.get_all("Provides-Extra", [])) <= set(EXTRAS)
    assert "vatportal-mock = mock_server.cli:main" in metadata(wheel, "entry_points.txt")


def test_the_source_archive_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", ROOT, tmp_path)) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = [entry for entry in tmp_path.iterdir() if entry.is_dir()]
    assert names(build("wheel", source, tmp_path)) == names(wheel)


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_a_second_build_has_the_same_bytes(target: str, tmp_path: Path) -> None:
    """From another folder, a minute later, under another mask: none of that is in it."""
    copy = tmp_path / "source"
    kept = ("pyproject.toml", "README.md", "LICENSE", "NOTICE", ".gitignore", "mock_server", "contract_tests", *DATA)
    for name in kept:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            copy.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    first = build(target, copy, tmp_path / "first").read_bytes()
    elsewhere = copy.rename(tmp_path / "elsewhere")
    for file in elsewhere.rglob("*.py"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    mask = os.umask(0o077)
    try:
        assert build(target, elsewhere, tmp_path / "second").read_bytes() == first
    finally:
        os.umask(mask)


@contextmanager
def serving(command: list[str], environ: dict[str, str], folder: Path) -> Iterator[str]:
    """The URL that a server in another folder prints first."""
    process = subprocess.Popen(
        [*command, "serve", "--port", "0"],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        try:
            assert url, process.stderr.read()
            yield url
        finally:
            process.terminate()
            assert process.stderr.read() == ""


@pytest.mark.parametrize("way", ["module", "script"])
def test_it_serves_from_elsewhere(way: str, installed: Path, tmp_path: Path) -> None:
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("VATPORTAL_", "PYTHON"))}
    environ["PYTHONPATH"] = str(installed)
    where = [sys.executable, "-c", "import mock_server; print(mock_server.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True).stdout
    assert Path(found.strip()) == installed / "mock_server" / "__init__.py"
    command = [sys.executable, "-m", "mock_server"]
    if way == "script":
        command = [sys.executable, str(installed / "bin" / "vatportal-mock")]
    with serving(command, environ, tmp_path) as url:
        body = json.dumps({"username": "demo", "password": "demo", "procId": 123}).encode()
        poll = urllib.request.Request(f"{url}/api/job/read_proc_status", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(poll, timeout=30) as answer:
            told = json.load(answer)
        assert (told["err_code"], told["data"]["status"]) == (0, 2)
        with urllib.request.urlopen(f"{url}/openapi.json", timeout=30) as answer:
            assert len(json.load(answer)["paths"]) == 10
