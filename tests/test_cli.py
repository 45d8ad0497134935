"""The command line: what it prints, and with which exit code it ends."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import EntryPoint, EntryPoints
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

import mock_server
from mock_server import app, cli
from mock_server.cli import main
from mock_server.rulebook.errors import ErrorTable
from mock_server.rulebook.ledger import Ledger
from mock_server.settings import PREFIX, Settings

Call = Callable[..., Result]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs the command in this process, with no variables of ours but those given."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)

    def run(*args: str, **environ: str) -> Result:
        twins = {PREFIX + name: text for name, text in environ.items()}
        return CliRunner().invoke(main, args, env=twins)

    return run


class Portal(BaseHTTPRequestHandler):
    """Answers in one of several ways, by the first part of the path."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        address = urlsplit(self.path)
        nonce = parse_qs(address.query)["nonce"][0]
        echoes = address.path in ("/__simulator", "/broken/__simulator")
        self.send_response(500 if address.path.startswith("/broken") else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"nonce": nonce if echoes else "another"}).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the output of the tests clean."""


@pytest.fixture
def portal() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_version_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mock_server", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"vatportal-mock, version {mock_server.__version__}\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["sevre"], "Did you mean 'serve'?"),
        (["serve", "--prot", "1"], "--port"),
        (["explain"], "CODE..."),
    ],
)
def test_wrong_usage_is_2_and_names_the_nearest(call: Call, given: list[str], said: str) -> None:
    result = call(*given)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_command_of_another_package_is_loaded_when_it_is_used(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    brought = [
        EntryPoint("shout", "tests.shouting:shout", cli.COMMANDS),
        EntryPoint("need", "tests.no_such_module:need", cli.COMMANDS),
    ]
    monkeypatch.setattr(cli, "entry_points", lambda **wanted: EntryPoints(brought).select(**wanted))
    assert call("shout", "qaimə").stdout == "QAIMƏ\n"
    assert "shout" in call("--help").stdout
    result = call("need", "https://company.vatportal.az", "--quick")
    assert result.exit_code == 2
    assert 'pip install "vatportal-mock[contract]"' in result.stderr


def test_wrong_configuration_is_2_in_one_line(call: Call) -> None:
    result = call("serve", "--pace", "fats")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith('Error: unknown pace "fats". Did you mean "fast"? Allowed: instant, fast')
    assert call("serve", PROT="1").exit_code == 2


def test_serve_hands_over_its_settings_and_prints_the_url_first(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Settings] = []

    def serve(settings: Settings, announce: Callable[[str, str | None], None]) -> None:
        served.append(settings)
        announce("http://127.0.0.1:8080", None)

    monkeypatch.setattr(app, "serve", serve)
    result = call("serve", "--reading", "R-16=page", "--reading", "R-31=manual", "--seed", "7", PACE="instant")
    assert result.exit_code == 0, result.output
    assert served == [Settings(readings={"R-16": "page", "R-31": "manual"}, seed=7, pace="instant")]
    first, hint, warning = result.stdout.splitlines()
    assert first == "http://127.0.0.1:8080"
    assert "curl -s -X GET http://127.0.0.1:8080/api/job/read_proc_status" in hint
    assert "no legal documents" in warning


def test_the_ledger_is_listed_with_the_answers_in_force(call: Call) -> None:
    result = call("readings", "--id", "R-16", "--id", "R-05", READING="R-16=page")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Edition 2025-08;")
    assert [line[:9] for line in lines if "page:" in line or "all:" in line] == ["    all: ", "  > page:"]
    assert "(selectable)" in result.stdout
    assert "(fixed)" in result.stdout
    assert "Open because: " in result.stdout


def test_without_an_id_every_reading_is_listed(call: Call) -> None:
    lines = call("readings").stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("R-")] == list(Ledger.load().readings)


def test_the_ledger_for_programs(call: Call) -> None:
    told = json.loads(call("readings", "--json", "--edition", "2025-12", "--reading", "R-16=page").stdout)
    assert (told["edition"], told["partners"]) == ("2025-12", True)
    assert len(told["readings"]) == len(Ledger.load().readings)
    in_force = {row["id"]: row["in_force"] for row in told["readings"]}
    assert (in_force["R-01"], in_force["R-16"], in_force["R-05"]) == ("mapped", "page", "fixed")
    assert told["readings"][0]["answers"]["200"]["support"]


def test_an_unknown_reading_is_refused(call: Call) -> None:
    result = call("readings", "--id", "r-16")
    assert result.exit_code == 2
    assert 'Did you mean "R-16"?' in result.stderr


@pytest.mark.proves("F-ERR-05")
def test_a_code_is_explained_in_every_scope_that_has_it(call: Call) -> None:
    result = call("explain", "20")
    assert result.exit_code == 0
    heads = [line for line in result.stdout.splitlines() if line.startswith("20  ")]
    assert [head.split()[1] for head in heads] == ["qaime-not-found", "voen-missing"]
    assert "Qaimə tapılmadı" in result.stdout


@pytest.mark.proves("F-ERR-03", "F-ERR-05")
def test_every_code_and_name_is_explained(call: Call) -> None:
    for entry in ErrorTable.load():
        by_name = call("explain", entry.name).stdout
        assert by_name.strip() in call("explain", str(entry.code)).stdout
        texts = [entry.title, entry.when, entry.remedy, *([entry.err_msg] if entry.err_msg else [])]
        for text in texts:
            assert text.en in by_name
            assert text.az in by_name
        assert f"Client   {entry.retry}: " in by_name
        assert ", ".join(entry.sources) in by_name


def test_an_unknown_code_is_2_with_the_known_ones(call: Call) -> None:
    result = call("explain", "20", "99")
    assert result.exit_code == 2
    assert "qaime-not-found" in result.stdout
    assert 'unknown error code "99"' in result.stderr
    assert "request: 1 wrong-method, 2 wrong-content-type" in result.stderr
    assert 'Did you mean "qaime-not-found"?' in call("explain", "qaime-not-fond").stderr


def test_a_simulator_that_echoes_the_nonce_is_healthy(call: Call, portal: str) -> None:
    result = call("healthcheck", portal + "/")
    assert (result.exit_code, result.output) == (0, f"{portal}/: fine\n")
    assert Portal.asked[-1].startswith("/__simulator?nonce=")


def test_the_environment_says_where_to_look(call: Call, portal: str) -> None:
    port = str(urlsplit(portal).port)
    assert call("healthcheck", PORT=port).exit_code == 0
    assert call("healthcheck", PORT=port, HOST="0.0.0.0", STRICT_DOCUMENTED="1").exit_code == 0
    result = call("healthcheck", PORT="0")
    assert (result.exit_code, "name its URL" in result.stderr) == (2, True)


def test_a_proxy_is_not_asked(call: Call, portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert call("healthcheck", portal).exit_code == 0


@pytest.mark.parametrize("path", ["/other", "/broken"])
def test_what_is_no_simulator_is_3(call: Call, portal: str, path: str) -> None:
    result = call("healthcheck", portal + path)
    assert (result.exit_code, result.stdout) == (3, "")


def test_nobody_there_is_3(call: Call) -> None:
    result = call("healthcheck", "http://127.0.0.1:9")
    assert result.exit_code == 3
    assert "not reachable" in result.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http"])
def test_what_is_no_url_is_2(call: Call, url: str) -> None:
    assert call("healthcheck", url).exit_code == 2
