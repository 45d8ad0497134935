"""The container images that tests/image/build.sh made, run with podman as a CI runs a service container."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server import __version__
from mock_server.web.listening import bind
from tests.client import dumped
from tests.postgresql import cluster

ROOT = Path(__file__).parents[2]
WORK = Path(os.environ.get("IMAGE_WORK", ROOT / ".image"))
SERVER, NO_SHELL, CONTRACT = (f"localhost/vatportal-mock:{tag}" for tag in ("test", "noshell", "contract"))
LOCKED_UP = ("--read-only", "--read-only-tmpfs=false", "--cap-drop", "all", "--security-opt", "no-new-privileges")
STOPPED_WITHIN = 1.0
"""Seconds, of the container's own main process, from the signal to its end."""

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(
        shutil.which("podman") is None or not (WORK / "build-contract.log").exists(),
        reason="the images are not here: `make image` builds them (root, Debian)",
    ),
]


def podman(*arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
    configuration = {
        "CONTAINERS_STORAGE_CONF": str(WORK / "storage.conf"),
        "CONTAINERS_CONF": str(WORK / "containers.conf"),
    }
    done = subprocess.run(
        ["podman", *arguments],
        env=os.environ | configuration,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not ok or done.returncode == 0, done.stderr
    return done


class Container:
    """One that runs, with its port published on loopback, or on the host's network with a port of its own."""

    def __init__(self, *flags: str, image: str = SERVER, port: int | None = None) -> None:
        published = () if port else ("-p", "127.0.0.1::8080")
        self.id = podman("run", "-d", "--no-healthcheck", *published, *flags, image).stdout.strip()
        self.url = "http://" + (f"127.0.0.1:{port}" if port else podman("port", self.id, "8080/tcp").stdout.strip())

    def wait(self) -> "Container":
        """Until the image's own health check says that it is there."""
        until = time.monotonic() + 30
        while podman("exec", self.id, "vatportal-mock", "healthcheck", ok=False).returncode:
            assert time.monotonic() < until, podman("logs", self.id).stdout
            time.sleep(0.2)
        return self

    def call(self, method: str, path: str, body: Any, **headers: str) -> Any:
        named = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        request = urllib.request.Request(self.url + path, dumped(body), named, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def imported(self, erp_id: str) -> int:
        body = {"username": "demo", "password": "demo", "invoices": [invoice(1, erp_id=erp_id)]}
        code: int = self.call("POST", "/api/inv/import_upload_invoices.php", body)["err_code"]
        return code


@contextmanager
def running(*flags: str, image: str = SERVER, port: int | None = None) -> Iterator[Container]:
    container = Container(*flags, image=image, port=port)
    try:
        yield container.wait()
    finally:
        podman("rm", "-f", "-t", "0", container.id)


@pytest.mark.parametrize("image", [SERVER, NO_SHELL])
def test_it_serves_without_arguments_rights_or_a_place_to_write(image: str) -> None:
    with running(*LOCKED_UP, image=image) as container:
        body = {"username": "demo", "password": "demo", "procId": 123}
        assert container.call("GET", "/api/job/read_proc_status", body)["data"]["status"] == 2
        assert container.imported("IMAGE-0001") == 0
        who = podman("exec", container.id, "python", "-c", "import os; print(os.getuid(), os.getgid())").stdout
        assert who.split() == ["10001", "10001"]
        shell = podman("exec", container.id, "/bin/sh", "-c", "exit 0", ok=False).returncode
        assert (shell == 0) == (image == SERVER)


def test_the_control_api_opens_to_the_token_of_the_environment_only() -> None:
    with running("-e", "VATPORTAL_MOCK_ADMIN_TOKEN=image-token-1", *LOCKED_UP) as container:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            container.call("POST", "/__admin/reset", {})
        container.call("POST", "/__admin/reset", {}, Authorization="Bearer image-token-1")
        assert "image-token-1" not in podman("logs", container.id).stdout


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_within_a_second_and_loses_nothing(signal: str) -> None:
    volume = f"vatportal-test-{os.getpid()}-{signal.lower()}"
    kept = ("-v", f"{volume}:/data", "-e", "VATPORTAL_MOCK_DATABASE=sqlite:////data/portal.db", *LOCKED_UP)
    try:
        with running(*kept) as first:
            assert [first.imported(f"KEPT-{number:04d}") for number in range(20)] == [0] * 20
            end(first, signal)
        with running(*kept) as second:
            assert [second.imported(f"KEPT-{number:04d}") for number in range(20)] == [17] * 20
    finally:
        podman("volume", "rm", "-f", volume)


def test_it_keeps_its_worlds_in_postgresql() -> None:
    """On the host's network, where the tests' own PostgreSQL listens on loopback."""
    with cluster() as asked, bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
        free.close()
        url = asked().database()
        kept = (
            "--network=host",
            "-e",
            f"VATPORTAL_MOCK_PORT={port}",
            "-e",
            f"VATPORTAL_MOCK_DATABASE={url}",
            *LOCKED_UP,
        )
        with running(*kept, port=port) as first:
            assert first.imported("KEPT-0001") == 0
            end(first, "SIGTERM")
        with running(*kept, port=port) as second:
            assert second.imported("KEPT-0001") == 17


def end(container: Container, signal: str) -> None:
    """Send the signal; the container's process ends in time, and well."""
    sent = time.time()
    podman("kill", "--signal", signal, container.id)
    podman("wait", "--interval", "50ms", container.id)
    state = json.loads(podman("inspect", container.id).stdout)[0]["State"]
    assert state["ExitCode"] == 0
    assert datetime.fromisoformat(state["FinishedAt"]).timestamp() - sent < STOPPED_WITHIN


@pytest.mark.parametrize("image", [SERVER, CONTRACT])
def test_what_the_image_says_of_itself(image: str) -> None:
    (told,) = json.loads(podman("image", "inspect", image).stdout)
    config = told["Config"]
    assert (config["Entrypoint"], config["Cmd"]) == (["vatportal-mock"], ["serve"])
    assert told["Healthcheck"]["Test"] == ["CMD", "vatportal-mock", "healthcheck"]
    assert config["User"] == "10001:10001"
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
    assert labels["version"] == __version__
    assert labels["licenses"] == "Apache-2.0"
    assert ("contract kit" in labels["title"]) == (image == CONTRACT)


def test_the_health_check_notices_a_server_that_is_not_there() -> None:
    assert podman("run", "--rm", SERVER, "healthcheck", ok=False).returncode == 3


def test_the_contract_image_checks_a_server_that_is_served_beside_it() -> None:
    with running(*LOCKED_UP) as server:
        port = server.url.rpartition(":")[2]
        checking = ("--network=host", CONTRACT, "check-server", f"http://127.0.0.1:{port}", "--suite", "envelope")
        done = podman("run", "--rm", *LOCKED_UP, *checking, ok=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "0 findings" in done.stdout


def test_only_the_contract_image_has_the_contract_kit() -> None:
    probe = ("--entrypoint", "python")
    look = "import importlib.util as u; print(bool(u.find_spec('schemathesis')), bool(u.find_spec('psycopg')))"
    assert podman("run", "--rm", *probe, SERVER, "-c", look).stdout.split() == ["False", "True"]
    assert podman("run", "--rm", *probe, CONTRACT, "-c", look).stdout.split() == ["True", "True"]
    assert podman("run", "--rm", *probe, SERVER, "-m", "pip", "--version", ok=False).returncode != 0
