"""The commands of the kit: `vatportal-mock check-server` and `vatportal-mock calibrate`."""

from collections.abc import Callable
from contextlib import closing
from functools import wraps
from pathlib import Path
from tempfile import gettempdir
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
from hypothesis.configuration import set_hypothesis_home_dir
from rich.console import Console

import mock_server
from contract_tests import accounts, calibration
from contract_tests import replay as replaying
from contract_tests.accounts import Party
from contract_tests.check import Check
from contract_tests.outputs import Outputs, demand_free, json_of
from contract_tests.reaching import Access, NotReachable, demand_url, reach
from contract_tests.reporting import terminal
from contract_tests.reporting.legible import legible
from contract_tests.results import About, Results
from contract_tests.runner import Event, Plan, run, select, unfit
from contract_tests.stopping import Stopping
from contract_tests.suites import SUITES
from contract_tests.target import Target, world_and_path

C = TypeVar("C", bound=Callable[..., Any])
FINDINGS, WRONG_USAGE = 1, 2


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


def _reaching(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that both commands have, and what both do when they are to stop."""

    @wraps(command)
    def stoppable(**given: Any) -> None:
        with Stopping() as stopping:
            try:
                command(stopping=stopping, **given)
            except (KeyboardInterrupt, click.Abort):
                if not stopping.exit_code:
                    raise
                raise SystemExit(stopping.exit_code) from None

    found: Callable[..., Any] = stoppable
    for option in reversed(_OPTIONS):
        found = option(found)
    return found


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
    stopping: Stopping,
    **reaching: Any,
) -> None:
    """Check whether the server at URL keeps what the VatPortal documents promise.

    Without --allow-writes a server that is no simulator is only read from, gently. Credentials come from options,
    variables VATPORTAL_CHECK_USERNAME and so on, or a TOML file with a table for each role.

    Exit codes: 0 nothing found, 1 findings, 2 wrong usage or refused credentials, 3 not reachable or gone meanwhile,
    130 and 143 ended by Ctrl-C or SIGTERM, once what was imported is taken back.
    """
    plan = _plan(suites, quick, seed, replay)
    outputs = Outputs(html, junit, json_file, save)
    outputs.demand_free(force, plan.checks)
    target = reach(_access(reaching))
    if replay is not None and (why := unfit(target, plan, plan.checks[0])):
        raise click.UsageError(f"{plan.checks[0].name} cannot be tried again here: {why}")
    console = Console()
    results = watched(console, target, plan, stopping)
    terminal.summary(console, results)
    for trouble in outputs.write(results):
        click.echo(legible(trouble), err=True)
        results.unwritten = True
    _demand_whole(results, stopping)
    if replay is not None and results.not_tried:
        raise click.UsageError(f"{plan.checks[0].name} was not tried again: {results.not_tried[0].why}")
    if results.unwritten:
        raise SystemExit(WRONG_USAGE)
    raise SystemExit(FINDINGS if results.findings else 0)


@click.command("calibrate", context_settings={"max_content_width": 110})
@_reaching
@click.option(
    "--output", metavar="FILE", type=click.Path(path_type=Path), help="Where to write (readings-HOST.json)."
)
@click.option("--seed", type=int, default=0, metavar="N", help="The same seed tries the same things (0).")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def calibrate(output: Path | None, seed: int, force: bool, stopping: Stopping, **reaching: Any) -> None:
    """Find which readings the server at URL follows, and write them for `vatportal-mock serve --readings FILE`.

    The file has the evidence for each, without secrets, and says which stay open and what would settle them. As with
    check-server, a server that is no simulator is only read from unless --allow-writes says more.

    Exit codes: 0 written, 2 wrong usage or refused credentials, 3 not reachable or gone meanwhile, 130 and 143 ended
    by Ctrl-C or SIGTERM, and nothing is written.
    """
    access = _access(reaching)
    file = output or Path(f"readings-{_host(access.url)}.json")
    demand_free(force, file)
    target = reach(access)
    console = Console()
    results = watched(console, target, Plan(calibration.checks(), True, seed), stopping)
    _demand_whole(results, stopping)
    told = calibration.document(results)
    try:
        file.write_bytes(json_of(told))
    except OSError as error:
        raise click.UsageError(f"{file} was not written: {error}") from None
    terminal.calibrated(console, told, str(file))


def watched(console: Console, target: Target, plan: Plan, stopping: Stopping) -> Results:
    """Run a plan, with progress on the console; the connection is closed afterwards."""
    set_hypothesis_home_dir(Path(gettempdir()) / "vatportal-mock-hypothesis")  # else it leaves a folder where we are
    results = Results(_about(target, plan.seed, plan.quick))
    stopping.line = target.line
    with closing(target.line), terminal.Terminal(console, len(plan.checks)) as progress:

        def listen(event: Event) -> None:
            results(event)
            progress(event)

        try:
            run(target, plan, listen)
        except KeyboardInterrupt:
            if not stopping.exit_code:
                raise
        results.cut_short = target.line.lost or target.line.stopped
    return results


def _demand_whole(results: Results, stopping: Stopping) -> None:
    """End here where the run could not be ended.

    Raises:
        NotReachable: the server is gone.
        SystemExit: a signal has ended it.
    """
    if stopping.exit_code:
        click.echo(f"{results.cut_short}; the rest was not tried", err=True)
        raise SystemExit(stopping.exit_code)
    if results.cut_short:
        raise NotReachable(legible(f"{results.cut_short}; the rest was not tried"))


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
    origin, path = demand_url(url)
    world, _ = world_and_path(path)
    return "-".join(filter(None, [urlsplit(origin).netloc.replace(":", "-"), world]))


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
