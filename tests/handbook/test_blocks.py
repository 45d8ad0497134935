"""Every shell and Python block of the handbook is run as it stands, against a live server.

What stands behind `#>` must appear in what the block prints, in that order. Where a page names 127.0.0.1:8080, the
test's own server is meant. The blocks of a page share one shell, or one folder.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server import Settings
from tests.handbook.pages import FENCED, PAGES, ROOT, Block, blocks, name
from tests.live import LiveServer

RUN = ("bash", "python")
SHOWN = ("json", "yaml", "toml", "text")
ELSEWHERE = {
    r"make serve\n": "serves until it is stopped; benchmarks/newcomer.py runs it in a fresh clone",
    r"make test\n": "is what runs this test",
    r"(docker .*\n)+": "there may be no Docker engine; tests/image does the like with buildah and podman",
}
"""Blocks that are not run here, and why."""

CONTRIBUTING = ("CONTRIBUTING.md", "sh")
"""Its only block is a list of make targets; `make help` is held against it below."""

WALK = (
    "F-IMP-02",
    "F-IMP-11",
    "F-PROC-01",
    "F-PROC-04",
    "F-INV-01",
    "F-ETX-04",
    "F-RD-01",
    "F-DEL-06",
    "F-DEL-07",
    "F-AUTH-05",
)
_MARK = "--- end of block"
_ADDRESS = re.compile(r"(?:127\.0\.0\.1|localhost):8080")


@pytest.fixture
def server() -> Iterator[LiveServer]:
    live = LiveServer(Settings(pace="fast"))
    yield live
    live.stop()


def having(language: str) -> list[object]:
    """The pages with a block of this language; the walk of the README proves facts."""
    found = [page for page in PAGES if any(block.language == language for block in blocks(page))]
    proves = [pytest.mark.proves(*WALK)] if language == "bash" else []
    return [pytest.param(page, id=name(page), marks=proves if name(page) == "README.md" else []) for page in found]


def environment(server: LiveServer) -> dict[str, str]:
    return {
        "SERVER": f"http://127.0.0.1:{server.port}",
        "BASE": f"http://127.0.0.1:{server.port}/api",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "examples" / "pytest")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def run(command: list[str], server: LiveServer, folder: Path, script: str = "") -> str:
    done = subprocess.run(
        command,
        input=script,
        cwd=folder,
        env=environment(server),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def here(block: Block, server: LiveServer) -> str:
    return _ADDRESS.sub(f"127.0.0.1:{server.port}", block.text)


def compare(block: Block, output: str) -> None:
    position = 0
    for promise in re.findall(r"^ *#> (.*)$", block.text, re.MULTILINE):
        found = output.find(promise, position)
        assert found >= 0, f"{promise!r} is not printed (after what went before) by\n{block.text}\nbut\n{output}"
        position = found


@pytest.mark.parametrize("page", having("bash"))
@pytest.mark.skipif(shutil.which("curl") is None, reason="the pages are written for curl, which is not here")
def test_shell_blocks_print_what_they_promise(page: Path, server: LiveServer, tmp_path: Path) -> None:
    chosen = [block for block in blocks(page) if block.language == "bash"]
    script = "".join(f"{here(block, server)}\necho '{_MARK}'\n" for block in chosen)
    printed = run(["bash", "-euo", "pipefail"], server, tmp_path, script).split(_MARK)
    assert len(printed) == len(chosen) + 1
    for block, output in zip(chosen, printed, strict=False):
        compare(block, output)


@pytest.mark.parametrize("page", having("python"))
def test_python_blocks_run(page: Path, server: LiveServer, tmp_path: Path) -> None:
    for number, block in enumerate(block for block in blocks(page) if block.language == "python"):
        first, _, rest = here(block, server).partition("\n")
        named = re.fullmatch(r"# (\w+\.py)(?:[,:;].*)?", first)
        file = tmp_path / (named[1] if named else f"block_{number}.py")
        file.write_text(first + "\n" + rest, "utf-8")
        if re.search(r"^(?:async )?def test_", block.text, re.MULTILINE):
            (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
            flags = ["-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:xdist", "-c", "pytest.ini"]
            run([sys.executable, "-m", "pytest", *flags, file.name], server, tmp_path)
        else:
            compare(block, run([sys.executable, file.name], server, tmp_path))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_block_escapes(page: Path) -> None:
    for block in blocks(page):
        excused = any(re.fullmatch(pattern, block.text) for pattern in ELSEWHERE)
        excused = excused or (name(page), block.language) == CONTRIBUTING
        assert excused or block.language in RUN + SHOWN, (
            f"a block of {block.language} is not run: make it bash or python, or say in ELSEWHERE why not"
        )


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_block_hides_in_an_indentation(page: Path) -> None:
    outside = FENCED.sub("", page.read_text("utf-8"))
    assert not re.search(r"^\n    .*\S", outside, re.MULTILINE), "an indented block: put it between fences"


def test_the_make_targets_of_contributing_exist() -> None:
    (block,) = blocks(ROOT / "CONTRIBUTING.md")
    helped = run_make_help()
    for target in re.findall(r"^make (\w+)", block.text, re.MULTILINE):
        assert re.search(rf"^  make {target} ", helped, re.MULTILINE), target
    assert (ROOT / ".ci" / "run").is_file()


def run_make_help() -> str:
    return subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
