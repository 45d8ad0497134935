"""The commands of the kit: `vatportal-mock check-server` and `vatportal-mock calibrate`."""

import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import click
from rich.console import Console

import mock_server
from contract_tests import accounts
from contract_tests.accounts import Party, WrongAccount
from contract_tests.check import Check, Effect
from contract_tests.reporting import terminal
from contract_tests.results import About, Results, plain
from contract_tests.runner import Plan, run, select
from contract_tests.senders import SocketSender
from contract_tests.simulator import Simulator, proves_itself
from contract_tests.suites import SUITES
from contract_tests.target import Target, split, world_and_path

C = TypeVar("C", bound=Callable[..., Any])
FINDINGS, WRONG_USAGE, NOT_REACHABLE = 1, 2, 3


class NotReachable(click.ClickException):
    exit_code = NOT_REACHABLE


class Access(NamedTuple):
    """How a command reaches a server."""

    url: str
    accounts_file: Path | None
    main: Party
    admin_token: str
    ca: Path | None
    allow_writes: bool
    allow_pins: bool
    confirm: str


_OPTIONS = (
    click.argument("url"),
    click.option("--accounts", "accounts_file", metavar="FILE", type=click.Path(path_type=Path), help="TOML file."),
    *(
        click.option(f"--{key}", metavar=key.upper(), default="", help=f"{text} of the main account.")
        for key, text in {
            "username": "User name",
            "password": "Password (better in VATPORTAL_CHECK_PASSWORD)",
            "token": "Token (better in VATPORTAL_CHECK_TOKEN)",
            "secret": "Secret that signs the token renewal,",
            "phone": "ASAN phone",
            "voen": "VOEN of the company",
        }.items()
    ),
    click.option("--admin-token", metavar="T", default="", help="Of the simulator's control API, if it wants one."),
    click.option("--ca", metavar="FILE", type=click.Path(path_type=Path), help="Certificates to trust (PEM)."),
    click.option("--allow-writes", is_flag=True, help="Import invoices into a real portal, and delete them."),
    click.option("--allow-pins", is_flag=True, help="Upload, sign and download there too: a person confirms PINs."),
    click.option("--confirm", metavar="HOST", default="", help="Says yes to --allow-writes for this host."),
)


def _reaching(command: C) -> C:
    """The options that both commands have."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("check-server", context_settings={"max_content_width": 110})
@_reaching
@click.option("--suite", "suites", metavar="NAME", multiple=True, help="Only this suite, or suite/check; repeatable.")
@click.option("--list", "list_only", is_flag=True, help="List suites and checks, and do nothing.")
@click.option("--quick", is_flag=True, help="Half a minute: fewer examples, nothing slow.")
@click.option("--seed", type=int, default=0, metavar="N", help="The same seed tries the same things (0).")
@click.option("--json", "json_file", metavar="FILE", type=click.Path(path_type=Path), help="Write a report as JSON.")
@click.option("--force", is_flag=True, help="Overwrite reports that are there.")
def check_server(
    suites: tuple[str, ...],
    list_only: bool,
    quick: bool,
    seed: int,
    json_file: Path | None,
    force: bool,
    **reaching: Any,
) -> None:
    """Check whether the server at URL keeps what the VatPortal documents promise.

    Without --allow-writes a server that is no simulator is only read from, gently. Credentials come from options,
    variables VATPORTAL_CHECK_USERNAME and so on, or a TOML file with a table for each role.

    Exit codes: 0 nothing found, 1 findings, 2 wrong usage, 3 not reachable.
    """
    checks = _selected(suites)
    if list_only:
        _list(checks)
        return
    _demand_free(force, json_file)
    target = reach(_access(reaching))
    results = Results(_about(target, seed, quick))
    console = Console()
    with closing(target.sender), terminal.Terminal(console, len(checks)) as progress:

        def listen(event: Any) -> None:
            results(event)
            progress(event)

        run(target, Plan(tuple(checks), quick, seed), listen)
    terminal.summary(console, results)
    if json_file is not None:
        json_file.write_text(json.dumps(plain(results), ensure_ascii=False, indent=2, default=str) + "\n", "utf-8")
    raise SystemExit(FINDINGS if results.findings else 0)


def reach(access: Access) -> Target:
    """The target of a command, once it has answered, and once the user has agreed to what may be done to it.

    Raises:
        click.UsageError: the URL or the accounts are not of the form wanted, or the user does not agree.
        NotReachable: nothing answers there.
    """
    try:
        origin, path = split(access.url)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    given = _given_accounts(access)
    sender = SocketSender(origin, access.ca)
    hello = sender.send("GET", "/__simulator?nonce=hello", {}, None)
    if not hello.status:
        raise NotReachable(f"{origin} does not answer: {hello.trouble}")
    if not proves_itself(sender):
        allowed = _agreed(access, urlsplit(origin).hostname or "")
        return Target(sender, path, _demand_main(given), None, allowed)
    world, _ = world_and_path(path)
    parties = accounts.merged(accounts.DEFAULT_WORLD, given) if "main" not in given else given
    return Target(sender, path, parties, Simulator(sender, world, access.admin_token), "world")


def _agreed(access: Access, host: str) -> Effect:
    """What may be done to a server that is no simulator."""
    if not (access.allow_writes or access.allow_pins):
        return "reads"
    what = "imports invoices marked VPMOCK- into the portal, and deletes them"
    if access.allow_pins:
        what += "; uploads and SIGNS some of them in e-taxes, and deletes them there; a person confirms PINs"
    said = access.confirm or click.prompt(f"{host} is no simulator. The kit {what}.\nType {host} to go on")
    if said != host:
        raise click.UsageError(f"{said!r} is not {host!r}: nothing was sent that could change anything")
    return "pins" if access.allow_pins else "writes"


def _given_accounts(access: Access) -> dict[str, Party]:
    try:
        file = {} if access.accounts_file is None else accounts.from_file(access.accounts_file)
        from_options = {} if access.main == Party() else {"main": access.main}
        return accounts.merged(file, accounts.from_environment(os.environ), from_options)
    except WrongAccount as error:
        raise click.UsageError(str(error)) from None


def _demand_main(given: dict[str, Party]) -> dict[str, Party]:
    main = given.get("main", Party())
    if not main.token and not (main.username and main.password):
        raise click.UsageError(
            "the server is no simulator, so it is not known who may call it: give --username and --password, or "
            "--token; or VATPORTAL_CHECK_USERNAME and so on; or --accounts FILE"
        )
    return given


def _access(given: dict[str, Any]) -> Access:
    main = Party(**{key: given.pop(key) for key in accounts.KEYS})
    return Access(main=main, **given)


def _about(target: Target, seed: int, quick: bool) -> About:
    kind = "server"
    if target.simulator is not None:
        kind = "simulator, steered" if target.simulator.steered else "simulator"
    return About(target.shown, kind, target.allowed, seed, quick, mock_server.__version__)


def _selected(names: tuple[str, ...]) -> list[Check]:
    known = [suite.name for suite in SUITES] + [check.name for suite in SUITES for check in suite]
    for name in names:
        if name not in known:
            suites = ", ".join(suite.name for suite in SUITES)
            raise click.UsageError(f"there is no suite {name!r}. Suites are: {suites}; --list shows their checks.")
    return list(select(SUITES, names))


def _list(checks: list[Check]) -> None:
    for suite in SUITES:
        mine = [check for check in checks if check.suite == suite.name]
        if mine:
            click.echo(f"{suite.name}: {suite.says}")
        for check in mine:
            click.echo(f"  {check.name}  [{check.effect}]  {check.says} ({', '.join(check.ids)})")


def _demand_free(force: bool, *files: Path | None) -> None:
    for file in files:
        if file is not None and file.exists() and not force:
            raise click.UsageError(f"{file} is there already; --force overwrites it")
