"""How long a newcomer waits: `python -m benchmarks.newcomer` (needs git, make, and the package index).

From a fresh clone to the first answered request by `make serve`, then to the end of `make test`; and for every
Python that is found, from an empty environment to the first answer of the installed wheel, and from the start of the
command to that.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
STARTS = 5
BODY = json.dumps({"username": "demo", "password": "demo", "procId": 123}).encode()


def pythons() -> Iterator[Path]:
    """One for each version that is here: on the path, or where pyenv keeps them."""
    for version in VERSIONS:
        found = shutil.which(f"python{version}")
        kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
        if kept or found:
            yield kept[-1] if kept else Path(str(found))


def plain() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith(("VATPORTAL_", "PYTEST_"))}


def first_answer(command: list[str], folder: Path) -> float:
    """Seconds from the start of the command to an answered poll."""
    began = time.monotonic()
    with subprocess.Popen(command, cwd=folder, env=plain(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            # What make prints of its own comes before.
            url = next(
                found for line in process.stdout if (found := re.match(r"http://\S+", line))
            )  # after make's own
            poll = urllib.request.Request(
                f"{url[0]}/api/job/read_proc_status", BODY, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(poll, timeout=30) as answer:
                assert json.load(answer)["err_code"] == 0
            return time.monotonic() - began
        finally:
            process.terminate()


def clone(folder: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def install(python: Path, wheel: Path, folder: Path) -> tuple[float, float]:
    """Seconds from nothing to the first answer, and of a start alone (median)."""
    began = time.monotonic()
    subprocess.run([python, "-m", "venv", folder], check=True)
    pip = [
        str(folder / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        str(wheel),
    ]
    subprocess.run(pip, check=True)
    command = [str(folder / "bin" / "vatportal-mock"), "serve", "--port", "0"]
    first_answer(command, folder)
    whole = time.monotonic() - began
    return whole, statistics.median(first_answer(command, folder) for _ in range(STARTS))


@click.command()
@click.option("--tests/--no-tests", default=True, help="Run make test in the clone too.")
def main(tests: bool) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()
        source = clone(folder / "clone")
        first_answer(["make", "serve", "ARGS=--port 0"], source)
        print(f"fresh clone to first answer: {time.monotonic() - began:.1f} s")
        print(f"make serve again: {first_answer(['make', 'serve', 'ARGS=--port 0'], source):.2f} s")
        subprocess.run(["make", "build"], cwd=source, env=plain(), check=True, capture_output=True)
        (wheel,) = (source / "dist").glob("*.whl")
        for python in pythons():
            whole, start = install(python, wheel, folder / python.name)
            print(
                f"{python.name}: empty environment to first answer {whole:.1f} s, start to first answer {start:.2f} s"
            )
        if tests:
            ended = subprocess.run(["make", "test"], cwd=source, env=plain(), check=False).returncode
            print(f"fresh clone to the end of make test: {time.monotonic() - began:.0f} s, exit {ended}")
            sys.exit(ended)


if __name__ == "__main__":
    main()
