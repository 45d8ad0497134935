"""The commands of the kit: `vatportal-mock check-server` and `vatportal-mock calibrate`."""

import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import gettempdir
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import click
from hypothesis.configuration import set_hypothesis_home_dir
from rich.console import Console

import mock_server
from contract_tests import accounts, calibration
from contract_tests import replay as replaying
from contract_tests.accounts import Party, WrongAccount
from contract_tests.check import Check, Effect
from contract_tests.reporting import junit, page, terminal
from contract_tests.results import About, Results, plain
from contract_tests.runner import Event, Plan, run, select
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


def _list(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    for suite in SUITES:
        click.echo(f"{suite.name}: {suite.says}")
        for check in suite:
            click.echo(f"  {check.name}  [{check.effect}]  {check.says} ({', '.join(check.ids)})")
    context.exit()


@click.command("check-server", context_settings={"max_content_width": 110})
@_reaching
@click.option("--suite", "suites", metavar="NAME", multiple=True, help="Only this suite, or suite/check; repeatable.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List suites and checks."
)
@click.option("--quick", is_flag=True, help="Half a minute: fewer examples, nothing slow.")
@click.option("--seed", type=int, default=0, metavar="N", help="The same seed tries the same things (0).")
@click.option("--replay", metavar="FILE", type=click.Path(path_type=Path), help="Try a saved finding again.")
@click.option("--save", metavar="FOLDER", type=click.Path(path_type=Path), help="Save findings there, for --replay.")
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Write a report as one page of HTML.")
@click.option("--junit", metavar="FILE", type=click.Path(path_type=Path), help="Write a report as JUnit XML.")
@click.option("--json", "json_file", metavar="FILE", type=click.Path(path_type=Path), help="Write a report as JSON.")
@click.option("--force", is_flag=True, help="Overwrite reports that are there.")
def check_server(
    suites: tuple[str, ...],
    quick: bool,
    seed: int,
    replay: Path | None,
    save: Path | None,
    html: Path | None,
    junit: Path | None,
    json_file: Path | None,
    force: bool,
    **reaching: Any,
) -> None:
    """Check whether the server at URL keeps what the VatPortal documents promise.

    Without --allow-writes a server that is no simulator is only read from, gently. Credentials come from options,
    variables VATPORTAL_CHECK_USERNAME and so on, or a TOML file with a table for each role.

    Exit codes: 0 nothing found, 1 findings, 2 wrong usage, 3 not reachable.
    """
    plan = _plan(suites, quick, seed, replay)
    outputs = Outputs(html, junit, json_file, save)
    outputs.demand_free(force)
    target = reach(_access(reaching))
    console = Console()
    results = watched(console, target, plan)
    terminal.summary(console, results)
    outputs.write(results)
    raise SystemExit(FINDINGS if results.findings else 0)


@click.command("calibrate", context_settings={"max_content_width": 110})
@_reaching
@click.option(
    "--output", metavar="FILE", type=click.Path(path_type=Path), help="Where to write (readings-HOST.json)."
)
@click.option("--seed", type=int, default=0, metavar="N", help="The same seed tries the same things (0).")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def calibrate(output: Path | None, seed: int, force: bool, **reaching: Any) -> None:
    """Find which readings the server at URL follows, and write them for `vatportal-mock serve --readings FILE`.

    The file has the evidence for each, without secrets, and says which stay open and what would settle them. As with
    check-server, a server that is no simulator is only read from unless --allow-writes says more.

    Exit codes: 0 written, 2 wrong usage, 3 not reachable.
    """
    access = _access(reaching)
    file = output or Path(f"readings-{_host(access.url)}.json")
    demand_free(force, file)
    target = reach(access)
    console = Console()
    results = watched(console, target, Plan(calibration.checks(), True, seed))
    told = calibration.document(results)
    file.write_text(json.dumps(told, ensure_ascii=False, indent=2, default=str) + "\n", "utf-8")
    terminal.calibrated(console, told, str(file))


def watched(console: Console, target: Target, plan: Plan) -> Results:
    """Run a plan, with progress on the console; the connection is closed afterwards."""
    set_hypothesis_home_dir(Path(gettempdir()) / "vatportal-mock-hypothesis")  # else it leaves a folder where we are
    results = Results(_about(target, plan.seed, plan.quick))
    with closing(target.sender), terminal.Terminal(console, len(plan.checks)) as progress:

        def listen(event: Event) -> None:
            results(event)
            progress(event)

        run(target, plan, listen)
    return results


class Outputs(NamedTuple):
    """Where reports go; none is written over silently."""

    html: Path | None
    junit: Path | None
    json: Path | None
    save: Path | None

    def demand_free(self, force: bool) -> None:
        """See beforehand that every file can be written.

        Raises:
            click.UsageError: one is there already, or its folder is not.
        """
        demand_free(force, self.html, self.junit, self.json)

    def write(self, results: Results) -> None:
        """Write what was asked for."""
        if self.html is not None:
            self.html.write_text(page.rendered(results), "utf-8")
        if self.junit is not None:
            junit.write(results, self.junit)
        if self.json is not None:
            told = json.dumps(plain(results), ensure_ascii=False, indent=2, default=str)
            self.json.write_text(told + "\n", "utf-8")
        if self.save is not None:
            self.save.mkdir(parents=True, exist_ok=True)
            for found in results.findings:
                file = self.save / replaying.name_of(found)
                file.write_bytes(replaying.saved(found, results.about.seed))


def demand_free(force: bool, *files: Path | None) -> None:
    """See beforehand that files can be written.

    Raises:
        click.UsageError: one is there already, or its folder is not.
    """
    for file in files:
        if file is not None and file.exists() and not force:
            raise click.UsageError(f"{file} is there already; --force overwrites it")
        if file is not None and not file.parent.is_dir():
            raise click.UsageError(f"{file}: there is no folder {file.parent}")


def _plan(suites: tuple[str, ...], quick: bool, seed: int, replay: Path | None) -> Plan:
    if replay is None:
        return Plan(tuple(_selected(suites)), quick, seed)
    if suites:
        raise click.UsageError("--replay names its check itself, so --suite does not go with it")
    try:
        again = replaying.read(replay)
    except replaying.WrongFile as error:
        raise click.UsageError(str(error)) from None
    return Plan((again.check,), quick, again.seed, again.case)


def _host(url: str) -> str:
    try:
        origin, path = split(url)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    world, _ = world_and_path(path)
    return "-".join(filter(None, [urlsplit(origin).netloc.replace(":", "-"), world]))


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
