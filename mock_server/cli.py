"""The command `vatportal-mock`.

Exit codes: 0 fine, 1 findings, 2 wrong usage or configuration, 3 target not reachable.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import EntryPoint, entry_points
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from mock_server import __version__, app, healthcheck
from mock_server.proxy.recording import records
from mock_server.proxy.upstream import Upstream, upstream_of
from mock_server.refusals import ConfigurationError, nearest
from mock_server.rulebook.constants import BASE_PATH
from mock_server.rulebook.errors import ErrorEntry, ErrorTable, Text
from mock_server.rulebook.ledger import Ledger, Reading, Readings
from mock_server.settings import LOG_FORMATS, PACES, Settings

C = TypeVar("C", bound=Callable[..., Any])

COMMANDS = "vatportal_mock.commands"
"""The entry points under which other packages, the contract kit among them, bring commands."""

NOT_REACHABLE = 3

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}

_CLIENT_SHOULD = {
    "stop": "the same request will fail again",
    "retry": "later, with back-off",
    "fix": "the client is wrong",
    "none": "the documents name no class; stop and look for the cause (R-81)",
}


class _Misconfigured(click.ClickException):
    exit_code = 2


class _Commands(click.Group):
    """A group that shows a wrong configuration as one line, not as a traceback.

    Other packages add commands under the entry points `vatportal_mock.commands`; each is loaded when it is used, so
    that the server never imports what only the contract kit needs.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *entry_points(group=COMMANDS).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for found in entry_points(group=COMMANDS, name=cmd_name):
            return _loaded(found)
        return None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            raise _Misconfigured(str(error)) from error


def _loaded(found: EntryPoint) -> click.Command:
    try:
        command = found.load()
    except ModuleNotFoundError as error:
        needs = f'it needs {error.name}: pip install "vatportal-mock[contract]"'
        return click.Command(
            found.name,
            help=f"Not installed: {needs}",
            callback=_missing(found.name, needs),
            context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        )
    assert isinstance(command, click.Command)
    return command


def _missing(name: str, needs: str) -> Callable[[], None]:
    def refuse() -> None:
        raise ConfigurationError(f"{name} is not installed; {needs}")

    return refuse


@click.group(cls=_Commands, context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="vatportal-mock")
def main() -> None:
    """A stateful simulator of the VatPortal API (e-taxes.gov.az). Unofficial; it issues no legal documents.

    Exit codes: 0 fine, 1 findings, 2 wrong usage or configuration, 3 target not reachable.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every console has the Azerbaijani letters


def _choosing(command: C) -> C:
    """The three flags that choose readings."""
    for option in (
        click.option("--readings", metavar="FILE", help='Answers from a JSON file: {"R-16": "page"}.'),
        click.option("--reading", metavar="ID=ANSWER", multiple=True, help="One answer; repeatable."),
        click.option("--edition", metavar="NAME", help="Edition of the documents (2025-08)."),
    ):
        command = option(command)
    return command


@main.command()
@click.option("--host", metavar="HOST", help="Address to listen on (127.0.0.1).")
@click.option("--port", metavar="PORT", help="Port to listen on (8080; 0 picks a free one).")
@click.option("--database", metavar="URL", help="memory: (nothing is kept), sqlite:///FILE or postgresql://...")
@_choosing
@click.option("--pace", metavar="PACE", help=f"How long processes take: {', '.join(PACES)} (fast).")
@click.option("--world", metavar="FILE", help="Start from this world file instead of the default world.")
@click.option("--seed", metavar="N", help="Makes PIN codes, challenges and tokens the same in every run.")
@click.option("--workers", metavar="N", help="Server processes (1); more need a database to share.")
@click.option("--tls-cert", metavar="FILE", help="Certificate for https.")
@click.option("--tls-key", metavar="FILE", help="Its key.")
@click.option("--admin-token", metavar="T", help="Token of the control API; needed beyond loopback, else made.")
@click.option("--no-admin", is_flag=True, default=None, help="No control API and no dashboard.")
@click.option("--strict-documented", is_flag=True, default=None, help="Refuse readings without support.")
@click.option("--drop-idle-worlds", metavar="TIME", help="Drop worlds that nobody calls for so long, such as 2h.")
@click.option("--log-format", metavar="FORMAT", help=f"{' or '.join(LOG_FORMATS)} (text).")
def serve(**flags: Any) -> None:
    """The simulator. Prints its URL first; no flag is needed.

    Every flag has a twin in the environment: --log-format is VATPORTAL_MOCK_LOG_FORMAT. A flag wins over
    its twin; VATPORTAL_MOCK_READING takes several, separated by commas.
    """
    settings = Settings.from_environment(**flags)
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end: the server has closed all in order by then
        app.serve(settings, lambda url, token: _announce(url, token, settings))


def _announce(url: str, token: str | None, settings: Settings) -> None:
    click.echo(url)
    if token is not None:
        click.echo(f"Admin token, made for this run:  {token}")
    click.echo(f"Try it:  {_first_request(url, settings)}")
    click.echo("Unofficial simulator: nothing here reaches e-taxes, and it issues no legal documents.")


def _first_request(url: str, settings: Settings) -> str:
    curl = "curl -sk" if url.startswith("https:") else "curl -s"
    if settings.world is not None:  # who has an account there is not ours to know
        return f'{curl} "{url}/__simulator?nonce=hello"'
    body = '{"username": "demo", "password": "demo", "procId": 123}'
    address = f"{url}{BASE_PATH}/job/read_proc_status"
    return f"{curl} -X GET {address} -H 'Content-Type: application/json' -d '{body}'"


@main.command()
@click.option("--upstream", metavar="URL", required=True, help="The portal: https://company.vatportal.az/api")
@click.option("--upstream-ca", metavar="FILE", type=Path, help="Certificates to trust instead of the system's.")
@click.option("--host", metavar="HOST", help="Address to listen on (127.0.0.1).")
@click.option("--port", metavar="PORT", help="Port to listen on (8080; 0 picks a free one).")
@click.option("--database", metavar="URL", help="Where the journal is kept; as for serve (memory:).")
@_choosing
@click.option("--record-examples", metavar="FILE", type=Path, help="Write what is seen, masked, one JSON a line.")
@click.option("--record-world", metavar="FILE", type=Path, help="Write a world file of the invoices seen, masked.")
@click.option("--tls-cert", metavar="FILE", help="Certificate for https towards the client.")
@click.option("--tls-key", metavar="FILE", help="Its key.")
@click.option("--admin-token", metavar="T", help="Token of the control API; needed beyond loopback, else made.")
@click.option("--no-admin", is_flag=True, default=None, help="No control API.")
@click.option("--log-format", metavar="FORMAT", help=f"{' or '.join(LOG_FORMATS)} (text).")
def proxy(
    upstream: str,
    upstream_ca: Path | None,
    record_examples: Path | None,
    record_world: Path | None,
    **flags: Any,
) -> None:
    """Stand between a client and a real portal: forward every byte, and say what the documents say to it.

    Give the client the address that is printed first instead of the portal's. Requests and answers are in the
    journal, at /__admin/requests; where they are not as the documents have them is told on the terminal too.
    """
    settings = Settings.from_environment(**flags)
    server = upstream_of(upstream, upstream_ca)
    app.proxy(settings, server, records(record_examples, record_world), lambda *said: _announce_proxy(server, *said))


def _announce_proxy(server: Upstream, url: str, token: str | None) -> None:
    click.echo(url)
    if token is not None:
        click.echo(f"Admin token, made for this run:  {token}")
    click.echo(f"Everything goes to {server.url}{BASE_PATH}, which may be a real portal: what is sent there counts.")
    if server.exposed:
        click.echo("Warning: plain http to another machine; passwords and tokens can be read on the way.")


@main.command()
@_choosing
@click.option("--id", "ids", metavar="ID", multiple=True, help="Only this reading; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def readings(ids: tuple[str, ...], as_json: bool, **flags: Any) -> None:
    """List the ledger: each open question, its answers, the one in force, the sources.

    Flags and environment choose as they do for serve.
    """
    settings = Settings.from_environment(**flags, strict_documented=False)
    ledger = Ledger.load()
    in_force = ledger.choose_all(settings.edition, settings.readings)
    listed = [_reading(ledger, name) for name in ids] or list(ledger.readings.values())
    if as_json:
        click.echo(json.dumps(_as_json(in_force, listed), ensure_ascii=False, indent=2))
        return
    click.echo(f"Edition {in_force.edition}; the answer in force is marked >.")
    for reading in listed:
        click.echo("\n" + "\n".join(_reading_lines(reading, in_force.choose(reading.id))))


def _reading(ledger: Ledger, name: str) -> Reading:
    if name not in ledger.readings:
        raise ConfigurationError.unknown("reading", name, ledger.readings)
    return ledger.readings[name]


def _as_json(in_force: Readings, listed: list[Reading]) -> dict[str, Any]:
    return {
        "edition": in_force.edition,
        "partners": in_force.partners,
        "readings": [{**msgspec.to_builtins(reading), "in_force": in_force.choose(reading.id)} for reading in listed],
    }


def _reading_lines(reading: Reading, in_force: str) -> Iterator[str]:
    yield f"{reading.id}  {reading.question}  ({reading.kind})"
    for name, answer in reading.answers.items():
        mark = ">" if name == in_force else " "
        default = ", default" if reading.selectable and name == reading.default else ""
        yield f"  {mark} {name}: {answer.says}"
        yield f"      {_with_sources(answer.support, answer.sources)}{default}"
    if reading.test_accepts:
        yield f"    A test accepts: {reading.test_accepts}"
    if reading.why:
        yield f"    Open because: {_with_sources(reading.why, reading.sources)}"
    if reading.settled_by:
        yield f"    Would settle it: {reading.settled_by}"


def _with_sources(text: str, sources: tuple[str, ...]) -> str:
    return f"{text} [{', '.join(sources)}]" if sources else text


@main.command()
@click.argument("codes", metavar="CODE...", nargs=-1, required=True)
def explain(codes: tuple[str, ...]) -> None:
    """What an error code means and how to mend it, in each scope that has it.

    CODE is a number, such as 20, or a name, such as qaime-not-found.
    """
    table = ErrorTable.load()
    for code in codes:
        for entry in _meanings(table, code):
            click.echo("\n".join(_entry_lines(entry, table.scopes[entry.scope])) + "\n")


def _meanings(table: ErrorTable, code: str) -> list[ErrorEntry]:
    found = [entry for entry in table if code in (str(entry.code), entry.name)]
    if not found:
        guess = nearest(code, [entry.name for entry in table])
        hint = f' Did you mean "{guess}"?' if guess else ""
        raise ConfigurationError(f'unknown error code "{code}".{hint} Known are:\n{_known(table)}')
    return found


def _known(table: ErrorTable) -> str:
    return "\n".join(
        f"  {scope}: {', '.join(f'{entry.code} {entry.name}' for entry in table if entry.scope == scope)}"
        for scope in table.scopes
    )


def _entry_lines(entry: ErrorEntry, scope: str) -> Iterator[str]:
    yield f"{entry.code}  {entry.name}  (scope {entry.scope}: {scope})"
    yield from _both("Title", entry.title)
    if entry.err_msg is not None and entry.err_msg.en:
        yield from _both("err_msg", entry.err_msg)
    yield from _both("When", entry.when)
    yield from _both("Remedy", entry.remedy)
    yield _line("Client", f"{entry.retry}: {_CLIENT_SHOULD[entry.retry]}")
    if entry.http is not None:
        yield _line("HTTP", f"{entry.http} where R-01 is mapped")
    if entry.faults_only:
        yield _line("Here", "only a fault provokes it")
    yield _line("Sources", f"{', '.join(entry.sources)} ({entry.provenance})")


def _both(label: str, text: Text) -> Iterator[str]:
    yield _line(label, text.en)
    yield _line("", text.az)


def _line(label: str, text: str) -> str:
    return f"  {label:<8} {text}"


@main.command("healthcheck")
@click.argument("url", required=False)
def check_health(url: str | None) -> None:
    """Exit 0 when a simulator answers at URL, else 3.

    Without URL it asks the one that the environment describes (http://127.0.0.1:8080).
    """
    base = url or healthcheck.own_url(Settings.from_environment(strict_documented=False))
    trouble = healthcheck.trouble(base)
    if trouble is not None:
        click.echo(f"{base}: {trouble}", err=True)
        raise SystemExit(NOT_REACHABLE)
    click.echo(f"{base}: fine")
