"""The command `vatportal-mock check-client`."""

import math
import os
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from contract_tests.journeys import attached, report
from contract_tests.journeys.catalogue import LIST
from contract_tests.journeys.journey import Journey
from contract_tests.journeys.running import CannotRun, Done, NotSetUp, ServerDied, run_all, simulator
from contract_tests.journeys.words import Language, say
from contract_tests.outputs import Reports
from contract_tests.stopping import Stopping

FINDINGS, WRONG_USAGE, NOT_REACHABLE = 1, 2, 3
JOBS = 8


class _Seconds(click.FloatRange):
    """A `FloatRange` lets in what is no number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found: float = super().convert(value, param, ctx)
        if math.isnan(found):
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return found


class CannotServe(click.ClickException):
    exit_code = NOT_REACHABLE


@click.command(
    "check-client",
    context_settings={"max_content_width": 110, "ignore_unknown_options": False, "allow_interspersed_args": False},
)
@click.option("--journey", "names", metavar="NAME", multiple=True, help="Only this journey; repeatable.")
@click.option("--list", "list_only", is_flag=True, help="List the journeys, and do nothing.")
@click.option(
    "--attach", is_flag=True, help="Start a portal and wait: people click through their ERP, findings grow."
)
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Of --attach: the portal's port (any free).")
@click.option(
    "--for",
    "seconds",
    type=_Seconds(0, min_open=True),
    metavar="SECONDS",
    help="Of --attach: end by itself after so long.",
)
@click.option("--seed", type=int, default=0, metavar="N", help="Other invoices, PIN codes and durations (0).")
@click.option(
    "--pace", type=click.Choice(["fast", "instant"]), default="fast", help="Of the portals: 3 s a process, or none."
)
@click.option("--jobs", type=click.IntRange(1, 64), default=JOBS, metavar="N", help=f"Journeys at a time ({JOBS}).")
@click.option("--timeout", type=_Seconds(1, 3600), metavar="S", help="Seconds for each journey (60 or 120).")
@click.option(
    "--html", metavar="FILE", type=click.Path(path_type=Path), help="Write a scorecard as one page of HTML."
)
@click.option("--junit", metavar="FILE", type=click.Path(path_type=Path), help="Write a report as JUnit XML.")
@click.option("--json", "json_file", metavar="FILE", type=click.Path(path_type=Path), help="Write a report as JSON.")
@click.option("--force", is_flag=True, help="Overwrite reports that are there.")
@click.option(
    "--lang",
    "language",
    type=click.Choice(["en", "az"]),
    default="en",
    help="Of the terminal and JUnit (en); HTML and JSON have both.",
)
@click.argument("command", nargs=-1, metavar="-- CMD ...")
def check_client(
    names: tuple[str, ...],
    list_only: bool,
    attach: bool,
    port: int | None,
    seconds: float | None,
    seed: int,
    pace: str,
    jobs: int,
    timeout: float | None,
    html: Path | None,
    junit: Path | None,
    json_file: Path | None,
    force: bool,
    language: Language,
    command: tuple[str, ...],
) -> None:
    """Run a client's own command on journeys against fresh simulated portals, and judge what it does.

    CMD finds the portal in VATPORTAL_BASE_URL, its account in VATPORTAL_USERNAME, _PASSWORD, _TOKEN, _SECRET and
    _PHONE, its task in the file VATPORTAL_INPUT, and may write what came of it to the file VATPORTAL_OUTPUT.
    With --attach reports are written at the end: Ctrl-C, SIGTERM, or --for.

    Exit codes: 0 nothing found, 1 findings, 2 wrong usage, 3 the simulator cannot be used; 130 and 143 when Ctrl-C or
    SIGTERM ended it before all journeys were over.
    """
    journeys = [each if timeout is None else each._replace(seconds=timeout) for each in _chosen(names)]
    console = Console()
    if list_only:
        report.listed(console, journeys, language)
        return
    outputs = Reports(html, junit, json_file)
    outputs.demand_free(force)
    _demand_way(attach, command, names, port, seconds)
    done: list[Done] = []

    def tell(each: Done) -> None:
        done.append(each)
        report.line(console, each, language)

    with Stopping() as stopping:
        try:
            if attach:
                with simulator(port or 0, "--seed", str(seed), "--pace", pace, apart=True) as server:
                    done = [attached.watch(console, server, seconds, language)]
            else:
                with simulator(apart=True) as server:
                    done = run_all(server, journeys, command, seed, jobs, tell, pace)
        except KeyboardInterrupt:
            console.print(say("ended-early", language), highlight=False)
        except CannotRun as error:
            raise click.UsageError(str(error)) from None
        except ServerDied as error:
            raise CannotServe(f"the simulator did not start, or ended: {error}") from None
        except NotSetUp as error:
            raise CannotServe(str(error)) from None
    _reported(console, done, outputs, language, 0 if attach and done else stopping.exit_code)


def _chosen(names: tuple[str, ...]) -> list[Journey]:
    known = {journey.name: journey for journey in LIST}
    for name in names:
        if name not in known:
            nearest = report.nearest(name, known)
            raise click.UsageError(f'unknown journey "{name}"{nearest}; known are {", ".join(known)}')
    return [known[name] for name in dict.fromkeys(names)] or list(LIST)


def _demand_way(
    attach: bool, command: tuple[str, ...], names: tuple[str, ...], port: int | None, seconds: float | None
) -> None:
    """Either a command on journeys, or people on one portal; not something of both."""
    if not attach:
        if port is not None or seconds is not None:
            raise click.UsageError("--port and --for go with --attach only; journeys take any free port")
        _demand_command(command)
    elif command or names:
        raise click.UsageError("--attach runs no command and no journey; leave out CMD and --journey")


def _demand_command(command: tuple[str, ...]) -> None:
    if not command:
        raise click.UsageError("no command: vatportal-mock check-client [options] -- CMD ...")
    found = os.path.exists(command[0]) if os.sep in command[0] else report.on_path(command[0])
    if not found:
        raise click.UsageError(f"{command[0]} is no program that can be found")
    if os.sep in command[0] and (os.path.isdir(command[0]) or not os.access(command[0], os.X_OK)):
        raise click.UsageError(f"{command[0]} is no program that may be run")


def _reported(console: Console, done: list[Done], outputs: Reports, language: Language, stopped: int) -> None:
    """Tell, write, and end with the exit code; `stopped` is that of a signal."""
    report.summary(console, done, language)
    troubles = outputs.write(
        lambda: report.page(done).encode(),
        lambda: report.junit(done, language),
        lambda: report.as_json(done).encode(),
    )
    for trouble in troubles:
        click.echo(trouble, err=True)
    if stopped:
        raise SystemExit(stopped)
    if troubles:
        raise SystemExit(WRONG_USAGE)
    if not all(each.verdict.passed for each in done):
        raise SystemExit(FINDINGS)
